"""Input to a task, and the ways to say by when."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.moments import require_a_likely_year
from leads.models import Task, TaskKind
from leads.next_steps import due_in

# How far off the next step may be put by one click, in days.
STEPS = (("1", _("1 d")), ("3", _("3 d")), ("7", _("1 wk")))
OTHER_TIME = ("other", _("other"))
REMINDERS = (
    ("0", _("When it is due")),
    ("15", _("15 minutes before")),
    ("60", _("An hour before")),
    ("1440", _("A day before")),
    ("", _("Not at all")),
)


class LocalMoment(forms.DateTimeInput):
    """The browser's own day and time."""

    input_type = "datetime-local"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **options)


class TaskForm(forms.Form):
    """What to do by when, and whose it is."""

    field_of = {
        "due_in_past": "due_at", "due_too_far": "due_at", "owner_left": "owner", "note_too_long": "note",
        "do_not_call": "kind", "do_not_mail": "kind",
    }  # fmt: skip

    title = forms.CharField(max_length=200, label=_("What to do"))
    kind = forms.ChoiceField(choices=TaskKind.choices, initial=TaskKind.TODO)
    due_in = forms.ChoiceField(
        required=False, choices=[*STEPS, OTHER_TIME], initial="1", widget=forms.RadioSelect, label=_("Due in")
    )
    due_at = forms.DateTimeField(
        required=False, widget=LocalMoment(), label=_("Due"), validators=[require_a_likely_year]
    )
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
