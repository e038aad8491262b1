"""The kinds of filters: what they take from an address, which rows they let pass, how a chip says it.

Several values of one filter mean any of them; several filters mean all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import QueryDict

from crm.periods import start_of_day
from desk.lists.asker import Asker

MOST_VALUES = 20
MOST_NOTES = 3
LONGEST_VALUE = 200
NAMED = 2

# The values of a filter by parameter of the address: {"stage": ["mql", "offered"]}, {"score_from": ["60"]}.
Values = dict[str, list[str]]
Condition = Callable[[Sequence[str], Asker], Q]


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    group: str = ""


@dataclass(frozen=True)
class Reading:
    """What an address says about one filter: the values that count, and a note on each that does not."""

    values: Values
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One question that a list can be asked. ``offered``: people choose it themselves; others come by links only."""

    key: str
    label: str
    offered: bool = True
    # The partial of templates/desk/list/editors.html in which it is answered.
    editor: ClassVar[str]

    @property
    def names(self) -> tuple[str, ...]:
        """Its parameters in an address."""
        return (self.key,)

    def read(self, query: QueryDict) -> Reading:
        """Values that make sense, at most as many as a query bears; what is left out becomes a note."""
        values, notes = Values(), list[str]()
        for name in self.names:
            given = list(dict.fromkeys(value.strip() for value in query.getlist(name) if value.strip()))
            kept = [value for value in given if len(value) <= LONGEST_VALUE and self.accepts(name, value)]
            strange = [value for value in given if value not in kept]
            notes += [f"{self.label} “{shortened(value)}” makes no sense here." for value in strange[:MOST_NOTES]]
            if len(kept) > MOST_VALUES:
                notes.append(f"{self.label}: only the first {MOST_VALUES} of {len(kept)} values count.")
            if kept:
                values[name] = kept[:MOST_VALUES]
        return Reading(values, notes)

    def accepts(self, name: str, value: str) -> bool:
        raise NotImplementedError

    def condition(self, values: Values, asker: Asker) -> Q:
        raise NotImplementedError

    def said(self, values: Values) -> str:
        """What the chip says behind the label."""
        raise NotImplementedError

    def asks(self, values: Values) -> dict[str, Any]:
        """What the editor needs to ask for values."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Choice(Filter):
    """Some of several values. ``test``: the rows that have one of them; ``single``: only one at a time.

    ``takes``: a value that is none of the options but may have been one: retired, of an import, of an old address.
    """

    options: Callable[[], Sequence[Option]]
    test: Condition
    takes: Callable[[str], bool] = lambda value: False
    labels: Callable[[Sequence[str]], dict[str, str]] = lambda values: {}
    single: bool = False
    editor: ClassVar = "choices"

    def accepts(self, name: str, value: str) -> bool:
        return self.takes(value) or any(option.value == value for option in self.options())

    def condition(self, values: Values, asker: Asker) -> Q:
        return self.test(values[self.key], asker)

    def said(self, values: Values) -> str:
        return any_of([option.label for option in self.chosen(values)])

    def chosen(self, values: Values) -> list[Option]:
        """The values in force with their labels, those that are no longer offered included."""
        given = values.get(self.key, [])
        labels = self.labels(given)
        if len(labels) < len(given):
            labels = {option.value: option.label for option in self.options()} | labels
        return [Option(value, labels.get(value) or value.replace("_", " ")) for value in given]

    def asks(self, values: Values) -> dict[str, Any]:
        chosen, offered = self.chosen(values), list(self.options())
        offered_values = {option.value for option in offered}
        shown = [option for option in chosen if option.value not in offered_values] + offered
        groups = [(group, list(options)) for group, options in groupby(shown, key=lambda option: option.group)]
        return {"groups": groups, "chosen": {option.value for option in chosen}, "many": len(shown) > 9}


@dataclass(frozen=True, kw_only=True)
class Span(Filter):
    """From one value to another, both included, or one of some ready-made spans."""

    test: "Callable[[Bounds, Asker], Q]"
    presets: tuple[Option, ...] = ()
    preset: Condition = lambda values, asker: Q()
    editor: ClassVar = "span"
    input_type: ClassVar[str]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key, f"{self.key}_from", f"{self.key}_to")

    def accepts(self, name: str, value: str) -> bool:
        if name == self.key:
            return any(option.value == value for option in self.presets)
        return self.parse(value) is not None

    def parse(self, text: str) -> Any:
        """The value that ``text`` says; None for none."""
        raise NotImplementedError

    def bounds(self, values: Values) -> "Bounds":
        low, high = (values.get(name, [""])[-1] for name in self.names[1:])
        return Bounds(self.parse(low), self.parse(high))

    def condition(self, values: Values, asker: Asker) -> Q:
        bounds, ready = self.bounds(values), values.get(self.key, [])
        found = self.preset(ready, asker) if ready else Q()
        return found & self.test(bounds, asker) if bounds.is_set else found

    def said(self, values: Values) -> str:
        labels = {option.value: option.label for option in self.presets}
        parts = [any_of([labels[value] for value in values[self.key]])] if values.get(self.key) else []
        parts += self.bounds(values).said(self.shown)
        return ", ".join(parts)

    def shown(self, value: Any) -> str:
        return str(value)

    def asks(self, values: Values) -> dict[str, Any]:
        low, high = (values.get(name, [""])[-1] for name in self.names[1:])
        return {"presets": self.presets, "chosen": values.get(self.key, []), "low": low, "high": high}


@dataclass(frozen=True)
class Bounds:
    """The two ends of a span; None for an open one."""

    low: Any
    high: Any

    @property
    def is_set(self) -> bool:
        return self.low is not None or self.high is not None

    def said(self, shown: Callable[[Any], str]) -> list[str]:
        """["60 to 80"], ["from 60"], []."""
        if self.low is not None and self.high is not None:
            return [f"{shown(self.low)} to {shown(self.high)}"]
        if self.low is not None:
            return [f"from {shown(self.low)}"]
        return [] if self.high is None else [f"up to {shown(self.high)}"]

    def of(self, field: str) -> Q:
        """Rows whose ``field`` lies between, both ends included."""
        found = Q() if self.low is None else Q(**{f"{field}__gte": self.low})
        return found if self.high is None else found & Q(**{f"{field}__lte": self.high})

    def moments_of(self, field: str, tz: ZoneInfo) -> Q:
        """The same for the moment ``field``, the ends being whole days in ``tz``."""
        found = Q() if self.low is None else Q(**{f"{field}__gte": start_of_day(self.low, tz)})
        if self.high is None:
            return found
        return found & Q(**{f"{field}__lt": start_of_day(self.high + timedelta(days=1), tz)})


@dataclass(frozen=True, kw_only=True)
class Numbers(Span):
    least: int = 0
    most: int = 10**12
    input_type: ClassVar = "number"

    def parse(self, text: str) -> Decimal | None:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return None
        return number if number.is_finite() and self.least <= number <= self.most else None

    def shown(self, value: Decimal) -> str:
        return f"{value:,f}"


@dataclass(frozen=True, kw_only=True)
class Days(Span):
    input_type: ClassVar = "date"

    def parse(self, text: str) -> date | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if 1900 <= day.year <= 2200 else None

    def shown(self, value: date) -> str:
        return f"{value:%-d %b %Y}"


@dataclass(frozen=True, kw_only=True)
class Words(Filter):
    """Some letters that stand somewhere in a text."""

    test: Condition
    editor: ClassVar = "words"

    def accepts(self, name: str, value: str) -> bool:
        return True

    def condition(self, values: Values, asker: Asker) -> Q:
        return self.test(values[self.key], asker)

    def said(self, values: Values) -> str:
        return any_of([f"“{value}”" for value in values[self.key]])

    def asks(self, values: Values) -> dict[str, Any]:
        return {"words": values.get(self.key, [""])[-1]}


def shortened(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:39]}…"


def any_of(labels: Sequence[str]) -> str:
    """ "MQL", "MQL or Lost", "MQL, Lost and 3 more"."""
    if len(labels) <= NAMED:
        return " or ".join(labels)
    return f"{', '.join(labels[:NAMED])} and {len(labels) - NAMED} more"


def of_choices(choices: Any) -> Callable[[], list[Option]]:
    """The members of a TextChoices."""
    return lambda: [Option(value, str(label)) for value, label in choices.choices]


def anything(value: str) -> bool:
    """A field of free text may have held any value."""
    return True


def is_in(field: str) -> Condition:
    return lambda values, asker: Q(**{f"{field}__in": values})


def lies_in(field: str) -> "Callable[[Bounds, Asker], Q]":
    return lambda bounds, asker: bounds.of(field)


def happened_in(field: str) -> "Callable[[Bounds, Asker], Q]":
    """``field`` is a moment, asked for by days."""
    return lambda bounds, asker: bounds.moments_of(field, asker.tz)
