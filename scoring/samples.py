"""What of this room is sample data (crm/erasure.py)."""

from django.db.models import Exists, OuterRef, Q

from crm.erasure import Counts
from crm.memo import forget_kept
from crm.models import Organisation
from scoring.definitions import active_definition
from scoring.models import Backtest, BacktestLead, Definition, TrainedModel


def remove() -> Counts:
    # A back-test that looked at sample leads says nothing about real ones, whoever's definition it tried.
    looked_at_samples = BacktestLead.objects.filter(backtest=OuterRef("pk"), lead__is_sample=True)
    backtests = Backtest.objects.filter(Q(is_sample=True) | Exists(looked_at_samples))
    tried = backtests.count()
    backtests.delete()
    definitions = Definition.objects.filter(is_sample=True).delete()[0]
    left = active_definition()
    Organisation.objects.update(definition_version=left.version if left else 0)
    forget_kept()
    # What was learnt from sample leads says nothing about real ones; the predictions go with the leads.
    models = TrainedModel.objects.filter(is_sample=True)
    counts = {"backtests": tried, "definitions": definitions, "models": models.count()}
    models.delete()
    return counts
