"""Input to an opportunity's page."""

from django import forms

from crm.forms import CurrencyField, DateInput
from leads.lifecycle import ReasonUse
from leads.models import Opportunity, Outcome, Reason


class OpportunityForm(forms.ModelForm):
    """What people may set; stage and outcome have actions of their own."""

    currency = CurrencyField()

    class Meta:
        model = Opportunity
        fields = [
            "name", "amount", "currency", "expected_close", "probability", "forecast_category",
            "kind", "product", "competitor",
        ]  # fmt: skip
        labels = {"probability": "Probability in percent", "forecast_category": "Forecast"}
        help_texts = {"probability": ""}
        widgets = {"expected_close": DateInput()}


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
