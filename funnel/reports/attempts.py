"""The report *attempts*: the chance of reaching a buyer at each attempt, and where one should stop trying."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.intervals import ENOUGH, share
from crm.models import Organisation
from crm.words import money, number
from funnel.models import FigureSettings
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DIMENSIONS, Parameter, Question
from funnel.reports.rows import key_of_row, with_bounds
from funnel.statistics.attempts import Attempt, life_table, pays_until, plateau_at
from funnel.times.attempts import Rep, Tried, by_stage, by_week, ended_after, kinds, reps, value_of_contact
from leads.lifecycle import RANK, Stage

BY = Parameter("by", "Tell", (("attempt", "by attempt"), ("stage", "by stage"), ("week", "by week of quarter")))
SCORE = Parameter(
    "score", "Score", (("all", "every score"), ("A", "fit A"), ("B", "fit B"), ("C", "fit C"), ("D", "fit D"))
)
# Of more attempts than these nobody tells.
MOST_ATTEMPTS = 20


@dataclass(frozen=True)
class Tipping:
    """Up to which attempt it pays (None: not known, ``why``), and by which nine in ten reachable ones were reached."""

    pays_until: int | None
    plateau: int | None
    why: str = ""
    value: float | None = None
    cost: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class Beside:
    """What the page shows beside the rows. ``table``: of all keys together."""

    table: list[Attempt]
    tipping: Tipping
    reps: list[tuple[str, Rep]]
    kinds: list[Tried]


def tell(question: Question, at: datetime) -> Told:
    grade = "" if question.option("score") == "all" else question.option("score")
    tables = {key: life_table(ended) for key, ended in ended_after(question, grade=grade, at=at).items()}
    whole = life_table(together(question, grade=grade, at=at)) if question.dimension else tables.get(None, [])
    told = tipping(whole, *value_of_contact(question, grade=grade, at=at))
    people = reps(question, grade=grade, at=at)
    beside = Beside(whole, told, by_name(people), kinds(question, grade=grade, at=at))
    rows = list(rows_of(question, tables, grade=grade, at=at))
    return Told(rows, notes(told), page=beside)


def together(question: Question, *, grade: str, at: datetime) -> dict[tuple[int, int], int]:
    """All keys as one."""
    counts: dict[tuple[int, int], int] = {}
    for ended in ended_after(question, grade=grade, at=at).values():
        for end, count in ended.items():
            counts[end] = counts.get(end, 0) + count
    return counts


def tipping(table: list[Attempt], contacts: int, value: float | None) -> Tipping:
    plateau, cost = plateau_at(table), FigureSettings.get().attempt_cost
    if cost is None:
        return Tipping(None, plateau, "no cost of an attempt is set")
    if contacts < ENOUGH or value is None:
        return Tipping(None, plateau, f"not enough data: {contacts} of {ENOUGH} buyers reached")
    until = pays_until(table, value_of_contact=value, cost=float(cost))
    return Tipping(until, plateau, "", value, float(cost), Organisation.get().currency)


def by_name(people: list[Rep]) -> list[tuple[str, Rep]]:
    """Each with a name, in the order of names: this is no ranking."""
    names = labels("owner", {str(rep.owner or "") for rep in people})
    return sorted(((names[str(rep.owner or "")], rep) for rep in people), key=lambda pair: pair[0].casefold())


def rows_of(question: Question, tables: dict[str | None, list[Attempt]], *, grade: str, at: datetime) -> Iterator[Row]:
    match question.option("by"):
        case "stage":
            yield from counted_rows(question, by_stage(question, grade=grade, at=at), "stage")
        case "week":
            yield from counted_rows(question, by_week(question, grade=grade, at=at), "week")
        case _:
            names = labels(question.dimension, tables)
            for key in sorted(tables, key=lambda key: (-tables[key][0].at_risk, str(key))):
                yield from ({**named(key, names[key]), **attempt_row(one)} for one in tables[key][:MOST_ATTEMPTS])


def counted_rows(
    question: Question, found: Mapping[str | None, Mapping[Any, tuple[int, int]]], name: str
) -> Iterator[Row]:
    """Attempts and answers of each stage or week; there is nothing to add up."""
    names = labels(question.dimension, found)
    for key in sorted(found, key=str):
        for of, (count, answered) in sorted(found[key].items(), key=place_of):
            chance = share(answered, count)
            yield {
                **named(key, names[key]), name: of, "title": titled(name, of), "at_risk": count, "contacts": answered,
                **with_bounds("hazard", chance),
            }  # fmt: skip


def place_of(counted: tuple[Any, object]) -> int:
    """Stages in their order, weeks in theirs."""
    of, _counts = counted
    return RANK[Stage(of)] if isinstance(of, str) else of


def titled(name: str, of: Any) -> str:
    return str(Stage(of).label) if name == "stage" else f"Week {of}"


def named(key: str | None, label: str) -> Row:
    return {**EMPTY, "key": key_of_row(key), "label": label}


def attempt_row(one: Attempt) -> Row:
    return {
        "title": f"Call {one.number}",
        "attempt": one.number,
        "at_risk": one.at_risk,
        "contacts": one.contacts,
        **with_bounds("hazard", one.hazard),
        "cumulative": one.cumulative,
        "cumulative_low": one.low,
        "cumulative_high": one.high,
    }


def notes(told: Tipping) -> list[str]:
    """Where trying again stops paying, and what that rests on."""
    said = []
    if told.why:
        said.append(f"Up to which attempt it pays is not told: {told.why}.")
    elif told.pays_until is not None:
        value, cost = money(round(told.value or 0), told.currency), money(told.cost, told.currency)
        said.append(f"It pays up to attempt {number(told.pays_until)} ({value} a buyer reached, {cost} an attempt).")
    if told.plateau:
        said.append(f"Nine in ten of those who can be reached are reached by attempt {number(told.plateau)}.")
    return said


ATTEMPTS = Report(
    name="attempts",
    title="Attempts",
    how=(
        "Of the leads that sales accepted in these days, each attempt from then on: a call, an e-mail or a message of "
        "a person to the buyer; what is tried within half an hour is one attempt, automated mail is none. The chance "
        "of an attempt is how many were reached by it of all that got it. Leads that are tried no more count up to "
        "their last attempt and not as failures; those that went on, were lost or disqualified without having been "
        "reached ended otherwise. “Reached by then” is the cumulative incidence of that, not the share of those who "
        "were reached in the end, which makes later attempts look useless. It pays up to the last attempt whose "
        "chance, smoothed so that it never rises, times what a buyer who was reached has brought on average, is worth "
        "the cost of an attempt (settings of figures). Every time round counts by itself. Reps "
        "drop leads they judge poor, so compare within a source or score."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("title", "Attempt", "text", "The call, the stage or the week that the row is about."),
        Column("attempt", "Number", "count", "By attempt: 1 is the first.", shown=False),
        Column("stage", "Stage", "text", "By stage: where the lead stood; all attempts of the episode.", shown=False),
        Column("week", "Week of quarter", "count", "By week: that of the fiscal quarter.", shown=False),
        Column("at_risk", "Tried", "count", "Leads that got this attempt; by stage or week: attempts."),
        Column("contacts", "Reached", "count", "Of these, the buyer was heard before the next one."),
        Column("hazard", "Chance", "ratio", "reached / tried: the chance of reaching them at this attempt."),
        Column("hazard_low", "Low", "ratio", "Lower bound of the 95 % Wilson interval."),
        Column("hazard_high", "High", "ratio", "Upper bound of the 95 % Wilson interval."),
        Column("cumulative", "Reached by then", "ratio", "Chance of having been reached by this attempt."),
        Column("cumulative_low", "By then, low", "ratio", "Lower bound of its 95 % interval.", shown=False),
        Column("cumulative_high", "By then, high", "ratio", "Upper bound of its 95 % interval.", shown=False),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=("period",),
    parameters=(BY, SCORE),
    identity=("key", "attempt", "stage", "week"),
    span="year",
)
EMPTY: Row = {column.name: None for column in ATTEMPTS.columns}
