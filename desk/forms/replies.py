"""Input to the talk about a hand-off."""

from django import forms
from django.utils.translation import gettext_lazy as _

from feedback.replies import LONGEST


class ReplyForm(forms.Form):
    field_of = {"bad_reply": "text", "ambiguous_mention": "text"}
    text = forms.CharField(
        max_length=LONGEST,
        label=_("Reply"),
        error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(attrs={"rows": 2, "data-mentions": True, "dir": "auto"}),
    )
