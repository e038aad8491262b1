"""Input to an e-mail written from a record."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset
from desk.forms.activity import NO_STEP
from desk.forms.task import STEPS
from leads.models import TaskKind
from leads.next_steps import due_in

LONGEST = 10_000


class EmailForm(forms.Form):
    """Subject and text, perhaps a link to content, and the step planned after it. ``shared``: choices already read."""

    field_of = {"unknown_gap": "text", "gap_empty": "text", "empty_email": "text", "asset_without_link": "asset"}

    subject = forms.CharField(
        max_length=200, label=_("Subject"), widget=forms.TextInput(attrs={"placeholder": _("Subject")}),
        error_messages={"required": _("Say in a few words what it is about.")},
    )  # fmt: skip
    text = forms.CharField(
        max_length=LONGEST, label=_("Text"), error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(attrs={"rows": 6, "placeholder": _("Write, or begin with a template")}),
    )  # fmt: skip
    asset = forms.ModelChoiceField(
        Asset.objects.exclude(url=""), required=False, empty_label=_("None"), label=_("Link to content"),
        help_text=_("Stands below the text."),
    )  # fmt: skip
    next_in = forms.ChoiceField(required=False, choices=[NO_STEP, *STEPS], widget=forms.RadioSelect)
    # The task that this was.
    completes = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, data: Any = None, *, shared: Mapping[str, Sequence[tuple[Any, Any]]] | None = None, **options: Any
    ) -> None:
        super().__init__(data, auto_id="id_write_%s", **options)
        if shared:
            self.fields["asset"].choices = shared["link"]  # type: ignore[attr-defined]

    @property
    def facts(self) -> dict[str, Any]:
        """What `send_email` takes."""
        return {name: self.cleaned_data[name] for name in ("subject", "text", "asset")}

    def follow_up(self, *, name: str, now: datetime) -> dict[str, Any] | None:
        """The task that `add_task` takes when a next step was chosen."""
        if not (days := self.cleaned_data["next_in"]):
            return None
        due_at = due_in(int(days), at=now, zone=timezone.get_current_timezone())
        return {"title": f"Call {name} about the e-mail", "kind": TaskKind.CALL, "due_at": due_at, "remind_at": due_at}
