"""Moves of many leads at once: the rules of leads/transitions.py, in the same few queries however many they are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from crm.models import Organisation, User
from crm.outbox import record_change
from leads.errors import IllegalMove
from leads.lifecycle import MOVES, RANK, RETURNED, Stage
from leads.models import Lead, LeadScore, Reason, Transition
from leads.models.log import TransitionKind
from leads.next_steps import close_tasks_of_leads, revive_tasks_of_leads
from leads.transitions import AT_REST


def hold_leads(ids: Iterable[int]) -> list[Lead]:
    """These leads by id, nobody else moving them until the transaction ends."""
    rows = Lead.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    return list(rows.defer("custom", "need", "search"))


def last_moves(leads: Sequence[Lead]) -> dict[int, Transition]:
    """The newest row that counts of each lead, by the lead's id."""
    rows = Transition.objects.effective().filter(lead__in=leads).select_related("by")
    return {row.lead_id: row for row in rows.order_by("lead_id", "-seq").distinct("lead_id")}


def move_leads(
    leads: Sequence[Lead],
    to: Stage,
    *,
    by: User | None,
    at: datetime,
    handoffs: Mapping[int, int] | None = None,
    reason: Reason | None = None,
    note: str = "",
    **changes: Any,
) -> dict[int, Transition]:
    """Move leads that `hold_leads` holds, each with the row that proves it; gives these rows by the lead's id.

    ``handoffs``: the hand-off of each lead that the move belongs to; ``changes``: fields of all of them that change
    with it. Not before the lead's last move: the caller has looked. Raises IllegalMove.
    """
    for lead in leads:
        if (Stage(lead.stage), to) not in MOVES:
            raise IllegalMove(lead, to)
    ids = [lead.pk for lead in leads]
    opening = opening_episodes(leads, to)
    rows = rows_of(leads, to, by=by, at=at, handoffs=handoffs or {}, reason=reason, note=note, opening=opening)
    if to in AT_REST:
        close_tasks_of_leads(ids, at=at)
    moved = {
        "stage": to, "stage_since": at, "seq": F("seq") + 1, "version": F("version") + 1,
        "updated_at": timezone.now(), **changes,
    }  # fmt: skip
    Lead.objects.filter(pk__in=ids).update(**moved)
    if opening:
        Lead.objects.filter(pk__in=opening).update(episode=F("episode") + 1)
    Transition.objects.bulk_create(rows)
    record_change("lead", ids)
    for lead, row in zip(leads, rows, strict=True):
        present = {"stage": to, "stage_since": at, "seq": row.seq, "episode": row.episode, **changes}
        for name, value in present.items():
            setattr(lead, name, value)
    return {row.lead_id: row for row in rows}


def undo_moves(
    leads: Sequence[Lead],
    last: Mapping[int, Transition],
    *,
    by: User,
    at: datetime,
    changes: Mapping[int, Mapping[str, Any]],
) -> None:
    """Counter the ``last`` effective move of each of these leads, which `hold_leads` holds: `undo_move` for many.

    ``changes``: fields of each lead to restore, by its id, the same ones for all. No move may be the lead's first.
    """
    rows = {lead.pk: last[lead.pk] for lead in leads}
    earlier = Transition.objects.effective().filter(lead__in=rows).exclude(pk__in=[row.pk for row in rows.values()])
    before = {row.lead_id: row for row in earlier.order_by("lead_id", "-seq").distinct("lead_id")}
    for closed_at in {row.at for row in rows.values() if row.to_stage in AT_REST}:
        at_rest = [pk for pk, row in rows.items() if row.at == closed_at and row.to_stage in AT_REST]
        revive_tasks_of_leads(at_rest, closed_at=closed_at)
    scores, definition = stamps(leads)
    Transition.objects.bulk_create(
        Transition(
            lead=lead, seq=lead.seq + 1, episode=before[lead.pk].episode, from_stage=lead.stage,
            to_stage=rows[lead.pk].from_stage, at=at, by=by, kind=TransitionKind.UNDO, undoes=rows[lead.pk],
            definition_version=definition, score=scores.get(lead.pk),
        )
        for lead in leads
    )  # fmt: skip
    restored: set[str] = set()
    for lead in leads:
        standing = before[lead.pk]
        present = {
            "stage": rows[lead.pk].from_stage, "stage_since": standing.at, "episode": standing.episode,
            "seq": lead.seq + 1, "version": lead.version + 1, "updated_at": timezone.now(), **changes[lead.pk],
        }  # fmt: skip
        restored |= present.keys()
        for name, value in present.items():
            setattr(lead, name, value)
    if leads:
        Lead.objects.bulk_update(leads, [name.removesuffix("_id") for name in sorted(restored)])
    record_change("lead", list(rows))


def rows_of(
    leads: Sequence[Lead], to: Stage, *, handoffs: Mapping[int, int], opening: Collection[int], **facts: Any
) -> list[Transition]:
    """The unsaved rows of these moves."""
    scores, definition = stamps(leads)
    return [
        Transition(
            lead=lead, seq=lead.seq + 1, episode=lead.episode + (lead.pk in opening), from_stage=lead.stage,
            to_stage=to, opens_episode=lead.pk in opening, handoff=handoffs.get(lead.pk),
            definition_version=definition, score=scores.get(lead.pk), **facts,
        )
        for lead in leads
    ]  # fmt: skip


def stamps(leads: Sequence[Lead]) -> tuple[dict[int, int], int | None]:
    """What each row is stamped with: the scores shown, by lead, and the version of the definition in force."""
    scores = dict(LeadScore.objects.filter(lead__in=[lead.pk for lead in leads]).values_list("lead", "shown"))
    return scores, Organisation.get().definition_version or None


def opening_episodes(leads: Sequence[Lead], to: Stage) -> set[int]:
    """Ids of those whose move begins a new time round: `opens_episode` of leads/transitions.py for many."""
    if RANK.get(to, 0) < RANK[Stage.MQL]:
        return set()
    back = {lead.pk: lead.episode for lead in leads if lead.stage in RETURNED}
    if not back:
        return set()
    reached = [stage.value for stage, rank in RANK.items() if rank >= RANK[Stage.MQL]]
    been = Transition.objects.effective().filter(lead__in=back, to_stage__in=reached).values_list("lead", "episode")
    return {lead for lead, episode in been if back[lead] == episode}
