"""Input to an opportunity: a new one, its people, and how it ends."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from crm.forms import CurrencyField, DateInput
from crm.picking import PickField, same_name
from leads.custom_forms import OwnFieldsMixin
from leads.lifecycle import ReasonUse
from leads.models import BuyingRole, CustomRecord, DealKind, Outcome, Reason
from leads.picking import COMPANIES, CONTACTS
from leads.pipeline import open_stages, pipeline


class PickOrNewField(PickField):
    """Cleaned to the record picked, to a text that names a new one, or to None."""

    longest = 200

    def clean(self, value: Any) -> Any:
        text = " ".join((value[1] or "").split()) if value else ""
        try:
            return super().clean(value)
        except ValidationError as error:
            if not text or any(same_name(record, text) for record in self.source.suggest(text)):
                raise error
        if len(text) > self.longest:
            raise ValidationError(f"At most {self.longest} letters.")
        return text


class NewOpportunityForm(OwnFieldsMixin, forms.Form):
    """An opportunity without a lead."""

    own_record = CustomRecord.OPPORTUNITY

    name = forms.CharField(max_length=200, label="What is it about?")
    company = PickOrNewField(COMPANIES, required=False, help_text="Choose one, or type the name of a new one.")
    contact = PickOrNewField(CONTACTS, required=False, help_text="Choose one, or type the name of a new one.")
    email = forms.EmailField(required=False, label="E-mail of a new contact")
    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)
    currency = CurrencyField()
    expected_close = forms.DateField(required=False, widget=DateInput())
    stage = forms.ChoiceField()
    kind = forms.ChoiceField(choices=DealKind.choices, initial=DealKind.NEW_BUSINESS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = open_stages(pipeline())
        stages = [(row.stage, f"{row.label}, {row.probability} %") for row in offered]
        self.fields["stage"].choices = stages  # type: ignore[attr-defined]
        self.fields["stage"].initial = stages[0][0]
        self.ask_for_own()

    def clean(self) -> dict[str, Any]:
        return self.with_own(super().clean() or {})


class PersonForm(forms.Form):
    """Somebody who has a part in the opportunity."""

    field_of = {"archived": "contact"}
    contact = PickOrNewField(CONTACTS, label="Who?", help_text="Choose a contact, or type the name of a new one.")
    email = forms.EmailField(required=False, label="E-mail of a new contact")
    role = forms.ChoiceField(choices=BuyingRole.choices, initial=BuyingRole.INFLUENCER, label="Part in it")


class CloseForm(forms.Form):
    """Won, or lost and why (leads/opportunities.py demands it)."""

    field_of = {"comment_required": "note", "reason_required": "reason"}
    outcome = forms.ChoiceField(choices=Outcome.choices, widget=forms.HiddenInput)
    reason = forms.ModelChoiceField(
        Reason.objects.filter(use=ReasonUse.LOSS, retired=False).order_by("position"),
        required=False,
        label="Why was it lost?",
        widget=forms.RadioSelect,
        empty_label=None,
    )
    note = forms.CharField(
        label="In a few words", required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 3})
    )
