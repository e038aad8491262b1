"""What stands on a person's own page, counted together: of a rep, or of a marketer.

Whoever sells is shown what a rep is, whoever markets what a marketer is; managers by the side of their team.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from crm.access import managed_team_ids
from crm.models import Organisation, Role, Side, User
from crm.periods import own_day
from crm.words import NOTHING, about_money, number, percent
from funnel.facts.freshness import Freshness, freshness
from funnel.keeping import Kept, kept
from funnel.models import QuotaMeasure
from funnel.pages.charts import Chart, Series
from funnel.people.access import readable_people
from funnel.people.activity import Activity, activity, first_week
from funnel.people.ages import Ages, ages
from funnel.people.answers import Answers, answers
from funnel.people.calls import NextCalls, next_calls
from funnel.people.campaigns import OwnCampaigns, own_campaigns
from funnel.people.pace import Mover, QuarterPace, quarter_pace
from funnel.targets.attaining import Attained

MOST_PEOPLE = 50
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Selling:
    """Of a rep. ``since``: the first of the days that activity and answers are of."""

    pace: QuarterPace
    activity: Activity
    ages: Ages
    calls: NextCalls
    answers: Answers
    since: date


@dataclass(frozen=True)
class Marketing:
    """Of a marketer. ``since``: the first of the days that campaigns are of."""

    pace: QuarterPace
    campaigns: OwnCampaigns
    since: date


class GoalLine(NamedTuple):
    """A quota in words beside its bar."""

    goal: Attained
    booked: str
    wanted: str
    words: str


@dataclass(frozen=True)
class OwnPage:
    """The page of ``person``, read by somebody who may; one of ``selling`` and ``marketing`` is there."""

    person: User
    is_own: bool
    selling: Selling | None
    marketing: Marketing | None
    people: list[User]
    freshness: Freshness
    counted_at: datetime

    @property
    def pace(self) -> QuarterPace:
        shown = self.selling or self.marketing
        assert shown
        return shown.pace

    @property
    def sentence(self) -> str:
        return pace_sentence(self.pace, self.whom) or ("" if self.selling else campaigns_sentence(self.marketing))

    @property
    def whom(self) -> str:
        return "you" if self.is_own else self.person.get_short_name()

    @property
    def goals(self) -> list[GoalLine]:
        return [goal_line(one) for one in self.pace.goals]

    @property
    def weeks(self) -> Chart | None:
        return weeks_chart(self.selling.activity) if self.selling and not self.selling.activity.is_empty else None


def own_page(person: User, *, by: User, at: datetime) -> OwnPage:
    """What is counted of a person; whether ``by`` may read it was asked before."""
    sells = side_of(person) == Side.SALES
    count = selling if sells else marketing
    found: Kept[Selling | Marketing] = kept(f"person:{person.pk}:{own_day(at)}", count, person.pk, at=at)
    shown = found.value
    return OwnPage(
        person=person,
        is_own=person.pk == by.pk,
        selling=shown if isinstance(shown, Selling) else None,
        marketing=shown if isinstance(shown, Marketing) else None,
        people=colleagues(person, by),
        freshness=freshness(at=at),
        counted_at=found.at,
    )


def side_of(person: User) -> Side:
    if person.role == Role.MARKETER:
        return Side.MARKETING
    if person.role != Role.REP and person.team and person.team.kind == Side.MARKETING:
        return Side.MARKETING
    return Side.SALES


def selling(pk: int, *, at: datetime) -> Selling:
    person, today = User.objects.get(pk=pk), own_day(at)
    since = first_week(today)
    return Selling(
        pace=quarter_pace(person, at=at),
        activity=activity(person, at=at),
        ages=ages(person, at=at),
        calls=next_calls(person, at=at),
        answers=answers(person, since, today + timedelta(days=1), at=at),
        since=since,
    )


def marketing(pk: int, *, at: datetime) -> Marketing:
    person, today = User.objects.get(pk=pk), own_day(at)
    since = today - YEAR
    return Marketing(
        pace=quarter_pace(person, at=at),
        campaigns=own_campaigns(person, since, today + timedelta(days=1), at=at, today=today),
        since=since,
    )


def colleagues(person: User, by: User) -> list[User]:
    """The people of whoever manages some, by name, on their own page."""
    if person.pk != by.pk or not (by.is_manager or by.is_admin or managed_team_ids(by)):
        return []
    found = readable_people(by).filter(is_active=True, role__in=(Role.REP, Role.MARKETER)).exclude(pk=by.pk)
    return list(found.select_related("team").order_by("first_name", "last_name", "pk")[:MOST_PEOPLE])


# Sentences

PACE_WORDS = {"none": "nothing is asked yet", "behind": "behind", "pace": "on pace", "ahead": "ahead"}


def goal_line(one: Attained) -> GoalLine:
    words = PACE_WORDS[one.state]
    if one.pace and (one.pace.attainment or 0) >= 1:
        words = "reached"
    elif one.pace and one.pace.per_day:
        asked = (
            about_money(one.pace.per_day, Organisation.get().currency) if one.is_money else per_week(one.pace.per_day)
        )
        words += f", {asked} a day to go" if one.is_money else f", {asked} a week to go"
    if one.wanted is None:
        words = "its currency has no rate"
    return GoalLine(one, amount_of(one, one.booked), amount_of(one, one.wanted), words)


def per_week(per_day: float) -> str:
    return number(round(per_day * 7, 1))


def pace_sentence(pace: QuarterPace, whom: str) -> str:
    """ "€84,000 of €150,000 booked, 56 % at 59 % of the quarter; winning Acme (€40,000, likely 60 %) brings you to
    83 %."; "" without a quota."""
    goal = pace.revenue or next((one for one in pace.goals if one.wanted), None)
    if goal is None or goal.pace is None:
        return ""
    said = f"{amount_of(goal, goal.booked)} of {amount_of(goal, goal.wanted)} {verb(goal)}, "
    said += percent(goal.pace.attainment)
    said += f" at {percent(goal.pace.elapsed)} of the quarter"
    if (goal.pace.attainment or 0) >= 1:
        return f"{said}: the quota is reached."
    if pace.movers and pace.revenue:
        return f"{said}; {moving(pace.movers[0], whom)}."
    return f"{said}."


