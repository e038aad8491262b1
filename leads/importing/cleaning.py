"""From the cells of a row to clean values, or the reason why the row stays out."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from campaigns.models import Campaign
from crm.errors import BusinessError
from crm.models import Organisation, Team, User
from leads.activities import check_outcome
from leads.custom_values import NO, YES, clean_value
from leads.identity import e164, web_domain
from leads.importing.errors import BadMapping, RowRefused
from leads.importing.fields import Field, Type, is_custom, own_name
from leads.importing.mapping import ANY_OTHER, FileMapping, Source, quoted
from leads.importing.notations import EXAMPLES, DateOrder, DecimalMark, read_amount, read_day, read_moment, read_number
from leads.models import ActivityKind, CustomField, CustomKind, Outcome, Reason
from leads.models.imports import ImportKind
from leads.models.log import ReasonUse

Cells = list[str]
Value = Callable[[Cells], Any]
COLUMN_TYPES = {
    Type.MOMENT: "timestamptz",
    Type.DAY: "date",
    Type.MONEY: "numeric(14,2)",
    Type.PERCENT: "smallint",
    Type.COUNT: "integer",
    Type.YES_NO: "boolean",
    Type.CAMPAIGN: "bigint",
    Type.TEAM: "bigint",
    Type.PERSON: "bigint",
    Type.LOSS_REASON: "bigint",
}
MOST_COUNTED = 2**31 - 1
WHOLE_NUMBER = re.compile(r"\d+|\d{1,3}(?P<mark>[ ,.'’\u00a0])\d{3}((?P=mark)\d{3})*", re.ASCII)
# Fields that name a record which the database is asked for, by its external id or otherwise.
NAMED_BY_KEY = ("asset", "lead", "company", "opportunity", "contact")
MOST_MONEY = Decimal(10) ** 12
FUTURE_SLACK = timedelta(days=1)
valid_email = EmailValidator()


@dataclass(frozen=True)
class References:
    """Ids of the records a file may name, by what it may call them, in small letters."""

    campaigns: dict[str, int] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    # By code or by label.
    loss_reasons: dict[str, int] = field(default_factory=dict)
    # Where a telephone number without a country is at home.
    phone_region: str = ""

    @classmethod
    def load(cls, source_system: str) -> "References":
        def named(rows: Any) -> dict[str, int]:
            by_name = {name.lower(): pk for pk, name, _system, _key in rows if name}
            by_key = {key.lower(): pk for pk, _name, system, key in rows if key and system == source_system}
            return by_name | by_key

        return cls(
            campaigns=named(Campaign.objects.order_by("-id").values_list("id", "name", "source_system", "external_id")),
            teams=named(Team.objects.values_list("id", "name", "source_system", "external_id")),
            people=named(User.objects.values_list("id", "email", "source_system", "external_id")),
            loss_reasons={
                name.lower(): pk
                for pk, *names in Reason.objects.filter(use=ReasonUse.LOSS).values_list("id", "label", "code")
                for name in names
            },
            phone_region=Organisation.get().phone_region,
        )


@dataclass(frozen=True)
class Column:
    """A column of the staging table: its name, its type, and what a row puts there."""

    name: str
    sql_type: str
    value: Value


class Cleaner:
    """Turns rows of one file into rows of the staging table."""

    def __init__(self, mapping: FileMapping, header: Sequence[str], references: References, *, at: datetime) -> None:
        self.mapping = mapping
        self.width = len(header)
        self.positions = positions_of(mapping, header)
        self.references = references
        self.latest = at + FUTURE_SLACK
        self.columns = [
            *self.plain_columns(),
            *self.number_column(),
            *self.name_columns(),
            *self.custom_column(),
            *self.identity_column(),
        ]
        self.check = CHECKS.get(mapping.kind)

    def clean(self, cells: Cells) -> list[Any]:
        """The values of the staging columns; None is empty. Raises RowRefused."""
        if len(cells) != self.width:
            cells = self.fitted(cells)
        values = [column.value(cells) for column in self.columns]
        if self.check:
            self.check({column.name: value for column, value in zip(self.columns, values, strict=True)})
        return values

    def fitted(self, cells: Cells) -> Cells:
        if len(cells) < self.width or any(cells[self.width :]):
            raise RowRefused(f"The row has {len(cells)} cells where the header has {self.width}.")
        return cells[: self.width]

    def plain_columns(self) -> list[Column]:
        return [
            self.column(name, source)
            for name, source in self.mapping.sources.items()
            if not self.is_custom(name) and name != self.whole_name
        ]

    @property
    def whole_name(self) -> str:
        """The field that holds a person's first and last name in one piece."""
        return "name" if self.mapping.kind == ImportKind.USERS else ""

    def name_columns(self) -> list[Column]:
        """A name in one piece as first and last name, unless the file has them by themselves."""
        if self.whole_name not in self.mapping.sources:
            return []
        whole = self.column("name", self.mapping.sources["name"]).value
        parts: dict[str, Value] = {
            "first_name": lambda cells: in_two(whole(cells))[0],
            "last_name": lambda cells: in_two(whole(cells))[1],
        }
        return [Column(name, "text", part) for name, part in parts.items() if name not in self.mapping.sources]

    def number_column(self) -> list[Column]:
        """The telephone as E.164, read in the row's country; empty where it cannot be told, None without one."""
        if "phone" not in self.mapping.sources:
            return []
        phone = self.raw("phone")
        country = self.raw("country") if "country" in self.mapping.sources else None
        region = self.references.phone_region

        def told(cells: Cells) -> str | None:
            text = phone(cells)
            return e164(text, country=country(cells) if country else "", region=region) if text else None

        return [Column("phone_e164", "text", told)]

    def raw(self, name: str) -> Callable[[Cells], str]:
        """What the row says of a field, before it is made a value."""
        source = self.mapping.sources[name]
        return raw_value(source, self.positions.get(source.column))

    def custom_column(self) -> list[Column]:
        """The fields of one's own of each record together, as one JSON object without the empty ones."""
        parts: dict[str, dict[str, Value]] = {}
        for name, source in self.mapping.sources.items():
            if found := own_name(self.mapping.kind, name):
                prefix, _record, key = found
                parts.setdefault(staged_own(prefix), {})[key] = self.column(name, source).value
        return [Column(column, "jsonb", together(values)) for column, values in parts.items()]

    def identity_column(self) -> list[Column]:
        if "external_id" in self.mapping.sources:
            return []
        return [Column("external_id", "text", lambda cells: None)]

    def is_custom(self, name: str) -> bool:
        return is_custom(self.mapping.kind, name)

    def column(self, name: str, source: Source) -> Column:
        described = self.mapping.field(name)
        assert described
        raw = raw_value(source, self.positions.get(source.column))
        convert = self.converter(described, source)
        required = source.required or described.required
        label = source.column or described.label

        def value(cells: Cells) -> Any:
            text = raw(cells)
            if not text:
                if required:
                    raise RowRefused(f"“{label}” is empty, and it is required.")
                return None
            try:
                return convert(text)
            except RowRefused as refusal:
                raise RowRefused(f"“{label}”: {refusal}") from None

        return Column(staged_name(described, source), staged_type(described, source), value)

    def converter(self, described: Field, source: Source) -> Callable[[str], Any]:
        known, format_ = self.references, source.format
        if described.own:
            return own_value(described.own, format_)
        makers: dict[Type, Callable[[], Callable[[str], Any]]] = {
            Type.TEXT: lambda: currency if described.name == "currency" else limited(described.limit),
            Type.EMAIL: lambda: email,
            Type.CHOICE: lambda: choice(described),
            Type.MOMENT: lambda: self.moment(DateOrder(format_ or DateOrder.ISO)),
            Type.DAY: lambda: day(DateOrder(format_ or DateOrder.ISO)),
            Type.MONEY: lambda: amount(DecimalMark(format_ or DecimalMark.POINT)),
            Type.PERCENT: lambda: percent,
            Type.UNKNOWN: lambda: limited(described.limit),
            Type.YES_NO: lambda: yes_no,
            Type.COUNT: lambda: whole_number,
            Type.DOMAIN: lambda: domain(described.limit),
            Type.LOSS_REASON: lambda: reference(known.loss_reasons, "loss reason"),
            Type.CAMPAIGN: lambda: reference(known.campaigns, "campaign"),
            Type.TEAM: lambda: reference(known.teams, "team"),
            Type.PERSON: lambda: limited(200) if source.create else reference(known.people, "person"),
        }
        return makers[described.holds]()

    def moment(self, order: DateOrder) -> Callable[[str], datetime]:
        zone, latest = self.mapping.zone, self.latest

        def convert(text: str) -> datetime:
            at = read_moment(text, order, zone)
            if at is None:
                raise RowRefused(f"“{shortened(text)}” is not a date (read {EXAMPLES[order]}).")
            if at > latest:
                raise RowRefused(f"“{shortened(text)}” lies in the future.")
            return at

        return convert


