"""Input to what is logged and planned: one form a kind of activity, and the task."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset
from crm.models import User
from leads.activities import OUTCOMES
from leads.models import Activity, ActivityKind, ActivityOutcome, Direction, Task, TaskKind
from leads.models.work import ATTEMPTS
from leads.next_steps import due_in

# How far off the next step may be put by one click, in days.
STEPS = (("1", _("1 d")), ("3", _("3 d")), ("7", _("1 wk")))
NO_STEP = ("", _("none"))
OTHER_TIME = ("other", _("other"))
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
WITH_CONTENT = (ActivityKind.EMAIL, ActivityKind.MEETING, ActivityKind.SOCIAL, ActivityKind.EVENT)


class LocalMoment(forms.DateTimeInput):
    """The browser's own day and time."""

    input_type = "datetime-local"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **options)


class People(forms.ModelMultipleChoiceField):
    """Colleagues, marketers named as such: they are asked along too rarely."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person}, marketing" if person.is_marketer else str(person)


class ActivityForm(forms.Form):
    """What happened: the fields that this kind of activity has. ``shared``: choices already read, by field."""

    field_of = {
        "outcome_required": "outcome", "unknown_outcome": "outcome", "note_too_long": "note", "empty_note": "note",
        "at_in_future": "at",
    }  # fmt: skip

    outcome = forms.ChoiceField(required=False, widget=forms.RadioSelect, label=_("Outcome"))
    note = forms.CharField(required=False, label=_("Note"))
    next_in = forms.ChoiceField(required=False, choices=[NO_STEP, *STEPS], widget=forms.RadioSelect)
    at = forms.DateTimeField(required=False, widget=LocalMoment(), label=_("When"), help_text=_("Empty: just now."))
    minutes = forms.IntegerField(required=False, min_value=1, max_value=24 * 60, label=_("Minutes"))
    inbound = forms.BooleanField(required=False)
    asset = forms.ModelChoiceField(Asset.objects.all(), required=False, empty_label=_("None"), label=_("Content"))
    participants = People(
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
            "outcome": values.get("outcome", ""), "note": values["note"], "happened_at": values["at"],
            "asset": values.get("asset"), "participants": values.get("participants", []),
        }  # fmt: skip
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
            "outcome": activity.outcome, "note": activity.note, "at": activity.at, "asset": activity.asset_id,
            "inbound": activity.direction == Direction.INBOUND,
            "minutes": round(activity.duration.total_seconds() / 60) if activity.duration else None,
            "participants": [person.pk for person in activity.participants.all()],
        }  # fmt: skip
        super().__init__(data, kind=activity.kind, initial=initial, **options)

    @property
    def facts(self) -> dict[str, Any]:
        """What `edit_activity` takes: what was emptied is empty."""
        facts = {**super().facts}
        if "minutes" in self.fields:
            facts.setdefault("duration", None)
        if "inbound" in self.fields:
            facts.setdefault("direction", Direction.OUTBOUND)
        return facts


REMINDERS = (
    ("0", _("When it is due")),
    ("15", _("15 minutes before")),
    ("60", _("An hour before")),
    ("1440", _("A day before")),
    ("", _("Not at all")),
)


class TaskForm(forms.Form):
    """What to do by when, and whose it is."""

    field_of = {"due_in_past": "due_at", "owner_left": "owner", "note_too_long": "note", "do_not_call": "kind",
                "do_not_mail": "kind"}  # fmt: skip

    title = forms.CharField(max_length=200, label=_("What to do"))
    kind = forms.ChoiceField(choices=TaskKind.choices, initial=TaskKind.TODO)
    due_in = forms.ChoiceField(
        required=False, choices=[*STEPS, OTHER_TIME], initial="1", widget=forms.RadioSelect, label=_("Due in")
    )
    due_at = forms.DateTimeField(required=False, widget=LocalMoment(), label=_("Due"))
    remind = forms.ChoiceField(required=False, choices=REMINDERS, initial="0", label=_("Ring the bell"))
    owner = forms.ModelChoiceField(User.objects.filter(is_active=True), empty_label=None, label=_("Who"))
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}), label=_("Note"))

    def __init__(self, data: Any = None, *, now: datetime, task: Task | None = None, **options: Any) -> None:
        initial = options.pop("initial", {}) | (of_task(task) if task else {})
        super().__init__(data, auto_id="id_task_%s", initial=initial, **options)
        self.now = now
        if task:
            del self.fields["due_in"]
            self.fields["due_at"].required = True
            owners = User.objects.filter(is_active=True) | User.objects.filter(pk=task.owner_id)
            self.fields["owner"].queryset = owners  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        days = values.get("due_in", "")
        if days and days != "other":
            values["due_at"] = due_in(int(days), at=self.now, zone=timezone.get_current_timezone())
        elif not values.get("due_at") and "due_at" not in self.errors:
            self.add_error("due_at", _("Say by when."))
        return values

    @property
    def facts(self) -> dict[str, Any]:
        """What `add_task` and `edit_task` take."""
        values = self.cleaned_data
        before = values["remind"]
        remind_at = values["due_at"] - timedelta(minutes=int(before)) if before else None
        return {**{name: values[name] for name in ("title", "kind", "due_at", "owner", "note")}, "remind_at": remind_at}


def of_task(task: Task) -> dict[str, Any]:
    """The form's values of a task that is there; an odd reminder counts as one when it is due."""
    before = ""
    if task.remind_at:
        minutes = str(round((task.due_at - task.remind_at).total_seconds() / 60))
        before = minutes if minutes in dict(REMINDERS) else "0"
    return {"title": task.title, "kind": task.kind, "due_at": task.due_at, "owner": task.owner_id, "note": task.note,
            "remind": before}  # fmt: skip
