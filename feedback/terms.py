"""What stands in an agreement beside its clocks: exceptions, shared goals, roles; typed, checked, places named.

The lists are kept as JSON, so that what was signed stays as it was signed. Whoever reads them reads them here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from crm.errors import BusinessError
from crm.models import Side
from leads.lifecycle import Stage

MOST_ROWS = 50
MOST_HOURS = 1_000
MOST_ATTEMPTS = 50
MOST_SCORE = 100
LONGEST_NAME = 80
LONGEST_PROMISE = 400
# Whom a goal or a role is a matter of.
BOTH = "both"
SIDES = (*Side.values, BOTH)


class Unit(StrEnum):
    COUNT = "count"
    MONEY = "money"
    RATIO = "ratio"  # 0–1
    HOURS = "hours"
    TIMES = "times"  # how often, on average


@dataclass(frozen=True)
class Measure:
    """Something both sides can set themselves as a goal; funnel/targets/goals.py has the figures.

    ``is_paced``: it adds up over the period, so that half the time asks for half the target. ``more_is_better``: the
    target is to be reached, not to be kept below.
    """

    key: str
    label: str
    unit: Unit
    side: str
    how: str
    is_paced: bool = True
    more_is_better: bool = True


MEASURES = {
    measure.key: measure
    for measure in (
        Measure("mqls", "MQLs", Unit.COUNT, Side.MARKETING, "Leads that became MQL for the first time."),
        Measure(
            "mql_value", "Value of MQLs", Unit.MONEY, Side.MARKETING,
            "Each new MQL counts what the agreement says a lead of its score is worth.",
        ),
        Measure(
            "acceptance_rate", "Acceptance rate", Unit.RATIO, Side.MARKETING,
            "Accepted, of all that sales accepted or rejected for what the lead is; “not mine” counts for neither.",
            is_paced=False,
        ),
        Measure(
            "hours_to_verdict", "Hours to verdict", Unit.HOURS, Side.SALES,
            "From hand-off to answer in working hours, at the median.", is_paced=False, more_is_better=False,
        ),
        Measure(
            "attempts", "Attempts before giving up", Unit.TIMES, Side.SALES,
            "How often sales tried to reach a buyer before the lead was returned or disqualified, on average.",
            is_paced=False,
        ),
        Measure(
            "opportunities", "Opportunities", Unit.COUNT, BOTH, "Leads that became an opportunity for the first time.",
        ),
        Measure(
            "pipeline_value", "Pipeline opened", Unit.MONEY, BOTH,
            "Amounts of the opportunities opened, whatever became of them.",
        ),
        Measure(
            "revenue_sourced", "Revenue sourced by marketing", Unit.MONEY, BOTH,
            "Amounts won, of leads whose first touch was marketing’s or the buyer’s own.",
        ),
    )
}  # fmt: skip
# These need to know what a lead of each score is worth.
BY_WORTH = "mql_value"


@dataclass(frozen=True)
class LevelException:
    """Service levels of their own for some leads; None: as for all leads.

    A lead fits when its segment is one of ``segments`` (empty: any) and its score lies from ``score_from`` to
    ``score_to``, both included (None: no bound). The first that fits counts.
    """

    name: str
    segments: tuple[str, ...] = ()
    score_from: int | None = None
    score_to: int | None = None
    hours_to_verdict: int | None = None
    hours_to_first_attempt: int | None = None
    min_attempts: int | None = None

    def fits(self, *, segment: str, score: int) -> bool:
        if self.segments and segment not in self.segments:
            return False
        return (self.score_from is None or score >= self.score_from) and (
            self.score_to is None or score <= self.score_to
        )


@dataclass(frozen=True)
class Worth:
    """What an MQL counts with at least this score, up to the next band."""

    score_from: int
    worth: Decimal


@dataclass(frozen=True)
class Goal:
    """A shared goal of the period. ``target``: a ratio 0–1 for rates. ``bands``: lowest score first."""

    measure: Measure
    target: Decimal
    bands: tuple[Worth, ...] = ()


@dataclass(frozen=True)
class RoleLine:
    """Who owns a stage: the side, who in it answers for it, and what they promise."""

    stage: Stage
    side: str
    owner: str = ""
    promise: str = ""


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place: "Exception 2: score_from is above score_to."; ``row`` counts from 1."""

    block: str  # exceptions, goals, roles
    row: int
    field: str
    text: str

    def __str__(self) -> str:
        return f"{NOUNS[self.block]} {self.row}: {self.text}"


