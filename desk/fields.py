"""The fields of each kind of record that are edited where they stand: their names, how they are asked for and shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.formats import date_format

from campaigns.access import may_write_campaign
from campaigns.editing import NOT_YOURS as NOT_YOUR_CAMPAIGN
from campaigns.editing import edit_campaign
from campaigns.models import Campaign
from campaigns.picking import CAMPAIGN_OWNERS, CAMPAIGNS
from crm.forms import CurrencyField, DateInput, zone_choices
from crm.models import User
from crm.picking import PEOPLE, PickField, Source
from crm.words import money, number
from leads.access import may_edit_lead, may_edit_people, may_work_opportunity
from leads.editing import (
    NOT_YOUR_COMPANY,
    NOT_YOUR_CONTACT,
    NOT_YOURS,
    edit_company,
    edit_contact,
    edit_lead,
)
from leads.forms import TagsField
from leads.models import Company, Contact, Lead, Opportunity, PickList
from leads.opportunities import NOT_YOURS as NOT_YOUR_OPPORTUNITY
from leads.opportunities import edit_opportunity
from leads.pick_values import choices
from leads.picking import COMPANIES, CONTACTS

LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Field:
    """One field. ``source``: records it is picked from; ``values``: the list it is chosen from, by the product's
    settings; ``page``: where the record it points at is read.
    """

    name: str
    label: str
    group: str = ""
    source: Source | None = None
    values: PickList | None = None
    page: str = ""
    help: str = ""
    # Stands there though it is empty, to be filled in.
    stays: bool = False

    def asked(self, record: models.Model) -> forms.Field:
        """The form field that asks for it, with the present value."""
        options: dict[str, Any] = {"label": self.label, "help_text": self.help, "initial": getattr(record, self.name)}
        column = record._meta.get_field(self.name)
        asked: forms.Field = self.special(column, options) or column.formfield(**options)  # type: ignore[union-attr, assignment]
        if isinstance(asked.widget, forms.NumberInput):
            # A field of numbers alone sends nothing for what it cannot read, and the value would be gone.
            asked.widget = forms.TextInput(attrs={"inputmode": "decimal"})
        # A browser that cuts what is pasted says nothing; the field says what is too long, and keeps it.
        asked.widget.attrs.pop("maxlength", None)
        return asked

    @property
    def is_long(self) -> bool:
        """Whether Enter is a new line in it."""
        return self.name == "need"

    def special(self, column: Any, options: dict[str, Any]) -> forms.Field | None:
        """Where the column's own form field is not what people need."""
        if self.source:
            return PickField(self.source, required=not column.null, **options)
        if self.values and (offered := choices(self.values, present=options["initial"])):
            return forms.ChoiceField(choices=offered, required=False, **options)
        if column.name in BY_NAME:
            return BY_NAME[column.name](**options)
        make = next((make for kind, make in BY_TYPE.items() if isinstance(column, kind)), None)
        return make(**options) if make else None

    def said(self, record: Any, value: Any) -> str:
        """A value of this field in words; "" for none."""
        if value in (None, "", [], False):
            return ""
        if value is True:
            return "Yes"
        if isinstance(value, Decimal):
            return money(value, record.currency)
        if isinstance(value, date):
            return date_format(value, "j M Y")
        if isinstance(value, list):
            return ", ".join(value)
        if self.name == "probability":
            return f"{value} %"
        if isinstance(value, int):
            return number(value)
        words = dict(record._meta.get_field(self.name).flatchoices)
        return str(words.get(value, value))

    def row(self, record: Any) -> "Row":
        value = getattr(record, self.name)
        href = reverse(f"desk:{self.page}", args=[value.pk]) if self.page and value else ""
        return Row(self, self.said(record, value), href=href, tags=value if isinstance(value, list) else None)


class YesNoField(forms.TypedChoiceField):
    """A tick that is saved like any other value."""

    def __init__(self, *, initial: bool = False, **options: Any) -> None:
        choices = [("", "No"), ("yes", "Yes")]
        super().__init__(
            choices=choices,
            coerce=bool,
            empty_value=False,  # type: ignore[arg-type]
            required=False,
            initial="yes" if initial else "",
            **options,
        )


