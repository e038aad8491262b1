"""Input of marketers to their capture forms."""

from typing import Any

from django import forms

from campaigns.models import Campaign
from crm.models import User
from leads.models import CaptureForm


class CaptureFormSettings(forms.ModelForm):
    """A capture form: where its leads come from, to whom they go, what strangers read."""

    class Meta:
        model = CaptureForm
        fields = ["name", "key", "campaign", "asset", "source", "segment", "owner", "consent", "thanks", "is_active"]
        labels = {
            "key": "Address",
            "asset": "Content",
            "owner": "Leads go to",
            "consent": "What people agree to",
            "thanks": "Thank-you text",
            "is_active": "Open: people can send it",
        }
        help_texts = {
            "name": "People read it above the form.",
            "key": "The last part of the link: letters, digits and hyphens. Left empty, it is made from the name.",
            "source": "Used where the link has no utm_source.",
            "consent": "Shown above the button and kept with every answer, for example what you use the data for.",
        }
        widgets = {"consent": forms.Textarea(attrs={"rows": 3}), "thanks": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = bool(self.instance.pk)
        if self.instance.pk:
            self.fields["key"].help_text = "Links and pages with the old address stop working when you change it."
        for name, none, rows in (
            ("campaign", "None", Campaign.objects.filter(archived_at=None).order_by("-id")),
            ("asset", "None", self.fields["asset"].queryset),  # type: ignore[attr-defined]
            ("owner", "Nobody yet", User.objects.filter(is_active=True, email__isnull=False)),
        ):
            self.fields[name].empty_label = none  # type: ignore[attr-defined]
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        if not self.instance.pk:
            self.fields["name"].widget.attrs["autofocus"] = True
