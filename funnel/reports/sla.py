"""The report *sla*: what marketing and sales promised each other, clock by clock, and who kept it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from crm.models import Side
from crm.periods import own_day
from feedback.agreement import active_agreement
from funnel.handoffs.clocks import CLOCKS, STATES, Clock
from funnel.handoffs.days import Days
from funnel.handoffs.service_levels import Kept, Lasted, Promised, kept_by, lasted
from funnel.handoffs.speed import Took, speed
from funnel.models import FigureSettings
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DIMENSIONS, BadQuestion, Parameter, Question
from funnel.reports.rows import key_of_row, money, with_bounds
from funnel.targets.goals import Attained, attained, goals_for

# The page that lists the promises behind a number, and that of marketing's requests.
BEHIND, REQUESTS = "/dashboards/sla/leads/", "/requests/"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SECONDS_AN_HOUR = 3_600
VOLUME = {
    "mqls": "Leads that became MQL, against the goal of these days in proportion.",
    "mql_value": "What these MQLs are worth by their score, against the goal (S7).",
}
SPEED = "speed"
CLOCK = Parameter(
    "clock", "Promise",
    [("all", "every promise"), *((one.key, one.title.lower()) for one in CLOCKS.values()), (SPEED, "speed to lead")],
)  # fmt: skip
BY = Parameter("by", "Hand-over", [("any", "any time"), ("hour", "by hour of day"), ("weekday", "by day of week")])


@dataclass(frozen=True)
class Page:
    """What the page shows beside the rows. ``agreed``: hours to the verdict and to the first attempt; ``heat``: how
    verdicts were kept by weekday (1 Monday) and hour of the hand-over; ``people``: by person, with the name."""

    agreed: Mapping[str, int]
    curves: Mapping[str, list[Lasted]]
    heat: Mapping[tuple[int, int], Kept] = field(default_factory=dict)
    people: list[tuple[str, str, Kept]] = field(default_factory=list)
    speed: list[Took] = field(default_factory=list)
    whole: Kept = field(default_factory=Kept)


def tell(question: Question, at: datetime) -> Told:
    if question.dimension and question.option("by") != "any":
        raise BadQuestion("by", "Cut by a dimension or by the time of the hand-over, not by both.")
    if question.option("clock") == SPEED:
        return Told(speed_rows(speed(promised(question, at))), page=page(question, at))
    return Told(list(rows(question, at)), notes(question, at), page(question, at))


def promised(question: Question, at: datetime) -> Promised:
    """Everything the question asks of a clock, but what it is cut by."""
    return Promised(Days(question.start, question.end, at), question.basis, tuple(question.held.items()))


def cut(question: Question) -> str:
    return question.dimension or {"any": ""}.get(question.option("by"), question.option("by"))


def clocks(question: Question) -> Iterable[Clock]:
    chosen = question.option("clock")
    return CLOCKS.values() if chosen == "all" else [CLOCKS[chosen]]


def rows(question: Question, at: datetime) -> Iterator[Row]:
    """A row a clock and key; then, where nothing is cut, marketing's volume."""
    by = cut(question)
    for clock in clocks(question):
        found = kept_by(clock.key, promised(question, at), by) or ({} if by else {"": Kept()})
        if question.key is not None:
            found = {key: kept for key, kept in found.items() if key == question.key}
        names = key_labels(by, found)
        for key in in_order(by, found, names):
            yield row_of(question, clock, key if by else None, names[key], found[key])
    if question.option("clock") == "all" and not by and not question.held:
        yield from (volume_row(one, at=at, end=question) for one in volume(question, at))


def key_labels(by: str, keys: Iterable[str]) -> dict[str, str]:
    match by:
        case "hour":
            return {key: f"{key}:00 to {int(key) + 1:02}:00" for key in keys}
        case "weekday":
            return {key: WEEKDAYS[int(key) - 1] for key in keys}
        case "":
            return {"": "All"}
    return {key: label for key, label in labels(by, keys).items() if key is not None}


