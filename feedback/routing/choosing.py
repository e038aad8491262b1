"""Placing leads by the rules, for good or only to see."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.models import Side, Team, User
from feedback.errors import NoSuchRecipient
from feedback.models import Handoff, RoutingPlan
from feedback.routing.cases import Question, cases_of
from feedback.routing.deciding import Case, Decision, Floor, decide
from feedback.routing.floor import floor_at, keep_turns, staying, take_the_floor
from leads.models import Lead

CHANGING = "is being changed this moment"


@dataclass(frozen=True)
class Recipient:
    """A person or a team; ``why`` is kept with the hand-off and read to people by `explanation`.

    ``asked``: the team whose rules or queue led there, where that is not the person's own.
    """

    user: User | None = None
    team: Team | None = None
    why: dict[str, Any] = field(default_factory=dict)
    asked: Team | None = None

    @property
    def name(self) -> str:
        return str(self.user or self.team)

    def after(self, person: User) -> "Recipient":
        """The same, for a lead that waited for ``person`` before."""
        return replace(self, why={**self.why, "from": str(person)})

    @property
    def answers_for(self) -> Team | None:
        """The sales team that answers for the hand-off."""
        return self.team or self.asked or (self.user.team if self.user else None)


def route_lead(lead: Lead, *, at: datetime, exclude: Collection[int] = (), team: Team | None = None) -> Recipient:
    """`route_leads` for one. Raises NoSuchRecipient without any sales team."""
    found = route_leads([lead], at=at, exclude={lead.pk: set(exclude)}, team=team)
    if lead.pk not in found:
        raise NoSuchRecipient("There is no sales team to hand this lead to.")
    return found[lead.pk]


def route_leads(
    leads: Iterable[Lead],
    *,
    at: datetime,
    exclude: Mapping[int, set[int]] | None = None,
    team: Team | None = None,
    teams: Mapping[int, int | None] | None = None,
) -> dict[int, Recipient]:
    """Who gets each lead, by its id; one that nobody can get, for want of any sales team, is left out.

    Call it in the transaction that opens the hand-offs: turns are taken, and nobody else decides until it ends.
    ``exclude``: who shall not have a lead besides those who had it in this time round; ``team`` (``teams``: for each
    lead): whose reps come when no rule places it.
    """
    questions = [
        Question(
            lead=lead.pk, episode=lead.episode, before=at, tried=frozenset((exclude or {}).get(lead.pk, ())),
            team=(teams or {}).get(lead.pk, team.pk if team else None),
        )
        for lead in leads
    ]  # fmt: skip
    if not questions:
        return {}
    with transaction.atomic():
        plan = take_the_floor([question.lead for question in questions])
        cases, before = cases_of(questions, plan), floor_at(at, plan=plan)
        decisions, after = decide_all(cases, before)
        keep_turns(before, after)
    return with_records(decisions)


def decide_all(cases: Sequence[Case], before: Floor) -> tuple[dict[int, Decision], Floor]:
    """Decide, and again without those who are leaving this very moment; gives the floor as it is then."""
    gone: dict[int, str] = {}
    while True:
        floor = before.without(gone)
        decisions = {case.lead: found for case in cases if (found := decide(case, floor)) is not None}
        chosen = {found.user for found in decisions.values() if found.user is not None}
        leaving = chosen - staying(chosen)
        if not leaving:
            return decisions, floor
        gone |= dict.fromkeys(leaving, CHANGING)


def preview(
    leads: Iterable[Lead], *, at: datetime, exclude: Collection[int] = (), team: Team | None = None
) -> dict[int, Recipient]:
    """Who would get each lead, one after the other; nothing is locked, taken or written.

    ``exclude``: who shall have none of them; ``team``: whose reps come when no rule places one.
    """
    home = team.pk if team else None
    questions = [
        Question(lead=lead.pk, episode=lead.episode, before=at, tried=frozenset(exclude), team=home) for lead in leads
    ]
    return with_records(decide_freely(questions, at=at))


def preview_again(handoffs: Iterable[Handoff], *, at: datetime) -> dict[int, Recipient]:
    """Who would get what was handed over before, with what was known then, by the lead's id; without effect.

    The people are those of ``at``, and nobody is full: what was given out in a month is answered in a month.
    """
    questions = [
        Question(lead=handoff.lead_id, episode=handoff.episode, before=handoff.offered_at, afresh=True)
        for handoff in handoffs
    ]
    return with_records(decide_freely(questions, at=at, never_full=True))


def decide_freely(questions: Sequence[Question], *, at: datetime, never_full: bool = False) -> dict[int, Decision]:
    plan = RoutingPlan.objects.filter(pk=1).first() or RoutingPlan()
    floor = floor_at(at, plan=plan)
    floor = floor.never_full() if never_full else floor
    return {case.lead: found for case in cases_of(questions, plan) if (found := decide(case, floor)) is not None}


def with_records(decisions: Mapping[int, Decision]) -> dict[int, Recipient]:
    people = User.objects.select_related("team").in_bulk({found.user for found in decisions.values() if found.user})
    teams = Team.objects.in_bulk({found.answers_for for found in decisions.values() if found.answers_for})
    return {
        lead: Recipient(
            people.get(found.user or 0), teams.get(found.team or 0), found.why, teams.get(found.answers_for or 0)
        )
        for lead, found in decisions.items()
    }


def team_of(handoff: Handoff) -> Team | None:
    """The team that was asked, or the team of the person who was."""
    return handoff.to_team or (handoff.to_user.team if handoff.to_user else None)


def team_id_of(handoff: Handoff) -> int | None:
    """The id of `team_of`, which then is not read."""
    return handoff.to_team_id or (handoff.to_user.team_id if handoff.to_user else None)


def first_sales_team() -> Team | None:
    return Team.objects.filter(kind=Side.SALES).order_by("id").first()