def staged_own(prefix: str) -> str:
    """ "lead.custom." stands in the column lead_custom."""
    return prefix.rstrip(".").replace(".", "_")


def together(parts: dict[str, Value]) -> Value:
    def value(cells: Cells) -> str | None:
        found = {name: held for name, part in parts.items() if (held := part(cells)) is not None}
        return json.dumps(found, ensure_ascii=False) if found else None

    return value


def own_value(own: CustomField, notation: str) -> Callable[[str], Any]:
    """As a record keeps it. What columns repeat is cleaned once."""
    read = own_reader(own, notation)

    @lru_cache(maxsize=4096)
    def convert(text: str) -> Any:
        try:
            return clean_value(own, read(text))
        except ValidationError as error:
            raise RowRefused(error.messages[0]) from None

    return convert


def own_reader(own: CustomField, notation: str) -> Callable[[str], Any]:
    """From the notation of the file to what `clean_value` takes."""
    if own.kind == CustomKind.DATE:
        return day(DateOrder(notation or DateOrder.ISO))
    if own.kind not in (CustomKind.NUMBER, CustomKind.MONEY):
        return str
    mark = DecimalMark(notation or DecimalMark.POINT)

    def number(text: str) -> Decimal:
        found = read_number(text, mark)
        if found is None:
            raise RowRefused(f"“{shortened(text)}” is not a number (written like {EXAMPLES[mark]}).")
        return found

    return number


