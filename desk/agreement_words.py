"""What an agreement says, in words; and what one version says differently from another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format

from crm.models import Side
from crm.words import number
from desk.telling import ROUTE_AHEAD
from feedback.models import Agreement
from feedback.terms import BOTH, Goal, LevelException, RoleLine, read_exceptions, read_goals, read_roles
from funnel.targets.goals import said
from leads.models import ReasonFamily, Route

SIDE_NAMES = {**{side.value: str(side.label) for side in Side}, BOTH: "Both"}


@dataclass(frozen=True)
class Change:
    """One thing that differs: what it is, what stood there and what stands there now; "" where it was not."""

    about: str
    before: str
    after: str


@dataclass(frozen=True)
class Promise:
    """A service level for all leads: the figure, and what it promises; whose it is."""

    side: str
    figure: str
    text: str


def promises(agreement: Agreement) -> list[Promise]:
    """The service levels for all leads."""
    late, times = agreement.hours_late_to_escalate, agreement.most_episodes
    return [
        of_sales(f"{agreement.hours_to_verdict} h", "Sales answers every hand-off, with a reason when it says no."),
        of_sales(f"{agreement.hours_to_first_attempt} h", "After accepting, sales tries to reach the buyer."),
        of_sales(str(agreement.min_attempts), "attempts at least, before a lead goes back for want of an answer."),
        of_sales("never", "A late hand-off is passed on by itself; it stays late until somebody answers.")
        if late is None
        else of_sales(f"{late} h", "late, and a hand-off goes to somebody else by itself."),
        Promise(
            Side.MARKETING.value,
            "any" if times is None else str(times),
            "number of times round a lead may come to sales."
            if times is None
            else f"time{'' if times == 1 else 's'} round at most, a lead comes to sales.",
        ),
    ]


def of_sales(figure: str, text: str) -> Promise:
    return Promise(Side.SALES.value, figure, text)


def exception_words(line: LevelException) -> str:
    """ "Segment Enterprise, score 70 and more: answered within 4 h, first attempt within 4 h, 7 attempts at least." """
    asked = [
        f"answered within {line.hours_to_verdict} h" if line.hours_to_verdict else "",
        f"first attempt within {line.hours_to_first_attempt} h" if line.hours_to_first_attempt else "",
        f"{line.min_attempts} attempts at least" if line.min_attempts is not None else "",
    ]
    who = ", ".join(filter(None, (segment_words(line), score_words(line))))
    return f"{who[:1].upper()}{who[1:]}: {', '.join(filter(None, asked))}."


def segment_words(line: LevelException) -> str:
    return f"segment {' or '.join(line.segments)}" if line.segments else ""


def score_words(line: LevelException) -> str:
    match line.score_from, line.score_to:
        case None, None:
            return ""
        case None, high:
            return f"score up to {high}"
        case low, None:
            return f"score {low} and more"
        case low, high:
            return f"score {low} to {high}"
    return ""


def period_words(agreement: Agreement) -> str:
    """ "1 Oct to 31 Dec 2026"; "" without a period."""
    start, end = agreement.period_starts, agreement.period_ends
    if not start or not end:
        return ""
    first = date_format(start, "j M" if start.year == end.year else "j M Y")
    return f"{first} to {date_format(end, 'j M Y')}"


def goal_words(goal: Goal, currency: str) -> str:
    """ "at least 240", "at most 24 h", with what leads are worth where it counts."""
    target = said(goal.target, goal.measure.unit, currency)
    words = f"{'at least' if goal.measure.more_is_better else 'at most'} {target}"
    if goal.bands:
        worth = "; ".join(f"{said(b.worth, 'money', currency)} from score {b.score_from}" for b in goal.bands)
        words += f" (an MQL counts {worth})"
    return words


def role_words(line: RoleLine) -> str:
    return ", ".join(filter(None, (SIDE_NAMES[line.side], line.owner, line.promise)))


def differences(before: Agreement, after: Agreement, *, currency: str, definitions: Mapping[int, str]) -> list[Change]:
    """Everything that reads differently, field by field, in the order of the document."""
    old, new = (dict(told(one, currency=currency, definitions=definitions)) for one in (before, after))
    return [
        Change(about, old.get(about, ""), new.get(about, ""))
        for about in dict.fromkeys((*old, *new))
        if old.get(about, "") != new.get(about, "")
    ]


def told(agreement: Agreement, *, currency: str, definitions: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """Each thing an agreement says: what it is about, and the words."""
    yield "Period", period_words(agreement)
    for goal in read_goals(agreement):
        yield f"Goal: {goal.measure.label}", goal_words(goal, currency)
    for field, words in LEVELS.items():
        yield words[0], words[1](getattr(agreement, field))
    for line in read_exceptions(agreement):
        yield f"Exception: {line.name}", exception_words(line)
    if agreement.definition_version:
        yield "Definition", definitions.get(agreement.definition_version, f"version {agreement.definition_version}")
    for role in read_roles(agreement):
        yield f"Stage: {role.stage.label}", role_words(role)
    yield "How marketing is measured and paid", agreement.marketing_measured
    yield "How sales is measured and paid", agreement.sales_measured
    for reason in agreement.reasons:
        yield f"Reason to say no: {reason['label']}", reason_words(reason)


def reason_words(reason: Mapping[str, str]) -> str:
    family, route = reason.get("family", ""), reason.get("route", "")
    ahead = ROUTE_AHEAD[Route(route)] if route in Route.values else ""
    label = ReasonFamily(family).label if family in ReasonFamily.values else family
    return f"{label}; the lead {ahead}" if ahead else str(label)


def hours(value: int | None) -> str:
    return "never" if value is None else f"{value} h"


LEVELS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "hours_to_verdict": ("Answer to a hand-off", hours),
    "hours_to_remind": ("Reminder before it is due", hours),
    "hours_late_to_escalate": ("Passed on by itself when late by", hours),
    "hours_to_first_attempt": ("First attempt after accepting", hours),
    "min_attempts": ("Attempts before giving up", str),
    "most_episodes": ("Times round at most", lambda value: "any number" if value is None else str(value)),
}


def pace_words(agreement: Agreement, today: date) -> str:
    """Where in its period an agreement stands: "day 53 of 92"."""
    start, end = agreement.period_starts, agreement.period_ends
    if not start or not end:
        return ""
    if today < start:
        return f"begins in {count_days(start - today)}"
    if today > end:
        return f"ended {count_days(today - end)} ago"
    return f"day {(today - start).days + 1} of {(end - start).days + 1}"


def count_days(length: timedelta) -> str:
    return "1 day" if length.days == 1 else f"{number(length.days)} days"


def joined(names: Iterable[str]) -> str:
    """ "marketing and sales"."""
    return " and ".join(names)
