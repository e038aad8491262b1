"""The figures, derived from the log alone, and what people set beside them."""

from funnel.models.facts import LeadFact, StageMetric
from funnel.models.ledger import Attribution, AttributionCause, AttributionModel, Credit
from funnel.models.settings import FigureSettings, MarketingSourced
from funnel.models.snapshots import ForecastSnapshot
from funnel.models.targets import Quota, QuotaMeasure

__all__ = [
    "Attribution",
    "AttributionCause",
    "AttributionModel",
    "Credit",
    "FigureSettings",
    "ForecastSnapshot",
    "LeadFact",
    "MarketingSourced",
    "Quota",
    "QuotaMeasure",
    "StageMetric",
]
