"""One answer to many hand-offs, by the rules of feedback/verdicts.py.

Each is looked at by itself, so that one that moved meanwhile holds up none and is named in the deed; the whole costs
the same few queries for one hand-off and for hundreds, in one transaction. In a deed stand the leads.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.deeds import Deed
from crm.models import Team, User
from crm.outbox import record_change
from feedback.access import may_undo
from feedback.announcing import announce_handoffs, announce_verdicts, take_back_verdicts
from feedback.answering import hold_answerable, hold_with_followers
from feedback.clocks import NO_VERDICT_CLOCKS, verdict_clocks
from feedback.followers import pass_on
from feedback.models import VERDICTS, Handoff, HandoffStatus
from feedback.rejections import STAGE_AFTER, check_rejection
from feedback.routing import team_of
from leads.errors import moved_words
from leads.lifecycle import Stage
from leads.many_moves import hold_leads, last_moves, move_leads, undo_moves
from leads.models import Lead, Reason, Route, Transition
from leads.transitions import UNDO_WITHIN


@transaction.atomic
def accept_handoffs(handoff_ids: Iterable[int], *, by: User, at: datetime) -> Deed:
    """Take the leads: they are ``by``'s from now on. Raises NotAllowed."""
    handoffs, deed = hold_waiting(handoff_ids, by=by, at=at)
    for handoff in handoffs:
        handoff.before = {"owner_id": handoff.lead.owner_id, "team_id": handoff.lead.team_id}
    close(handoffs, HandoffStatus.ACCEPTED, by=by, at=at)
    for team, theirs in by_team(handoffs, by=by).items():
        move(theirs, Stage.ACCEPTED, by=by, at=at, owner=by, team=team)
    return changed(deed, handoffs)


@transaction.atomic
def reject_handoffs(
    handoff_ids: Iterable[int],
    *,
    by: User,
    at: datetime,
    reason: Reason | None,
    comment: str = "",
    route: str = "",
    revisit_on: date | None = None,
    wrong_fields: Collection[str] = (),
) -> Deed:
    """Not these, all for one reason; `reject_handoff` says what the arguments mean. Raises NotAllowed."""
    no = check_rejection(
        at=at, reason=reason, comment=comment, route=route, revisit_on=revisit_on, wrong_fields=wrong_fields
    )
    handoffs, deed = hold_waiting(handoff_ids, by=by, at=at)
    close(handoffs, HandoffStatus.REJECTED, by=by, at=at, **no.verdict)
    if no.route == Route.REROUTE:
        announce_handoffs(pass_on(handoffs, at=at), at=at)
        return changed(deed, handoffs)
    move(handoffs, STAGE_AFTER[no.route], by=by, at=at, **no.move)
    return changed(deed, handoffs)


@transaction.atomic
def undo_verdicts(handoff_ids: Iterable[int], *, by: User, at: datetime) -> Deed:
    """Take these answers back, where it is not ten minutes ago and nobody acted since; they wait again."""
    ids = list(handoff_ids)
    hold_with_followers(ids)
    rows = Handoff.objects.filter(pk__in=ids).order_by("pk").prefetch_related("followed_by__replies")
    found = list(rows.select_related("lead", "to_user__team", "to_team", "decided_by"))
    leads = {lead.pk: lead for lead in hold_leads(handoff.lead_id for handoff in found)}
    last, deed, back = last_moves(list(leads.values())), Deed(), []
    for handoff in found:
        if why := why_not_undone(handoff, last[handoff.lead_id], by=by, at=at):
            deed.refuse(handoff.lead_id, why)
        else:
            back.append(handoff)
    take_back_moves([handoff for handoff in back if handoff.route != Route.REROUTE], leads, last, by=by, at=at)
    take_back_followers([handoff for handoff in back if handoff.route == Route.REROUTE])
    take_back_verdicts(back)
    reopen_many(back)
    return changed(deed, back)


def hold_waiting(handoff_ids: Iterable[int], *, by: User, at: datetime) -> tuple[list[Handoff], Deed]:
    """Those that ``by`` may still answer, each with its lead held; the deed names the others."""
    answerable, deed = hold_answerable(handoff_ids, by=by)
    leads = {lead.pk: lead for lead in hold_leads(handoff.lead_id for handoff in answerable)}
    last, waiting = last_moves(list(leads.values())), []
    for handoff in answerable:
        handoff.lead = leads[handoff.lead_id]
        if handoff.lead.stage != Stage.OFFERED or at < last[handoff.lead_id].at:
            deed.refuse(handoff.lead_id, moved_words(last[handoff.lead_id]))
        else:
            waiting.append(handoff)
    return waiting, deed