def in_order(by: str, found: Mapping[str, Kept], names: Mapping[str, str]) -> list[str]:
    """People by name unless a manager chose otherwise, times as they come, else the most on top."""
    if by in ("hour", "weekday", "month"):
        return sorted(found)
    if by == "owner" and not FigureSettings.get().ranks_people:
        return sorted(found, key=lambda key: (key == "", names[key].casefold(), key))
    return sorted(found, key=lambda key: (-found[key].counted.whole, key))


def row_of(question: Question, clock: Clock, key: str | None, label: str, kept: Kept) -> Row:
    return {
        "key": key_of_row(key),
        "label": label,
        "clock": clock.key,
        "title": clock.title,
        "side": clock.side,
        "due": kept.counted.whole,
        "met": kept.met,
        "breached": kept.breached,
        "pending": kept.pending,
        **with_bounds("compliance", kept.counted.share),
        "median_hours": in_hours(kept.median),
        "p90_hours": in_hours(kept.p90),
        "n": kept.n,
        "target": None,
        "actual": None,
        "leads_url": address(question, clock, key, ("met", "breached")),
        "met_url": address(question, clock, key, ("met",)) if kept.met else "",
        "breached_url": address(question, clock, key, ("breached",)) if kept.breached else "",
        "pending_url": address(question, clock, key, ("pending",)) if kept.pending else "",
    }


def in_hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / SECONDS_AN_HOUR, 4)


def address(question: Question, clock: Clock, key: str | None, states: Iterable[str]) -> str:
    """The page of the promises behind a number; requests have a page of their own."""
    if clock.key.startswith("requests"):
        return REQUESTS
    by = question.option("by")
    narrowed = question.at_key(key) if question.dimension else question
    asked = replace(narrowed, options=(("clock", clock.key),))
    slot = key if by != "any" and not question.dimension else None
    return f"{BEHIND}?{asked.query(state='-'.join(states), **({by: slot} if slot else {}))}"


def volume(question: Question, at: datetime) -> list[Attained]:
    days = Days(question.start, question.end, at)
    return attained([goal for goal in goals_for(days.start, days.end) if goal.measure.key in VOLUME], days)


def volume_row(one: Attained, *, at: datetime, end: Question) -> Row:
    """What marketing was to deliver. A count is met as far as it came; the rest is pending until the days are over."""
    is_money = one.measure.key == "mql_value"
    actual, target = one.figure.value or 0, one.goal.target
    left = max(round(target) - round(actual), 0)
    is_over = end.end <= own_day(at)
    counts = {"due": round(target), "met": round(actual), "breached": left * is_over, "pending": left * (not is_over)}
    return {
        "key": None,
        "label": "All",
        "clock": one.measure.key,
        "title": one.measure.label,
        "side": Side.MARKETING.value,
        **(dict.fromkeys(counts) if is_money else counts),
        "compliance": None if one.attainment is None else round(float(one.attainment), 4),
        "compliance_low": None,
        "compliance_high": None,
        "median_hours": None,
        "p90_hours": None,
        "n": one.figure.n,
        "target": money(target, one.currency) if is_money else None,
        "actual": money(actual, one.currency) if is_money else None,
        # What was agreed is nobody yet: leads stand behind what was delivered.
        "leads_url": "",
        "met_url": one.figure.href,
        "breached_url": "",
        "pending_url": "",
    }


def speed_rows(legs: Iterable[Took]) -> list[Row]:
    empty: Row = dict.fromkeys(column.name for column in COLUMNS)
    return [
        {
            **empty,
            "label": "All",
            "clock": f"{SPEED}_{one.leg.key}",
            "title": one.leg.title,
            "side": Side.SALES.value,
            "n": one.n,
            "median_hours": one.median_hours and round(one.median_hours, 4),
            "p90_hours": one.p90_hours and round(one.p90_hours, 4),
        }
        for one in legs
    ]


