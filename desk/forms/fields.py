"""The fields of a lead that are edited in place, one at a time."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import DateInput
from leads.models import Lead

EDITABLE = {
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "title": _("Job title"),
    "company_name": _("Company"),
    "country": _("Country"),
    "segment": _("Segment"),
    "product_interest": _("Interested in"),
    "campaign": _("Campaign"),
    "channel": _("Channel"),
    "source": _("Source"),
    "revisit_on": _("Revisit on"),
}


class FieldForm(forms.Form):
    """One field of a lead under the name ``value``, with the version and the value the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lead: Lead, name: str) -> None:
        self.name, self.present = name, plain(lead, name)
        super().__init__(data, initial={"version": lead.version, "seen": self.present}, auto_id=f"field-{name}-%s")
        value: Any = Lead._meta.get_field(name).formfield(label=EDITABLE[name], initial=getattr(lead, name))  # type: ignore[union-attr]
        if name == "revisit_on":
            value.widget = DateInput()
        self.fields = {"value": value, **self.fields}

    @property
    def nobody_else_changed_it(self) -> bool:
        """Whether this field is still what the person saw, though the lead was written since."""
        return bool(self.cleaned_data["seen"] == self.present)


def plain(lead: Lead, name: str) -> str:
    """A value as text, to see later whether it changed."""
    value = getattr(lead, lead._meta.get_field(name).attname)  # type: ignore[union-attr]
    return "" if value is None else str(value)


def field_rows(lead: Lead) -> list[dict[str, Any]]:
    """Name, label and shown value of every editable field; the empty ones are folded away."""
    return [{"name": name, "label": label, "value": shown(lead, name)} for name, label in EDITABLE.items()]


def shown(lead: Lead, name: str) -> Any:
    return lead.get_channel_display() if name == "channel" else getattr(lead, name)
