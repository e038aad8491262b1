"""What of this room is sample data (crm/erasure.py)."""

from crm.erasure import Counts
from crm.models import Organisation
from scoring.definitions import active_definition
from scoring.models import Definition


def remove() -> Counts:
    definitions = Definition.objects.filter(is_sample=True).delete()[0]
    left = active_definition()
    Organisation.objects.update(definition_version=left.version if left else 0)
    return {"definitions": definitions}