NOUNS = {"exceptions": "Exception", "goals": "Goal", "roles": "Role"}


class BadTerms(BusinessError):
    """The terms say something they cannot; ``problems`` has each place."""

    code = "bad_terms"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(
            " ".join(map(str, self.problems)),
            problems=[{"block": p.block, "row": p.row, "field": p.field, "text": p.text} for p in self.problems],
        )


class Terms(Protocol):
    """An agreement, as far as its lists go."""

    exceptions: Any
    goals: Any
    roles: Any


def read_exceptions(terms: Terms) -> tuple[LevelException, ...]:
    """Exceptions in the order in which they are asked. Raises BadTerms."""
    return read_rows("exceptions", terms.exceptions, exception_of)


def read_goals(terms: Terms) -> tuple[Goal, ...]:
    """Goals as they were agreed, one a measure. Raises BadTerms."""
    return read_rows("goals", terms.goals, goal_of, unique=("measure", lambda goal: goal.measure.key))


def read_roles(terms: Terms) -> tuple[RoleLine, ...]:
    """One line a stage at most. Raises BadTerms."""
    return read_rows("roles", terms.roles, role_of, unique=("stage", lambda line: line.stage))


def check_terms(terms: Terms) -> None:
    """Raise BadTerms with every problem of all lists."""
    problems: list[Problem] = []
    for read in (read_exceptions, read_goals, read_roles):
        try:
            read(terms)
        except BadTerms as error:
            problems += error.problems
    if problems:
        raise BadTerms(problems)


class Row:
    """One entry of a list while it is read: what is asked of it is typed, what is wrong with it is noted."""

    def __init__(self, block: str, number: int, entry: Any) -> None:
        self.block, self.number, self.problems = block, number, list[Problem]()
        self.entry: dict[str, Any] = entry if isinstance(entry, dict) else {}
        if not isinstance(entry, dict):
            self.wrong("", "must be an object with named fields.")

    def wrong(self, field: str, text: str) -> None:
        self.problems.append(Problem(self.block, self.number, field, text))

    def only(self, *fields: str) -> None:
        for field in sorted(self.entry.keys() - set(fields)):
            self.wrong(field, f"there is no “{field}” here.")

    def text(self, field: str, *, longest: int, needed: bool = False) -> str:
        value = self.entry.get(field) or ""
        if not isinstance(value, str) or len(value) > longest:
            self.wrong(field, f"{field} must be a text of at most {longest} characters.")
            return ""
        if needed and not value.strip():
            self.wrong(field, f"{field} is missing.")
        return value.strip()

    def one_of(self, field: str, allowed: Iterable[str]) -> str:
        value, known = self.entry.get(field), list(allowed)
        if value not in known:
            self.wrong(field, f"{field} must be one of {', '.join(known)}.")
            return ""
        return str(value)

    def whole(self, field: str, least: int, most: int) -> int | None:
        """A whole number within bounds, None when it is left out."""
        value = self.entry.get(field)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(field, f"{field} must be a whole number from {least} to {most}.")
            return None
        return value

    def texts(self, field: str, *, longest: int) -> tuple[str, ...]:
        values = self.entry.get(field) or []
        if not isinstance(values, list) or not all(isinstance(one, str) and 0 < len(one) <= longest for one in values):
            self.wrong(field, f"{field} must be a list of texts.")
            return ()
        return tuple(dict.fromkeys(values))

    def amount(self, field: str) -> Decimal:
        """A number above zero."""
        value = decimal_of(self.entry.get(field))
        if value is None or not 0 < value < Decimal(10) ** 12:
            self.wrong(field, f"{field} must be a number above zero.")
            return Decimal(0)
        return value


Line = TypeVar("Line")


