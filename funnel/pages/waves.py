"""The page *waves*: thirteen weeks, one sentence, and what a wave costs."""

from collections.abc import Iterator

from crm.fiscal import WEEKS_A_QUARTER
from crm.intervals import ENOUGH, Difference
from crm.words import number, percent
from funnel.deals.closes import Cost, Quarter
from funnel.pages.charts import Chart, Series
from funnel.pages.face import Face
from funnel.reports.answer import Answer
from funnel.reports.waves import Page
from funnel.statistics.waves import ENOUGH_QUARTERS, ENOUGH_WINS, EVEN, MILD, NONE, UNKNOWN, WAVE, Echo

OPENINGS = {WAVE: "There is a wave", MILD: "A mild wave", NONE: "No wave"}


def face(answer: Answer, before: Answer | None) -> Face:
    shown: Page | None = answer.told.page
    if shown is None:
        return Face()
    if shown.verdict == UNKNOWN:
        return Face(missing=missing(shown), charts=charts(shown), rows=answer.rows[:-1])
    return Face(sentence(shown), charts(shown), more={"goes_along": list(goes_along(shown)), "measured": answer.rows})


def missing(shown: Page) -> str:
    enough = sum(one.wins >= ENOUGH_WINS for one in shown.quarters)
    return f"{enough} of {ENOUGH_QUARTERS} quarters with {ENOUGH_WINS} wins each; until then it may be luck."


def sentence(shown: Page) -> str:
    """ "A mild wave: of 4,238 wins 42 % came in the third month of a quarter and 21 % in its last two weeks…"."""
    wins = sum(one.wins for one in shown.quarters)
    third = sum(one.by_month[-1].won for one in shown.quarters) / wins
    last = sum(one.last_days.won for one in shown.quarters) / wins
    even = f"({percent(1 / 3)} and {percent(EVEN)} would be even)"
    said = f"of {number(wins)} wins {percent(third)} came in the third month of a quarter"
    return f"{OPENINGS[shown.verdict]}: {said}, {percent(last)} in its last two weeks {even}."


def charts(shown: Page) -> list[Chart]:
    if not (shown.wins.any() or shown.lost.any()):
        return []
    peak = int(shown.wins.argmax()) + 1
    return [
        Chart(
            id="weeks",
            title="Closed by week of the quarter",
            says=f"Opportunities won and lost in each of thirteen weeks; most wins in week {peak}.",
            categories=[str(week) for week in range(1, WEEKS_A_QUARTER + 1)],
            series=(
                Series("Won", shown.wins.tolist(), "var(--stage-customer)"),
                Series("Lost", shown.lost.tolist(), "var(--t-line-strong)"),
            ),
            stacked=True,
            axis="Week",
            note=quarters_said(shown.quarters),
        )
    ]


def quarters_said(quarters: tuple[Quarter, ...]) -> str:
    first, last = quarters[0].span.label, quarters[-1].span.label
    return first if first == last else f"{first} to {last}, together"


def goes_along(shown: Page) -> Iterator[tuple[str, str]]:
    """What a manager would ask next, each with what the data can say of it: (question, answer)."""
    yield "Win rate", win_rate_said(shown.cost)
    yield "Average value", amount_said(shown.cost)
    yield "Discounts", "Not told: what was asked at first is not written down, only what was agreed."
    if shown.gap is not None:
        yield "What is opened", gap_said(shown.gap)
    yield "Leads before", echo_said(shown.echo, any(shown.mqls))


def win_rate_said(cost: Cost) -> str:
    if (change := cost.win_rate) is None:
        return f"Not enough data: {cost.last.closed} of {ENOUGH} decisions in the last two weeks."
    last, rest = cost.last.won / cost.last.closed, cost.rest.won / cost.rest.closed
    then = f"In the last two weeks {percent(last)} of {number(cost.last.closed)} decisions are won"
    return f"{then}, otherwise {percent(rest)} of {number(cost.rest.closed)}: {compared(change, 'points')}."


def amount_said(cost: Cost) -> str:
    if (change := cost.amount) is None:
        fewer = min(cost.last.valued, cost.rest.valued)
        return f"Not enough data: {fewer} of {ENOUGH} wins with an amount on either side."
    word = "larger" if change.rise > 0 else "smaller"
    said = f"Wins of the last two weeks are {percent(abs(change.rise))} {word} than the others"
    return f"{said}: {compared(change, '%')}."


def compared(change: Difference, unit: str) -> str:
    """How sure a difference is: "likely 12 to 19 points", or that chance may explain it."""
    if not change.is_proven:
        return "chance alone may explain that"
    bounds = sorted(round(100 * abs(bound)) for bound in (change.low, change.high))
    word = "higher" if change.rise > 0 else "lower"
    return f"likely {bounds[0]}–{bounds[1]} {unit} {word}"


def gap_said(gap: float) -> str:
    """W6: a sawtooth is told by what is opened while others are closed."""
    weeks = round(abs(gap), 1)
    if weeks < 1:
        return "Opportunities are opened in the same weeks as others are won."
    word = "before" if gap > 0 else "after"
    return f"Most are opened {number(weeks)} weeks {word} most are won."


def echo_said(echo: Echo | None, has_mqls: bool) -> str:
    if echo is None:
        return "Not enough data: it takes three quarters in a row." if has_mqls else "No MQLs in these quarters."
    if echo.is_likely_chance:
        return "Wins do not follow the number of new MQLs, by however many weeks up to half a year."
    return f"Wins follow new MQLs best after {echo.lag} weeks (correlation {number(round(echo.correlation, 2))})."
