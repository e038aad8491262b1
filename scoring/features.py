"""What a model sees of a lead: who it is and what it did, as it was known at the moment it is asked about.

The moment of a lead is when it was handed over (scoring/outcomes.py). Nothing that sales writes after it can enter:
attributes and own fields of lead and company are those of then (scoring/past.py); touches count when they happened and
were written by then, unless the lead itself was written later, as by an import, and its history with it. What sales
alone writes is no feature at all: owner, team, stage, activities, verdicts, need, authority, timing, budget, tags.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from struct import Struct
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg2 import sql

from campaigns.models import Channel
from crm.periods import zone
from leads.identity import FREE_MAIL
from leads.models import TouchKind
from leads.models.custom import CustomField, CustomKind, CustomRecord
from scoring.fields import DEEDS, STATIC, Axis, Field, Type, literal
from scoring.learning.table import Column, Kind
from scoring.past import company_then, lead_then

CHUNK = 20_000
# Engagement as a feature: every touch counts one, and half of that a month later.
HALF_LIFE_DAYS = 30
# Own fields nobody defined are found among so many leads; so many are learnt from, the most filled ones first.
SAMPLE, MOST_OWN = 5_000, 150
# How far the kind of an undefined field must hold among its values.
ALMOST_ALL = 0.95
# COPY's binary format: after so many bytes rows begin, of which each says how many fields it has, and each field its
# length, -1 for NULL; a last row has -1 fields.
HEADER, FIELDS, LENGTH = 19, np.dtype(">i2"), Struct(">i")
NUMBER_FIELD = np.dtype([("length", ">i4"), ("value", ">f8")])


@dataclass(frozen=True)
class Feature:
    """One column. ``expression``: SQL over the aliases `lead`, `company` (as of then), `engaged` and `asked`.

    ``holds``: of an own field what its values are (a CustomKind), kept to read the same field the same way later.
    """

    name: str
    label: str
    kind: Kind
    expression: sql.Composable
    columns: Mapping[str, tuple[str, ...]]
    holds: str = ""

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "label": self.label, "kind": self.kind, "holds": self.holds}


# Who they are: of the rules' fields those that only history can change, never sales behind its back.
ATTRIBUTES = (
    "country", "language", "title", "segment", "source", "channel", "sourced_by", "product_interest", "campaign",
    "has_email", "has_phone", "has_company", "target_account", "company_industry", "company_country", "company_region",
    "company_employees",
)  # fmt: skip
KIND_OF: dict[Type, Kind] = {
    Type.TEXT: "category", Type.RECORD: "category", Type.NUMBER: "number", Type.FLAG: "flag"
}  # fmt: skip


def attribute(name: str) -> Feature:
    field: Field = STATIC.of(Axis.FIT)[name]
    kind = KIND_OF[field.type]
    return Feature(name, field.label, kind, VALUE[kind].format(field.expression), {field.alias: field.columns})


VALUE: dict[Kind, sql.SQL] = {
    "category": sql.SQL("nullif(left(btrim(({})::text), 120), '')"),
    "number": sql.SQL("({})::float8"),
    "flag": sql.SQL("({})::int"),
}


def told(
    name: str, label: str, kind: Kind, expression: str, columns: Mapping[str, tuple[str, ...]] | None = None
) -> Feature:
    return Feature(name, label, kind, sql.SQL(expression), columns or {})


def days_between(earlier: str, later: str) -> str:
    """SQL: days as a float, never below 0."""
    return f"(greatest(date_part('epoch', {later} - {earlier}), 0) / 86400)"


CAPTURED = {"lead": ("captured_at",)}
COMPUTED = (
    told(
        "free_mail", "Writes from a free mail provider", "flag",
        f"(split_part(lower(lead.email), '@', 2) = ANY('{{{','.join(sorted(FREE_MAIL))}}}') AND lead.email <> '')::int",
        {"lead": ("email",)},
    ),
    told("days_since_capture", "Days since captured", "number", days_between("lead.captured_at", "asked.at"), CAPTURED),
    told("hour_captured", "Hour of the day when captured", "number",
         "date_part('hour', lead.captured_at AT TIME ZONE %(zone)s)", CAPTURED),
    told("weekday_captured", "Weekday when captured", "category",
         "trim(to_char(lead.captured_at AT TIME ZONE %(zone)s, 'Day'))", CAPTURED),
)  # fmt: skip

# What they did; `engaged` has one row for every pair that has touches. Without one a count is 0 and a time is missing.
DONE = {kind.value: said for kind, said in DEEDS.items() if kind is not TouchKind.OTHER}
CHANNELS = {value: str(label) for value, label in Channel.choices}
SUMS = {
    "touches": ("Touches", "count(*)"),
    "touches_in_7_days": ("Touches in the last 7 days", "count(*) FILTER (WHERE age < 7)"),
    "touches_in_30_days": ("Touches in the last 30 days", "count(*) FILTER (WHERE age < 30)"),
    "engagement": ("Engagement, halved every 30 days", f"sum(power(2::float8, -age / {HALF_LIFE_DAYS}))"),
    "hands_raised": ("Asked to be contacted, times", "count(*) FILTER (WHERE raised_hand)"),
    **{f"did_{kind}": (f"{said}, times", f"count(*) FILTER (WHERE kind = '{kind}')") for kind, said in DONE.items()},
    **{
        f"by_{channel}": (f"Touches by {label}", f"count(*) FILTER (WHERE channel = '{channel}')")
        for channel, label in CHANNELS.items()
    },
}  # fmt: skip
AGES = {
    "days_since_first_touch": ("Days since the first touch", "max(age)"),
    "days_since_last_touch": ("Days since the last touch", "min(age)"),
    "days_since_hand_raised": ("Days since they asked to be contacted", "min(age) FILTER (WHERE raised_hand)"),
    **{
        f"days_since_{kind}": (f"{said}, days ago", f"min(age) FILTER (WHERE kind = '{kind}')")
        for kind, said in DONE.items()
    },
}
ENDS = {
    "first_channel": ("Channel of the first touch", "max(channel) FILTER (WHERE is_first)"),
    "last_channel": ("Channel of the last touch", "max(channel) FILTER (WHERE is_last)"),
    "first_campaign": ("Campaign of the first touch", "max(campaign_id) FILTER (WHERE is_first)"),
    "last_campaign": ("Campaign of the last touch", "max(campaign_id) FILTER (WHERE is_last)"),
    "last_kind": ("What they did last", "max(kind) FILTER (WHERE is_last)"),
    "last_content": ("Content of the last touch", "max(asset_id) FILTER (WHERE is_last)"),
}
AGGREGATES = {name: expression for group in (SUMS, AGES, ENDS) for name, (_label, expression) in group.items()}
BEHAVIOUR = (
    *(told(name, label, "number", f"coalesce(engaged.{name}, 0)") for name, (label, _sum) in SUMS.items()),
    *(told(name, label, "number", f"engaged.{name}") for name, (label, _age) in AGES.items()),
    *(told(name, label, "category", f"nullif(engaged.{name}::text, '')") for name, (label, _end) in ENDS.items()),
)
FEATURES: dict[str, Feature] = {
    feature.name: feature for feature in (*map(attribute, ATTRIBUTES), *COMPUTED, *BEHAVIOUR)
}  # fmt: skip
# Their levels are ids of records; people see the names.
CAMPAIGNS, CONTENT = ("campaign", "first_campaign", "last_campaign"), ("last_content",)

# Own fields, by what they hold. Imports keep every value as text, so a number may stand there as one; what is absurd,
# or no number or date at all, is missing. Days of a date are counted roughly, for 30 February is no reason to fail.
NUMBER = r"^ *-?[0-9]{1,15}([.][0-9]{1,15})? *$"
DATE = r"^ *[0-9]{4}-[0-9]{2}-[0-9]{2}"
YES, NO = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
OWN: dict[str, tuple[Kind, str]] = {
    CustomKind.TEXT: ("category", "nullif(left(btrim({value}), 120), '')"),
    CustomKind.NUMBER: ("number", "CASE WHEN {value} ~ {number} THEN {value}::float8 END"),
    CustomKind.DATE: (
        "number",
        """CASE WHEN {value} ~ {date} THEN extract(epoch FROM asked.at) / 86400
            - (left(btrim({value}), 4)::int - 1970) * 365.2425 - (substr(btrim({value}), 6, 2)::int - 1) * 30.437
            - substr(btrim({value}), 9, 2)::int END""",
    ),
    CustomKind.YES_NO: (
        "flag", f"CASE WHEN lower({{value}}) IN {YES} THEN 1 WHEN lower({{value}}) IN {NO} THEN 0 END"
    ),
}  # fmt: skip
HOLDS = {CustomKind.MONEY: CustomKind.NUMBER, CustomKind.CHOICE: CustomKind.TEXT}
PREFIX = {CustomRecord.COMPANY: "company.custom.", CustomRecord.LEAD: "custom."}
ALIAS = {CustomRecord.COMPANY: "company", CustomRecord.LEAD: "lead"}


def own_feature(name: str, *, holds: str, label: str = "") -> Feature:
    """The feature of an own field by its name in rules, such as `company.custom.machines`."""
    record = next(record for record, prefix in PREFIX.items() if name.startswith(prefix))
    key, alias = name.removeprefix(PREFIX[record]), ALIAS[record]
    kind, expression = OWN[holds]
    value = sql.SQL("({} ->> {})").format(sql.Identifier(alias, "custom"), sql.SQL(literal(key)))
    read = sql.SQL(expression).format(value=value, number=sql.Literal(NUMBER), date=sql.Literal(DATE))
    return Feature(name, label or key, kind, read, {alias: ("custom",)}, holds)


def known_features(leads: Sequence[int]) -> dict[str, Feature]:
    """All that can be learnt from now: the fixed features, the team's own fields, and undefined ones of these leads."""
    defined = CustomField.objects.filter(record__in=list(PREFIX), retired=False)
    own = {
        (name := PREFIX[CustomRecord(row.record)] + row.name): own_feature(
            name, holds=HOLDS.get(CustomKind(row.kind), CustomKind(row.kind)).value, label=row.label
        )
        for row in defined
    }
    undefined = {name: own_feature(name, holds=holds) for name, holds in undefined_fields(leads) if name not in own}
    return FEATURES | dict(list((own | undefined).items())[:MOST_OWN])


