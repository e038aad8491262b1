"""The page of the attempts: the chance of reaching them at each call, and where trying again stops paying."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crm.intervals import ENOUGH
from crm.words import interval, money, number, percent
from funnel.pages.charts import RATIO, Chart, Mark, Series
from funnel.pages.face import Face
from funnel.reports.answer import Answer, Row
from funnel.reports.attempts import MOST_ATTEMPTS, Beside, Tipping
from funnel.statistics.attempts import Attempt, trusted
from funnel.times.attempts import Rep, Tried
from leads.lifecycle import Stage
from leads.models.work import ActivityKind

MOST_KEYS = 6
# Of more people than these the rest is in the figures of the owner.
MOST_REPS = 30


class Habit(NamedTuple):
    """What one rep does, in words."""

    name: str
    owner: int | None
    tried: int
    reached: str
    gives_up: str
    gap: str
    is_thin: bool


class Channel(NamedTuple):
    label: str
    tries: int
    share: str
    answered: str


def face(answer: Answer, before: Answer | None) -> Face:
    beside: Beside = answer.told.page
    tried = beside.table[0].at_risk if beside.table else 0
    more = {
        "reps": [habit(name, rep) for name, rep in beside.reps[:MOST_REPS]],
        "channels": list(channels(beside.kinds)),
        "tipping": tipping_words(beside.tipping, beside.table),
        "few": ENOUGH,
    }
    if tried < ENOUGH:
        return Face(
            missing=f"{number(tried)} of {ENOUGH} accepted leads were tried in these days.", thin="at_risk", more=more
        )
    return Face(sentence(beside), charts=list(charts(answer)), thin="at_risk", rows=rows(answer), more=more)


def rows(answer: Answer) -> list[Row]:
    """A row of few says how many, and no rate."""
    rates = ("hazard", "hazard_low", "hazard_high", "cumulative")
    return [{**row, **(dict.fromkeys(rates) if row["at_risk"] < ENOUGH else {})} for row in answer.rows]


# The sentence


def sentence(beside: Beside) -> str:
    """ "The chance of reaching them at call 4 is 12 % (likely 3–34 %); by then 51 % are reached. …"."""
    told = trusted(beside.table)
    one = told[min(turning_point(beside.tipping), told[-1].number) - 1]
    said = (
        f"The chance of reaching them at call {number(one.number)} is {percent(one.hazard.rate)} "
        f"({interval(one.hazard.low, one.hazard.high)}); by then {percent(one.cumulative)} are reached."
    )
    return f"{said}{advice(beside.tipping)}"


def turning_point(tipping: Tipping) -> int:
    """The call that the sentence is about."""
    return max(tipping.pays_until or tipping.plateau or 1, 1)


def advice(tipping: Tipping) -> str:
    if tipping.pays_until == 0:
        return " Not even the first call is worth what it costs."
    if tipping.pays_until:
        return f" It pays up to call {number(tipping.pays_until)}."
    if tipping.plateau:
        return f" Nine in ten who can be reached are reached by call {number(tipping.plateau)}."
    return ""


def tipping_words(tipping: Tipping, table: Sequence[Attempt]) -> list[tuple[str, str, str]]:
    """What stands in large figures: label, figure, what it rests on."""
    pays = "–" if tipping.pays_until is None else f"call {number(tipping.pays_until)}"
    why = (
        tipping.why
        or f"{said_money(tipping.value, tipping)} a buyer reached, {said_money(tipping.cost, tipping)} a call"
    )
    plateau = f"call {number(tipping.plateau)}" if tipping.plateau else "–"
    told = trusted(table)
    reached = percent(told[-1].cumulative) if told else "–"
    by_then = f"by call {number(told[-1].number)}, the last that {ENOUGH} leads got" if told else "too few were tried"
    return [
        ("It pays up to", pays, why),
        ("Nine in ten are reached by", plateau, "of those who can be reached at all"),
        ("Reached", reached, by_then),
    ]


def said_money(amount: float | None, tipping: Tipping) -> str:
    return money(None if amount is None else round(amount, 2 if amount < 100 else 0), tipping.currency)


# Charts


def charts(answer: Answer) -> Iterator[Chart]:
    by = answer.question.option("by")
    if by == "attempt":
        yield from by_attempt(answer)
    elif answer.rows:
        yield chances(answer, by)


def by_attempt(answer: Answer) -> Iterator[Chart]:
    beside: Beside = answer.told.page
    told = trusted(beside.table)[:MOST_ATTEMPTS]
    calls = [number(one.number) for one in told]
    if answer.question.dimension:
        yield by_key(answer, calls)
        return
    pays = beside.tipping.pays_until
    yield Chart(
        id="chance",
        title="Chance of reaching them",
        says="The chance of reaching a buyer at each call, of those who got it.",
        categories=calls,
        series=[
            Series(
                "Chance at this call",
                [one.hazard.rate for one in told],
                low=[one.hazard.low or 0 for one in told],
                high=[one.hazard.high or 0 for one in told],
            )
        ],
        kind="line",
        unit=RATIO,
        axis="Call",
        marks=[Mark(number(pays), "pays up to here")] if pays and number(pays) in calls else (),
    )
    yield Chart(
        id="reached-by-then",
        title="Reached by then",
        says="The share of all tried that is reached by each call; who is tried no more counts up to the last call.",
        categories=calls,
        series=[
            Series(
                "Reached by then",
                [one.cumulative for one in told],
                colour="var(--stage-customer)",
                low=[one.low for one in told],
                high=[one.high for one in told],
            )
        ],
        kind="step",
        unit=RATIO,
        axis="Call",
    )


def by_key(answer: Answer, calls: Sequence[str]) -> Chart:
    """The largest keys; a line ends where fewer than ten got a call."""
    names = list(dict.fromkeys(row["label"] for row in answer.rows))[:MOST_KEYS]
    told = {(row["label"], row["attempt"]): row for row in answer.rows if row["at_risk"] >= ENOUGH}
    series = [
        Series(name, [told.get((name, place), {}).get("cumulative") for place in range(1, len(calls) + 1)])
        for name in names
    ]
    return Chart(
        id="reached-by-then",
        title="Reached by then",
        says="The share reached by each call, by key.",
        categories=calls,
        series=series,
        kind="step",
        unit=RATIO,
        axis="Call",
        wide=True,
    )


def chances(answer: Answer, by: str) -> Chart:
    """By stage or week of the quarter."""
    places = list(dict.fromkeys(row[by] for row in answer.rows))
    places = sorted(places) if by == "week" else places
    names = list(dict.fromkeys(row["label"] for row in answer.rows))[:MOST_KEYS]
    told = {(row["label"], row[by]): row["hazard"] for row in answer.rows if row["at_risk"] >= ENOUGH}
    categories = [number(place) if by == "week" else str(Stage(place).label) for place in places]
    return Chart(
        id="chance",
        title="Chance of reaching them",
        says=f"The share of attempts that reached the buyer, by {'week of the quarter' if by == 'week' else 'stage'}.",
        categories=categories,
        series=[
            Series("Chance" if name == "All" else name, [told.get((name, place)) for place in places]) for name in names
        ],
        unit=RATIO,
        axis="Week of the quarter" if by == "week" else "Stage",
        wide=True,
    )


# Beside


def habit(name: str, rep: Rep) -> Habit:
    thin = rep.tried < ENOUGH
    return Habit(
        name=name,
        owner=rep.owner,
        tried=rep.tried,
        reached="–" if thin else percent(rep.reached / rep.tried),
        gives_up="–" if rep.attempts is None else attempts(rep.attempts),
        gap="–" if rep.gap_hours is None else f"{number(round(rep.gap_hours, 1))} h",
        is_thin=thin,
    )


def attempts(count: float) -> str:
    return "1 attempt" if count == 1 else f"{number(count)} attempts"


def channels(found: Sequence[Tried]) -> Iterator[Channel]:
    total = sum(one.count for one in found)
    for one in found:
        answered = percent(one.answered / one.count) if one.count >= ENOUGH else "–"
        yield Channel(str(ActivityKind(one.kind).label), one.count, percent(one.count / total), answered)