def read_rows(
    block: str,
    entries: Any,
    read: Callable[[Row], Line | None],
    *,
    unique: tuple[str, Callable[[Line], Any]] | None = None,
) -> tuple[Line, ...]:
    """Every entry read; ``unique``: a field, and what of a line must not be there twice. Raises BadTerms."""
    if not isinstance(entries, list) or len(entries) > MOST_ROWS:
        raise BadTerms([Problem(block, 1, "", f"must be a list of at most {MOST_ROWS} entries.")])
    lines, problems, seen = [], [], set()
    for number, entry in enumerate(entries, start=1):
        row = Row(block, number, entry)
        line = read(row) if not row.problems else None
        if line is not None and unique and not row.problems:
            field, of = unique
            if of(line) in seen:
                row.wrong(field, f"this {field} is there already.")
            seen.add(of(line))
        problems += row.problems
        lines.append(line)
    if problems:
        raise BadTerms(problems)
    return tuple(line for line in lines if line is not None)


def exception_of(row: Row) -> LevelException:
    row.only(*LevelException.__dataclass_fields__)
    line = LevelException(
        name=row.text("name", longest=LONGEST_NAME, needed=True),
        segments=row.texts("segments", longest=120),
        score_from=row.whole("score_from", 0, MOST_SCORE),
        score_to=row.whole("score_to", 0, MOST_SCORE),
        hours_to_verdict=row.whole("hours_to_verdict", 1, MOST_HOURS),
        hours_to_first_attempt=row.whole("hours_to_first_attempt", 1, MOST_HOURS),
        min_attempts=row.whole("min_attempts", 0, MOST_ATTEMPTS),
    )
    if line.score_from is not None and line.score_to is not None and line.score_from > line.score_to:
        row.wrong("score_from", "score_from is above score_to.")
    if not row.problems and not line.segments and line.score_from is None and line.score_to is None:
        row.wrong("segments", "it needs a segment or a score, else it holds for all leads.")
    if not row.problems and line.hours_to_verdict is line.hours_to_first_attempt is line.min_attempts is None:
        row.wrong("hours_to_verdict", "it changes nothing: give hours or attempts.")
    return line


def goal_of(row: Row) -> Goal | None:
    row.only("measure", "target", "worth")
    key, target = row.one_of("measure", MEASURES), row.amount("target")
    if not key:
        return None
    measure = MEASURES[key]
    if measure.unit == Unit.RATIO and target > 1:
        row.wrong("target", "a rate is a number from 0 to 1.")
    if measure.unit == Unit.COUNT and target != target.to_integral_value():
        row.wrong("target", "a number of leads is whole.")
    bands = bands_of(row)
    if key == BY_WORTH and not bands and not row.problems:
        row.wrong("worth", "say what a lead of each score is worth.")
    if key != BY_WORTH and bands:
        row.wrong("worth", f"only {MEASURES[BY_WORTH].label} needs to know what leads are worth.")
    return Goal(measure, target, bands)


def bands_of(row: Row) -> tuple[Worth, ...]:
    entries = row.entry.get("worth") or []
    if not isinstance(entries, list) or len(entries) > MOST_ROWS:
        row.wrong("worth", "worth must be a list of scores and amounts.")
        return ()
    bands = []
    for entry in entries:
        band = Row(row.block, row.number, entry)
        score_from, worth = band.whole("score_from", 0, MOST_SCORE), decimal_of(band.entry.get("worth"))
        if band.problems or score_from is None or worth is None or not 0 <= worth < Decimal(10) ** 12:
            row.wrong("worth", "each score from 0 to 100 needs an amount, not below zero.")
            return ()
        bands.append(Worth(score_from, worth))
    if len({band.score_from for band in bands}) < len(bands):
        row.wrong("worth", "each score may be there once.")
    return tuple(sorted(bands, key=lambda band: band.score_from))


def role_of(row: Row) -> RoleLine | None:
    row.only("stage", "side", "owner", "promise")
    stage, side = row.one_of("stage", Stage.values), row.one_of("side", SIDES)
    owner = row.text("owner", longest=120)
    promise = row.text("promise", longest=LONGEST_PROMISE)
    return RoleLine(Stage(stage), side, owner, promise) if stage else None


def decimal_of(value: Any) -> Decimal | None:
    """A finite number written as text or number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
