"""Input to the settings of leads: reasons, the lists that forms offer, the stages of opportunities."""

from typing import Any

from django import forms

from leads.lifecycle import ReasonUse
from leads.mailing import GAPS
from leads.models import MailTemplate, PickValue, PipelineStage, Reason


class ValueForm(forms.ModelForm):
    class Meta:
        model = PickValue
        fields = ["value", "retired"]
        labels = {"value": "Name", "retired": "Retired: no longer offered"}
        help_texts = {"value": "For what is written from now on: records that have the old name keep it."}

    def clean_value(self) -> str:
        return " ".join(str(self.cleaned_data["value"]).split())


class ReasonForm(forms.ModelForm):
    """A verdict's reason also says its family and what becomes of the lead."""

    class Meta:
        model = Reason
        fields = ["label", "family", "default_route", "needs_comment", "is_label", "retired"]
        labels = {
            "label": "Words",
            "default_route": "The lead then goes",
            "needs_comment": "Needs a few words of explanation",
            "is_label": "Says that the lead was not a fit: the score learns from it",
            "retired": "Retired: no longer offered",
        }
        help_texts = {"label": "Where it was given already, the new words stand too: say the same thing better."}

    def __init__(self, *args: Any, use: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.use = use
        for name in ("family", "default_route"):
            if use == ReasonUse.VERDICT:
                self.fields[name].required = True
            else:
                del self.fields[name]
        if not self.instance.pk:
            del self.fields["retired"]

    def _get_validation_exclusions(self) -> set[str]:
        """The code of a new reason is made of its words, when it is saved."""
        return {*super()._get_validation_exclusions(), "code", "use"}  # type: ignore[misc]


class StageForm(forms.ModelForm):
    """One stage; won and lost can only be renamed."""

    field_of = {"label_taken": "label", "fixed_stage": "probability"}

    class Meta:
        model = PipelineStage
        fields = ["label", "probability", "forecast_category"]
        labels = {"label": "Name", "probability": "Probability in percent", "forecast_category": "Forecast"}
        help_texts = {"probability": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.is_open:
            del self.fields["probability"], self.fields["forecast_category"]


class MailTemplateForm(forms.ModelForm):
    field_of = {"unknown_gap": "text"}

    class Meta:
        model = MailTemplate
        fields = ["name", "subject", "text", "retired"]
        labels = {"retired": "Retired: no longer offered"}
        widgets = {"text": forms.Textarea(attrs={"rows": 12})}
        help_texts = {
            "text": "Gaps are filled from the record: "
            + ", ".join(f"{{{name}}} {words}" for name, words in GAPS.items())
            + ". Your signature comes by itself.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            del self.fields["retired"]