def notes(question: Question, at: datetime) -> list[str]:
    if question.option("clock") != "all":
        return []
    if cut(question) or question.held:
        return ["Goals of volume are agreed for the whole; they stand in the report that is not cut."]
    return [] if volume(question, at) else ["No number of MQLs was agreed on for these days."]


def page(question: Question, at: datetime) -> Page:
    """Curves, times of day, people and speed: of the question as it is held, whatever it is cut by."""
    asked, agreement = promised(question, at), active_agreement()
    agreed = {"verdict": agreement.hours_to_verdict, "first_attempt": agreement.hours_to_first_attempt}
    by_time = kept_by("verdict", asked, "weekday_hour")
    by_person = kept_by("verdict", asked, "owner")
    names = key_labels("owner", by_person)
    return Page(
        agreed=agreed,
        curves={clock: lasted(clock, asked) for clock in agreed},
        heat={(int(key.split()[0]), int(key.split()[1])): kept for key, kept in by_time.items()},
        people=[(key, names[key], by_person[key]) for key in in_order("owner", by_person, names)],
        speed=speed(asked),
        whole=total(by_person.values()),
    )


def total(parts: Iterable[Kept]) -> Kept:
    """Counts added up; lengths of time are not."""
    found = list(parts)
    return Kept(*(sum(getattr(one, state) for one in found) for state in STATES))


COLUMNS = (
    Column("key", "Key", "text"),
    Column("label", "Name", "text"),
    Column("clock", "Clock", "text", "; ".join(f"{c.title}: {c.how}" for c in CLOCKS.values()), shown=False),
    Column("title", "Promise", "text", "; ".join(f"{c.title}: {c.how}" for c in CLOCKS.values())),
    Column("side", "Side", "text", "Who promised it."),
    Column(
        "due", "Due", "count",
        "In time and breached; what is open and not yet due is in neither. Of volume: what was agreed.",
        link="leads_url",
    ),
    Column("met", "In time", "count", "Of volume: what was delivered.", link="met_url"),
    Column("breached", "Breached", "count", "Late, passed on, or open past its time.", link="breached_url"),
    Column("pending", "Pending", "count", "Open, and its time not yet over.", link="pending_url"),
    Column("compliance", "Kept", "ratio", "In time / due (METRICS S2); of volume: delivered / agreed."),
    Column("compliance_low", "Low", "ratio", "Lower bound of the 95 % Wilson interval.", shown=False),
    Column("compliance_high", "High", "ratio", "Upper bound of the 95 % Wilson interval.", shown=False),
    Column(
        "median_hours", "Median", "hours",
        "Of those that were answered: sales in working hours of who was asked, marketing on the clock on the wall.",
    ),
    Column("p90_hours", "P90", "hours", "Nine in ten of those answered took no longer."),
    Column("n", "Answered", "count", "How many the median is made of.", shown=False),
    Column("target", "Agreed", "money", "Of the value of MQLs.", shown=False),
    Column("actual", "Delivered", "money", "Of the value of MQLs.", shown=False),
    Column("leads_url", "Leads", "text", "What is behind “due”."),
    Column("met_url", "Leads in time", "text", "What is behind “in time”.", shown=False),
    Column("breached_url", "Breached leads", "text", "What is behind “breached”.", shown=False),
    Column("pending_url", "Pending leads", "text", "What is behind “pending”.", shown=False),
)  # fmt: skip

SLA = Report(
    name="sla",
    title="Service level",
    how=(
        "Kept = in time / (in time + late + open past due). By activity date a promise counts on the day on which it "
        "was settled: when it was kept, else when its time was over; by start date, and while it is pending, on the "
        "day its clock began. Hours are working hours of who was asked. In the response-time curve those still "
        "waiting count as waiting so far, never as never (Kaplan–Meier). Speed to lead runs on the clock on the wall, "
        "as the buyer's does. Volume: " + " ".join(VOLUME.values())
    ),
    columns=COLUMNS,
    tell=tell,
    dimensions=DIMENSIONS,
    bases=("period", "cohort"),
    parameters=(CLOCK, BY),
    identity=("clock", "key"),
    span="quarter",
)
