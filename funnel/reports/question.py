"""What is asked of the figures: which days, counted how, cut by what. Page, API and CSV read the same parameters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Min

from crm.errors import BusinessError
from crm.fiscal import fiscal_quarter
from crm.periods import add_months, start_of_month
from crm.requests import id_of
from funnel.models import StageMetric
from leads.lifecycle import SUCCESS

# What a lead's figures can be cut by, and what only those of opportunities can.
DIMENSIONS = (
    "campaign", "channel", "source", "segment", "owner", "team", "country", "product", "industry", "region", "origin",
    "definition_version",
)  # fmt: skip
DEAL_DIMENSIONS = (*DIMENSIONS, "manager", "forecast_category")
# What almost every report can be cut by, too.
MONTH = "month"
# A report whose dimensions name it can be cut by fiscal quarters; the key of one is its first day.
QUARTER = "quarter"
# So far from the ends of all days that as many days before any two of them, and the years around, are there too.
YEARS = range(1600, 2400)
BASES = ("cohort", "period")
UNITS = ("leads", "episodes")
MISSING = "(missing)"
# Keys of these are ids.
NUMBERED = ("campaign", "owner", "team", "manager", "definition_version")


class BadQuestion(BusinessError):
    """A parameter that says nothing; ``extra["parameter"]`` names it."""

    status = 400
    code = "bad_parameter"

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(text, parameter=parameter)


@dataclass(frozen=True)
class Parameter:
    """What one report asks beside days, basis and dimension: one of some choices, the first unless it is said.

    With ``number`` (least, most) it is a number within these bounds instead, "" unless it is said.
    """

    name: str
    title: str
    choices: Sequence[tuple[str, str]] = ()
    number: tuple[float, float] | None = None

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for value, _label in self.choices)

    def value_in(self, parameters: Mapping[str, str]) -> str:
        """What was said, as a text. Raises BadQuestion."""
        if self.number is None:
            return choice(parameters, self.name, self.values, default=self.values[0])
        said = parameters.get(self.name, "").strip()
        least, most = self.number
        if said and not (is_number(said) and least <= float(said) <= most):
            raise BadQuestion(self.name, f"“{self.name}” must be a number from {least:g} to {most:g}, not “{said}”.")
        return said


@dataclass(frozen=True)
class Question:
    """Days ``start`` to ``end`` (not included), in the organisation's zone, and how to count.

    ``basis`` cohort: episodes by the day they began; period: events by their own day. ``unit`` leads: first episodes
    only. ``dimension``: one row a key ('' for none, or `month`, `quarter`), ``key`` keeps one of them. ``filters``:
    further dimensions held at one key; keys are strings, "" a missing value. ``cohort``: a stage; cohorts are then
    taken by the day on which that stage was first entered, instead of the day the episode began. ``options``: the
    report's own parameters, each with its value.
    """

    start: date
    end: date
    basis: str = "cohort"
    unit: str = "leads"
    dimension: str = ""
    key: str | None = None
    filters: tuple[tuple[str, str], ...] = ()
    cohort: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str:
        """The value of one of the report's own parameters."""
        return dict(self.options)[name]

    @property
    def held(self) -> dict[str, str]:
        """Every dimension held at one key, months and quarters aside."""
        chosen = {self.dimension: self.key} if self.dimension in DEAL_DIMENSIONS and self.key is not None else {}
        return {**dict(self.filters), **chosen}

    @property
    def first_only(self) -> bool:
        return self.unit == "leads"

    def at_key(self, key: str | None) -> "Question":
        """The same question about one row of its answer."""
        if self.dimension == MONTH and key:
            month = date.fromisoformat(f"{key}-01")
            return self.within(month, add_months(month, 1))
        if self.dimension == QUARTER and key:
            quarter = fiscal_quarter(date.fromisoformat(key))
            return self.within(quarter.start, quarter.end)
        return replace(self, key=key) if self.dimension else self

    def within(self, start: date, end: date) -> "Question":
        """The same question about those of its days that lie in this span, as a whole."""
        return replace(self, dimension="", key=None, start=max(self.start, start), end=min(self.end, end))

    def before(self) -> "Question":
        """The same question about as many days right before."""
        return replace(self, start=self.start - (self.end - self.start), end=self.start)

    def parameters(self, **more: Any) -> dict[str, str]:
        """As query parameters, defaults left out; ``more`` is added. `read` takes them back."""
        named = {
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "basis": self.basis,
            "unit": "" if self.unit == "leads" else self.unit,
            "cohort": self.cohort,
            "dimension": self.dimension,
            "key": None if self.key is None else self.key or MISSING,
            **{dimension: key or MISSING for dimension, key in self.filters},
            **dict(self.options),
            **more,
        }
        return {name: str(value) for name, value in named.items() if value not in ("", None)}

    def query(self, **more: Any) -> str:
        return urlencode(self.parameters(**more))


