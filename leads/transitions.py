"""Moves along the life cycle: every one is a row of the log, and the row is the proof.

The conditional UPDATE of the lead is the lock: of two people who act at once one wins, the other is told.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from crm.errors import BusinessError
from crm.models import Organisation, User
from crm.outbox import record_change
from crm.periods import own_day
from leads.access import require_move
from leads.errors import Archived, BeforeLastMove, CannotUndo, IllegalMove, MergedLead, StaleLead
from leads.lifecycle import CLAIM, MOVES, PARK, RANK, RETURN, RETURNED, Move, Stage
from leads.models import Lead, Reason, Transition
from leads.models.log import TransitionKind
from leads.next_steps import close_tasks, revive_tasks
from leads.reasons import require_reason
from leads.touches import record_touch

PARKED_FOR = timedelta(days=90)
MOVED_SINCE = "This lead has moved since; that step can no longer be undone."
# Nothing is left to do for a lead that comes here; its open tasks are done with it.
AT_REST = (Stage.LOST, Stage.DISQUALIFIED)
# For so long a verdict or a conversion may be taken back.
UNDO_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Tail:
    """The end of a lead's log: the newest row that counts and the one before it; and the lead's score now."""

    last: Transition
    before: Transition | None
    score: int | None


@transaction.atomic
def capture_lead(*, by: User | None, at: datetime, touch: dict[str, Any] | None = None, **fields: Any) -> Lead:
    """A new inquiry, and the touch that brought it when ``touch`` is given or a campaign or source is known."""
    lead = Lead(captured_at=at, stage=Stage.INQUIRY, stage_since=at, **fields)
    lead.full_clean(exclude=["stage_since"])
    lead.save(force_insert=True)
    append(lead, Stage.INQUIRY, by=by, at=at, from_stage="", seq=1)
    if touch is not None or lead.campaign_id or lead.source:
        record_touch(lead, at=at, **{"campaign": lead.campaign, "channel": lead.channel, **(touch or {})})
    record_change("lead", [lead.pk])
    return lead


def transition_lead(
    lead: Lead,
    to: str,
    *,
    by: User,
    at: datetime,
    reason: Reason | None = None,
    note: str = "",
    revisit_on: date | None = None,
    **facts: Any,
) -> Transition | None:
    """One of the moves marked (transition) in the table, checked for right and reason; None if already there.

    ``facts``: what the move records on the lead (need, authority, timing). Raises IllegalMove, StaleLead, NotAllowed.
    """
    if lead.stage == to:
        return None
    move = MOVES.get((Stage(lead.stage), Stage(to)))
    if move is None or move.door != "transition":
        raise IllegalMove(lead, to)
    require_move(by, lead, move)
    check_revisit(revisit_on, at=at)
    if move.reason:
        require_reason(move.reason, reason, note, demand=f"Choose a reason to {move.verb}.")
    changes = {**facts, **effects(move, by=by, at=at, revisit_on=revisit_on)}
    return move_lead(lead, Stage(to), by=by, at=at, reason=reason, note=note, **changes)


def check_revisit(day: date | None, *, at: datetime) -> None:
    """A day that has come would bring the lead back at once."""
    if day and day <= own_day(at):
        raise BusinessError("Choose a day that is still to come.", code="revisit_in_past")


def effects(move: Move, *, by: User, at: datetime, revisit_on: date | None) -> dict[str, Any]:
    """What else the move changes on the lead."""
    if move in (PARK, RETURN):
        return {"revisit_on": revisit_on or (at + PARKED_FOR).date()}
    if move == CLAIM:
        return {"owner": by, "team": by.team}
    return {"revisit_on": None}


@transaction.atomic
def move_lead(
    lead: Lead,
    to: Stage,
    *,
    by: User | None,
    at: datetime,
    reason: Reason | None = None,
    note: str = "",
    handoff: int | None = None,
    **changes: Any,
) -> Transition:
    """Move ``lead`` to ``to``, change these fields of it with the move, and write the row that proves it.

    Raises IllegalMove when the table forbids it, StaleLead when somebody else moved the lead first,
    BeforeLastMove when ``at`` lies before the row it follows.
    """
    row = step(lead, to, by=by, at=at, reason=reason, note=note, handoff=handoff, **changes)
    record_change("lead", [lead.pk])
    return row


def step(
    lead: Lead,
    to: Stage,
    *,
    by: User | None,
    at: datetime,
    reason: Reason | None = None,
    note: str = "",
    handoff: int | None = None,
    **changes: Any,
) -> Transition:
    """`move_lead` within the transaction of a larger deed, which notes the change of the lead itself."""
    if (Stage(lead.stage), to) not in MOVES:
        raise IllegalMove(lead, to)
    tail = tail_of(lead)
    if at < tail.last.at:
        raise StaleLead(lead) if tail.last.seq > lead.seq else BeforeLastMove(tail.last)
    opens, stood = opens_episode(lead, to), lead.stage
    if to in AT_REST:
        close_tasks(lead=lead, at=at)
    claim(lead, to, since=at, episode=lead.episode + opens, **changes)
    facts = {"reason": reason, "note": note, "handoff": handoff, "opens_episode": opens}
    return append(lead, to, by=by, at=at, from_stage=stood, score=tail.score, **facts)


@transaction.atomic
def undo_move(lead: Lead, row: Transition, *, by: User, at: datetime, **changes: Any) -> Transition:
    """Counter ``row``, which must be the lead's last effective one: the lead stands where it stood before.

    ``changes`` restores other fields of the lead (its owner before the verdict).
    """
    tail = tail_of(lead)
    if tail.last.pk != row.pk:
        raise CannotUndo(MOVED_SINCE)
    undo = step_back(lead, tail, by=by, at=at, **changes)
    record_change("lead", [lead.pk])
    return undo


def step_back(lead: Lead, tail: Tail, *, by: User, at: datetime, **changes: Any) -> Transition:
    """`undo_move` of the last row, within the transaction of a larger deed, which notes the change of the lead."""
    row, before, stood = tail.last, tail.before, lead.stage
    if before is None:
        raise CannotUndo(MOVED_SINCE)
    if row.to_stage in AT_REST:
        revive_tasks(lead=lead, closed_at=row.at)
    to = Stage(row.from_stage)
    claim(lead, to, since=before.at, episode=before.episode, **changes)
    facts = {"kind": TransitionKind.UNDO, "undoes": row, "score": tail.score}
    return append(lead, to, by=by, at=at, from_stage=stood, **facts)


def claim(lead: Lead, to: Stage, *, since: datetime, episode: int, **changes: Any) -> None:
    """Take the lead's next ``seq``, or raise StaleLead because somebody else has it; ``lead`` is brought up to date.

    What was put away or merged moves no more: Archived, MergedLead.
    """
    fields = {"stage": to.value, "stage_since": since, "episode": episode, **changes}
    present = Lead.objects.filter(pk=lead.pk)
    unmoved = present.filter(seq=lead.seq, archived_at__isnull=True, merged_into__isnull=True)
    if unmoved.update(seq=F("seq") + 1, version=F("version") + 1, **fields) != 1:
        raise refusal(lead)
    for name, value in {**fields, "seq": lead.seq + 1, "version": lead.version + 1}.items():
        setattr(lead, name, value)


def refusal(lead: Lead) -> BusinessError:
    """Why the lead could not be claimed."""
    found = Lead.objects.only("merged_into", "archived_at").filter(pk=lead.pk).first()
    if found and found.merged_into_id:
        return MergedLead(found)
    return Archived(lead) if found and found.is_archived else StaleLead(lead)


def append(lead: Lead, to: Stage, *, by: User | None, at: datetime, from_stage: str, **facts: Any) -> Transition:
    """Write the row for a claimed lead, stamped with the definition in force; a new lead has no ``score`` yet."""
    return Transition.objects.create(
        **{
            "lead": lead, "seq": lead.seq, "episode": lead.episode, "from_stage": from_stage, "to_stage": to,
            "at": at, "by": by, "definition_version": Organisation.get().definition_version or None,
            **facts,
        }
    )  # fmt: skip


def tail_of(lead: Lead) -> Tail:
    """In one statement."""
    rows = Transition.objects.effective().filter(lead=lead).order_by("-seq")
    last, *before = rows.annotate(score_now=F("lead__leadscore__shown"))[:2]
    return Tail(last, before[0] if before else None, last.score_now)


def last_effective(lead: Lead) -> Transition:
    """The newest row that counts."""
    return Transition.objects.effective().filter(lead=lead).latest("seq")


def opens_episode(lead: Lead, to: Stage) -> bool:
    """Whether this move begins a new time round: back from nurture or a close, after the last one had reached `mql`."""
    if Stage(lead.stage) not in RETURNED or RANK.get(to, 0) < RANK[Stage.MQL]:
        return False
    reached = [stage.value for stage, rank in RANK.items() if rank >= RANK[Stage.MQL]]
    return Transition.objects.effective().filter(lead=lead, episode=lead.episode, to_stage__in=reached).exists()
