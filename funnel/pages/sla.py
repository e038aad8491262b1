"""The page of the service level: who kept what was promised, who waits, how soon answers come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q

from crm.intervals import ENOUGH
from crm.words import interval, number, percent
from feedback.models import Handoff
from feedback.verdict_figures import held_at
from funnel.handoffs.service_levels import Kept, Lasted
from funnel.handoffs.speed import Took
from funnel.handoffs.waiting import waiting_now
from funnel.pages.charts import HOURS, RATIO, Chart, Mark, Series
from funnel.pages.charts import said as in_words
from funnel.pages.face import Face
from funnel.reports.answer import Answer
from funnel.reports.question import Question
from funnel.reports.sla import WEEKDAYS, Page
from funnel.statistics.survival import Curve, kaplan_meier, stepped

# What a step of a curve may be, in hours; as many as fit into the agreed time at most so often.
STEPS = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48)
MOST_STEPS = 12
# Curves go on for so many times the agreed time.
SHOWN_TIMES = 3
CURVES = {
    "verdict": ("Until sales answers", "have their answer", "Hours of work since the hand-off"),
    "first_attempt": ("Until the first attempt", "were tried", "Hours of work since the lead was accepted"),
}


def face(answer: Answer, before: Answer | None) -> Face:
    page: Page = answer.told.page
    late = late_now(answer.question, at=answer.counted_at)
    every, by_recipient = waiting_now(at=answer.counted_at)
    has_enough = page.whole.counted.whole >= ENOUGH
    return Face(
        sentence=sentence(page.whole, late) if has_enough else "",
        missing="" if has_enough else f"{page.whole.counted.whole} of {ENOUGH} hand-offs whose time is over.",
        charts=list(curves(page, before)),
        thin="due",
        more={
            "waiting": every,
            "waiting_by": by_recipient,
            "people": [person(*one) for one in page.people],
            "few": ENOUGH,
            "heat": heat(page.heat),
            "speed": [leg(one) for one in page.speed if one.n],
        },
    )


def late_now(question: Question, *, at: datetime) -> list[tuple[str, int]]:
    """Hand-offs past their time by team, most on top; held where the page is held. Live, whatever the days."""
    late = Handoff.objects.open().filter(due_at__lt=at).annotate(asked=F("to_user"))
    held = Q(*(held_at(name, key) for name, key in question.held.items()))
    counted = late.filter(held).values("team__name").annotate(count=Count("pk")).order_by("-count", "team__name")
    return [(row["team__name"] or "no team", row["count"]) for row in counted]


def sentence(whole: Kept, late: Sequence[tuple[str, int]]) -> str:
    """ "82 of 96 hand-offs were answered in time (85 %, likely 77–91 %); 7 wait past their time in Team North."."""
    met, due = whole.counted
    share = whole.counted.share
    likely = f", {interval(share.low, share.high)}" if share.low is not None else ""
    said = f"{number(met)} of {number(due)} hand-offs were answered in time ({percent(share.rate)}{likely})"
    return f"{said}; {waits(late)}."


def waits(late: Sequence[tuple[str, int]]) -> str:
    count = sum(count for _team, count in late)
    if not count:
        return "nobody waits past their time now"
    team, most = late[0]
    where = f"in {team}" if most == count else f"most in {team} ({number(most)})"
    return f"{number(count)} wait{'s' if count == 1 else ''} past {'its' if count == 1 else 'their'} time now, {where}"


def curves(page: Page, before: Answer | None) -> Iterable[Chart]:
    earlier: Page | None = before.told.page if before else None
    for clock, (title, words, axis) in CURVES.items():
        sample = page.curves[clock]
        if sum(one.many for one in sample) < ENOUGH:
            continue
        yield response_curve(
            f"response-{clock.replace('_', '-')}", title, words, axis, page.agreed[clock], sample,
            earlier.curves[clock] if earlier else [],
        )  # fmt: skip


def response_curve(
    id_: str, title: str, words: str, axis: str, agreed: int, sample: Sequence[Lasted], earlier: Sequence[Lasted] = ()
) -> Chart:
    """S3: the share answered by each hour, those who still wait censored; the agreed time is a mark."""
    hours = grid(agreed)
    curve = waiting_curve(sample)
    by_then = answered_by(curve, [agreed])[0]
    low, high = bounds(curve, hours)
    thin = next((index for index, hour in enumerate(hours) if hour * 60 > curve.trusted_until), None)
    series = [Series("Share", answered_by(curve, hours), "var(--side-sales)", low=low, high=high, thin_from=thin)]
    if earlier:
        values = answered_by(waiting_curve(earlier), hours)
        series.append(Series("In the days before", values, "var(--t-ink-2)", dashed=True))
    return Chart(
        id=id_,
        title=title,
        says=f"By the agreed {agreed} hours {percent(by_then)} {words}.",
        note=f"{percent(by_then)} within the agreed {agreed} h",
        categories=[f"{hour:g}" for hour in hours],
        series=series,
        kind="step",
        unit=RATIO,
        axis=axis,
        marks=[Mark(f"{agreed:g}", "agreed")],
    )


def grid(agreed: int) -> list[float]:
    """Hours from none to a few times the agreed ones, which are among them."""
    fitting = [step for step in STEPS if agreed % step == 0]
    step = next((step for step in fitting if agreed / step <= MOST_STEPS), agreed)
    return [step * n for n in range(round(SHOWN_TIMES * agreed / step) + 1)]


def waiting_curve(sample: Sequence[Lasted]) -> Curve:
    """The share that still waits, by minutes."""
    return kaplan_meier(
        [one.minutes for one in sample], [one.is_answered for one in sample], counts=[one.many for one in sample]
    )


def answered_by(curve: Curve, hours: Sequence[float]) -> list[float]:
    return [round(float(1 - left), 4) for left in curve.at([hour * 60 for hour in hours])]


def bounds(curve: Curve, hours: Sequence[float]) -> tuple[list[float], list[float]]:
    """95 % bounds of the share answered; nothing is uncertain before the first answer."""
    minutes = [hour * 60 for hour in hours]
    low, high = (stepped(curve.times, bound, minutes, curve.start) for bound in (curve.low, curve.high))
    return [round(float(1 - one), 4) for one in high], [round(float(1 - one), 4) for one in low]


@dataclass(frozen=True)
class Person:
    """A line of the table of people; no rate of fewer than ten."""

    key: str
    name: str
    kept: Kept

    @property
    def due(self) -> int:
        return self.kept.counted.whole

    @property
    def has_rate(self) -> bool:
        return self.due >= ENOUGH

    @property
    def median_words(self) -> str:
        return "–" if self.kept.median is None else in_words(self.kept.median / 3_600, HOURS)


def person(key: str, name: str, kept: Kept) -> Person:
    return Person(key, name if key else "A team, nobody yet", kept)


@dataclass(frozen=True)
class Cell:
    """Verdicts by the hour of the hand-over. ``shade`` 1 (few in time) to 5 (all), 0 where too few tell."""

    kept: Kept
    hour: int
    weekday: str

    @property
    def text(self) -> str:
        met, due = self.kept.counted
        return f"{number(met)}/{number(due)}" if due else ""

    @property
    def words(self) -> str:
        met, due = self.kept.counted
        return f"{self.weekday} from {self.hour}:00: {number(met)} of {number(due)} in time"

    @property
    def shade(self) -> int:
        met, due = self.kept.counted
        return 0 if due < ENOUGH else 1 + min(int(met / due * 5), 4)


def heat(found: Mapping[tuple[int, int], Kept]) -> dict[str, object]:
    """Weekdays down, hours across: those with a hand-over, Monday to Friday always."""
    due = {place: kept for place, kept in found.items() if kept.counted.whole}
    if not due:
        return {}
    hours = sorted({hour for _day, hour in due})
    last = max(5, *(day for day, _hour in due))
    lines = [
        (WEEKDAYS[day - 1], [Cell(due.get((day, hour), Kept()), hour, WEEKDAYS[day - 1]) for hour in hours])
        for day in range(1, last + 1)
    ]
    return {"hours": hours, "lines": lines}


def leg(one: Took) -> dict[str, object]:
    """A part of speed to lead in words."""
    words = {name: "–" if value is None else in_words(value, HOURS) for name, value in
             (("median", one.median_hours), ("p90", one.p90_hours))}  # fmt: skip
    return {"title": one.leg.title, "how": one.leg.how, "n": one.n, **words}