class LongTextField(forms.CharField):
    """Some paragraphs; lines end as they do in the database, not as browsers send them."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 4})
        super().__init__(max_length=LONGEST_TEXT, widget=widget, **options)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


BY_NAME: dict[str, Callable[..., forms.Field]] = {
    "currency": CurrencyField,
    "time_zone": lambda **options: forms.ChoiceField(choices=zone_choices("Not known"), required=False, **options),
}
BY_TYPE: dict[type[Any], Callable[..., forms.Field]] = {
    ArrayField: partial(TagsField, required=False),
    models.BooleanField: YesNoField,
    models.DateField: partial(forms.DateField, widget=DateInput, required=False),
    models.TextField: partial(LongTextField, required=False),
}


@dataclass(frozen=True)
class Row:
    """A field of one record as it is shown."""

    field: Field
    text: str
    href: str = ""
    tags: list[str] | None = None

    @property
    def folds(self) -> bool:
        return not self.text and not self.field.stays


@dataclass(frozen=True)
class Sheet:
    """The fields of one record. ``groups``: (heading, rows); ``empty``: rows that are folded away."""

    groups: list[tuple[str, list[Row]]]
    empty: list[Row]
    may_edit: bool
    edit_url: str


Editing = Callable[..., Any]


@dataclass(frozen=True)
class Kind:
    """A kind of record. ``edit`` takes (record, by=, at=, seen=, **fields); ``refused`` says why somebody may not."""

    key: str
    model: type[models.Model]
    fields: tuple[Field, ...]
    may_edit: Callable[[User, Any], bool]
    refused: str
    edit: Editing

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    def rows(self) -> models.QuerySet[Any]:
        """With every record that a field points at."""
        pointing = [field.name for field in self.fields if field.source]
        return self.model._default_manager.select_related(*pointing)


def timeless(edit: Editing) -> Editing:
    """An edit of a record whose own history keeps the time."""
    return lambda record, *, by, at, **fields: edit(record, by=by, **fields)


NEED, REACH, ORIGIN = "What they need", "How to reach them", "Where from"
FIRST_NAME, LAST_NAME = Field("first_name", "First name"), Field("last_name", "Last name")
TITLE, EMAIL, PHONE = (
    Field("title", "Job title"),
    Field("email", "E-mail", stays=True),
    Field("phone", "Phone", stays=True),
)
DO_NOT_CALL, DO_NOT_MAIL = Field("do_not_call", "Do not call", REACH), Field("do_not_mail", "Do not mail", REACH)
OWNER = Field("owner", "Owner", source=PEOPLE, stays=True)
COMPANY = Field("company", "Company", source=COMPANIES, page="company")
CONTACT = Field("contact", "Contact", source=CONTACTS, page="contact")

LEAD = Kind(
    "lead",
    Lead,
    (
        FIRST_NAME, LAST_NAME, TITLE, EMAIL, PHONE,
        Field("company_name", "Company as given"), COMPANY, CONTACT,
        Field("country", "Country"), OWNER, Field("tags", "Tags"),
        Field("need", "Need", NEED, help="In the buyer's words."),
        Field("authority", "Authority", NEED, help="Who decides?"),
        Field("timing", "Timing", NEED, help="By when, and why then?"),
        Field("budget", "Budget", NEED),
        Field("product_interest", "Interested in", NEED, values=PickList.PRODUCT),
        Field("segment", "Segment", NEED, values=PickList.SEGMENT),
        Field("preferred_channel", "Prefers", REACH),
        Field("preferred_hours", "Best hours", REACH, help="As the buyer said it."),
        Field("time_zone", "Time zone", REACH), DO_NOT_CALL, DO_NOT_MAIL,
        Field("revisit_on", "Look again on", REACH),
        Field("campaign", "Campaign", ORIGIN, source=CAMPAIGNS, page="campaign"),
        Field("channel", "Channel", ORIGIN), Field("source", "Source", ORIGIN, values=PickList.SOURCE),
    ),
    may_edit_lead, NOT_YOURS, edit_lead,
)  # fmt: skip
CONTACT_KIND = Kind(
    "contact",
    Contact,
    (FIRST_NAME, LAST_NAME, TITLE, COMPANY, EMAIL, PHONE, DO_NOT_CALL, DO_NOT_MAIL),
    may_edit_people, NOT_YOUR_CONTACT, timeless(edit_contact),
)  # fmt: skip
COMPANY_KIND = Kind(
    "company",
    Company,
    (
        Field("name", "Name"), Field("domain", "Domain", stays=True), Field("industry", "Industry", stays=True),
        Field("country", "Country", stays=True), Field("region", "Region"), Field("employees", "Employees", stays=True),
    ),
    may_edit_people, NOT_YOUR_COMPANY, timeless(edit_company),
)  # fmt: skip
OPPORTUNITY = Kind(
    "opportunity",
    Opportunity,
    (
        Field("name", "Name"), Field("amount", "Amount", stays=True), Field("currency", "Currency"),
        Field("expected_close", "Expected close", stays=True), Field("probability", "Probability"),
        Field("forecast_category", "Forecast"), Field("kind", "Kind"), OWNER, COMPANY, CONTACT,
        Field("product", "Product", values=PickList.PRODUCT, stays=True), Field("competitor", "Competitor"),
    ),
    may_work_opportunity, NOT_YOUR_OPPORTUNITY, edit_opportunity,
)  # fmt: skip
CAMPAIGN = Kind(
    "campaign",
    Campaign,
    (
        Field("name", "Name"), Field("channel", "Channel"),
        Field("kind", "Kind", help="Strategic: builds the market over quarters. Tactical: brings leads now."),
        Field("status", "Status"), Field("starts_on", "Starts", stays=True), Field("ends_on", "Ends", stays=True),
        Field("budget", "Budget", stays=True), Field("currency", "Currency"),
        Field("parent", "Part of", source=CAMPAIGNS, page="campaign", stays=True,
              help="The larger campaign it belongs to."),
        replace(OWNER, source=CAMPAIGN_OWNERS),
    ),
    may_write_campaign, NOT_YOUR_CAMPAIGN, timeless(edit_campaign),
)  # fmt: skip
KINDS = {kind.key: kind for kind in (LEAD, CONTACT_KIND, COMPANY_KIND, OPPORTUNITY, CAMPAIGN)}


def kind_of(record: models.Model) -> Kind:
    return next(kind for kind in KINDS.values() if isinstance(record, kind.model))


def rows_for(record: Any, user: User) -> Sheet:
    """What templates/desk/fields.html shows of a record to ``user``."""
    kind = kind_of(record)
    rows = [field.row(record) for field in kind.fields]
    shown = [row for row in rows if not row.folds]
    return Sheet(
        groups=[(group, list(found)) for group, found in groupby(shown, key=lambda row: row.field.group)],
        empty=[row for row in rows if row.folds],
        may_edit=kind.may_edit(user, record),
        edit_url=reverse(f"desk:{kind.key}-edit", args=[record.pk]),
    )
