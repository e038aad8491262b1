"""The rule editor: what a browser sends of a definition, and how it shows it again. What may be is said by rules.py.

Rows of a list are sent in the order in which they stand: ``fit=4&fit=7`` names the rows, ``4-field``, ``4-value`` and
so on what is in each. A row of which no field was chosen says nothing and is left out.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from crm.forms import DateInput
from scoring.fields import LIST_OPERATORS, Axis, Catalogue, Field, Type
from scoring.models import Definition
from scoring.rules import ENGAGEMENT_GRADES, FIT_GRADES
from scoring.words import RECORDS, Names

# The four lists of the editor, and the fields that each may name.
LISTS = {"fit": Axis.FIT, "engagement": Axis.ENGAGEMENT, "hand_raises": Axis.ENGAGEMENT, "exclusions": Axis.FIT}
SCORED = ("fit", "engagement")
STEPS = {"fit": FIT_GRADES, "engagement": ENGAGEMENT_GRADES}
PLAIN = ("name", "why", "half_life_days", "daily_cap", "mql")
LABELS = {
    "thresholds": "When a lead qualifies",
    "mql": "The score to qualify from",
    "half_life_days": "Half-life",
    "daily_cap": "Touches a day",
}
# A longer form is nobody's; rules.py says how many may be saved.
MOST_ROWS = 400
PLACE = re.compile(r"(rules|hand_raises|exclusions)\[(\d+)\](?:\.(\w+))?")
RECORD = re.compile(r"(?:.*\s)?#(\d{1,18})\Z", re.DOTALL)
NUMBER = re.compile(r"[-−+]?\d{1,15}(\.\d{1,6})?\Z")


@dataclass
class Row:
    """A rule or a condition as typed. ``position``: its place in the list that the definition keeps."""

    part: str
    key: str
    field: str = ""
    operator: str = ""
    values: list[str] = dataclasses.field(default_factory=list)
    points: str = ""
    cap: str = ""
    group: str = ""
    # The field whose operators and values the browser shows; another one was chosen since.
    was: str = ""
    position: int | None = None
    errors: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    @property
    def is_scored(self) -> bool:
        return self.part in SCORED

    @property
    def number(self) -> int | None:
        """As texts about rules count them."""
        return None if self.position is None else self.position + 1

    def entry(self, known: Field | None, records: Mapping[tuple[str, str], int]) -> dict[str, Any]:
        """As the definition keeps it; what cannot be read stays the text it is, for rules.py to refuse."""
        values = [self.value_of(text, known, records) for text in self.values]
        several = self.operator in LIST_OPERATORS
        entry = {"field": self.field, "operator": self.operator, "value": values if several else (values or [""])[0]}
        if not self.is_scored:
            return entry
        more = {"cap": number_of(self.cap), "group": self.group}
        given = {name: value for name, value in more.items() if value != ""}
        return {"axis": LISTS[self.part].value, **entry, "points": number_of(self.points), **given}

    def value_of(self, text: str, known: Field | None, records: Mapping[tuple[str, str], int]) -> Any:
        match known.type if known else Type.TEXT:
            case Type.NUMBER:
                return number_of(text)
            case Type.FLAG:
                return {"yes": True, "no": False}.get(text, text)
            case Type.RECORD:
                return records.get((self.field, text), text)
        return text


@dataclass(frozen=True)
class ShownRow:
    """A row with what its selects offer."""

    row: Row
    known: Field | None
    fields: list[tuple[str, str]]
    focus: str

    @property
    def operators(self) -> list[tuple[str, str]]:
        return list(self.known.operators.items()) if self.known else []

    @property
    def control(self) -> str:
        """Which control asks for the value."""
        if self.known is None:
            return ""
        several = self.row.operator in LIST_OPERATORS
        if self.known.choices and self.row.operator != "contains":
            return "choices" if several else "choice"
        if self.known.type in (Type.FLAG, Type.NUMBER, Type.DATE):
            return self.known.type.value
        return "texts" if several else "text"

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Value, label, chosen; a value that is no choice (any more) is there, too."""
        offered = dict(self.known.choices) if self.known else {}
        gone = {value: value for value in self.row.values if value not in offered}
        return [(value, label, value in self.row.values) for value, label in (offered | gone).items()]

    @property
    def value(self) -> str:
        return self.row.values[0] if self.row.values else ""

    @property
    def lines(self) -> str:
        return "\n".join(self.row.values)


