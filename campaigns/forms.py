"""Input to campaigns and their spend."""

from datetime import date
from typing import Any

from django import forms

from campaigns.models import Campaign, Channel, Spend
from campaigns.picking import CAMPAIGN_OWNERS, CAMPAIGNS
from crm.forms import CurrencyField, DateInput, SeenForm
from crm.models import User
from crm.picking import PickField


class CampaignForm(forms.ModelForm):
    """A new campaign. What may wait stands folded below what every campaign has."""

    field_of = {"circular_parent": "parent", "too_deep": "parent"}
    currency = CurrencyField()
    # A channel nobody chose would stand in every report as "other".
    channel = forms.ChoiceField(choices=[("", "Choose the channel"), *Channel.choices])
    parent = PickField(
        CAMPAIGNS, label="Part of", required=False, placeholder="No larger campaign",
        help_text="The larger campaign it belongs to; three levels at most.",
    )  # fmt: skip
    owner = PickField(CAMPAIGN_OWNERS, required=False)

    class Meta:
        model = Campaign
        fields = ["name", "channel", "kind", "status", "starts_on", "ends_on", "budget", "currency", "parent", "owner"]
        labels = {"starts_on": "Starts", "ends_on": "Ends"}
        help_texts = {"kind": "Strategic: builds the market over quarters. Tactical: brings leads now."}
        widgets = {"starts_on": DateInput(), "ends_on": DateInput()}

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by.is_marketer:
            # A marketer's campaign stays the marketer's: giving it away is for managers.
            del self.fields["owner"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        starts, ends = values.get("starts_on"), values.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "It cannot end before it starts.")
        return values


class SpendForm(SeenForm):
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
        self.fields["note"].widget.attrs.pop("maxlength", None)

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError("This day has not come yet; log what was spent.")
        return on