def close(handoffs: Sequence[Handoff], status: HandoffStatus, *, by: User, at: datetime, **verdict: Any) -> None:
    """Write this answer to all of them, and for an acceptance who had each lead before."""
    fields = {"status": status, "decided_by": by, "decided_at": at, "updated_at": timezone.now(), **verdict}
    Handoff.objects.filter(pk__in=[handoff.pk for handoff in handoffs]).update(snoozed_until=None, **fields)
    clocks = verdict_clocks(handoffs, status, by=by, at=at)
    for handoff in handoffs:
        for name, value in (fields | clocks[handoff.pk]).items():
            setattr(handoff, name, value)
    Handoff.objects.bulk_update(handoffs, ["before", *NO_VERDICT_CLOCKS])
    record_change("handoff", [handoff.pk for handoff in handoffs])
    announce_verdicts(handoffs, by=by, at=at)


def move(handoffs: Sequence[Handoff], to: Stage, *, by: User, at: datetime, **facts: Any) -> None:
    leads = [handoff.lead for handoff in handoffs]
    move_leads(leads, to, by=by, at=at, handoffs={handoff.lead_id: handoff.pk for handoff in handoffs}, **facts)


def by_team(handoffs: Sequence[Handoff], *, by: User) -> dict[Team | None, list[Handoff]]:
    """Which team has them from now on: that of who accepts; without one, that which was asked."""
    teams: dict[Team | None, list[Handoff]] = defaultdict(list)
    for handoff in handoffs:
        teams[by.team or team_of(handoff)].append(handoff)
    return teams


def changed(deed: Deed, handoffs: Sequence[Handoff]) -> Deed:
    for handoff in handoffs:
        deed.change(handoff.lead_id, handoff=handoff.pk)
    return deed


def why_not_undone(handoff: Handoff, last: Transition, *, by: User, at: datetime) -> str:
    """Why the answer stays; "" when it can be taken back."""
    if handoff.status not in VERDICTS or handoff.decided_at is None:
        return "There is no verdict to undo."
    if not may_undo(by, handoff):
        return "Only who gave this verdict or their manager may undo it."
    if at - handoff.decided_at > UNDO_WITHIN:
        return "A verdict can be undone for ten minutes."
    if handoff.route == Route.REROUTE:
        return "" if follower_waits(handoff) else "Somebody has acted on this lead since."
    return "" if last.handoff == handoff.pk else moved_words(last)


def follower_waits(handoff: Handoff) -> bool:
    return hasattr(handoff, "followed_by") and handoff.followed_by.is_untouched


def take_back_moves(
    handoffs: Sequence[Handoff], leads: dict[int, Lead], last: dict[int, Transition], *, by: User, at: datetime
) -> None:
    """Counter the moves that the answers made, and give each lead back to who owned it before."""
    changes = {}
    for handoff in handoffs:
        lead = leads[handoff.lead_id]
        owned = {"owner_id": lead.owner_id, "team_id": lead.team_id, **handoff.before}
        changes[lead.pk] = {**owned, "revisit_on": None}
    undo_moves([leads[pk] for pk in changes], last, by=by, at=at, changes=changes)


def take_back_followers(handoffs: Sequence[Handoff]) -> None:
    """Remove the hand-offs that rerouted rejections opened; nobody has answered them."""
    ids = [handoff.followed_by.pk for handoff in handoffs]
    record_change("handoff", ids)
    Handoff.objects.filter(pk__in=ids).delete()
    record_change("lead", [handoff.lead_id for handoff in handoffs])


def reopen_many(handoffs: Sequence[Handoff]) -> None:
    ids = [handoff.pk for handoff in handoffs]
    Handoff.objects.filter(pk__in=ids).update(
        status=HandoffStatus.OPEN, decided_by=None, decided_at=None, reason=None, route="", comment="", rating=None,
        wrong_fields=[], updated_at=timezone.now(), **NO_VERDICT_CLOCKS,
    )  # fmt: skip
    record_change("handoff", ids)
