"""Input to the settings of figures and to currency rates."""

from decimal import Decimal
from typing import Any

from django import forms

from crm.forms import CurrencyField, DateInput
from funnel.models import FigureSettings

LONGEST_WINDOW, LONGEST_HALF_LIFE = 1_095, 365


class FigureSettingsForm(forms.ModelForm):
    gross_margin = forms.DecimalField(
        label="Gross margin, percent", required=False, min_value=0, max_value=100, max_digits=5, decimal_places=2,
        help_text="Of what is sold, the share left after it is made. Empty: ROMI is not told, only ROI.",
    )  # fmt: skip
    lookback_days = forms.IntegerField(
        label="Look back, days", min_value=1, max_value=LONGEST_WINDOW,
        help_text="Touches longer before the close get no credit. Wins that were counted already keep their window.",
    )  # fmt: skip
    half_life_days = forms.IntegerField(
        label="Half-life, days", min_value=1, max_value=LONGEST_HALF_LIFE,
        help_text="Of the model “time decay”: a touch so much older gets half the credit. Counted wins keep theirs.",
    )  # fmt: skip

    class Meta:
        model = FigureSettings
        fields = [
            "marketing_sourced", "gross_margin", "lookback_days", "half_life_days", "attempt_cost", "ranks_people",
        ]  # fmt: skip
        labels = {
            "marketing_sourced": "A deal is marketing’s by",
            "attempt_cost": "What one attempt to reach a buyer costs",
            "ranks_people": "Reports may put people in an order",
        }
        help_texts = {
            "marketing_sourced": "The other two ways to tell stand beside it in the report Campaigns.",
            "attempt_cost": "In the organisation’s currency. Empty: no call is called too many for its cost.",
            "ranks_people": "Off: people are listed by name, and nobody sees who is first or last.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        share = self.instance.gross_margin
        self.initial["gross_margin"] = None if share is None else (share * 100).normalize().__format__("f")

    def clean_gross_margin(self) -> Decimal | None:
        """As a share."""
        percent: Decimal | None = self.cleaned_data["gross_margin"]
        return None if percent is None else percent / 100


class RateForm(forms.Form):
    """From a day on, what one of a currency is worth in the organisation's ``own``."""

    currency = CurrencyField(help_text="Such as USD.")
    on = forms.DateField(label="From", widget=DateInput())
    rate = forms.DecimalField(label="One is worth", min_value=Decimal("0.00000001"), max_digits=18, decimal_places=8)
    field_of = {"own_currency": "currency", "rate_there": "on"}

    def __init__(self, *args: Any, own: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rate"].help_text = f"So much of {own}; it holds until the next rate of this currency."
