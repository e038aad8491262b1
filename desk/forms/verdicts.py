"""Input to a verdict: why not, what is wrong with it, when to look again, until when it is put off."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from crm.forms import DateInput
from desk.telling import ROUTE_AHEAD
from feedback.models import Handoff
from feedback.snoozing import latest_return
from feedback.wrong_data import WrongField
from leads.lifecycle import ReasonUse
from leads.models import Reason, ReasonFamily, Route

MONTHS_AHEAD = {"month": 1, "quarter": 3}
ON_A_DAY = "day"


class VerdictReasonField(forms.ModelChoiceField):
    """One of the present reasons; one that was retired meanwhile is named."""

    default_error_messages = {
        "required": _("Choose a reason."),
        "invalid_choice": _("Choose one of the present reasons."),
        "retired": _("“%(label)s” was retired meanwhile. Choose another reason; what you wrote is still here."),
    }

    def __init__(self, **options: Any) -> None:
        present = Reason.objects.filter(use=ReasonUse.VERDICT, retired=False)
        super().__init__(present, to_field_name="code", **options)

    def to_python(self, value: Any) -> Reason | None:
        try:
            found: Reason | None = super().to_python(value)
        except ValidationError:
            gone = Reason.objects.filter(use=ReasonUse.VERDICT, retired=True, code=str(value)).first()
            if gone is None:
                raise
            raise ValidationError(self.error_messages["retired"], "retired", {"label": gone.label}) from None
        return found


class RejectHandoffForm(forms.Form):
    """Why not: one of the present reasons, and what this reason asks for besides.

    Cleaned to what `reject_handoff` takes; feedback/verdicts.py decides which reasons need words.
    """

    field_of = {"comment_required": "comment", "reason_required": "reason", "revisit_in_past": "revisit_on"}
    reason = VerdictReasonField()
    wrong_fields = forms.MultipleChoiceField(
        choices=WrongField.choices, required=False, widget=forms.CheckboxSelectMultiple, label=_("What is wrong?")
    )
    revisit = forms.ChoiceField(
        choices=[("month", _("In a month")), ("quarter", _("In a quarter")), (ON_A_DAY, _("On a day"))],
        required=False, widget=forms.RadioSelect, initial="quarter", label=_("Look again"),
    )  # fmt: skip
    revisit_on = forms.DateField(required=False, widget=DateInput(), label=_("Day to look again"))
    comment = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), label=_("Comment for marketing")
    )

    def clean(self) -> dict[str, Any]:
        """What belongs to another way than the reason's is left out."""
        values = self.cleaned_data
        revisit, day = values.pop("revisit", ""), values.pop("revisit_on", None)
        reason = values.get("reason")
        if reason and reason.default_route == Route.NURTURE:
            if revisit == ON_A_DAY and day is None and "revisit_on" not in self.errors:
                self.add_error("revisit_on", _("Choose the day to look again."))
            values["revisit_on"] = months_from(timezone.localdate(), MONTHS_AHEAD.get(revisit, 0)) or day
        if reason and reason.default_route != Route.REPAIR:
            values["wrong_fields"] = []
        return values

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


def months_from(day: date, months: int) -> date | None:
    """The same day so many months on, or the last of that month; None for none."""
    if not months:
        return None
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


class SnoozeForm(forms.Form):
    """Until when a hand-off is put off: a moment, as the buttons carry it, or a day and a time."""

    field_of = {"cannot_snooze": "until"}
    until = forms.DateTimeField(
        input_formats=["iso8601"],
        error_messages={"required": _("Choose until when."), "invalid": _("Choose a day and a time.")},
    )


@dataclass(frozen=True)
class Later:
    """A moment that one key puts a hand-off off to."""

    label: str
    at: datetime

    @property
    def value(self) -> str:
        return self.at.isoformat()


NOON, AFTERNOON, MORNING = time(12), time(14), time(9)
SOON = timedelta(hours=1)


def laters(handoff: Handoff, *, at: datetime) -> list[Later]:
    """The moments a hand-off may be put off to, in order; none when its answer is due within minutes."""
    latest = latest_return(handoff)
    usual = [later for later in usual_laters(at) if later.at < latest]
    return [*usual, Later(str(_("Until just before it is due")), latest)] if latest > at else []


def usual_laters(at: datetime) -> list[Later]:
    """In an hour, this afternoon while it is morning, tomorrow morning."""
    here = timezone.localtime(at)
    today = [Later(str(_("This afternoon")), on(here, AFTERNOON))] if here.time() < NOON else []
    tomorrow = Later(str(_("Tomorrow morning")), on(here + timedelta(days=1), MORNING))
    return [Later(str(_("In an hour")), at + SOON), *today, tomorrow]


def on(day: datetime, clock: time) -> datetime:
    return datetime.combine(day.date(), clock, tzinfo=timezone.get_current_timezone())
