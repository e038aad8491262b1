"""One field of a kind of record: its name, how it is asked for, how its value is said."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.formats import date_format

from crm.editing import value_of
from crm.forms import CurrencyField, DateInput, zone_choices
from crm.models import User
from crm.picking import PickField, Source
from crm.words import money, number
from leads.custom_fields import fields_of, known_fields
from leads.custom_forms import asked_for
from leads.custom_values import said as said_of_own
from leads.forms import TagsField
from leads.models import CustomField, CustomRecord, PickList
from leads.pick_values import choices

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

    def value(self, record: models.Model) -> Any:
        return value_of(record, self.name)

    def asked(self, record: models.Model) -> forms.Field:
        """The form field that asks for it, with the present value."""
        options: dict[str, Any] = {"label": self.label, "help_text": self.help, "initial": self.value(record)}
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
        value = self.value(record)
        href = reverse(f"desk:{self.page}", args=[value.pk]) if self.page and value else ""
        return Row(self, self.said(record, value), href=href, tags=value if isinstance(value, list) else None)


OWN_GROUP = "Custom fields"


@dataclass(frozen=True, kw_only=True)
class OwnField(Field):
    """A field of the organisation's own; its name is the key in `custom`: "custom.sites"."""

    own: CustomField

    @classmethod
    def of(cls, own: CustomField) -> "OwnField":
        return cls(f"custom.{own.name}", own.label, OWN_GROUP, help=own.help, own=own)

    def asked(self, record: models.Model) -> forms.Field:
        return asked_for(self.own, present=self.value(record))

    def said(self, record: Any, value: Any) -> str:
        return said_of_own(self.own, value)

    def row(self, record: Any) -> "Row":
        return Row(self, self.said(record, self.value(record)))


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
    models.URLField: partial(forms.URLField, max_length=500, assume_scheme="https", required=False),
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
    # Which fields of the organisation's own it has.
    own: CustomRecord | None = None

    def field(self, name: str) -> Field | None:
        """A retired field of one's own can still be emptied."""
        own = known_fields(self.own).values() if self.own and name.startswith("custom.") else ()
        return next((field for field in (*self.fields, *map(OwnField.of, own)) if field.name == name), None)

    def fields_for(self, record: Any) -> list[Field]:
        """All that is shown of a record: its own fields behind the fixed ones, retired ones where they hold a value."""
        if not self.own:
            return list(self.fields)
        asked = fields_of(self.own)
        kept = [own for own in known_fields(self.own).values() if own.retired and own.name in record.custom]
        return [*self.fields, *map(OwnField.of, [*asked, *kept])]

    def rows(self) -> models.QuerySet[Any]:
        """With every record that a field points at."""
        pointing = [field.name for field in self.fields if field.source]
        return self.model._default_manager.select_related(*pointing)
