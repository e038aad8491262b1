"""Handing many leads to sales at once, and taking them back: by the rules of feedback/verdicts.py.

Each lead is looked at by itself, so that one that moved meanwhile holds up none; the whole costs the same dozen queries
for one lead and for thousands, in one transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.access import require
from crm.deeds import MOST_AT_ONCE, Deed
from crm.models import Team, User
from crm.outbox import record_change
from feedback.access import NO_HAND_OVER, may_hand_over, may_withdraw
from feedback.announcing import announce_handoffs, settle_asked
from feedback.clocks import start_clocks
from feedback.errors import AlreadyDecided, NoSuchRecipient
from feedback.models import Handoff, HandoffStatus
from feedback.routing import Recipient, route_leads
from feedback.verdicts import check_recipient
from leads.errors import BeforeLastMove, moved_words, out_of_use
from leads.lifecycle import Stage
from leads.many_moves import hold_leads, last_moves, move_leads
from leads.models import Lead, Transition


@dataclass
class HandedOver:
    """What became of the leads: the hand-offs that wait for sales now, and which leads had moved, with what to tell."""

    handoffs: list[Handoff] = field(default_factory=list)
    moved: list[tuple[Lead, str]] = field(default_factory=list)

    @property
    def handed(self) -> int:
        return len(self.handoffs)


@transaction.atomic
def hand_over_leads(
    lead_ids: Iterable[int],
    *,
    by: User,
    at: datetime,
    to_user: User | None = None,
    to_team: Team | None = None,
    promised: str = "",
) -> HandedOver:
    """Hand these leads (at most MOST_AT_ONCE) to one rep or team, or each to whom the rules choose.

    Raises NotAllowed and NoSuchRecipient.
    """
    require(may_hand_over(by), NO_HAND_OVER)
    recipient = chosen_recipient(to_user, to_team, why={"rule": "by_hand"})
    leads = hold_leads(list(lead_ids)[:MOST_AT_ONCE])
    last, result, ready = last_moves(leads), HandedOver(), []
    for lead in leads:
        if why := why_not(lead, last[lead.pk], at=at):
            result.moved.append((lead, why))
        else:
            ready.append(lead)
    result.handoffs = open_handoffs(ready, recipient, by=by, at=at, promised=promised)
    return result


def chosen_recipient(to_user: User | None, to_team: Team | None, *, why: dict[str, Any]) -> Recipient | None:
    """Whom a person chose for all of them, or None: the rules shall choose. Raises NoSuchRecipient."""
    if to_user is None and to_team is None:
        return None
    check_recipient(to_user, to_team)
    return Recipient(to_user, to_team, why)


def open_handoffs(
    leads: list[Lead], recipient: Recipient | None, *, by: User | None, at: datetime, promised: str = ""
) -> list[Handoff]:
    """Hand over leads that `hold_leads` holds, to ``recipient`` or by the rules. Raises NoSuchRecipient."""
    found = route_leads(leads, at=at) if recipient is None else {lead.pk: recipient for lead in leads}
    if len(found) < len(leads):
        raise NoSuchRecipient("There is no sales team to hand these leads to.")
    moves = move_leads(leads, Stage.OFFERED, by=by, at=at)
    handoffs = [
        Handoff(
            lead=lead, episode=lead.episode, to_user=found[lead.pk].user, to_team=found[lead.pk].team,
            team=found[lead.pk].answers_for, promised=promised, offered_by=by, offered_at=at, waiting_since=at,
            routing=found[lead.pk].why, definition_version=moves[lead.pk].definition_version,
        )
        for lead in leads
    ]  # fmt: skip
    start_clocks(handoffs, at=at)
    Handoff.objects.bulk_create(handoffs)
    record_change("handoff", [handoff.pk for handoff in handoffs])
    announce_handoffs(handoffs, at=at)
    return handoffs


def why_not(lead: Lead, last: Transition, *, at: datetime) -> str:
    """Why this lead cannot be handed over; "" when it can."""
    if why := out_of_use(lead):
        return why
    if lead.stage != Stage.MQL:
        return moved_words(last)
    return str(BeforeLastMove(last)) if at < last.at else ""


@transaction.atomic
def take_back_handoffs(handoff_ids: Iterable[int], *, by: User, at: datetime) -> Deed:
    """Withdraw these hand-offs where sales has not answered yet; in the deed stand the leads."""
    rows = Handoff.objects.select_for_update(of=("self",)).filter(pk__in=handoff_ids).order_by("pk")
    deed, open_ones, waiting = Deed(), {}, []
    for handoff in rows.select_related(
        "decided_by", "to_user", "to_team", "followed_by__to_user", "followed_by__to_team"
    ):
        if handoff.status != HandoffStatus.OPEN:
            deed.refuse(handoff.lead_id, str(AlreadyDecided(handoff)))
        elif not may_withdraw(by, handoff):
            deed.refuse(handoff.lead_id, "Only who handed this over or a manager may withdraw it.")
        else:
            open_ones[handoff.lead_id] = handoff.pk
            waiting.append(handoff)
    decided = {"status": HandoffStatus.WITHDRAWN, "decided_by": by, "decided_at": at, "updated_at": timezone.now()}
    Handoff.objects.filter(pk__in=open_ones.values()).update(**decided)
    record_change("handoff", open_ones.values())
    settle_asked(waiting, at=at)
    for pk in move_leads(hold_leads(open_ones), Stage.MQL, by=by, at=at, handoffs=open_ones):
        deed.change(pk)
    return deed
