"""Input to campaigns and their spend."""

from datetime import date
from typing import Any, cast

from django import forms

from campaigns.models import Campaign, Channel, Spend
from crm.forms import CurrencyField, DateInput
from crm.models import Role, User


class CampaignForm(forms.ModelForm):
    field_of = {"circular_parent": "parent"}
    currency = CurrencyField()

    class Meta:
        model = Campaign
        fields = ["name", "channel", "kind", "status", "starts_on", "ends_on", "budget", "currency", "parent", "owner"]
        labels = {"starts_on": "Starts", "ends_on": "Ends", "parent": "Part of"}
        help_texts = {
            "kind": "Strategic: builds the market over quarters. Tactical: brings leads now.",
            "parent": "The larger campaign it belongs to.",
        }
        widgets = {"starts_on": DateInput(), "ends_on": DateInput()}

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            # A channel nobody chose would stand in every report as "other".
            channel = cast(forms.ChoiceField, self.fields["channel"])
            channel.choices, self.initial["channel"] = [("", "Choose the channel"), *Channel.choices], ""
        others = Campaign.objects.exclude(pk=self.instance.pk) if self.instance.pk else Campaign.objects.all()
        self.fields["parent"].queryset = others  # type: ignore[attr-defined]
        self.fields["parent"].empty_label = "No larger campaign"  # type: ignore[attr-defined]
        owners = User.objects.filter(is_active=True).exclude(role=Role.REP)
        self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
        if by.is_marketer:
            # A marketer's campaign stays the marketer's: giving it away is for managers.
            del self.fields["owner"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        starts, ends = values.get("starts_on"), values.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "It cannot end before it starts.")
        return values


class SpendForm(forms.ModelForm):
    """One row of the spend log; the currency is the campaign's."""

    class Meta:
        model = Spend
        fields = ["on", "amount", "note"]
        labels = {"on": "Day"}
        widgets = {"on": DateInput()}

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["on"].initial = today
        self.fields["amount"].widget.attrs |= {"placeholder": "0.00", "step": "0.01", "min": "0"}
        self.fields["note"].widget.attrs |= {"placeholder": "What for"}

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError("This day has not come yet; log what was spent.")
        return on
