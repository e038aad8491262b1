"""Automatic offers: whatever becomes an MQL is handed to sales by the rules, where the routing plan says so.

A consumer of the outbox (crm/outbox.py). A lead is offered once: the offer itself takes it out of the stage.
"""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import Error, transaction
from django.db.models import F
from django.utils import timezone

from crm.errors import BusinessError
from crm.outbox import Changes
from feedback.handing_over import open_handoffs, why_not
from feedback.models import RoutingPlan
from leads.lifecycle import Stage
from leads.many_moves import hold_leads, last_moves
from leads.models import Lead, Transition
from leads.models.log import TransitionKind

log = logging.getLogger(__name__)


def apply_changes(changes: Changes) -> None:
    """Offer those of the changed leads that have just become MQL, in the present transaction."""
    plan = RoutingPlan.objects.filter(pk=1).first()
    if plan is None or plan.offers_since is None or not changes.get("lead"):
        return
    if fresh := became_mql(changes["lead"], since=plan.offers_since):
        offer_leads(fresh, at=timezone.now())


def rebuild() -> None:
    """Nothing is kept here, and nothing of the past is handed over."""


def became_mql(leads: Collection[int], *, since: datetime) -> list[int]:
    """Those of these leads whose newest row says so, written after ``since`` by a move.

    Not what was imported, undone, sent back for repair or taken back from sales, nor who wants no contact.
    """
    rows = Transition.objects.filter(
        lead__in=leads, seq=F("lead__seq"), kind=TransitionKind.MOVE, to_stage=Stage.MQL,
        from_stage__in=[Stage.INQUIRY, Stage.NURTURE], recorded_at__gte=since,
    )  # fmt: skip
    present = Lead.objects.filter(stage=Stage.MQL, archived_at=None, merged_into=None).may_be_contacted()
    return list(present.filter(pk__in=rows.values("lead")).values_list("pk", flat=True))


def offer_leads(lead_ids: Collection[int], *, at: datetime) -> None:
    """Offer all at once; if that fails one by one, so that one that cannot be offered holds up no other."""
    try:
        with transaction.atomic():
            offer_held(lead_ids, at=at)
    except (BusinessError, Error) as failure:
        if len(lead_ids) == 1:
            log.warning("Lead %s is not offered automatically: %s", *lead_ids, failure)
            return
        for pk in lead_ids:
            offer_leads([pk], at=at)


def offer_held(lead_ids: Collection[int], *, at: datetime) -> None:
    leads = hold_leads(lead_ids)
    last = last_moves(leads)
    open_handoffs([lead for lead in leads if not why_not(lead, last[lead.pk], at=at)], None, by=None, at=at)
