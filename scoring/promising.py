"""How many leads of a campaign the acceptance model expected sales to take, each as it was handed over (METRICS R5).

The model is asked without the campaign itself: what it has learnt of the campaign would make every campaign turn out as
expected. The newest verdicts count, those that say something about the lead as the model learnt it: accepted, or “Not
a fit”.
"""

from dataclasses import dataclass
from datetime import datetime

from feedback.models import Handoff, HandoffStatus
from feedback.quality import QualityIndex
from scoring.features import CAMPAIGNS, features_of
from scoring.learning.document import predict
from scoring.models import ModelStatus, Target, TrainedModel
from scoring.predicting import read_model, readable

# As many of the newest verdicts as are read while somebody waits.
LATELY = 500


@dataclass(frozen=True)
class ModelIndex(QualityIndex):
    """The index where a model says what was to be expected."""

    model: TrainedModel


def acceptance_model() -> TrainedModel | None:
    """The one in use, if it can be read, without its text."""
    published = TrainedModel.objects.filter(target=Target.ACCEPTANCE, status=ModelStatus.PUBLISHED)
    model = published.defer("document").first()
    return model if model and readable({Target.ACCEPTANCE: model.pk}) else None


def quality_by_model(campaign_id: int, model: TrainedModel) -> ModelIndex:
    """R5 of the campaign's newest verdicts, against what ``model`` expected of each lead when it was handed over."""
    verdicts = judged(campaign_id)
    document, features = read_model(model.pk)
    known = {name: feature for name, feature in features.items() if name not in CAMPAIGNS}
    expected = predict(document, features_of(list(verdicts), known)).sum() if verdicts else 0.0
    return ModelIndex(sum(verdicts.values()), len(verdicts), float(expected), model)


def judged(campaign_id: int) -> dict[tuple[int, datetime], bool]:
    """(lead, moment of the hand-off) -> whether it was accepted."""
    told = Handoff.objects.filter(status=HandoffStatus.ACCEPTED) | Handoff.objects.filter(
        status=HandoffStatus.REJECTED, reason__is_label=True
    )
    newest = told.filter(lead__campaign=campaign_id).order_by("-decided_at", "-pk")
    rows = newest.values_list("lead_id", "offered_at", "status")[:LATELY]
    return {(lead, at): status == HandoffStatus.ACCEPTED for lead, at, status in rows}
