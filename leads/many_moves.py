"""Moves of many leads at once: the rules of leads/transitions.py, in the same few queries however many they are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from crm.models import Organisation, User
from crm.outbox import record_change
from leads.errors import IllegalMove
from leads.lifecycle import MOVES, RETURNED, Stage
from leads.models import Lead, LeadScore, Transition


def hold_leads(ids: Iterable[int]) -> list[Lead]:
    """These leads by id, nobody else moving them until the transaction ends."""
    rows = Lead.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    return list(rows.defer("custom", "need", "search"))


def last_moves(leads: Sequence[Lead]) -> dict[int, Transition]:
    """The newest row that counts of each lead, by the lead's id."""
    rows = Transition.objects.effective().filter(lead__in=leads).select_related("by")
    return {row.lead_id: row for row in rows.order_by("lead_id", "-seq").distinct("lead_id")}


def move_leads(
    leads: Sequence[Lead], to: Stage, *, by: User | None, at: datetime, handoffs: Mapping[int, int] | None = None
) -> dict[int, Transition]:
    """Move leads that `hold_leads` holds, each with the row that proves it; gives these rows by the lead's id.

    Only for moves that open no new time round, and not before the lead's last one: the caller has looked.
    ``handoffs``: the hand-off of each lead that the move belongs to. Raises IllegalMove.
    """
    for lead in leads:
        if (Stage(lead.stage), to) not in MOVES or lead.stage in RETURNED:
            raise IllegalMove(lead, to)
    ids = [lead.pk for lead in leads]
    scores = dict(LeadScore.objects.filter(lead__in=ids).values_list("lead", "shown"))
    definition = Organisation.get().definition_version or None
    rows = [
        Transition(
            lead=lead, seq=lead.seq + 1, episode=lead.episode, from_stage=lead.stage, to_stage=to, at=at, by=by,
            handoff=(handoffs or {}).get(lead.pk), definition_version=definition, score=scores.get(lead.pk),
        )
        for lead in leads
    ]  # fmt: skip
    Lead.objects.filter(pk__in=ids).update(
        stage=to, stage_since=at, seq=F("seq") + 1, version=F("version") + 1, updated_at=timezone.now()
    )
    Transition.objects.bulk_create(rows)
    record_change("lead", ids)
    for lead in leads:
        lead.stage, lead.stage_since, lead.seq = to, at, lead.seq + 1
    return {row.lead_id: row for row in rows}
