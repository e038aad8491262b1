"""The page *win-loss*: what is won of what is decided, why the rest is lost, and against whom."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from crm.fiscal import fiscal_quarter
from crm.intervals import ENOUGH, share
from crm.periods import own_day
from crm.words import interval, money, number, percent
from funnel.pages.charts import Chart, Series
from funnel.pages.face import Face
from funnel.pages.table import month_words
from funnel.reports.answer import Answer, Row
from funnel.reports.question import MISSING, QUARTER, Question
from funnel.reports.win_loss import NO_DECISION, OWN, PEOPLE, REASON, SPANS, Parts

# More bars than these are one: the others.
MOST_BARS = 14
MOST_COMPETITORS = 8
# A reason is of the lost ones only.
OF_LOST = ("label", "lost", "share_of_lost", "lost_value", "mean_days_to_lose", "median_days_to_lose")
WON, LOST = "var(--stage-customer)", "var(--stage-lost)"


def face(answer: Answer, before: Answer | None) -> Face:
    parts: Parts = answer.told.page
    all_ = decided_of(answer)
    is_enough = all_.closed >= ENOUGH
    missing = f"{number(all_.closed)} of {ENOUGH} opportunities closed in these days. Until then no rate is told."
    return Face(
        sentence=sentence(answer, before) if is_enough else "",
        missing="" if is_enough else missing,
        charts=list(charts(answer)),
        rows=[without_rate(row) if row["closed"] < ENOUGH else row for row in answer.rows],
        columns=OF_LOST if answer.question.dimension == REASON else (),
        thin="closed",
        more={
            "beside": list(beside(parts, all_.lost)),
            "cohorts": cohorts(answer.question),
            "connected": parts.connected,
        },
    )


class Decided(NamedTuple):
    """All that the answer is about."""

    won: int
    lost: int
    value: Decimal
    currency: str

    @property
    def closed(self) -> int:
        return self.won + self.lost


def decided_of(answer: Answer) -> Decided:
    """Told apart by specialism nothing is left out; by reason what was won is."""
    rows: Sequence[Row] = answer.told.page.specialisms
    value = sum((Decimal(row["won_value"]["amount"]) for row in rows), Decimal(0))
    currency = rows[0]["won_value"]["currency"] if rows else ""
    return Decided(sum(row["won"] for row in rows), sum(row["lost"] for row in rows), value, currency)


def without_rate(row: Row) -> Row:
    """A row of few says how many, and no rate."""
    return {**row, "win_rate": None, "win_rate_low": None, "win_rate_high": None, "value_win_rate": None}


def sentence(answer: Answer, before: Answer | None) -> str:
    """ "45 of 180 decided opportunities were won, worth €150: 25 % (likely 19–32 %)…"."""
    all_ = decided_of(answer)
    rate = share(all_.won, all_.closed)
    worth = f", worth {money(all_.value, all_.currency)}" if all_.value else ""
    return (
        f"{number(all_.won)} of {number(all_.closed)} decided opportunities were won{worth}: {percent(rate.rate)} "
        f"({interval(rate.low, rate.high)}){compared(before)}.{why_lost(answer.told.page.reasons, all_.lost)}"
    )


def compared(before: Answer | None) -> str:
    """The rate of the days it is compared with."""
    if before is None or (all_ := decided_of(before)).closed < ENOUGH:
        return ""
    return f", before {percent(all_.won / all_.closed)}"


def why_lost(reasons: Sequence[Row], lost: int) -> str:
    """The reason given most often, where reasons are given."""
    given = [row for row in reasons if row["key"] != MISSING]
    if not given or lost < ENOUGH:
        return ""
    first = given[0]
    main = f" The reason given most for losing: {first['label'].lower()}, {percent(first['lost'] / lost)}"
    no_decision = next((row for row in given if row["key"] == NO_DECISION), None)
    if no_decision is None or no_decision is first:
        return f"{main}."
    return f"{main}; {percent(no_decision['lost'] / lost)} ended without a decision."


# Charts


def charts(answer: Answer) -> Iterator[Chart]:
    parts: Parts = answer.told.page
    dimension = answer.question.dimension
    if not decided_of(answer).closed:
        return
    if dimension != REASON:
        today = own_day(answer.counted_at)
        yield decided(answer.rows, dimension, today) if dimension else over_time(parts.over_time, today)
    if any(row["key"] != MISSING for row in parts.reasons):
        yield reasons(parts.reasons)
    if parts.competitors:
        yield competitors(parts.competitors[:MOST_COMPETITORS])


def over_time(rows: Sequence[Row], today: date) -> Chart:
    in_months = all(len(row["key"]) == len("2026-03") for row in rows)
    return bars(
        rows,
        id="over-time",
        title=f"Decided by {'month' if in_months else 'quarter'}",
        dimension="month" if in_months else QUARTER,
        today=today,
    )


def decided(rows: Sequence[Row], dimension: str, today: date) -> Chart:
    return bars(rows, id="decided", title="Won and lost", dimension=dimension, today=today)


def bars(rows: Sequence[Row], *, id: str, title: str, dimension: str, today: date) -> Chart:  # noqa: A002
    """Won beside lost; rows beyond the most that a chart can show are left to the table."""
    rows = [row for row in rows if row["closed"]]
    is_time = dimension in SPANS
    shown = rows if is_time else rows[:MOST_BARS]
    left = len(rows) - len(shown)
    kind = "by name" if dimension in PEOPLE else "of those with most decided"
    note = f"{len(shown)} of {len(rows)}, {kind}" if left else ""
    running = running_from(shown, dimension, today)
    return Chart(
        id=id,
        title=title,
        says=f"Opportunities won and lost, {len(shown)} bars.",
        categories=[worded(row, dimension) for row in shown],
        series=(
            Series("Won", [row["won"] for row in shown], WON, hrefs=hrefs(shown, "won_url"), running_from=running),
            Series("Lost", [row["lost"] for row in shown], LOST, hrefs=hrefs(shown, "lost_url"), running_from=running),
        ),
        stacked=True,
        horizontal=not is_time,
        note=note,
        days=[first_day(row["key"], dimension) for row in shown] if is_time else (),
        wide=True,
    )


def reasons(rows: Sequence[Row]) -> Chart:
    lost = sum(row["lost"] for row in rows)
    return Chart(
        id="reasons",
        title="Why they were lost",
        says=f"Reasons given for {number(lost)} lost opportunities, the most frequent first.",
        categories=[f"{percent(row['lost'] / lost)} {row['label']}" for row in rows],
        series=(Series("Lost", [row["lost"] for row in rows], LOST, hrefs=hrefs(rows, "lost_url")),),
        horizontal=True,
        note=f"{number(lost)} lost",
    )


def competitors(rows: Sequence[Row]) -> Chart:
    return Chart(
        id="competitors",
        title="Against whom",
        says="Opportunities won against and lost against each competitor.",
        categories=[row["label"] for row in rows],
        series=(
            Series("Won against", [row["won"] for row in rows], WON, hrefs=hrefs(rows, "won_url")),
            Series("Lost against", [row["lost"] for row in rows], LOST, hrefs=hrefs(rows, "lost_url")),
        ),
        stacked=True,
        horizontal=True,
        note="as the opportunity names them",
    )


def hrefs(rows: Sequence[Row], name: str) -> Sequence[str]:
    return [row[name] for row in rows] if any(row[name] for row in rows) else ()


def worded(row: Row, dimension: str) -> str:
    """What a bar is called, with its rate where it is one of several beside each other."""
    if dimension in SPANS:
        return month_words(row["key"]) if dimension == "month" else row["label"]
    return f"{row['label']} ({percent(row['win_rate'])})" if row["closed"] >= ENOUGH else row["label"]


def running_from(rows: Sequence[Row], dimension: str, today: date) -> int | None:
    """The bar of the span of days that is not over yet."""
    present = {"month": f"{today:%Y-%m}", QUARTER: fiscal_quarter(today).start.isoformat()}.get(dimension)
    return next((at for at, row in enumerate(rows) if row["key"] == present), None)


def first_day(key: str, dimension: str) -> date:
    return date.fromisoformat(f"{key}-01" if dimension == "month" else key)


# What stands beside it


def beside(parts: Parts, lost: int) -> Iterator[tuple[str, str]]:
    """What a manager would ask next, each with what the figures say of it: (question, answer)."""
    rows = {row["key"]: row for row in parts.specialisms}
    own, others = rows.get(OWN), [row for key, row in rows.items() if key not in (OWN, MISSING)]
    if own:
        yield "Within the rep’s specialisms", rate_said(own)
        yield from (("Outside them", rate_said(row)) for row in others)
    if lost:
        given = sum(row["lost"] for row in parts.reasons if row["key"] != MISSING)
        yield "Losses with a reason", f"{number(given)} of {number(lost)}"


def rate_said(row: Row) -> str:
    if row["closed"] < ENOUGH:
        return f"Not enough data: {row['closed']} of {ENOUGH} decided."
    likely = interval(row["win_rate_low"], row["win_rate_high"])
    return f"{percent(row['win_rate'])} of {number(row['closed'])} decided were won ({likely})"


def cohorts(question: Question) -> str:
    """Where the wins of leads that began together are told by their age."""
    return Question(question.start, question.end).query()