PARAMETERS = ("from", "to", "basis", "unit", "cohort", "dimension", "key", *DEAL_DIMENSIONS)


def read(
    parameters: Mapping[str, str],
    *,
    today: date,
    basis: str = "cohort",
    dimensions: Sequence[str] = DIMENSIONS,
    own: Sequence[Parameter] = (),
) -> Question:
    """The question these query parameters ask; without `from` and `to` it is about everything so far.

    ``dimensions``: those that may be asked of; ``own``: the report's own parameters. Parameters of no meaning here
    are the caller's business (`PARAMETERS` lists ours). Raises BadQuestion.
    """
    first, last = (None, None) if {"from", "to"} <= set(parameters) else whole_history(today)
    start = day_of(parameters, "from") or first or today
    end = day_of(parameters, "to") or last or today + timedelta(days=1)
    if end < start:
        raise BadQuestion("to", "“to” lies before “from”.")
    dimension = choice(parameters, "dimension", ("", *dimensions, *([MONTH] if dimensions else [])))
    if "key" in parameters and not dimension:
        raise BadQuestion("key", "“key” needs a dimension.")
    question = Question(
        start=start,
        end=end,
        basis=choice(parameters, "basis", BASES, default=basis),
        unit=choice(parameters, "unit", UNITS, default="leads"),
        dimension=dimension,
        key=key_of(parameters, "key", dimension) if parameters.get("key") else None,
        filters=tuple(
            (name, key_of(parameters, name, name)) for name in dimensions if name != QUARTER and parameters.get(name)
        ),
        cohort=choice(parameters, "cohort", ("", *(stage.value for stage in SUCCESS))),
        options=tuple((one.name, one.value_in(parameters)) for one in own),
    )
    if question.cohort and question.basis != "cohort":
        raise BadQuestion("cohort", "“cohort” needs basis=cohort.")
    return question


def whole_history(today: date) -> tuple[date | None, date]:
    """From the first counted month to tomorrow, or beyond the last counted month when that is later."""
    months = StageMetric.objects.filter(dimension="all", grain="month").aggregate(first=Min("day"), last=Max("day"))
    tomorrow = today + timedelta(days=1)
    last = months["last"]
    return months["first"], max(tomorrow, add_months(last, 1)) if last and last > start_of_month(today) else tomorrow


def day_of(parameters: Mapping[str, str], name: str) -> date | None:
    text = parameters.get(name, "")
    if not text:
        return None
    try:
        return countable(date.fromisoformat(text))
    except ValueError:
        raise BadQuestion(name, f"“{name}” must be a day such as 2026-03-31, not “{text}”.") from None


def countable(day: date) -> date:
    """The day, if figures can be asked of it; else ValueError, as for one that does not exist."""
    if day.year not in YEARS:
        raise ValueError(day)
    return day


def is_number(text: str) -> bool:
    """A plain decimal number: no "nan", no "1e9"."""
    return re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", text) is not None


def choice(parameters: Mapping[str, str], name: str, allowed: tuple[str, ...], *, default: str = "") -> str:
    value = parameters.get(name) or default
    if value not in allowed:
        raise BadQuestion(name, f"“{name}” must be one of {', '.join(filter(None, allowed))}, not “{value}”.")
    return value


def key_of(parameters: Mapping[str, str], name: str, dimension: str) -> str:
    """A key as cells hold it: "" for a missing value."""
    key = parameters[name]
    if key == MISSING:
        return ""
    if "\0" in key:
        raise BadQuestion(name, f"“{name}” holds a character that no {dimension} has.")
    if dimension in NUMBERED:
        if not id_of(key):
            raise BadQuestion(name, f"“{name}” must be the id of a {dimension} or {MISSING}.")
        return str(id_of(key))
    if dimension == MONTH:
        try:
            countable(date.fromisoformat(f"{key}-01"))
        except ValueError:
            raise BadQuestion(name, f"“{name}” must be a month such as 2026-03.") from None
    if dimension == QUARTER and (day := day_of(parameters, name)) and day != fiscal_quarter(day).start:
        raise BadQuestion(name, f"“{name}” must be the first day of a quarter such as 2026-04-01.")
    return key
