"""Input to the page of pipeline stages."""

from django import forms

from leads.models import PipelineStage


class StageForm(forms.ModelForm):
    """One stage; won and lost can only be renamed."""

    field_of = {"label_taken": "label", "fixed_stage": "probability"}

    class Meta:
        model = PipelineStage
        fields = ["label", "probability", "forecast_category"]
        labels = {"label": "Name", "probability": "Probability in percent", "forecast_category": "Forecast"}
        help_texts = {"probability": ""}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not self.instance.is_open:
            del self.fields["probability"], self.fields["forecast_category"]