def positions_of(mapping: FileMapping, header: Sequence[str]) -> dict[str, int]:
    """Where each mapped column stands; raises BadMapping when the file lacks one or has it twice."""
    names = [name.strip().lower() for name in header]
    missing = sorted(column for column in mapping.columns if column.strip().lower() not in names)
    if missing:
        what = "columns" if len(missing) > 1 else "column"
        raise BadMapping(f"The file has no {what} {quoted(missing)}. It has: {', '.join(filter(None, header))[:500]}.")
    twice = sorted(column for column in mapping.columns if names.count(column.strip().lower()) > 1)
    if twice:
        raise BadMapping(f"The file has the column {quoted(twice)} more than once; rename one of them.")
    return {column: names.index(column.strip().lower()) for column in mapping.columns}


def staged_name(described: Field, source: Source) -> str:
    """``lead.owner`` becomes lead_owner_id, or lead_owner_key where people are made on the fly."""
    name = described.name.replace(".", "_")
    if described.holds in (Type.CAMPAIGN, Type.TEAM, Type.PERSON, Type.LOSS_REASON):
        return f"{name}_key" if source.create else f"{name}_id"
    return f"{name}_key" if name in NAMED_BY_KEY else name


def staged_type(described: Field, source: Source) -> str:
    return "text" if source.create else COLUMN_TYPES.get(described.holds, "text")


def raw_value(source: Source, position: int | None) -> Callable[[Cells], str]:
    """What stands in the cell, trimmed, translated by ``values``, or the default when that is empty."""
    if position is None:
        return lambda cells: source.constant
    index, default, values = position, source.default, source.values
    if not values:
        return lambda cells: cells[index].strip() or default
    fallback = values.get(ANY_OTHER)

    def translated(cells: Cells) -> str:
        text = cells[index].strip()
        if not text:
            return default
        return values.get(text.lower(), text if fallback is None else fallback) or default

    return translated


def limited(limit: int) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if len(text) > limit:
            raise RowRefused(f"has {len(text):,} characters; at most {limit} fit.")
        return text

    return convert


