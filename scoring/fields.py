"""What a rule may look at: the fixed table of fields, and the operators each type of field knows."""

from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.models import Channel
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


# Operator: how it reads between field and value.
OPERATORS: dict[Type, dict[str, str]] = {
    Type.TEXT: {"is": "is", "is_not": "is not", "in": "is one of", "not_in": "is none of", "contains": "contains"},
    Type.NUMBER: {"at_least": "is at least", "at_most": "is at most", "is": "is"},
    Type.FLAG: {"is": "is"},
    Type.RECORD: {"is": "is", "in": "is one of"},
}
LIST_OPERATORS = {"in", "not_in"}


@dataclass(frozen=True)
class Field:
    """A column a rule may compare. ``alias`` and ``column`` are the only identifiers that reach the SQL.

    A flag is true when its column is filled. ``choices``: the words such a column can hold; empty when free.
    """

    label: str
    type: Type
    alias: str
    column: str
    choices: dict[str, str] = field(default_factory=dict)


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


def words(choices: type[Channel] | type[SourcedBy]) -> dict[str, str]:
    return {value: str(label) for value, label in choices.choices}


FIELDS: dict[Axis, dict[str, Field]] = {
    Axis.FIT: {
        "country": Field("Country", Type.TEXT, "lead", "country"),
        "title": Field("Title", Type.TEXT, "lead", "title"),
        "segment": Field("Segment", Type.TEXT, "lead", "segment"),
        "source": Field("Source", Type.TEXT, "lead", "source"),
        "channel": Field("Channel", Type.TEXT, "lead", "channel", words(Channel)),
        "sourced_by": Field("Found by", Type.TEXT, "lead", "sourced_by", words(SourcedBy)),
        "product_interest": Field("Product", Type.TEXT, "lead", "product_interest"),
        "campaign": Field("Campaign", Type.RECORD, "lead", "campaign_id"),
        "has_email": Field("Has an e-mail address", Type.FLAG, "lead", "email"),
        "has_phone": Field("Has a phone number", Type.FLAG, "lead", "phone"),
        "has_company": Field("Names a company", Type.FLAG, "lead", "company_name"),
        "company_industry": Field("Industry", Type.TEXT, "company", "industry"),
        "company_country": Field("Country of the company", Type.TEXT, "company", "country"),
        "company_region": Field("Region", Type.TEXT, "company", "region"),
        "company_employees": Field("Employees", Type.NUMBER, "company", "employees"),
    },
    Axis.ENGAGEMENT: {
        "kind": Field("Did", Type.TEXT, "touch", "kind", {kind.value: said for kind, said in DEEDS.items()}),
        "channel": Field("Channel of the touch", Type.TEXT, "touch", "channel", words(Channel)),
        "campaign": Field("Campaign of the touch", Type.RECORD, "touch", "campaign_id"),
        "asset": Field("Content", Type.RECORD, "touch", "asset_id"),
    },
}
