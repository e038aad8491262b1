"""What of this room is sample data (crm/erasure.py)."""

from crm.erasure import Counts
from crm.models import Organisation
from scoring.definitions import active_definition
from scoring.models import Definition, TrainedModel


def remove() -> Counts:
    definitions = Definition.objects.filter(is_sample=True).delete()[0]
    left = active_definition()
    Organisation.objects.update(definition_version=left.version if left else 0)
    # What was learnt from sample leads says nothing about real ones; the predictions go with the leads.
    models = TrainedModel.objects.filter(is_sample=True)
    counts = {"definitions": definitions, "models": models.count()}
    models.delete()
    return counts
