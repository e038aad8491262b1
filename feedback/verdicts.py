"""Hand-offs and their verdicts: one lead, one open hand-off, one answer.

Each action first claims the hand-off by a conditional UPDATE; who comes second is told who was faster.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.access import require
from crm.assigning import is_here
from crm.models import Team, User
from crm.outbox import record_change, record_changes
from feedback.access import NO_HAND_OVER, may_ever_decide, may_hand_over, may_undo, may_withdraw
from feedback.announcing import announce_handoffs, announce_verdicts, settle_asked, take_back_verdicts
from feedback.answering import as_it_is, hold_with_followers, require_answerable
from feedback.clocks import NO_VERDICT_CLOCKS, start_clocks, verdict_clocks
from feedback.errors import AlreadyDecided, AlreadyWaiting, NoSuchRecipient
from feedback.followers import pass_on
from feedback.models import VERDICTS, Handoff, HandoffStatus
from feedback.rejections import STAGE_AFTER, check_rejection
from feedback.routing import Recipient, route_lead, team_id_of, team_of
from leads.errors import CannotUndo, IllegalMove
from leads.lifecycle import Stage
from leads.models import Lead, Reason, Route
from leads.transitions import UNDO_WITHIN, move_lead, step, step_back, tail_of


@transaction.atomic
def offer_lead(
    lead: Lead,
    *,
    by: User | None,
    at: datetime,
    to_user: User | None = None,
    to_team: Team | None = None,
    promised: str = "",
    routing: dict[str, Any] | None = None,
) -> Handoff:
    """Hand an MQL to a rep or a sales team, or to whom the rules choose; the clock of the verdict starts.

    Raises NotAllowed, AlreadyWaiting, IllegalMove, StaleLead, NoSuchRecipient.
    """
    if by is not None:
        require(may_hand_over(by), NO_HAND_OVER)
    by_rules = to_user is None and to_team is None
    if not by_rules:
        check_recipient(to_user, to_team)
    waiting = Handoff.objects.open().filter(lead=lead).first()
    if waiting:
        raise AlreadyWaiting(waiting)
    if lead.stage != Stage.MQL:
        raise IllegalMove(lead, Stage.OFFERED)
    row = move_lead(lead, Stage.OFFERED, by=by, at=at)
    chosen = route_lead(lead, at=at) if by_rules else Recipient(to_user, to_team, routing or {"rule": "by_hand"})
    handoff = open_handoff(
        lead, by=by, at=at, waiting_since=at, to_user=chosen.user, to_team=chosen.team, team=chosen.answers_for,
        promised=promised, definition_version=row.definition_version, routing=chosen.why,
    )  # fmt: skip
    announce_handoffs([handoff], at=at)
    return handoff


@transaction.atomic
def accept_handoff(
    handoff: Handoff, *, by: User, at: datetime, rating: int | None = None, comment: str = ""
) -> Handoff:
    """Take the lead: it is now ``by``'s. Raises AlreadyDecided, NotAllowed, StaleLead."""
    become(handoff, require_answerable(handoff, by=by))
    lead = handoff.lead
    before = {"owner_id": lead.owner_id, "team_id": lead.team_id}
    decide(handoff, HandoffStatus.ACCEPTED, by=by, at=at, rating=rating, comment=comment, before=before)
    team = by.team_id or team_id_of(handoff)
    step(lead, Stage.ACCEPTED, by=by, at=at, handoff=handoff.pk, owner=by, team_id=team)
    return handoff


@transaction.atomic
def reject_handoff(
    handoff: Handoff,
    *,
    by: User,
    at: datetime,
    reason: Reason | None,
    comment: str = "",
    route: str = "",
    revisit_on: date | None = None,
    wrong_fields: Collection[str] = (),
) -> Handoff:
    """Answer before working it: not this one, and why. The route, by default the reason's, says what becomes of it.

    Rerouted, the next hand-off opens and the lead's clock runs on. ``wrong_fields``: what marketing is to repair
    (feedback/wrong_data.py). Raises AlreadyDecided, NotAllowed, StaleLead.
    """
    no = check_rejection(
        at=at, reason=reason, comment=comment, route=route, revisit_on=revisit_on, wrong_fields=wrong_fields
    )
    become(handoff, require_answerable(handoff, by=by))
    decide(handoff, HandoffStatus.REJECTED, by=by, at=at, **no.verdict)
    if no.route == Route.REROUTE:
        announce_handoffs(pass_on([handoff], at=at), at=at)
        return handoff
    step(handoff.lead, STAGE_AFTER[no.route], by=by, at=at, handoff=handoff.pk, **no.move)
    return handoff


