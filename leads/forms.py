"""Input to leads."""

from typing import Any

from django import forms

from campaigns.models import Channel
from leads.models import Lead


class NewLeadForm(forms.ModelForm):
    """What is known of somebody who may buy. Something must be: a name, an e-mail, a phone or a company."""

    class Meta:
        model = Lead
        fields = [
            "first_name", "last_name", "email", "phone", "title", "company_name", "country",
            "campaign", "channel", "source", "segment", "product_interest",
        ]  # fmt: skip
        labels = {
            "email": "E-mail",
            "title": "Job title",
            "company_name": "Company",
            "product_interest": "Interested in",
        }
        help_texts = {"source": "Where exactly, for example organic search or the name of a list."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].empty_label = "None"  # type: ignore[attr-defined]
        self.fields["channel"].choices = [("", "As the campaign, or unknown"), *Channel.choices]  # type: ignore[attr-defined]
        self.fields["first_name"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        known = super().clean() or {}
        if not any(known.get(name) for name in ("first_name", "last_name", "email", "phone", "company_name")):
            raise forms.ValidationError("Give at least a name, an e-mail, a phone number or a company.")
        return known
