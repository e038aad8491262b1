"""What a rule may look at: the catalogue of fields, and the operators each type of field knows.

The fixed fields stand here; the team's own (`CustomField`) join them as ``custom.<name>`` for the lead's and
``company.custom.<name>`` for its company's. Rules are read against a catalogue and know nothing of where it came from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from django.db.models import TextChoices
from psycopg2 import sql

from campaigns.models import Channel
from leads.identity import FREE_MAIL
from leads.models.custom import CustomField, CustomKind, CustomRecord
from leads.models.lead import SourcedBy
from leads.models.touch import TouchKind


class Axis(StrEnum):
    """Two axes that are never mixed: who they are, and what they do."""

    FIT = "fit"
    ENGAGEMENT = "engagement"


class Type(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    RECORD = "record"  # the id of another record
    DATE = "date"  # "2026-03-14"
    TAGS = "tags"  # a few words on a record


# Operator: how it reads between field and value.
OPERATORS: dict[Type, dict[str, str]] = {
    Type.TEXT: {"is": "is", "is_not": "is not", "in": "is one of", "not_in": "is none of", "contains": "contains"},
    Type.NUMBER: {"at_least": "is at least", "at_most": "is at most", "is": "is"},
    Type.FLAG: {"is": "is"},
    Type.RECORD: {"is": "is", "in": "is one of"},
    Type.DATE: {"from": "is on or after", "before": "is before", "is": "is"},
    Type.TAGS: {"contains": "include", "in": "include one of", "not_in": "include none of"},
}
LIST_OPERATORS = {"in", "not_in"}


@dataclass(frozen=True)
class Field:
    """Something a rule may compare.

    ``expression``: the SQL of its value over the aliases `lead`, `contact`, `company` and `touch`: TEXT as text, NUMBER
    as a number, FLAG as a boolean, RECORD as an id, DATE as text "2026-03-14", TAGS as an array of texts. An own
    field's name stands in it as a quoted literal; nothing else that a person wrote does. ``columns``: what it reads of
    ``alias``, and ``contact``: what of the lead's contact besides, for whoever wants the value as it was at a moment.
    ``choices``: the words that such a value can be; empty when free. ``whole``: a count, never below 0.
    """

    label: str
    type: Type
    alias: str
    columns: tuple[str, ...]
    expression: sql.Composable
    choices: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    is_custom: bool = False
    retired: bool = False
    contact: tuple[str, ...] = ()

    @property
    def operators(self) -> dict[str, str]:
        return OPERATORS[self.type]


@dataclass(frozen=True)
class Catalogue:
    """The fields that rules may name, by axis. Exclusions look at those of fit, raised hands at those of engagement."""

    fields: Mapping[Axis, Mapping[str, Field]]

    def of(self, axis: Axis) -> Mapping[str, Field]:
        return self.fields[axis]

    def as_signed(self) -> "Catalogue":
        """For what is signed: a field that was retired since counts on, and so does a choice that was taken away."""
        return Catalogue({
            axis: {name: replace(known, retired=False, choices=open_choices(known)) for name, known in fields.items()}
            for axis, fields in self.fields.items()
        })  # fmt: skip


def open_choices(known: Field) -> Mapping[str, str]:
    return {} if known.is_custom else known.choices


# What a buyer did, as people say it.
DEEDS = {
    TouchKind.FORM: "Filled in a form",
    TouchKind.CLICK: "Clicked a link",
    TouchKind.OPEN: "Opened a mail",
    TouchKind.VISIT: "Visited the website",
    TouchKind.DOWNLOAD: "Downloaded content",
    TouchKind.ATTEND: "Attended an event",
    TouchKind.REPLY: "Replied",
    TouchKind.MAILED: "Wrote to us",
    TouchKind.MEETING: "Met us",
    TouchKind.SOCIAL: "Reacted on social media",
    TouchKind.OTHER: "Another touch",
}


def words(choices: type[TextChoices]) -> dict[str, str]:
    return {value: str(label) for value, label in choices.choices}


def column(
    label: str, kind: Type, alias: str, name: str, choices: Mapping[str, str] | None = None, *, whole: bool = False
) -> Field:
    """A field that is a column."""
    return Field(label, kind, alias, (name,), sql.Identifier(alias, name), choices or {}, whole)


def filled(label: str, alias: str, name: str) -> Field:
    """A flag that is true when the column is not empty."""
    return computed(label, Type.FLAG, alias, (name,), f"coalesce({alias}.{name}, '') <> ''")


def computed(label: str, kind: Type, alias: str, columns: tuple[str, ...], expression: str) -> Field:
    return Field(label, kind, alias, columns, sql.SQL(expression))


MAIL_DOMAIN = "lower(split_part(lead.email, '@', 2))"
# Whoever wrote to us from a domain of our own people's; a free mail provider is nobody's own.
OWN_STAFF = f"""{MAIL_DOMAIN} IN (
    SELECT split_part(lower(email), '@', 2) FROM crm_user WHERE is_active
    EXCEPT SELECT unnest('{{"",{",".join(sorted(FREE_MAIL))}}}'::text[])
)"""


def asked_for_quiet(label: str, name: str) -> Field:
    """The lead says so, or the contact it belongs to."""
    said = computed(label, Type.FLAG, "lead", (name,), f"(lead.{name} OR coalesce(contact.{name}, false))")
    return replace(said, contact=(name,))


STATIC = Catalogue({
    Axis.FIT: {
        "country": column("Country", Type.TEXT, "lead", "country"),
        "language": column("Language", Type.TEXT, "lead", "language"),
        "title": column("Title", Type.TEXT, "lead", "title"),
        "segment": column("Segment", Type.TEXT, "lead", "segment"),
        "source": column("Source", Type.TEXT, "lead", "source"),
        "channel": column("Channel", Type.TEXT, "lead", "channel", words(Channel)),
        "sourced_by": column("Found by", Type.TEXT, "lead", "sourced_by", words(SourcedBy)),
        "product_interest": column("Product", Type.TEXT, "lead", "product_interest"),
        "campaign": column("Campaign", Type.RECORD, "lead", "campaign_id"),
        "tags": column("Tags", Type.TAGS, "lead", "tags"),
        "email_domain": computed("E-mail domain", Type.TEXT, "lead", ("email",), f"nullif({MAIL_DOMAIN}, '')"),
        "has_email": filled("Has an e-mail address", "lead", "email"),
        "has_phone": filled("Has a phone number", "lead", "phone"),
        "has_company": filled("Names a company", "lead", "company_name"),
        "own_staff": computed("Is one of our own people", Type.FLAG, "lead", ("email",), OWN_STAFF),
        "do_not_mail": asked_for_quiet("Unsubscribed", "do_not_mail"),
        "do_not_call": asked_for_quiet("Wants no calls", "do_not_call"),
        "target_account": column("Target account", Type.FLAG, "company", "is_target"),
        "company_industry": column("Industry", Type.TEXT, "company", "industry"),
        "company_country": column("Country of the company", Type.TEXT, "company", "country"),
        "company_region": column("Region", Type.TEXT, "company", "region"),
        "company_domain": column("Website of the company", Type.TEXT, "company", "domain"),
        "company_employees": column("Employees", Type.NUMBER, "company", "employees", whole=True),
    },
    Axis.ENGAGEMENT: {
        "kind": column("Did", Type.TEXT, "touch", "kind", {kind.value: said for kind, said in DEEDS.items()}),
        "channel": column("Channel of the touch", Type.TEXT, "touch", "channel", words(Channel)),
        "campaign": column("Campaign of the touch", Type.RECORD, "touch", "campaign_id"),
        "asset": column("Content", Type.RECORD, "touch", "asset_id"),
        "raised_hand": column("Asked to be contacted", Type.FLAG, "touch", "raised_hand"),
    },
})  # fmt: skip


# Of which record an own field is: the alias of its values, and how rules name it.
ALIAS = {CustomRecord.LEAD: "lead", CustomRecord.COMPANY: "company"}
PREFIX = {CustomRecord.LEAD: "custom.", CustomRecord.COMPANY: "company.custom."}
TYPE_OF = {
    CustomKind.TEXT: Type.TEXT,
    CustomKind.CHOICE: Type.TEXT,
    CustomKind.NUMBER: Type.NUMBER,
    CustomKind.MONEY: Type.NUMBER,
    CustomKind.DATE: Type.DATE,
    CustomKind.YES_NO: Type.FLAG,
}
# What the record's own field holds, as its type; anything of another kind, and nothing, is null (a flag: false).
VALUES = {
    Type.TEXT: "({values} ->> {name})",
    Type.NUMBER: "CASE WHEN jsonb_typeof({values} -> {name}) = 'number' THEN ({values} ->> {name})::numeric END",
    Type.DATE: "substring({values} ->> {name} FROM '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$')",
    Type.FLAG: "({values} -> {name} = 'true'::jsonb)",
}


def catalogue() -> Catalogue:
    """The fixed fields and the team's own of leads and companies, as they are now."""
    own = custom_fields(CustomField.objects.filter(record__in=list(ALIAS), deleted_at__isnull=True))
    return Catalogue({**STATIC.fields, Axis.FIT: {**STATIC.of(Axis.FIT), **own}})


def custom_fields(rows: Iterable[CustomField]) -> dict[str, Field]:
    """The team's own fields by the name that rules use."""
    return {PREFIX[CustomRecord(row.record)] + row.name: custom_field(row) for row in rows}


def custom_field(row: CustomField) -> Field:
    record, kind = CustomRecord(row.record), TYPE_OF[CustomKind(row.kind)]
    expression = sql.SQL(VALUES[kind]).format(
        values=sql.Identifier(ALIAS[record], "custom"), name=sql.SQL(literal(row.name))
    )
    label = f"{row.label} ({row.currency})" if row.currency else row.label
    choices = {choice: choice for choice in row.choices} if row.kind == CustomKind.CHOICE else {}
    return Field(
        label, kind, ALIAS[record], ("custom",), expression, choices, is_custom=True, retired=row.retired
    )  # fmt: skip


def literal(text: str) -> str:
    """The text as SQL, in a statement that is run with parameters: there a percent sign stands twice."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
