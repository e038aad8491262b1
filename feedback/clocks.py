"""The clocks of a hand-off: until when it wants an answer, how long the answer took, when the first attempt is due.

Hours are working hours of who was asked (crm/working_time.py). Another recipient's clock starts anew, the lead's
(`waiting_since`) never does. Past its time a clock goes on: the answer took as long as it took.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm.models import Team, User
from crm.working_time import Asked, Schedule, add_working_time, schedules_for, working_time
from feedback.agreement import active_agreement
from feedback.models import Agreement, Handoff, HandoffStatus
from feedback.terms import LevelException, read_exceptions
from leads.models import Lead


@dataclass(frozen=True)
class ServiceLevel:
    """What sales promised for some leads; ``name``: the exception, "" for the line for all leads."""

    name: str
    hours_to_verdict: int
    hours_to_first_attempt: int
    min_attempts: int


@dataclass(frozen=True)
class Due:
    """When an answer is due, and by which level."""

    at: datetime
    level: ServiceLevel


def service_level(lead: Lead, agreement: Agreement) -> ServiceLevel:
    """What is promised for this lead as it is now."""
    return service_levels([lead.pk], agreement)[lead.pk]


def service_levels(lead_ids: Collection[int], agreement: Agreement) -> dict[int, ServiceLevel]:
    """The level of each lead: the first exception that fits its segment and score, else the line for all."""
    exceptions, for_all = read_exceptions(agreement), line_for_all(agreement)
    if not exceptions:
        return dict.fromkeys(lead_ids, for_all)
    facts = Lead.objects.filter(pk__in=lead_ids).order_by().values_list("pk", "segment", "leadscore__shown")
    levels = {line: with_exception(for_all, line) for line in exceptions}
    return {
        pk: next((levels[line] for line in exceptions if line.fits(segment=segment, score=score or 0)), for_all)
        for pk, segment, score in facts
    }


def level_named(name: str, agreement: Agreement) -> ServiceLevel:
    """The level that a hand-off was given; the line for all when that exception is no longer agreed on."""
    for_all = line_for_all(agreement)
    found = next((line for line in read_exceptions(agreement) if name and line.name == name), None)
    return with_exception(for_all, found) if found else for_all


def level_in_work(lead: Lead, agreement: Agreement) -> ServiceLevel:
    """What is promised for a lead that sales has: as it was handed over, else as it is now.

    A score that rises while the lead is worked asks for no more attempts than were asked for at the start.
    """
    accepted = Handoff.objects.filter(lead=lead, episode=lead.episode, status=HandoffStatus.ACCEPTED)
    name = accepted.order_by("-id").values_list("service_level", flat=True).first()
    return service_level(lead, agreement) if name is None else level_named(name, agreement)


def line_for_all(agreement: Agreement) -> ServiceLevel:
    return ServiceLevel(
        "", agreement.hours_to_verdict, agreement.hours_to_first_attempt, agreement.min_attempts
    )  # fmt: skip


def with_exception(for_all: ServiceLevel, line: LevelException) -> ServiceLevel:
    """What the exception leaves out is as for all leads."""

    def of(own: int | None, common: int) -> int:
        return common if own is None else own

    return ServiceLevel(
        name=line.name,
        hours_to_verdict=of(line.hours_to_verdict, for_all.hours_to_verdict),
        hours_to_first_attempt=of(line.hours_to_first_attempt, for_all.hours_to_first_attempt),
        min_attempts=of(line.min_attempts, for_all.min_attempts),
    )


def due_for(lead: Lead, *, to_user: User | None, to_team: Team | None, at: datetime) -> Due:
    """When an answer would be due if this lead were handed to them at ``at``."""
    asked = (to_user.pk if to_user else None, to_team.pk if to_team else None)
    return dues_for({lead.pk: asked}, at=at)[lead.pk]


def dues_for(asked: dict[int, Asked], *, at: datetime) -> dict[int, Due]:
    """`due_for` of many: by the id of a lead the ids of the person and of the team it goes to. A handful of queries."""
    levels = service_levels(asked.keys(), active_agreement())
    schedules = schedules_for(asked.values())
    known: dict[tuple[Schedule, ServiceLevel], Due] = {}
    dues = {}
    for lead, pair in asked.items():
        key = schedules[pair], levels[lead]
        if key not in known:
            known[key] = Due(hours_on(at, levels[lead].hours_to_verdict, schedules[pair]), levels[lead])
        dues[lead] = known[key]
    return dues


def start_clocks(handoffs: Sequence[Handoff], *, at: datetime) -> None:
    """Set until when each of these unsaved hand-offs wants its answer, and by which level."""
    dues = dues_for({handoff.lead_id: asked_of(handoff) for handoff in handoffs}, at=at)
    for handoff in handoffs:
        due = dues[handoff.lead_id]
        handoff.due_at, handoff.service_level = due.at, due.level.name


# What a verdict that is taken back takes back; when the answer was due stays as it was.
NO_VERDICT_CLOCKS: dict[str, Any] = {"answered_in": None, "attempt_due_at": None, "attempt_told_at": None}


def verdict_clocks(
    handoffs: Sequence[Handoff], status: HandoffStatus, *, by: User, at: datetime
) -> dict[int, dict[str, Any]]:
    """What these clocks say when ``by`` answers, by the hand-off's id.

    ``answered_in``: the working time of who was asked; ``attempt_due_at``: the one who accepted is to try by then.
    """
    agreement = active_agreement()
    taker = (by.pk, None)
    schedules = schedules_for({taker, *(asked_of(handoff) for handoff in handoffs)})
    attempts = {name: level_named(name, agreement) for name in {handoff.service_level for handoff in handoffs}}
    clocks = {}
    for handoff in handoffs:
        hours = attempts[handoff.service_level].hours_to_first_attempt
        clocks[handoff.pk] = NO_VERDICT_CLOCKS | {
            "answered_in": working_time(handoff.offered_at, at, schedules[asked_of(handoff)]),
            "attempt_due_at": hours_on(at, hours, schedules[taker]) if status == HandoffStatus.ACCEPTED else None,
        }
    return clocks


def asked_of(handoff: Handoff) -> Asked:
    return handoff.to_user_id, handoff.to_team_id


def hours_on(at: datetime, hours: int, schedule: Schedule) -> datetime:
    return add_working_time(at, timedelta(hours=hours), schedule)