def moving(mover: Mover, whom: str) -> str:
    chance = "" if mover.chance is None else f", likely {percent(mover.chance)}"
    worth = about_money(mover.amount, Organisation.get().currency)
    return f"winning {mover.name} ({worth}{chance}) brings {whom} to {percent(mover.brings_to)}"


def verb(goal: Attained) -> str:
    return "booked" if goal.quota.measure == QuotaMeasure.REVENUE else goal.quota.get_measure_display().lower()


def amount_of(goal: Attained, value: Decimal | None) -> str:
    if value is None:
        return NOTHING
    return about_money(value, Organisation.get().currency) if goal.is_money else number(round(value))


def campaigns_sentence(told: Marketing | None) -> str:
    if told is None or not told.campaigns.count:
        return ""
    own = told.campaigns
    if own.acceptance is None:
        return f"{number(own.judged)} leads of your campaigns were judged by sales so far: too few for a rate."
    reason = (
        f" Main reason against: {own.reasons[0].reason.label.lower()} ({own.reasons[0].count})." if own.reasons else ""
    )
    return f"Sales accepted {number(own.accepted)} of {number(own.judged)} leads, {percent(own.acceptance)}.{reason}"


# The chart


def weeks_chart(told: Activity) -> Chart:
    """Calls, e-mails and meetings by week; the present week still runs."""
    kinds = (("Calls", "calls"), ("E-mails", "emails"), ("Meetings", "meetings"), ("Attempts to reach", "attempts"))
    return Chart(
        id="by-week",
        title="Activity by week",
        says="Calls, e-mails, meetings and attempts to reach a buyer in each of the last 13 weeks.",
        categories=[f"{week.start:%-d %b}" for week in told.weeks],
        series=[
            Series(name, [getattr(week, kind) for week in told.weeks], running_from=len(told.weeks) - 1)
            for name, kind in kinds
        ],
        axis="Week from",
        days=[week.start for week in told.weeks],
    )
