"""Input to what marketing changed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import DateInput, SeenForm
from feedback.models import Improvement, ImprovementKind
from leads.lifecycle import ReasonUse
from leads.models import Reason


class ImprovementForm(SeenForm):
    field_of = {"not_yet": "on", "not_a_verdict": "reason", "too_long": "text"}

    class Meta:
        model = Improvement
        fields = ["kind", "reason", "on", "text"]
        labels = {"kind": _("What changed"), "reason": _("Because of"), "on": _("Since"), "text": _("How, or why not")}
        widgets = {"on": DateInput(), "text": forms.Textarea(attrs={"rows": 3, "dir": "auto", "autofocus": True})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = ImprovementKind.choices  # type: ignore[attr-defined]
        present = Reason.objects.filter(use=ReasonUse.VERDICT, retired=False)
        given = Reason.objects.filter(pk=self.instance.reason_id or self.initial.get("reason") or 0)
        reasons = self.fields["reason"]
        reasons.queryset, reasons.empty_label = (present | given).order_by("position", "id"), _("Any reason")  # type: ignore[attr-defined]
