"""What differs between two versions of the definition, in words, for pages and programs."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from scoring.contradictions import sense
from scoring.fields import Axis
from scoring.rules import ENGAGEMENT_GRADES, FIT_GRADES, Card, Condition, Rule
from scoring.words import Names, axis_words, condition_words, record_names, rule_words

PARTS = {
    Axis.FIT.value: axis_words(Axis.FIT),
    Axis.ENGAGEMENT.value: axis_words(Axis.ENGAGEMENT),
    "hand_raises": "Raised hands",
    "exclusions": "Never qualified",
    "thresholds": "Thresholds",
    "counting": "How points count",
}
One = TypeVar("One", bound=Condition)


@dataclass(frozen=True)
class Change:
    """What is said anew, no more, or differently: ``before`` is "" of what is new, ``after`` of what is gone."""

    part: str
    label: str
    before: str
    after: str

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        if not self.before:
            return "added"
        return "changed" if self.after else "removed"

    @property
    def part_label(self) -> str:
        return PARTS[self.part]


@dataclass(frozen=True)
class Comparison:
    """``same``: how many rules, raised hands and exclusions stand in both as they are."""

    changes: list[Change] = field(default_factory=list)
    same: int = 0

    def of(self, part: str) -> list[Change]:
        return [change for change in self.changes if change.part == part]


def compare(before: Card, after: Card) -> Comparison:
    """What ``after`` says otherwise: parts in the order of PARTS, and within them as the later has them."""
    names = record_names(before, after)
    changes: list[Change] = []
    same = 0
    for part, old, new in lists_of(before, after):
        found, alike = compare_lists(part, old, new, names)
        changes += found
        same += alike
    return Comparison([*changes, *compare_values(before, after)], same)


def lists_of(before: Card, after: Card) -> Iterator[tuple[str, Sequence[Condition], Sequence[Condition]]]:
    for axis in Axis:
        yield (
            axis.value,
            [one for one in before.rules if one.axis is axis],
            [one for one in after.rules if one.axis is axis],
        )
    yield "hand_raises", before.hand_raises, after.hand_raises
    yield "exclusions", before.exclusions, after.exclusions


def compare_lists(
    part: str, before: Sequence[Condition], after: Sequence[Condition], names: Names
) -> tuple[list[Change], int]:
    """First what says the same of the same is paired, then the same condition, then the same field and operator."""
    pairs, gone, new = paired(before, after, lambda one: (*sense(one), given(one)))
    same = len(pairs)
    earlier: dict[int, Condition] = {}
    for alike in (sense, lambda one: (one.field, one.operator)):
        pairs, gone, new = paired(gone, new, alike)
        earlier |= {id(now): was for was, now in pairs}
    changes = [
        Change(part, now.column.label, words(earlier[id(now)], names) if id(now) in earlier else "", words(now, names))
        for now in after
        if id(now) in earlier or any(now is one for one in new)
    ]
    return [*changes, *(Change(part, one.column.label, words(one, names), "") for one in gone)], same


def paired(
    before: Sequence[One], after: Sequence[One], alike: Callable[[One], Hashable]
) -> tuple[list[tuple[One, One]], list[One], list[One]]:
    """Those of both that are alike, each once, in the order of the later; then the rest of either."""
    waiting: dict[Hashable, list[One]] = {}
    for one in before:
        waiting.setdefault(alike(one), []).append(one)
    pairs, new = [], []
    for one in after:
        if found := waiting.get(alike(one)):
            pairs.append((found.pop(0), one))
        else:
            new.append(one)
    left = {id(one) for found in waiting.values() for one in found}
    return pairs, [one for one in before if id(one) in left], new


def given(one: Condition) -> tuple[object, ...]:
    return (one.points, one.cap, one.group) if isinstance(one, Rule) else ()


def words(one: Condition, names: Names) -> str:
    return rule_words(one, names) if isinstance(one, Rule) else condition_words(one, names)


def compare_values(before: Card, after: Card) -> Iterator[Change]:
    for (part, label, old), (_, _, new) in zip(values_of(before), values_of(after), strict=True):
        if old != new:
            yield Change(part, label, old, new)


def values_of(card: Card) -> Iterator[tuple[str, str, str]]:
    """Thresholds and what else is one value: part, label and value, "" where it is not given; the same ones for all."""
    least = card.thresholds
    yield "thresholds", "Qualifies from a score of", "" if least.mql is None else str(least.mql)
    yield "thresholds", "Qualifies with grade", ", ".join(sorted(least.grades))
    for axis, grades, steps in (("Fit", FIT_GRADES, least.fit), ("Engagement", ENGAGEMENT_GRADES, least.engagement)):
        yield from (("thresholds", f"{axis} {grade} from", str(steps.get(grade, ""))) for grade in grades)
    yield "counting", "Half-life", f"{card.half_life_days} days"
    yield "counting", "Touches of one kind a day", "all" if card.daily_cap is None else f"the first {card.daily_cap}"
