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

from crm.forms import CurrencyField, DateInput, zone_choices
from crm.models import User
from crm.picking import PickField, Source
from crm.words import money, number
from leads.forms import TagsField
from leads.models import PickList
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

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    def rows(self) -> models.QuerySet[Any]:
        """With every record that a field points at."""
        pointing = [field.name for field in self.fields if field.source]
        return self.model._default_manager.select_related(*pointing)
