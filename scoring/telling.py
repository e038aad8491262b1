"""A definition as people read it: sentences with points, the grid of grades, and when a lead qualifies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from scoring.fields import Axis
from scoring.rules import (
    ENGAGEMENT_GRADES,
    FIT_GRADES,
    HAND_STAYS_UP,
    Card,
    Rule,
    ceiling,
    grouped,
    most_points,
    most_within,
    total,
)
from scoring.words import Names, axis_words, condition_words, record_names

LETTERS, NUMBERS = (*FIT_GRADES, "D"), (*ENGAGEMENT_GRADES, "4")
# So many shades tell how many of the leads stand in a cell of the grid.
SHADES = 5


@dataclass(frozen=True)
class Line:
    """A rule in words. ``limit``: the most it gives in all; None when it counts once or has no cap."""

    words: str
    points: int
    limit: int | None

    @property
    def said(self) -> str:
        """ "+12", "−30"."""
        return f"{self.points:+d}".replace("-", "−")


@dataclass(frozen=True)
class Group:
    """Rules that stand together; ``ceiling``: the most they give together, None for rules without a group."""

    name: str
    ceiling: int | None
    lines: list[Line]


@dataclass(frozen=True)
class Part:
    """One of the two axes. ``grades``: the least points of each grade, the best first."""

    axis: Axis
    label: str
    groups: list[Group]
    grades: list[tuple[str, int]]


@dataclass(frozen=True)
class Cell:
    """One grade of the grid. ``qualifies``: "always", "from" (with enough points), or "never" by score.

    ``count``: how many present leads stand there, None when nobody counted; ``shade``: 0 to SHADES.
    """

    grade: str
    qualifies: str
    count: int | None = None
    shade: int = 0


@dataclass(frozen=True)
class Told:
    """A definition in words, for pages that show it."""

    parts: list[Part]
    qualifies: list[str]
    exclusions: list[str]
    hand_raises: list[str]
    half_life: str
    daily_cap: str
    grid: list[list[Cell]] = field(default_factory=list)


def told(card: Card, counts: Mapping[str, int] | None = None) -> Told:
    """``counts``: present leads by grade, for the grid."""
    names = record_names(card)
    return Told(
        parts=[part_of(card, axis, names) for axis in Axis],
        qualifies=list(ways_to_qualify(card)),
        exclusions=[condition_words(one, names) for one in card.exclusions],
        hand_raises=[condition_words(one, names) for one in card.hand_raises],
        half_life=half_life_words(card.half_life_days),
        daily_cap=daily_cap_words(card.daily_cap),
        grid=grid_of(card, counts),
    )


def part_of(card: Card, axis: Axis, names: Names) -> Part:
    groups = [
        Group(name, ceiling(rules) if name else None, [line_of(rule, names) for rule in strongest_first(rules)])
        for name, rules in grouped(card.rules, axis)
    ]
    return Part(axis, axis_words(axis), groups, list(getattr(card.thresholds, axis.value).items()))


def strongest_first(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: -rule.points)


def line_of(rule: Rule, names: Names) -> Line:
    return Line(condition_words(rule, names), rule.points, rule.cap)


def ways_to_qualify(card: Card) -> Iterator[str]:
    """ "from a score of 50 with grade A1, A2 or B1", "for 30 days after raising a hand"."""
    least = card.thresholds
    wanted = [f"from a score of {least.mql}"] if least.mql is not None else []
    wanted += [f"with grade {either(sorted(least.grades))}"] if least.grades else []
    if wanted:
        yield " ".join(wanted)
    if card.hand_raises:
        yield f"for {HAND_STAYS_UP // timedelta(days=1)} days after a raised hand, whatever the score"


def either(words: Sequence[str]) -> str:
    """ "A1, A2 or B1"."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def half_life_words(days: int) -> str:
    return f"What somebody did counts half after {days} days, and half of that after {2 * days}."


def daily_cap_words(cap: int | None) -> str:
    if cap is None:
        return "Every touch counts, however many there are in a day."
    first = "Only the first touch" if cap == 1 else f"Only the first {cap} touches"
    return f"{first} of one kind {'counts' if cap == 1 else 'count'} in a day."


def grid_of(card: Card, counts: Mapping[str, int] | None = None) -> list[list[Cell]]:
    """Fit A to D by engagement 1 to 4; nothing where the card gives no grades."""
    if not card.thresholds.fit or not card.thresholds.engagement:
        return []
    most = max((counts or {}).get(letter + number, 0) for letter in LETTERS for number in NUMBERS)
    return [[cell_of(letter + number, card, counts, most) for number in NUMBERS] for letter in LETTERS]


def cell_of(grade: str, card: Card, counts: Mapping[str, int] | None, most: int) -> Cell:
    """``most``: leads in the fullest cell."""
    return Cell(grade, standing(card, grade), *counted(grade, counts, most))


def counted(grade: str, counts: Mapping[str, int] | None, most: int) -> tuple[int | None, int]:
    if counts is None:
        return None, 0
    count = counts.get(grade, 0)
    return count, -(-count * SHADES // most) if most else 0


def standing(card: Card, grade: str) -> str:
    """Whether all, some or none of the leads with this grade qualify by their score."""
    least = card.thresholds
    if not (least.grades or least.mql is not None) or (least.grades and grade not in least.grades):
        return "never"
    if least.mql is None:
        return "always"
    surely, at_most = fewest_of(card, grade), most_of(card, grade)
    if surely is not None and surely >= least.mql:
        return "always"
    return "from" if at_most is None or at_most >= least.mql else "never"


def fewest_of(card: Card, grade: str) -> int | None:
    """The fewest points with which one has the grade; None for the last steps, which have no bottom."""
    steps = (card.thresholds.fit.get(grade[0]), card.thresholds.engagement.get(grade[1]))
    return total(*steps)


def most_of(card: Card, grade: str) -> int | None:
    """The most points with which one has the grade; None when nothing limits them."""
    least = card.thresholds
    return total(
        most_within(grade[0], FIT_GRADES, least.fit, most_points(card.rules, Axis.FIT)),
        most_within(grade[1], ENGAGEMENT_GRADES, least.engagement, most_points(card.rules, Axis.ENGAGEMENT)),
    )
