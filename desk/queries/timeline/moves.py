"""Moves along the life cycle and hand-offs that were passed on, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.text import capfirst

from crm.words import duration
from desk.queries.timeline.deals import MOVED_WITH_DEAL, address, deal_line
from desk.queries.timeline.entry import Entry
from desk.queries.timeline.scope import Scope
from desk.queries.timeline.whose import named
from desk.telling import route_line, verdict_line
from feedback.models import Handoff, HandoffStatus
from feedback.talk import with_talk
from leads.lifecycle import CLOCK_OF, Stage
from leads.models import Opportunity, Transition
from leads.models.log import TransitionKind

# How a move is told: by the stage it leads to, where its verb does not say it better.
ARRIVALS = {
    Stage.INQUIRY: ("Captured", "user-plus"),
    Stage.NURTURE: ("Parked", "clock-pause"),
    Stage.MQL: ("Marked as MQL", "flag"),
    Stage.OFFERED: ("Handed to sales", "send"),
    Stage.ACCEPTED: ("Accepted", "check"),
    Stage.QUALIFIED: ("Qualified", "rosette-discount-check"),
    Stage.OPPORTUNITY: ("Converted", "arrows-exchange"),
    Stage.CUSTOMER: ("Won", "trophy"),
    Stage.LOST: ("Lost", "mood-sad"),
    Stage.DISQUALIFIED: ("Disqualified", "ban"),
}
RETURNS = {
    Stage.ACCEPTED: "Returned to marketing",
    Stage.QUALIFIED: "Returned to marketing",
    Stage.LOST: "Recycled",
    Stage.DISQUALIFIED: "Recycled",
}


def told_moves(pks: list[int], scope: Scope) -> dict[int, Entry]:
    rows = Transition.objects.filter(pk__in=pks).select_related("by", "reason", "undoes__reason", "undone_by")
    known = Known.of(list(rows))
    return named({row.pk: (told_move(row, known), row.lead_id) for row in rows}, scope)


@dataclass(frozen=True)
class Known:
    """What moves speak of beside themselves: hand-offs by id and by (lead, offered at), deals by (lead, moment)."""

    handoffs: dict[int, Handoff]
    offered: dict[tuple[int, datetime], Handoff]
    deals: dict[tuple[int | None, datetime | None], Opportunity]

    @classmethod
    def of(cls, rows: list[Transition]) -> "Known":
        leads = {row.lead_id for row in rows}
        named_by = {pk for row in rows for pk in (row.handoff, row.undoes and row.undoes.handoff) if pk}
        offered_at = {row.at for row in rows if row.to_stage == Stage.OFFERED}
        offered_at |= {row.undoes.at for row in rows if row.undoes and row.undoes.to_stage == Stage.OFFERED}
        which = Q(pk__in=named_by) | Q(lead__in=leads, offered_at__in=offered_at)
        wanted = Handoff.objects.filter(lead__in=leads).filter(which).select_related("lead", "to_user", "to_team")
        handoffs = list(with_talk(wanted)) if named_by or offered_at else []
        return cls(
            {handoff.pk: handoff for handoff in handoffs},
            {(handoff.lead_id, handoff.offered_at): handoff for handoff in handoffs},
            deals_of(rows),
        )


def deals_of(rows: list[Transition]) -> dict[tuple[int | None, datetime | None], Opportunity]:
    leads = {row.lead_id for row in rows if row.to_stage in MOVED_WITH_DEAL}
    deals = list(Opportunity.objects.filter(lead__in=leads).order_by("-id")[:200]) if leads else []
    opened = {(deal.lead_id, deal.opened_at): deal for deal in deals}
    return opened | {(deal.lead_id, deal.closed_at): deal for deal in deals}


def told_move(row: Transition, known: Known) -> Entry:
    stage = Stage(row.to_stage)
    entry = Entry(row.at, ARRIVALS[stage][1], move_title(row, known), CLOCK_OF[stage].value, row.by)
    entry.undone, entry.written_at = hasattr(row, "undone_by"), row.recorded_at
    if row.kind == TransitionKind.UNDO:
        entry.icon = "arrow-back"
        return entry
    entry.quote, entry.text = row.note, move_text(row, known)
    entry.talk = known.handoffs.get(row.handoff or 0) if not entry.undone else None
    entry.routed = known.offered.get((row.lead_id, row.at)) if stage == Stage.OFFERED else None
    deal = known.deals.get((row.lead_id, row.at))
    if deal and stage in MOVED_WITH_DEAL:
        entry.text, entry.href = deal_line(deal), address(deal)
    return entry


def move_title(row: Transition, known: Known) -> str:
    """ "Accepted after 38 min", "Rejected: Wrong industry", "Handed to Rob", "Undid: Qualified"."""
    if row.kind == TransitionKind.UNDO and row.undoes:
        return f"Undid: {move_title(row.undoes, known)}"
    stage = Stage(row.to_stage)
    if row.kind == TransitionKind.IMPORT:
        return f"Imported: {stage.label}"
    if row.handoff:
        return verdict_title(row, known)
    if stage == Stage.OFFERED and (handoff := known.offered.get((row.lead_id, row.at))):
        return f"Handed to {handoff.recipient}"
    title = arrival(row)
    return f"{title}: {row.reason}" if row.reason else title


def arrival(row: Transition) -> str:
    """The move by what it led to, or by where it came from where that says more."""
    stage, start = Stage(row.to_stage), row.from_stage
    if stage == Stage.NURTURE and start in RETURNS:
        return RETURNS[Stage(start)]
    return "Taken on" if stage == Stage.ACCEPTED else ARRIVALS[stage][0]


def verdict_title(row: Transition, known: Known) -> str:
    handoff = known.handoffs.get(row.handoff or 0)
    if row.to_stage == Stage.ACCEPTED:
        return f"Accepted after {duration(row.at - handoff.offered_at)}" if handoff else "Accepted"
    return f"Rejected: {row.reason}" if row.reason else "Withdrawn"


def move_text(row: Transition, known: Known) -> str:
    if row.out_of_order:
        return "Dated before the step it follows; figures take it as it is."
    handoff = known.handoffs.get(row.handoff or 0)
    if row.to_stage == Stage.OFFERED:
        asked = known.offered.get((row.lead_id, row.at))
        if asked and asked.offered_by_id is None and "steps" in asked.routing:
            return "Handed over by itself, as it became an MQL"
        return f"Promised to the buyer: {asked.promised}" if asked and asked.promised else ""
    if row.handoff and row.to_stage == Stage.ACCEPTED:
        return handoff.comment if handoff and handoff.decided_at == row.at else ""
    if row.handoff and row.reason:
        waited = f"after {duration(row.at - handoff.offered_at)}, " if handoff else ""
        return capfirst(f"{waited}now {Stage(row.to_stage).label}")
    if row.to_stage == Stage.MQL and row.score is not None:
        return f"Score {row.score}" + (f", definition v{row.definition_version}" if row.definition_version else "")
    return ""


def told_passes(pks: list[int], scope: Scope) -> dict[int, Entry]:
    passed = Handoff.objects.filter(pk__in=pks).select_related(
        "lead", "decided_by", "reason", "to_user", "to_team", "followed_by__to_user", "followed_by__to_team"
    )
    return named({handoff.pk: (told_pass(handoff), handoff.lead_id) for handoff in with_talk(passed)}, scope)


def told_pass(handoff: Handoff) -> Entry:
    assert handoff.decided_at
    if handoff.status == HandoffStatus.EXPIRED:
        icon, title, text = "hourglass-empty", verdict_line(handoff), f"Passed on to {handoff.heir}"
    elif handoff.status == HandoffStatus.WITHDRAWN:
        icon, title, text = "arrows-shuffle", f"Passed on from {handoff.recipient} to {handoff.heir}", ""
    else:
        icon, title, text = "x", f"Rejected: {handoff.reason}", capfirst(route_line(handoff))
    entry = Entry(handoff.decided_at, icon, title, "waiting", handoff.decided_by, text, handoff.comment, talk=handoff)
    entry.routed = handoff.followed_by
    return entry
