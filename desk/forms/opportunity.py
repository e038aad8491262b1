"""Input to an opportunity's page."""

from typing import Any

from django import forms

from leads.lifecycle import ReasonUse
from leads.models import Opportunity, Outcome, Reason


class OpportunityForm(forms.ModelForm):
    """What people may set; stage and outcome have actions of their own."""

    class Meta:
        model = Opportunity
        fields = [
            "name", "amount", "currency", "expected_close", "probability", "forecast_category",
            "kind", "product", "competitor",
        ]  # fmt: skip
        labels = {"probability": "Probability in percent", "forecast_category": "Forecast"}
        help_texts = {"probability": ""}
        widgets = {"expected_close": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).upper()
        if len(code) != 3 or not code.isalpha():
            raise forms.ValidationError("Three letters, for example EUR.")
        return code


class CloseForm(forms.Form):
    """Won, or lost and why."""

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

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("outcome") == Outcome.LOST and not values.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Choose why it was lost.")
        return values
