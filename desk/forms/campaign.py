"""Input to a campaign's page: which of its leads go to whom."""

from django import forms
from django.core.exceptions import ValidationError

from desk.queries.campaign import MOST_AT_ONCE
from feedback.forms import RecipientField


class LeadIds(forms.CharField):
    """Ids parted by commas, as the page counted them, so that exactly those are handed over."""

    widget = forms.HiddenInput

    def clean(self, value: str) -> list[int]:
        parts = super().clean(value).split(",")
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise ValidationError("Reload the page: the list of leads cannot be read.")
        return [int(part) for part in parts][:MOST_AT_ONCE]


class HandOverForm(forms.Form):
    """Hand these leads to whom the rules choose, or all to one rep or team."""

    field_of = {"no_recipient": "recipient"}
    leads = LeadIds(max_length=20 * MOST_AT_ONCE)
    recipient = RecipientField(by_rules=True, label="To", widget=forms.Select(attrs={"autofocus": True}))
    promised = forms.CharField(
        label="Promised to the buyer",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "For example: a call this week about prices"}),
    )
