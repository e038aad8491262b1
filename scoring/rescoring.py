"""What follows from a change: scores are written anew, who meets the definition now is MQL, chances are told again.

A consumer of the outbox (crm/outbox.py); only workers come here, so that a web process needs no numpy.
"""

from django.utils import timezone

from crm.outbox import Changes
from leads.models import Lead
from leads.united import survivors
from scoring.definitions import active_card, adopt_agreed
from scoring.engine import score_all, score_leads
from scoring.predicting import predict_leads
from scoring.qualifying import qualify_leads


def apply_changes(changes: Changes) -> None:
    """Score the leads that changed, and those of companies and contacts that did, mark as MQL who meets the definition
    now, and predict them.

    crm/outbox.py calls this in its transaction. An agreement that came into force may bring a definition along; every
    lead is then scored again.
    """
    if agreements := changes.get("agreement"):
        adopt_agreed(agreements)
    at = timezone.now()
    leads = changed_leads(changes)
    card = active_card()
    score_leads(leads, card=card, at=at)
    qualify_leads(leads, card=card, at=at)
    predict_leads(leads, at=at)


def changed_leads(changes: Changes) -> set[int]:
    """What the buyer did is scored on the lead that stays, whichever of a family it was logged on."""
    leads = set(changes.get("lead", ()))
    for topic in ("company", "contact"):
        if ids := changes.get(topic):
            leads |= set(Lead.objects.filter(**{f"{topic}__in": ids}).values_list("id", flat=True))
    return leads | survivors(leads)


def rebuild() -> None:
    """Score every lead, and mark as MQL who meets the definition, in transactions short enough for other consumers."""
    adopt_agreed()
    card, at = active_card(), timezone.now()
    for written in score_all(card=card, at=at):
        met = Lead.objects.filter(pk__range=written, leadscore__qualifies=True).values_list("pk", flat=True)
        qualify_leads(list(met), card=card, at=at)
