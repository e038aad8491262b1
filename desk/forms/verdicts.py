"""Input to a verdict."""

from itertools import groupby
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from desk.telling import ROUTE_AHEAD
from leads.lifecycle import ReasonUse
from leads.models import Reason, ReasonFamily, Route


class RejectHandoffForm(forms.Form):
    """Why not: one of the present reasons, and words where it needs them (feedback/verdicts.py decides where)."""

    field_of = {"comment_required": "comment", "reason_required": "reason"}
    reason = forms.ModelChoiceField(
        Reason.objects.filter(use=ReasonUse.VERDICT, retired=False),
        to_field_name="code",
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose one of the present reasons.")},
    )
    comment = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), label=_("Comment for marketing")
    )

    def families(self) -> list[dict[str, Any]]:
        """The reasons by family, in the order of the keys 1–4 and 1–9."""
        order = list(ReasonFamily)
        reasons = sorted(self.fields["reason"].queryset, key=lambda reason: order.index(ReasonFamily(reason.family)))  # type: ignore[attr-defined]
        return [
            {
                "code": family,
                "label": ReasonFamily(family).label,
                "reasons": chosen,
                "consequence": f"{capfirst(ROUTE_AHEAD[Route(chosen[0].default_route)])}.",
            }
            for family, chosen in (
                (family, list(rows)) for family, rows in groupby(reasons, key=lambda reason: reason.family)
            )
        ]
