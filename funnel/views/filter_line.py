"""The filter line of a dashboard: query parameters in, the same parameters as API and CSV out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms

from crm.forms import DateInput
from funnel.pages.days import EVERYTHING, spans
from funnel.reports.answer import Report
from funnel.reports.labels import dimension_word, labels
from funnel.reports.question import Question, day_of

BASIS_LABELS = [("cohort", "by start date"), ("period", "by activity date")]
UNIT_LABELS = [("leads", "each lead once"), ("episodes", "every time round")]


class ReportFilterForm(forms.Form):
    """The filter line of one report: only what it can be asked.

    From and to are both counted; the addresses of API and drill-down take the day after as their end.
    """

    start = forms.DateField(label="From", widget=DateInput())
    until = forms.DateField(label="To", widget=DateInput())

    def __init__(self, report: Report, question: Question) -> None:
        super().__init__(
            {
                "from": question.start,
                "until": question.end - timedelta(days=1),
                "basis": question.basis,
                "unit": question.unit,
                "dimension": question.dimension,
                **dict(question.options),
            }
        )
        if len(report.bases) > 1:
            self.add("basis", "Count", BASIS_LABELS)
        if len(report.units) > 1:
            self.add("unit", "Leads", UNIT_LABELS)
        for one in report.parameters:
            if one.choices:
                self.add(one.name, one.title, one.choices)
        if report.dimensions:
            self.add("dimension", "Cut by", cut_choices(report.cuts))

    def add(self, name: str, label: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False)

    def add_prefix(self, field_name: str) -> str:
        """As the address has it."""
        return {"start": "from"}.get(field_name, field_name)


def cut_choices(cuts: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "nothing"), *((name, dimension_word(name)) for name in cuts)]


def as_parameters(get: Mapping[str, str]) -> dict[str, str]:
    """What the page was asked, with `until` (counted) turned into the `to` (not counted) of every report."""
    parameters = {name: value for name, value in get.items() if name != "until"}
    until = day_of(get, "until")
    return {**parameters, "to": (until + timedelta(days=1)).isoformat()} if until else parameters


def numbers_asked(report: Report, question: Question) -> list[tuple[str, str]]:
    """The report's own numbers, which its page asks for itself: they stay when the filter line is used."""
    numbers = {one.name for one in report.parameters if not one.choices}
    return [(name, value) for name, value in question.options if value and name in numbers]


def held_chips(question: Question, **more: str) -> list[dict[str, str]]:
    """The dimensions held at one key, each with the address without it; ``more`` stays in the address."""
    chips = []
    for dimension, key in question.filters:
        others = tuple(pair for pair in question.filters if pair[0] != dimension)
        name = labels(dimension, [key])[key]
        chips.append(
            {
                "label": f"{dimension_word(dimension).capitalize()}: {name}",
                "address": f"?{replace(question, filters=others).query(**more)}",
            }
        )
    return chips


def span_chips(question: Question, today: date, **more: str) -> list[dict[str, Any]]:
    """Spans of days to choose with one click; the chosen one is marked."""
    chosen = (question.start, question.end)
    chips = [
        {
            "label": label,
            "address": f"?{replace(question, start=start, end=end).query(**more)}",
            "current": chosen == (start, end),
        }
        for label, start, end in spans(today)
    ]
    everything = {name: value for name, value in question.parameters(**more).items() if name not in {"from", "to"}}
    return [
        *chips,
        {"label": "Everything", "address": f"?{urlencode({**everything, 'days': EVERYTHING})}", "current": False},
    ]
