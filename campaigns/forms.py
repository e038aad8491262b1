"""Input to campaigns, their spend, and content."""

from datetime import date
from typing import Any

from django import forms

from campaigns.files import ALLOWED, TOO_LARGE, WHICH, check_file
from campaigns.models import Asset, AssetKind, Campaign, Channel, Spend
from campaigns.picking import CAMPAIGN_OWNERS, CAMPAIGNS, CONTENT
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


class ContentFileField(forms.FileField):
    """A file that content may have. ``was_cut``: the upload was larger than is read at all."""

    def __init__(self, **options: Any) -> None:
        widget = forms.FileInput(attrs={"accept": ALLOWED})
        super().__init__(**{"help_text": WHICH, "widget": widget, "validators": [check_file], **options})

    def clean(self, data: Any, initial: Any = None) -> Any:
        if getattr(self, "was_cut", False):
            raise forms.ValidationError(TOO_LARGE, code="too_large")
        return super().clean(data, initial)


class AssetForm(forms.ModelForm):
    """A new piece of content: a link, a file, both or neither."""

    # What a marketer did not choose would stand among "other".
    kind = forms.ChoiceField(choices=[("", "Choose what it is"), *AssetKind.choices])
    url = forms.URLField(
        label="Link", required=False, max_length=500, assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )  # fmt: skip
    file = ContentFileField(required=False)

    class Meta:
        model = Asset
        fields = ["name", "kind", "buyer_stage", "url"]
        labels = {"buyer_stage": "Helps a buyer who"}

    def __init__(self, *args: Any, was_cut: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].was_cut = was_cut  # type: ignore[attr-defined]
        choices = [(value, lower_first(str(label))) for value, label in self.fields["buyer_stage"].choices if value]  # type: ignore[attr-defined]
        self.fields["buyer_stage"].choices = [("", "is anywhere on the way"), *choices]  # type: ignore[attr-defined]


class FileForm(forms.Form):
    """Another file for a piece of content. ``seen``: the one it had."""

    file = ContentFileField()
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, was_cut: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].was_cut = was_cut  # type: ignore[attr-defined]


class UsedContentForm(forms.Form):
    """Content that a campaign begins to use."""

    field_of = {"archived": "asset"}
    asset = PickField(CONTENT, label="Content", placeholder="Type a name")


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
