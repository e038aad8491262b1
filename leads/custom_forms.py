"""How forms ask for fields of one's own, and the form in which an admin describes one."""

from typing import Any

from django import forms

from crm.forms import CurrencyField, DateInput
from leads.custom_fields import fields_of
from leads.custom_values import clean_value
from leads.models import CustomField, CustomKind

PREFIX = "custom."


class OwnInput(forms.Field):
    """Asks for a field and gives the value that a record keeps. What stands there already may stay as it is."""

    def __init__(self, own: CustomField, *, present: Any = None, **options: Any) -> None:
        self.own, self.present = own, present
        super().__init__(required=False, label=own.label, help_text=own.help or hint(own), **options)

    def clean(self, value: Any) -> Any:
        if self.present is not None and value == self.prepare_value(self.present):
            return self.present
        return clean_value(self.own, super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        """As the control shows it."""
        if self.own.kind == CustomKind.YES_NO:
            return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        return f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def hint(own: CustomField) -> str:
    return f"In {own.currency}." if own.currency else ""


def asked_for(own: CustomField, *, present: Any = None) -> forms.Field:
    """The form field that asks for a field of one's own, with the ``present`` value."""
    return OwnInput(own, present=present, initial=present, widget=widget_for(own, present))


def widget_for(own: CustomField, present: Any) -> forms.Widget:
    if own.kind == CustomKind.YES_NO:
        return forms.Select(choices=[("", "–"), ("yes", "Yes"), ("no", "No")])
    if own.kind == CustomKind.CHOICE:
        kept = [present] if isinstance(present, str) and present not in own.choices else []
        return forms.Select(choices=[("", "–"), *((choice, choice) for choice in [*own.choices, *kept])])
    if own.kind == CustomKind.DATE:
        return DateInput()
    attrs = {} if own.kind == CustomKind.TEXT else {"inputmode": "decimal"}
    return forms.TextInput(attrs={**attrs, "dir": "auto"} if own.kind == CustomKind.TEXT else attrs)


class OwnFieldsMixin:
    """A form that also asks for a record's own fields; ``custom`` of its clean values holds what was given."""

    own_record: str
    fields: dict[str, forms.Field]

    def ask_for_own(self) -> None:
        """Call it when the form's other fields are there."""
        self.fields |= {f"{PREFIX}{own.name}": asked_for(own) for own in fields_of(self.own_record)}

    @property
    def own_fields(self) -> list[Any]:
        """For the page: the controls, in their order."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]  # type: ignore[index]

    def with_own(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The clean values with those of own fields together."""
        plain = {name: value for name, value in cleaned.items() if not name.startswith(PREFIX)}
        given = {name.removeprefix(PREFIX): value for name, value in cleaned.items() if name.startswith(PREFIX)}
        held = {name: value for name, value in given.items() if value is not None}
        return {**plain, "custom": held} if held else plain


class FieldSettings(forms.Form):
    """One field of one's own; choices and currency count only where its kind has them."""

    field_of = {"kind_is_fixed": "kind", "field_in_use": None}

    label = forms.CharField(
        max_length=120, label="Name", help_text="As people read it, for example “Machines to plan”."
    )
    kind = forms.ChoiceField(choices=CustomKind.choices, label="What it holds", widget=forms.RadioSelect)
    choices = forms.CharField(
        required=False, label="Choices", help_text="Each on a line of its own, in the order in which they are offered.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    currency = CurrencyField(required=False, help_text="Of money; left empty, the organisation’s own.")
    help = forms.CharField(
        max_length=200, required=False, label="Help", help_text="A few words below the field, where it is filled in."
    )
    retired = forms.BooleanField(required=False, label="Retired: not asked for any more; what records hold stays")

    def __init__(self, *args: Any, field: CustomField | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field is None:
            del self.fields["retired"]
            self.fields["kind"].initial = CustomKind.TEXT
            self.fields["label"].widget.attrs["autofocus"] = True
            return
        self.initial = {
            "label": field.label, "kind": field.kind, "choices": "\n".join(field.choices),
            "currency": field.currency, "help": field.help, "retired": field.retired, **self.initial,
        }  # fmt: skip

    def clean_choices(self) -> list[str]:
        return str(self.cleaned_data["choices"]).splitlines()
