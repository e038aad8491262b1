"""Input to what is logged: one form a kind of activity, and the next step that comes of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.picking import CONTENT
from crm.models import User
from crm.moments import require_a_likely_year
from crm.picking import PickField
from desk.forms.task import STEPS, LocalMoment
from leads.activities import OUTCOMES
from leads.models import Activity, ActivityKind, ActivityOutcome, Direction, TaskKind
from leads.models.work import ATTEMPTS
from leads.next_steps import due_in

NO_STEP = ("", _("none"))
INBOUND_WORDS = {
    ActivityKind.CALL: _("They called us"),
    ActivityKind.EMAIL: _("They wrote to us"),
    ActivityKind.SOCIAL: _("They wrote to us"),
}
PLACEHOLDERS = {
    ActivityKind.NOTE: _("What should everybody know?"),
    ActivityKind.CALL: _("What was said?"),
    ActivityKind.EMAIL: _("What was it about?"),
    ActivityKind.MEETING: _("What was agreed?"),
}
WITH_CONTENT = (
    ActivityKind.CALL, ActivityKind.EMAIL, ActivityKind.MEETING, ActivityKind.SOCIAL, ActivityKind.EVENT,
)  # fmt: skip


def colleague(person: User) -> str:
    """A marketer is named as such: they are asked along too rarely."""
    return f"{person}, marketing" if person.is_marketer else str(person)


class Colleagues(forms.ModelMultipleChoiceField):
    """Colleagues who may have taken part."""

    def label_from_instance(self, person: Any) -> str:
        return colleague(person)


class ActivityForm(forms.Form):
    """What happened: the fields that this kind of activity has. ``shared``: choices already read, by field."""

    field_of = {
        "outcome_required": "outcome", "unknown_outcome": "outcome", "note_too_long": "note", "empty_note": "note",
        "at_in_future": "at", "at_too_early": "at",
    }  # fmt: skip

    outcome = forms.ChoiceField(required=False, widget=forms.RadioSelect, label=_("Outcome"))
    note = forms.CharField(required=False, label=_("Note"))
    next_in = forms.ChoiceField(required=False, choices=[NO_STEP, *STEPS], widget=forms.RadioSelect)
    at = forms.DateTimeField(
        required=False, widget=LocalMoment(), label=_("When"), help_text=_("Empty: just now."),
        validators=[require_a_likely_year],
    )  # fmt: skip
    minutes = forms.IntegerField(required=False, min_value=1, max_value=24 * 60, label=_("Minutes"))
    inbound = forms.BooleanField(required=False)
    asset = PickField(CONTENT, required=False, label=_("Content sent or shown"))
    participants = Colleagues(
        User.objects.filter(is_active=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Colleagues who took part"),
    )
    # The task that this was.
    completes = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, data: Any = None, *, kind: str, shared: dict[str, Sequence[tuple[Any, Any]]] | None = None, **options: Any
    ) -> None:
        super().__init__(data, auto_id=f"id_{kind}_%s", **options)
        self.kind = kind
        for name in self.unused():
            del self.fields[name]
        for name in self.fields.keys() & (shared or {}).keys():
            self.fields[name].choices = (shared or {})[name]  # type: ignore[attr-defined]
        if "outcome" in self.fields:
            self.fields["outcome"].choices = [(each.value, each.label) for each in OUTCOMES[kind]]  # type: ignore[attr-defined]
        if "inbound" in self.fields:
            self.fields["inbound"].label = INBOUND_WORDS[ActivityKind(kind)]
        hint = str(PLACEHOLDERS.get(ActivityKind(kind), _("What happened?")))
        self.fields["note"].widget = forms.Textarea(attrs={"rows": 2, "placeholder": hint})

    def unused(self) -> set[str]:
        kind = self.kind
        has = {
            "outcome": bool(OUTCOMES[kind]),
            "inbound": kind in ATTEMPTS,
            "minutes": kind in (ActivityKind.CALL, ActivityKind.MEETING),
            "asset": kind in WITH_CONTENT,
            "participants": kind == ActivityKind.MEETING,
        }
        return {name for name, wanted in has.items() if not wanted}

    @property
    def facts(self) -> dict[str, Any]:
        """What `log_activity` takes."""
        values = self.cleaned_data
        facts: dict[str, Any] = {
            "outcome": values.get("outcome", ""), "happened_at": values.get("at"), "asset": values.get("asset"),
            "participants": values.get("participants", []),
        }  # fmt: skip
        if "note" in self.fields:
            facts["note"] = values["note"]
        if minutes := values.get("minutes"):
            facts["duration"] = timedelta(minutes=minutes)
        if values.get("inbound"):
            facts["direction"] = Direction.INBOUND
        return facts

    def follow_up(self, *, name: str, now: datetime) -> dict[str, Any] | None:
        """The task that `add_task` takes when a next step was chosen."""
        days = self.cleaned_data["next_in"]
        if not days:
            return None
        due_at = due_in(int(days), at=now, zone=timezone.get_current_timezone())
        kind, title = self.next_step(name)
        return {"title": title, "kind": kind, "due_at": due_at, "remind_at": due_at}

    def next_step(self, name: str) -> tuple[str, str]:
        """What one does next: call again whom one did not reach, else follow up."""
        reached = self.cleaned_data.get("outcome") in ("", ActivityOutcome.REACHED)
        if self.kind == ActivityKind.CALL:
            return TaskKind.CALL, f"Call {name} back" if reached else f"Call {name} again"
        if self.kind == ActivityKind.EMAIL:
            return TaskKind.EMAIL, f"Write to {name} again"
        return TaskKind.TODO, f"Follow up with {name}"


class ActivityEditForm(ActivityForm):
    """The same, of an entry that stands in the time line."""

    next_in = None  # type: ignore[assignment]
    completes = None  # type: ignore[assignment]

    def __init__(self, data: Any = None, *, activity: Activity, **options: Any) -> None:
        initial = {
            "outcome": activity.outcome, "note": activity.note, "at": activity.at, "asset": activity.asset,
            "inbound": activity.direction == Direction.INBOUND,
            "minutes": round(activity.duration.total_seconds() / 60) if activity.duration else None,
            "participants": [person.pk for person in activity.participants.all()],
        }  # fmt: skip
        super().__init__(data, kind=activity.kind, initial=initial, **options)
        # What was sent stays as it was sent; only what came of it is said afterwards.
        for name in ("note", "at", "inbound") if activity.mail_id else ():
            del self.fields[name]

    @property
    def facts(self) -> dict[str, Any]:
        """What `edit_activity` takes: what was emptied is empty."""
        facts = {**super().facts}
        if "minutes" in self.fields:
            facts.setdefault("duration", None)
        if "inbound" in self.fields:
            facts.setdefault("direction", Direction.OUTBOUND)
        return facts