def email(text: str) -> str:
    limited(254)(text)
    try:
        valid_email(text)
    except ValidationError as error:
        raise RowRefused(f"“{shortened(text)}” is not an e-mail address.") from error
    return text


def currency(text: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise RowRefused(f"“{shortened(text)}” is not a currency such as EUR.")
    return text.upper()


def choice(described: Field) -> Callable[[str], str]:
    """A value of the enumeration, written as its code or as its label."""
    assert described.choices
    known = {str(label).lower(): value for value, label in described.choices.choices}
    known |= {value.lower(): value for value in described.choices.values}
    allowed = ", ".join(described.choices.values)

    def convert(text: str) -> str:
        if (found := known.get(text.lower())) is None:
            raise RowRefused(f"“{shortened(text)}” is none of: {allowed}.")
        return found

    return convert


def day(order: DateOrder) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        found = read_day(text, order)
        if found is None:
            raise RowRefused(f"“{shortened(text)}” is not a date (read {EXAMPLES[order]}).")
        return found

    return convert


def amount(mark: DecimalMark) -> Callable[[str], Decimal]:
    def convert(text: str) -> Decimal:
        found = read_amount(text, mark)
        if found is None:
            raise RowRefused(f"“{shortened(text)}” is not an amount (written like {EXAMPLES[mark]}).")
        if found < 0:
            raise RowRefused(f"“{shortened(text)}” is below zero.")
        if found >= MOST_MONEY:
            raise RowRefused(f"“{shortened(text)}” is too large.")
        return found

    return convert


def percent(text: str) -> int:
    digits = text.removesuffix("%").strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 3 or int(digits) > 100:
        raise RowRefused(f"“{shortened(text)}” is not a whole percentage from 0 to 100.")
    return int(digits)


def yes_no(text: str) -> bool:
    word = text.casefold()
    if word not in YES | NO:
        raise RowRefused(f"“{shortened(text)}” is neither yes nor no.")
    return word in YES


def whole_number(text: str) -> int:
    """Thousands may be set apart."""
    if not WHOLE_NUMBER.fullmatch(text):
        raise RowRefused(f"“{shortened(text)}” is not a whole number.")
    found = int(re.sub(r"\D", "", text))
    if found > MOST_COUNTED:
        raise RowRefused(f"“{shortened(text)}” is too large.")
    return found


def domain(limit: int) -> Callable[[str], str]:
    def convert(text: str) -> str:
        found = web_domain(text)
        if "." not in found or re.search(r"[\s@]", found):
            raise RowRefused(f"“{shortened(text)}” is not a website such as acme.com.")
        return limited(limit)(found)

    return convert


def in_two(name: str | None) -> tuple[str | None, str | None]:
    """ "Mei-Mei Johns" is Mei-Mei and Johns; one word is a last name."""
    first, _, last = " ".join((name or "").split()).rpartition(" ")
    return first or None, last or None


def reference(known: dict[str, int], what: str) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if (found := known.get(text.lower())) is None:
            raise RowRefused(f"there is no {what} “{shortened(text)}”.")
        return found

    return convert


def shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def check_identity(values: dict[str, Any]) -> None:
    if not values.get("external_id") and not values.get("email"):
        raise RowRefused("The row has neither an external id nor an e-mail, so it could not be found again.")


def check_deal(values: dict[str, Any]) -> None:
    outcome = values.get("outcome")
    if outcome in Outcome.values and values.get("closed_at") is None:
        raise RowRefused(f"An opportunity that is {outcome} needs the date it was closed.")


def check_activity(values: dict[str, Any]) -> None:
    """As for one that is logged by hand."""
    kind, note = values["kind"], values.get("note") or ""
    try:
        check_outcome(kind, values.get("outcome") or "")
    except BusinessError as error:
        raise RowRefused(str(error)) from None
    if kind == ActivityKind.NOTE and not note:
        raise RowRefused("A note says something.")


CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    ImportKind.LEADS: check_identity,
    ImportKind.OPPORTUNITIES: check_deal,
    ImportKind.CONTACTS: check_identity,
    ImportKind.ACTIVITIES: check_activity,
    ImportKind.USERS: check_identity,
}
