"""Input to what is done with a lead: moves, hand-off, conversion, touches."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset, Campaign
from crm.forms import CurrencyField, DateInput
from feedback.forms import RecipientField
from leads.lifecycle import PARK, QUALIFY, RETURN, Move
from leads.models import Lead, Reason, Touch

FACTS = ("need", "authority", "timing")
TEXT = forms.Textarea(attrs={"rows": 3})


class MoveForm(forms.Form):
    """What a move asks for: a reason, a date to look again, or the facts of a qualified lead, as the move demands."""

    field_of = {"comment_required": "note", "reason_required": "reason"}
    note = forms.CharField(required=False, max_length=2000, widget=TEXT)

    def __init__(self, *args: Any, move: Move, lead: Lead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first: dict[str, forms.Field] = {}
        if move.reason:
            first["reason"] = forms.ModelChoiceField(
                Reason.objects.filter(use=move.reason, retired=False),
                to_field_name="code", empty_label=None, widget=forms.RadioSelect, label=_("Why?"),
                error_messages={"required": _("Choose a reason.")},
            )  # fmt: skip
        if move in (PARK, RETURN):
            first["revisit_on"] = forms.DateField(
                required=False,
                widget=DateInput(),
                label=_("Look again on"),
                help_text=_("In 90 days unless you say otherwise."),
            )
        if move == QUALIFY:
            first |= {
                "need": forms.CharField(
                    required=False,
                    max_length=2000,
                    widget=TEXT,
                    initial=lead.need,
                    help_text=_("In the buyer's words."),
                ),
                "authority": forms.CharField(
                    required=False, max_length=200, initial=lead.authority, help_text=_("Who decides?")
                ),
                "timing": forms.CharField(
                    required=False, max_length=200, initial=lead.timing, help_text=_("By when, and why then?")
                ),
            }
        self.fields = {**first, **self.fields}


class HandoffForm(forms.Form):
    """Who shall answer, and what the buyer expects."""

    field_of = {"no_recipient": "recipient"}
    recipient = RecipientField(label=_("To"))
    promised = forms.CharField(
        required=False, max_length=1000, widget=TEXT, label=_("Promised to the buyer"),
        help_text=_("The rep reads this first: a call before Friday, a price list, nothing."),
    )  # fmt: skip


class ConversionForm(forms.Form):
    """The opportunity that the lead becomes."""

    name = forms.CharField(max_length=200, label=_("Opportunity"))
    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)
    currency = CurrencyField()
    expected_close = forms.DateField(required=False, widget=DateInput(), label=_("Expected close"))


class TouchForm(forms.ModelForm):
    """One contact between the buyer and us, written down by hand."""

    at = forms.SplitDateTimeField(
        widget=forms.SplitDateTimeWidget(date_attrs={"type": "date"}, time_attrs={"type": "time"}, time_format="%H:%M"),
        label=_("When"),
    )
    campaign = forms.ModelChoiceField(Campaign.objects.all(), required=False, empty_label=_("None"))
    asset = forms.ModelChoiceField(Asset.objects.all(), required=False, empty_label=_("None"), label=_("Content"))

    class Meta:
        model = Touch
        fields = ["kind", "by", "at", "campaign", "asset"]
        labels = {"kind": _("What happened"), "by": _("Who acted")}
