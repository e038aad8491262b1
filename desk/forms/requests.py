"""Input to what sales asks marketing for, and to how marketing answers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.picking import CONTENT
from crm.forms import DateInput
from crm.picking import PickField
from feedback.models import RequestKind
from leads.models import PickList
from leads.pick_values import choices


class AskForm(forms.Form):
    """``about``: whether it is about a record; a segment is asked for only where it is about none."""

    field_of = {"needed_in_past": "needed_on"}
    kind = forms.ChoiceField(choices=RequestKind.choices, widget=forms.RadioSelect, label=_("What do you need?"))
    text = forms.CharField(
        max_length=2_000, label=_("In your words"),
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("One page on the interface, for their IT")}),
    )  # fmt: skip
    needed_on = forms.DateField(required=False, widget=DateInput(), label=_("Needed by"))
    segment = forms.CharField(required=False, max_length=120, label=_("For a segment"))

    def __init__(self, *args: Any, about: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if about:
            del self.fields["segment"]
        elif offered := choices(PickList.SEGMENT):
            self.fields["segment"] = forms.ChoiceField(choices=offered, required=False, label=_("For a segment"))


class PromiseForm(forms.Form):
    """By when marketing will have it."""

    field_of = {"promised_in_past": "promised_on"}
    promised_on = forms.DateField(widget=DateInput(attrs={"autofocus": True}), label=_("You have it by"))
    answer = forms.CharField(
        required=False, max_length=2_000, label=_("A line to them"), widget=forms.Textarea(attrs={"rows": 2})
    )


class DeclineForm(forms.Form):
    """Why not."""

    field_of = {"comment_required": "answer"}
    answer = forms.CharField(
        max_length=2_000, label=_("Why not?"), widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        error_messages={"required": _("Say why: it decides whether they ask again.")},
    )  # fmt: skip


class FulfilForm(forms.Form):
    """What was made for it: content, a line on what was done, or both."""

    field_of = {"say_what": "asset"}
    asset = PickField(CONTENT, required=False, label=_("Content"), placeholder="Type a name")
    answer = forms.CharField(
        required=False, max_length=2_000, label=_("What was done"), widget=forms.Textarea(attrs={"rows": 2})
    )