class ProposalForm(forms.Form):
    """The last questions before both sides are asked to sign."""

    why = forms.CharField(
        label="Why", required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One or two sentences; both sides read them before they sign.",
    )  # fmt: skip
    effective_from = forms.DateField(
        label="In force from", required=False, widget=DateInput(), help_text="Empty: as soon as both have signed."
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_effective_from(self) -> date | None:
        day: date | None = self.cleaned_data["effective_from"]
        if day and day < self.today:
            raise forms.ValidationError("This day is past. Leave it empty to begin as soon as both have signed.")
        return day


class Sheet:
    """Everything the editor asks for, as somebody typed it or as the definition says it."""

    def __init__(
        self, rows: Iterable[Row], texts: Mapping[str, str], grades: Iterable[str], catalogue: Catalogue
    ) -> None:
        self.rows, self.texts, self.grades = list(rows), dict(texts), list(grades)
        self.catalogue = catalogue
        self.errors: dict[str, list[str]] = {}
        self.focus = ("", "")

    # Read

    @classmethod
    def of(cls, definition: Definition, catalogue: Catalogue, names: Names) -> "Sheet":
        """``names``: of the records that its conditions point at."""
        conditions = [*rows_of("hand_raises", definition.hand_raises), *rows_of("exclusions", definition.exclusions)]
        thresholds = definition.thresholds
        texts = {name: text_of(getattr(definition, name, None)) for name in PLAIN}
        texts["mql"] = text_of(thresholds.get("mql"))
        for axis, grades in STEPS.items():
            texts |= {f"{axis}_{grade}": text_of((thresholds.get(axis) or {}).get(grade)) for grade in grades}
        rows = [*rows_of("rules", definition.rules), *conditions]
        for key, row in enumerate(rows):
            row.key = str(key)
            if row.field in RECORDS:
                row.values = [named(row.field, text, names) for text in row.values]
        return cls(rows, texts, thresholds.get("grades") or [], catalogue)

    @classmethod
    def sent(cls, data: QueryDict, catalogue: Catalogue) -> "Sheet":
        names = [*PLAIN, *(f"{axis}_{grade}" for axis, grades in STEPS.items() for grade in grades)]
        texts = {name: data.get(name, "").strip() for name in names}
        sheet = cls(sent_rows(data), texts, data.getlist("grades"), catalogue)
        for row in sheet.rows:
            sheet.settle(row)
        return sheet

    def settle(self, row: Row) -> None:
        """A field just chosen begins with its first operator; a value typed for another field is no value of it."""
        if (known := self.known(row)) and (row.was != row.field or row.operator not in known.operators):
            row.operator = next(iter(known.operators))
            row.values = ["yes"] if known.type is Type.FLAG else []
        if row.operator not in LIST_OPERATORS and len(row.values) > 1:
            row.values = row.values[:1]

    def known(self, row: Row) -> Field | None:
        return self.catalogue.of(LISTS[row.part]).get(row.field)

    # Write

    def fields(self) -> dict[str, Any]:
        """What `edit_definition` takes; remembers where each row stands in it."""
        records = self.records()
        written: dict[str, list[dict[str, Any]]] = {"rules": [], "hand_raises": [], "exclusions": []}
        for name in LISTS:
            for row in self.filled(name):
                place = written[kept_in(name)]
                row.position = len(place)
                place.append(row.entry(self.known(row), records))
        return {
            "name": self.texts["name"],
            "why": self.texts["why"],
            **written,
            "thresholds": self.thresholds(),
            "half_life_days": number_of(self.texts["half_life_days"]),
            "daily_cap": None if self.texts["daily_cap"] == "" else number_of(self.texts["daily_cap"]),
        }

    def filled(self, name: str) -> list[Row]:
        return [row for row in self.rows if row.part == name and row.field]

    def thresholds(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for axis, grades in STEPS.items():
            steps = {grade: number_of(text) for grade in grades if (text := self.texts[f"{axis}_{grade}"])}
            found |= {axis: steps} if steps else {}
        found |= {"mql": number_of(self.texts["mql"])} if self.texts["mql"] else {}
        return found | ({"grades": self.grades} if self.grades else {})

    def records(self) -> dict[tuple[str, str], int]:
        """The ids of the campaigns and content typed: "Spring webinar #12", or a name that only one of them has."""
        found: dict[tuple[str, str], int] = {}
        for name, model in RECORDS.items():
            texts = {text for row in self.rows if row.field == name for text in row.values}
            numbered = {text: int(match[1]) for text in texts if (match := RECORD.match(text))}
            found |= {(name, text): pk for text, pk in numbered.items()}
            by_name: dict[str, list[int]] = {}
            for pk, called in model.objects.filter(name__in=texts - set(numbered)).values_list("pk", "name"):
                by_name.setdefault(called, []).append(pk)
            found |= {(name, text): pks[0] for text, pks in by_name.items() if len(pks) == 1}
        return found

    # What is wrong with it

    def show(self, problems: Iterable[Mapping[str, str]]) -> None:
        """Put every problem beside the part it names."""
        for problem in problems:
            place, text = problem["place"], problem["text"]
            if (found := PLACE.match(place)) and (row := self.row_at(found[1], int(found[2]))):
                part = found[3] or "field"
                row.errors.setdefault(part, []).append(self.said(row, part, text))
            else:
                self.errors.setdefault(part_named(place), []).append(text)

    def row_at(self, kept: str, position: int) -> Row | None:
        return next((row for row in self.rows if kept_in(row.part) == kept and row.position == position), None)

    def said(self, row: Row, part: str, text: str) -> str:
        """Problems are worded for programs, too; what only a page can know is said as the page calls it."""
        if part == "value" and not row.values:
            return "say what it is compared with"
        if part == "value" and row.field in RECORDS:
            return "choose from the list: no one, or more than one, has this name"
        if part == "points" and not row.points:
            return "say how many points"
        return text

    @property
    def is_wrong(self) -> bool:
        return bool(self.errors or any(row.errors for row in self.rows))

    @property
    def wrong_rows(self) -> list[Row]:
        return [row for row in self.rows if row.errors]

    @property
    def wrong_parts(self) -> list[tuple[str, str]]:
        """The field of the editor, and what is wrong with it, beginning with what it is called."""
        return [(part, f"{label_of(part)}: {texts[0]}") for part, texts in self.errors.items()]

    # Rows move

    def rearrange(self, deed: str) -> str:
        """Add, copy, remove or move a row: "add:fit", "up:fit:7"; gives the list that it stands in, "" for no deed."""
        verb, _, rest = deed.partition(":")
        name, _, key = rest.partition(":")
        if name not in LISTS:
            return ""
        if verb == "add":
            fresh = Row(part=name, key=self.fresh_key())
            self.rows.append(fresh)
            self.focus = (fresh.key, "field")
        elif at := [place for place, row in enumerate(self.rows) if (row.part, row.key) == (name, key)]:
            self.move(verb, at[0])
        return name

    def move(self, verb: str, at: int) -> None:
        row = self.rows[at]
        beside = [place for place, other in enumerate(self.rows) if other.part == row.part]
        order = beside.index(at)
        if verb == "copy":
            copied = replace(row, key=self.fresh_key(), values=list(row.values), position=None)
            self.rows.insert(at + 1, copied)
            self.focus = (copied.key, "field")
        elif verb == "remove":
            following = (beside[order + 1 :] or beside[:order][-1:])[:1]
            self.focus = (self.rows[following[0]].key, "remove") if following else ("", f"add-{row.part}")
            del self.rows[at]
        elif verb in ("up", "down"):
            to = min(max(order + (1 if verb == "down" else -1), 0), len(beside) - 1)
            other = beside[to]
            self.rows[at], self.rows[other] = self.rows[other], row
            # At the end of the way only the other button is left.
            self.focus = (row.key, "down" if to == 0 else "up" if to == len(beside) - 1 else verb)

    def fresh_key(self) -> str:
        return str(max((int(row.key) for row in self.rows), default=-1) + 1)

    # Shown

    def shown(self, name: str) -> list[ShownRow]:
        known = self.catalogue.of(LISTS[name])
        offered = [(key, one.label) for key, one in known.items() if not one.retired]
        return [
            ShownRow(
                row=row, known=known.get(row.field), fields=with_present(offered, row.field, known),
                focus=self.focus[1] if self.focus[0] == row.key else "",
            )
            for row in self.rows
            if row.part == name
        ]  # fmt: skip

    @property
    def lists(self) -> dict[str, list[ShownRow]]:
        return {name: self.shown(name) for name in LISTS}

    @property
    def groups(self) -> list[str]:
        """The names of groups, to choose from."""
        return sorted({row.group for row in self.rows if row.group})


def kept_in(name: str) -> str:
    """The part of a definition that keeps the rows of a list."""
    return "rules" if name in SCORED else name


def part_named(place: str) -> str:
    """The field of the editor that a place names: "thresholds.fit.A" is "fit_A"."""
    return place.removeprefix("thresholds.").replace(".", "_")


def label_of(part: str) -> str:
    """What the editor calls a field: "Fit A" for "fit_A"."""
    return LABELS.get(part) or part[0].upper() + part[1:].replace("_", " ")


def rows_of(kept: str, entries: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for position, entry in enumerate(entries):
        yield Row(
            part=entry["axis"] if kept == "rules" else kept, key="", field=entry["field"], operator=entry["operator"],
            values=texts_of(entry["value"]), points=text_of(entry.get("points")), cap=text_of(entry.get("cap")),
            group=entry.get("group") or "", position=position,
        )  # fmt: skip


def sent_rows(data: QueryDict) -> Iterator[Row]:
    keys = [(name, key) for name in LISTS for key in data.getlist(name) if key.isdecimal() and len(key) < 9]
    for name, key in keys[:MOST_ROWS]:
        lines = [line for text in data.getlist(f"{key}-value") for line in text.splitlines()]
        yield Row(
            part=name, key=key, field=data.get(f"{key}-field", ""), operator=data.get(f"{key}-operator", ""),
            values=[line.strip() for line in lines if line.strip()], points=data.get(f"{key}-points", "").strip(),
            cap=data.get(f"{key}-cap", "").strip(), group=data.get(f"{key}-group", "").strip(),
            was=data.get(f"{key}-was", ""),
        )  # fmt: skip


def with_present(offered: list[tuple[str, str]], name: str, known: Mapping[str, Field]) -> list[tuple[str, str]]:
    """What may be chosen, and what is: a field that was retired or deleted since."""
    if not name or any(key == name for key, _ in offered):
        return offered
    label = f"{known[name].label} (not in use any more)" if name in known else f"{name} (deleted)"
    return [*offered, (name, label)]


def number_of(text: str) -> int | float | str:
    """The number that a text means; any other text stays as it is."""
    plain = text.replace(" ", "").replace("\u202f", "").replace("−", "-")
    if not NUMBER.match(plain):
        return text
    return float(plain) if "." in plain else int(plain)


def text_of(value: Any) -> str:
    return "" if value is None else str(value)


def texts_of(value: Any) -> list[str]:
    """A value, or each of a list, as the editor shows it."""
    if isinstance(value, list):
        return [text for one in value for text in texts_of(one)]
    return [("yes" if value else "no") if isinstance(value, bool) else str(value)]


def named(field_name: str, text: str, names: Names) -> str:
    """ "Spring webinar #12": names may stand twice, numbers never."""
    name = names.get((field_name, int(text))) if text.isdecimal() else None
    return f"{name} #{text}" if name else f"#{text}"