@transaction.atomic
def withdraw_handoff(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Marketing takes the lead back before anybody answered."""
    become(handoff, as_it_is(handoff))
    require(may_withdraw(by, handoff), "Only who handed this over or a manager may withdraw it.")
    claim(handoff, HandoffStatus.WITHDRAWN, by=by, at=at)
    settle_asked([handoff], at=at)
    step(handoff.lead, Stage.MQL, by=by, at=at, handoff=handoff.pk)
    return handoff


@transaction.atomic
def undo_verdict(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Re-open the hand-off with its old due time, within ten minutes and if nobody acted since.

    A rerouted rejection takes the hand-off that followed it back. Raises CannotUndo, NotAllowed.
    """
    hold_with_followers([handoff.pk])
    handoff = as_it_is(handoff)
    require(may_undo(by, handoff), "Only who gave this verdict or their manager may undo it.")
    if handoff.status not in VERDICTS:
        raise CannotUndo("There is no verdict to undo.")
    if handoff.decided_at is None or at - handoff.decided_at > UNDO_WITHIN:
        raise CannotUndo("A verdict can be undone for ten minutes.")
    if handoff.route == Route.REROUTE:
        take_back_follower(handoff)
    else:
        undo_verdict_move(handoff, by=by, at=at)
    take_back_verdicts([handoff])
    reopen(handoff)
    return handoff


def decide(handoff: Handoff, status: HandoffStatus, *, by: User, at: datetime, **verdict: Any) -> None:
    """Claim a hand-off that ``by`` may answer, with its clocks, and tell of it."""
    clocks = verdict_clocks([handoff], status, by=by, at=at)[handoff.pk]
    claim(handoff, status, by=by, at=at, **clocks, **verdict)
    announce_verdicts([handoff], by=by, at=at)


def claim(handoff: Handoff, status: HandoffStatus, *, by: User | None, at: datetime, **verdict: Any) -> None:
    """Close the open hand-off with this verdict, or raise AlreadyDecided. Its lead counts as changed with it."""
    fields = {"status": status, "decided_by": by, "decided_at": at, "updated_at": timezone.now(), **verdict}
    fields["snoozed_until"] = None
    if Handoff.objects.filter(pk=handoff.pk, status=HandoffStatus.OPEN).update(**fields) != 1:
        raise AlreadyDecided(as_it_is(handoff))
    for name, value in fields.items():
        setattr(handoff, name, value)
    record_changes(handoff=[handoff.pk], lead=[handoff.lead_id])


def become(handoff: Handoff, present: Handoff) -> None:
    """Bring the caller's row up to date from one that was just read, and what was read along with it."""
    for field in Handoff._meta.concrete_fields:
        setattr(handoff, field.attname, getattr(present, field.attname))
    handoff._state = present._state


def open_handoff(lead: Lead, *, by: User | None, at: datetime, **fields: Any) -> Handoff:
    """A new open hand-off of a lead that stands in `offered`."""
    handoff = Handoff(lead=lead, episode=lead.episode, offered_by=by, offered_at=at, **fields)
    handoff.team = handoff.team or team_of(handoff)
    start_clocks([handoff], at=at)
    try:
        with transaction.atomic():
            handoff.save(force_insert=True)
    except IntegrityError as twice:
        raise AlreadyWaiting(Handoff.objects.open().get(lead=lead)) from twice
    record_change("handoff", [handoff.pk])
    return handoff


def take_back_follower(handoff: Handoff) -> None:
    """Remove the hand-off that a rerouted rejection opened, if nobody has answered it or said anything about it."""
    follower = Handoff.objects.filter(follows=handoff).first()
    if follower is None or not follower.is_untouched:
        raise CannotUndo("Somebody has acted on this lead since; the verdict can no longer be undone.")
    record_change("handoff", [follower.pk])
    follower.delete()


def undo_verdict_move(handoff: Handoff, *, by: User, at: datetime) -> None:
    """Counter the move that the verdict made, and give the lead back to who owned it before."""
    tail = tail_of(handoff.lead)
    if tail.last.handoff != handoff.pk:
        raise CannotUndo("Somebody has acted on this lead since; the verdict can no longer be undone.")
    step_back(handoff.lead, tail, by=by, at=at, revisit_on=None, **handoff.before)


def reopen(handoff: Handoff) -> None:
    handoff.status, handoff.decided_by, handoff.decided_at = HandoffStatus.OPEN, None, None
    handoff.reason, handoff.route, handoff.comment, handoff.rating = None, "", "", None
    handoff.wrong_fields = []
    for name, value in NO_VERDICT_CLOCKS.items():
        setattr(handoff, name, value)
    handoff.save()
    record_changes(handoff=[handoff.pk], lead=[handoff.lead_id])


def check_recipient(to_user: User | None, to_team: Team | None) -> None:
    if (to_user is None) == (to_team is None):
        raise NoSuchRecipient("Choose a person or a team to hand this lead to.")
    if to_user is not None and not (may_ever_decide(to_user) and is_here(to_user)):
        raise NoSuchRecipient(f"{to_user} does not take leads.")
    if to_team is not None and to_team.kind != "sales":
        raise NoSuchRecipient(f"{to_team} is not a sales team.")