# What undefined own fields hold; nobody asks for those that were put away.
SEEN = """
    SELECT 'custom.' || own.key, own.value #>> '{}' FROM leads_lead lead, jsonb_each(lead.custom) AS own
    WHERE lead.id = ANY(%(leads)s)
    UNION ALL
    SELECT 'company.custom.' || own.key, own.value #>> '{}'
    FROM leads_lead lead JOIN leads_company company ON company.id = lead.company_id, jsonb_each(company.custom) AS own
    WHERE lead.id = ANY(%(leads)s)
"""


def undefined_fields(leads: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Own fields that these leads and their companies hold, the most filled first, each with what its values are."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, {"leads": list(leads[-SAMPLE:])})
        values: dict[str, list[str]] = {}
        for name, value in cursor.fetchall():
            if value:
                values.setdefault(name, []).append(value)
    retired = CustomField.objects.filter(record__in=list(PREFIX), retired=True)
    put_away = {PREFIX[CustomRecord(row.record)] + row.name for row in retired}
    for name in sorted(values.keys() - put_away, key=lambda name: (-len(values[name]), name)):
        yield name, kind_of(values[name])


def kind_of(values: Sequence[str]) -> str:
    """What values that nobody described are: yes or no, numbers, dates, or text."""

    def mostly(test: Any) -> bool:
        return sum(map(bool, map(test, values))) >= ALMOST_ALL * len(values)

    if all(value.lower() in ("true", "false", "yes", "no") for value in values):
        return CustomKind.YES_NO.value
    if mostly(re.compile(NUMBER).match):
        return CustomKind.NUMBER.value
    return CustomKind.DATE.value if mostly(re.compile(DATE).match) else CustomKind.TEXT.value


def features_from(described: Iterable[Mapping[str, str]]) -> dict[str, Feature]:
    """The features as a model's manifest names them; a field that was deleted since is read all the same, and empty."""
    return {
        one["name"]: FEATURES[one["name"]]
        if not one["holds"]
        else own_feature(one["name"], holds=one["holds"], label=one["label"])
        for one in described
        if one["holds"] or one["name"] in FEATURES
    }


STATEMENT = sql.SQL("""
    COPY (
        WITH asked AS (
            SELECT * FROM unnest(%(leads)s::bigint[], %(moments)s::timestamptz[])
                WITH ORDINALITY AS asked (lead_id, at, place)
        ),
        {lead}, {company},
        family AS (
            SELECT lead_id, at, created_at, lead_id AS id FROM lead_then
            UNION ALL
            SELECT lead_id, at, lead_then.created_at, merged.id
            FROM lead_then JOIN leads_lead merged ON merged.merged_into_id = lead_then.lead_id
        ),
        corrected AS (
            SELECT touch.corrects_id, family.at
            FROM family JOIN leads_touch touch ON touch.lead_id = family.id AND touch.corrects_id IS NOT NULL
            WHERE touch.created_at <= family.at OR family.created_at > family.at
        ),
        touched AS (
            SELECT family.lead_id, family.at AS asked_at, touch.kind, touch.channel, touch.campaign_id, touch.asset_id,
                touch.raised_hand, date_part('epoch', family.at - touch.at) / 86400 AS age,
                lag(touch.id) OVER history IS NULL AS is_first, lead(touch.id) OVER history IS NULL AS is_last
            FROM family JOIN leads_touch touch ON touch.lead_id = family.id AND touch.at <= family.at
            WHERE touch.by = 'buyer' AND (touch.created_at <= family.at OR family.created_at > family.at)
                AND (
                    NOT (SELECT EXISTS (SELECT FROM corrected))
                    OR (touch.id, family.at) NOT IN (SELECT corrects_id, at FROM corrected)
                )
            WINDOW history AS (PARTITION BY family.lead_id, family.at ORDER BY touch.at, touch.id)
        ),
        engaged AS (SELECT lead_id, asked_at{aggregates} FROM touched GROUP BY lead_id, asked_at)
        SELECT {values} FROM asked LEFT JOIN lead_then AS lead USING (lead_id, at)
        LEFT JOIN company_then AS company USING (lead_id, at)
        LEFT JOIN engaged ON engaged.lead_id = asked.lead_id AND engaged.asked_at = asked.at
        ORDER BY asked.place
    ) TO STDOUT (FORMAT binary)
""")
# Numbers are never NULL, so that all take the same room.
NUMBER_VALUE = sql.SQL("coalesce(({})::float8, 'NaN')")
# Without these the statement itself could not be put.
NEEDED = {"lead": ("company_id", "captured_at", "created_at"), "company": ("id",)}


def features_of(
    pairs: Sequence[tuple[int, datetime]], features: Mapping[str, Feature] | None = None
) -> dict[str, Column]:
    """The columns of leads at moments, in the order of ``pairs``, none of which may come twice."""
    wanted = FEATURES if features is None else features
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in wanted}
    for start in range(0, len(pairs), CHUNK):
        for name, values in read_features(pairs[start : start + CHUNK], wanted).items():
            parts[name].append(values)
    return {name: Column(wanted[name].kind, joined(parts[name], wanted[name].kind)) for name in wanted}


