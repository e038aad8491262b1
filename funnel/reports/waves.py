"""The report *waves*: whether wins gather at the end of quarters, and what that costs (METRICS W1 to W7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crm.fiscal import Span, quarters_between
from crm.intervals import rate
from crm.periods import own_day
from funnel.deals.closes import (
    Cost,
    Quarter,
    Weeks,
    by_week,
    closed_quarters,
    cost_of,
    follow_one_another,
    full_quarters,
    mqls_by_day,
    opened_by_day,
    series,
    week_days,
)
from funnel.deals.relation import held, money_notes, source, values_of
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DEAL_DIMENSIONS, MISSING, Question
from funnel.statistics import waves
from funnel.statistics.waves import ENOUGH_WINS, QUARTERS_LOOKED_AT, Echo

# Weeks by which wins may follow the leads they come from.
LONGEST_ECHO = 26
# A verdict looks for its four quarters in so many days before.
LOOK_BACK = timedelta(days=731)
MOST_QUARTERS = 12
MOST_KEYS = 50
# Of many keys each is told by fewer draws.
DRAWS_A_KEY = 10_000


@dataclass(frozen=True)
class Page:
    """What the page shows beside the rows, of the quarters of the last verdict: what was won, lost and opened, and new
    MQLs, by thirteen weeks; ``gap``: by so many weeks the middle of the wins follows that of what was opened."""

    quarters: tuple[Quarter, ...]
    verdict: str
    wins: Weeks
    lost: Weeks
    opened: Weeks
    mqls: Weeks
    cost: Cost
    gap: float | None
    echo: Echo | None


def tell(question: Question, at: datetime) -> Told:
    today = own_day(at)
    asked = quarters_asked(question, today)
    if not asked:
        return Told([], left_out(question, asked, today))
    found = closed_quarters(question, full_quarters(asked[0].start - LOOK_BACK, asked[-1].end), at=at)
    said = [*left_out(question, asked, today), *without_amount(question, asked, today, at=at)]
    if question.dimension and question.key is None:
        return Told(by_key(question, found), said)
    [quarters] = found.values() or [[]]
    return Told(by_quarter(asked, quarters), said, page(question, asked, quarters, at=at) if quarters else None)


def quarters_asked(question: Question, today: date) -> list[Span]:
    """The last quarters of the days asked for that are over and whole in them: of a part no share can be told."""
    end = min(question.end, today)
    spans = quarters_between(question.start, end)
    return [span for span in spans if span.start >= question.start and span.end <= end][-MOST_QUARTERS:]


def looked_at(quarters: Sequence[Quarter], until: Span) -> list[Quarter]:
    """The last four quarters with enough wins, up to one."""
    return [one for one in quarters if one.wins >= ENOUGH_WINS and one.span <= until][-QUARTERS_LOOKED_AT:]


def by_quarter(asked: Sequence[Span], quarters: Sequence[Quarter]) -> list[Row]:
    """A row a quarter asked for, with the verdict as of its end; last one row of the quarters of the last verdict."""
    told = [quarter_row(one, quarters) for one in quarters if one.span in asked]
    return [*told, total_row(looked_at(quarters, asked[-1]))]


def quarter_row(one: Quarter, quarters: Sequence[Quarter]) -> Row:
    verdict = verdict_on(looked_at(quarters, one.span)) if one.wins >= ENOUGH_WINS else waves.UNKNOWN
    return {"key": None, "label": "All", "period": one.span.label, **figures([one]), "verdict": verdict}


def total_row(quarters: Sequence[Quarter], key: str | None = None, label: str = "All", draws: int = waves.DRAWS) -> Row:
    period = f"{quarters[0].span.label} to {quarters[-1].span.label}" if quarters else f"none with {ENOUGH_WINS} wins"
    return {
        "key": key, "label": label, "period": period, **figures(quarters, draws),
        "verdict": verdict_on(quarters, draws),
    }  # fmt: skip


def by_key(question: Question, found: Mapping[str | None, list[Quarter]]) -> list[Row]:
    """A row a key, of its last four quarters with enough wins; those with most wins first."""
    ordered = sorted(found, key=lambda key: (-sum(one.wins for one in found[key]), str(key)))[:MOST_KEYS]
    names = labels(question.dimension, ordered)
    return [
        total_row(looked_at(found[key], found[key][-1].span), key or MISSING, names[key], DRAWS_A_KEY)
        for key in ordered
    ]


def figures(quarters: Sequence[Quarter], draws: int = waves.DRAWS) -> Row:
    """Shares, concentration and win rates of quarters together; None where there is nothing, or too little, to tell."""
    weeks, wins = pooled(quarters), sum(one.wins for one in quarters)
    months = [[one.by_month[number] for one in quarters] for number in range(3)]
    won = [sum(one.won for one in month) for month in months]
    closed = [sum(one.closed for one in month) for month in months]
    found = waves.phase(weeks)
    enough = wins >= ENOUGH_WINS
    return {
        "total": wins,
        "last_two_weeks_share": rate(sum(one.last_days.won for one in quarters), wins),
        "month3_share": rate(won[2], wins),
        **{f"month{number + 1}_win_rate": rate(won[number], closed[number]) for number in range(3)},
        "gini": waves.gini(weeks) if enough else None,
        "variation": waves.variation(weeks) if enough else None,
        "phase_r": found.r if enough else None,
        "phase_week": found.week if enough else None,
        "p_value": chance(quarters, draws) if enough else None,
    }


def pooled(quarters: Sequence[Quarter]) -> Weeks:
    return sum((one.weeks for one in quarters), start=by_week([], {}))


def chance(quarters: Sequence[Quarter], draws: int = waves.DRAWS) -> float:
    """How likely so much concentration is where there is no wave (W5), of these quarters together."""
    return waves.chance_of_phase(pooled(quarters), week_days([one.span for one in quarters]), draws)


def verdict_on(quarters: Sequence[Quarter], draws: int = waves.DRAWS) -> str:
    seen = [waves.Quarter(one.wins, one.last_two_weeks_share or 0, one.month3_share or 0) for one in quarters]
    return waves.verdict(seen, chance(quarters, draws) if seen else 1)


def page(question: Question, asked: Sequence[Span], quarters: Sequence[Quarter], *, at: datetime) -> Page:
    """The quarters of the last verdict; those asked for while there is none."""
    seen = looked_at(quarters, asked[-1])
    shown = seen or [one for one in quarters if one.span in asked][-QUARTERS_LOOKED_AT:]
    spans = [one.span for one in shown]
    opened, mqls = opened_by_day(question, spans, at=at), mqls_by_day(question, spans, at=at)
    wins, opened_weeks = pooled(shown), by_week(spans, opened)
    return Page(
        quarters=tuple(shown),
        verdict=verdict_on(seen),
        wins=wins,
        lost=by_week(spans, {day.day: day.closed - day.won for one in shown for day in one.days}),
        opened=opened_weeks,
        mqls=by_week(spans, mqls),
        cost=cost_of(shown),
        gap=waves.phase_gap(opened_weeks, wins) if opened_weeks.any() and wins.any() else None,
        echo=echo_of(shown, mqls),
    )


def echo_of(quarters: Sequence[Quarter], mqls: Mapping[date, int]) -> Echo | None:
    """W7 over the weeks of these quarters, where they follow one another."""
    spans = [one.span for one in quarters]
    if not follow_one_another(spans):
        return None
    wins = {day.day: day.won for one in quarters for day in one.days}
    return waves.echo(series(spans, mqls), series(spans, wins), LONGEST_ECHO)


def left_out(question: Question, asked: Sequence[Span], today: date) -> list[str]:
    """The quarters of these days that are not told, the last few by name."""
    days = quarters_between(question.start, min(question.end, today + timedelta(days=1)))
    partial = [span.label for span in days if span not in asked and (not asked or span > asked[-1])][-2:]
    if not partial:
        return []
    verb = "is" if len(partial) == 1 else "are"
    return [f"{' and '.join(partial)} {verb} not told yet: only quarters that are over, and whole in these days."]


def without_amount(question: Question, asked: Sequence[Span], today: date, *, at: datetime) -> list[str]:
    conditions, values = held(question.held)
    won = ["d.closed_on >= %(first)s AND d.closed_on < %(after)s", "d.outcome = 'won'", *conditions]
    days = {"first": asked[0].start, "after": asked[-1].end}
    return money_notes(source(today, at=at), won, {**values_of(today), **values, **days})


WAVES = Report(
    name="waves",
    title="Waves",
    how=(
        "Wins by the week of the fiscal quarter, counted back from its last day. A verdict looks at the last four "
        "quarters with at least 30 wins (fewer than three: not enough data): a wave where the last two weeks bring "
        "more than twice their even share of 15.4 % in at least three of them, a mild "
        "wave where the third month brings at least 38 % in at least three, and in both cases chance alone would "
        "bring so much concentration in less than 1 of 20; else no wave. The share of won among closed "
        "stands beside it month by month, for a wave of wins may be one of decisions that were put off."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("period", "Quarter", "text", "The last row: the quarters its verdict looks at, together."),
        Column("total", "Won", "count"),
        Column("last_two_weeks_share", "In the last two weeks", "ratio", "Of all won; 15.4 % is even."),
        Column("month3_share", "In the third month", "ratio", "Of all won; 35 to 40 % is common (W1)."),
        Column("month1_win_rate", "Win rate, month 1", "ratio", "Won / (won + lost) closed in the month."),
        Column("month2_win_rate", "Month 2", "ratio", "As month 1."),
        Column("month3_win_rate", "Month 3", "ratio", "As month 1."),
        Column("gini", "Gini", "number", "0: every week alike; 1: all in one week (W2).", shown=False),
        Column("variation", "Variation", "number", "Standard deviation of the weeks / their mean (W4).", shown=False),
        Column("phase_r", "R", "number", "How far the weeks, set around a circle, point one way (W5).", shown=False),
        Column("phase_week", "Middle", "number", "So many weeks into the quarter they point.", shown=False),
        Column(
            "p_value", "p", "number",
            "How often as many wins, strewn over the quarter by chance, point one way at least as far: 100,000 draws "
            "with the same seed every time.", shown=False,
        ),
        Column("verdict", "Verdict", "text", "As of the end of the quarter, with the three quarters before it."),
    ),
    tell=tell,
    dimensions=DEAL_DIMENSIONS,
    by_month=False,
    bases=("period",),
    identity=("key", "period"),
)  # fmt: skip
