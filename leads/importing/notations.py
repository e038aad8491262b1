"""How a column writes its dates and its amounts: decided once over the whole column, never row by row."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo


class DateOrder(StrEnum):
    """ISO dates (2024-03-12) are understood in every column; these say how to read 03/12/2024."""

    ISO = "iso"
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


class DecimalMark(StrEnum):
    POINT = "point"
    COMMA = "comma"


EXAMPLES = {
    DateOrder.ISO: "year first, 2024-03-12",
    DateOrder.DAY_FIRST: "day first, 12/03/2024 is in March",
    DateOrder.MONTH_FIRST: "month first, 03/12/2024 is in March",
    DecimalMark.POINT: "1,234.56",
    DecimalMark.COMMA: "1.234,56",
}

TIME = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
)
ZONE = r"\s*(?P<zone>Z|z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){TIME}{ZONE}", re.ASCII)
YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<year>\d{{4}}){TIME}{ZONE}", re.ASCII)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)

POINT_SURE = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)\.\d*|-?\d{1,3}(,\d{3}){2,}", re.ASCII)
COMMA_SURE = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d*|-?\d{1,3}(\.\d{3}){2,}", re.ASCII)
EITHER = re.compile(r"-?\d{1,3}[.,]\d{3}", re.ASCII)


@dataclass
class DateEvidence:
    """What the values of one column say about the order of day and month."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    examples: list[str] = field(default_factory=list)

    def see(self, value: str) -> None:
        found = YEAR_LAST.fullmatch(value)
        if found is None:
            return
        first, second = int(found["a"]), int(found["b"])
        if first > 12 >= second:
            self.day_first += 1
        elif second > 12 >= first:
            self.month_first += 1
        else:
            self.either += 1
        if len(self.examples) < 3:
            self.examples.append(value)

    def decide(self) -> DateOrder | None:
        """The order, or None when a person must say: nothing settles it, or the column contradicts itself."""
        if not (self.day_first or self.month_first or self.either):
            return DateOrder.ISO
        if bool(self.day_first) == bool(self.month_first):
            return None
        return DateOrder.DAY_FIRST if self.day_first else DateOrder.MONTH_FIRST

    @property
    def is_mixed(self) -> bool:
        return bool(self.day_first and self.month_first)


@dataclass
class AmountEvidence:
    """What the values of one column say about their decimal mark."""

    point: int = 0
    comma: int = 0
    either: int = 0
    examples: list[str] = field(default_factory=list)

    def see(self, value: str) -> None:
        number = bare(value)
        if EITHER.fullmatch(number):
            self.either += 1
        elif POINT_SURE.fullmatch(number):
            self.point += 1
        elif COMMA_SURE.fullmatch(number):
            self.comma += 1
        else:
            return
        if len(self.examples) < 3:
            self.examples.append(value)

    def decide(self) -> DecimalMark | None:
        if not (self.point or self.comma):
            return None if self.either else DecimalMark.POINT
        if self.point and self.comma:
            return None
        return DecimalMark.POINT if self.point else DecimalMark.COMMA

    @property
    def is_mixed(self) -> bool:
        return bool(self.point and self.comma)


@lru_cache(maxsize=4096)
def read_moment(value: str, order: DateOrder, zone: ZoneInfo) -> datetime | None:
    """The moment a cell means, in UTC; a time without a zone is read in ``zone``. None: there is no such moment."""
    found = YEAR_FIRST.fullmatch(value) or (YEAR_LAST.fullmatch(value) if order != DateOrder.ISO else None)
    if found is None:
        return None
    try:
        day = day_of(found, order)
        hour, minute, second = clock_of(found)
        micro = int((found["fraction"] or "0").ljust(6, "0")[:6])
        local = datetime(day.year, day.month, day.day, hour, minute, second, micro, tzinfo=zone_of(found["zone"], zone))
        at = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at >= EARLIEST else None


def day_of(found: re.Match[str], order: DateOrder) -> date:
    groups = found.groupdict()
    if "month" in groups:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    first, second = int(found["a"]), int(found["b"])
    day, month = (first, second) if order == DateOrder.DAY_FIRST else (second, first)
    return date(int(found["year"]), month, day)


def clock_of(found: re.Match[str]) -> tuple[int, int, int]:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("not an hour of the twelve-hour clock")
        hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
    return hour, minute, second


def zone_of(text: str | None, default: ZoneInfo) -> ZoneInfo | timezone:
    if not text:
        return default
    if text.upper() in {"Z", "UTC"}:
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def read_day(value: str, order: DateOrder) -> date | None:
    at = read_moment(value, order, ZoneInfo("UTC"))
    return at.date() if at else None


def read_amount(value: str, mark: DecimalMark) -> Decimal | None:
    """The amount a cell means, rounded to cents; None when it is none."""
    found = read_number(value, mark)
    try:
        return None if found is None else round(found, 2)
    except InvalidOperation:
        return None


def read_number(value: str, mark: DecimalMark) -> Decimal | None:
    """The number a cell means; None when it is none."""
    number = bare(value)
    thousands, point = (",", ".") if mark == DecimalMark.POINT else (".", ",")
    whole, _, cents = number.partition(point)
    if thousands in whole:
        if not re.fullmatch(rf"-?\d{{1,3}}({re.escape(thousands)}\d{{3}})+", whole, re.ASCII):
            return None
        whole = whole.replace(thousands, "")
    if not re.fullmatch(r"-?\d+", whole, re.ASCII) or not re.fullmatch(r"\d*", cents, re.ASCII):
        return None
    return Decimal(f"{whole}.{cents}" if cents else whole)


def bare(value: str) -> str:
    """A number without currency signs and blanks."""
    return re.sub(r"[\s\u00a0€$£]|R\$", "", value).removeprefix("+")