def joined(parts: list[NDArray[Any]], kind: Kind) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, object if kind == "category" else np.float64)


def read_features(pairs: Sequence[tuple[int, datetime]], features: Mapping[str, Feature]) -> dict[str, NDArray[Any]]:
    """One chunk as COPY tells it."""
    asked = {"leads": [lead for lead, _ in pairs], "moments": [at for _, at in pairs], "zone": zone().key}
    file = BytesIO()
    with connection.cursor() as cursor:
        statement = statement_of(features).as_string(cursor.cursor)
        cursor.copy_expert(cursor.mogrify(statement, asked).decode(), file)
    numbers, categories = by_width(features)
    read_numbers, read_texts = unpacked(file.getvalue(), len(numbers), len(categories))
    return {
        **{name: read_numbers[:, place].astype(np.float64) for place, name in enumerate(numbers)},
        **{name: np.array(texts, object) for name, texts in zip(categories, read_texts, strict=True)},
    }


def by_width(features: Mapping[str, Feature]) -> tuple[list[str], list[str]]:
    """Numbers and flags, of which all take the same room, and categories; in this order they are told."""
    categories = [name for name, feature in features.items() if feature.kind == "category"]
    return [name for name in features if features[name].kind != "category"], categories


def unpacked(data: bytes, numbers: int, categories: int) -> tuple[NDArray[np.float64], list[list[str | None]]]:
    """Rows that begin with so many numbers, as a matrix, and the texts after them by column.

    Equal texts are one object, however many leads share it.
    """
    row = np.dtype([("fields", FIELDS), ("numbers", NUMBER_FIELD, (numbers,))])
    width, place, end = row.itemsize, HEADER, len(data) - FIELDS.itemsize
    begins: list[bytes] = []
    columns: list[list[str | None]] = [[] for _ in range(categories)]
    known: dict[bytes, str] = {}
    while place < end:
        begins.append(data[place : place + width])
        place += width
        for column in columns:
            (length,) = LENGTH.unpack_from(data, place)
            place += LENGTH.size
            if length < 0:
                column.append(None)
                continue
            text = data[place : place + length]
            place += length
            column.append(known.get(text) or known.setdefault(text, text.decode()))
    return np.frombuffer(b"".join(begins), row)["numbers"]["value"], columns


def statement_of(features: Mapping[str, Feature]) -> sql.Composable:
    columns = {alias: set(always) for alias, always in NEEDED.items()}
    numbers, categories = by_width(features)
    for feature in features.values():
        for alias, names in feature.columns.items():
            columns[alias] |= set(names)
    return STATEMENT.format(
        lead=lead_then(sorted(columns["lead"])),
        company=company_then(sorted(columns["company"])),
        aggregates=sql.Composed(
            sql.SQL(", {} AS {}").format(sql.SQL(expression), sql.Identifier(name))
            for name, expression in AGGREGATES.items()
            if name in features
        ),
        values=sql.SQL(", ").join(
            [NUMBER_VALUE.format(features[name].expression) for name in numbers]
            + [features[name].expression for name in categories]
        ),
    )


def alive(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Those in which the leads differ at all."""
    return {name: column for name, column in columns.items() if differs(column)}


def differs(column: Column) -> bool:
    if column.kind == "category":
        return len(set(column.values.tolist())) > 1
    missing = np.isnan(column.values)
    return bool(missing.any() and not missing.all()) or len(np.unique(column.values[~missing])) > 1
