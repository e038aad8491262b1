"""The one engine of the score: reads the outbox, runs the compiled card, writes `LeadScore`. Nobody else writes it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import sql

from crm.outbox import Changes, lock_key
from leads.models import Lead, LeadScore
from leads.united import survivors
from scoring.definitions import active_card, adopt_agreed
from scoring.rules import Card
from scoring.statement import Compiled

# A longer write transaction would hold up every consumer of the outbox.
CHUNK = 20_000
ROUND_AT_MOST = 5_000

WRITE = sql.SQL("""
    {scored}
    INSERT INTO leads_leadscore AS old
        (lead_id, fit, engagement, engagement_at, shown, grade, definition_version, scored_at, rounds_at)
    SELECT lead_id, fit, engagement, latest, shown, grade, %(version)s, at, rounds_at FROM scored ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET (fit, engagement, engagement_at, shown, grade, definition_version, scored_at,
        rounds_at) = (excluded.fit, excluded.engagement, excluded.engagement_at, excluded.shown, excluded.grade,
        excluded.definition_version, excluded.scored_at, excluded.rounds_at)
    WHERE (old.fit, old.engagement, old.engagement_at, old.shown, old.grade, old.definition_version, old.rounds_at)
        IS DISTINCT FROM (excluded.fit, excluded.engagement, excluded.engagement_at, excluded.shown, excluded.grade,
        excluded.definition_version, excluded.rounds_at)
""")
SHOWN = sql.SQL("{scored} SELECT lead_id, at, shown FROM scored")


def apply_changes(changes: Changes) -> None:
    """Score the leads that changed, and those of companies that did (crm/outbox.py calls this in its transaction).

    An agreement that came into force may bring a definition along; every lead is then scored again.
    """
    if agreements := changes.get("agreement"):
        adopt_agreed(agreements)
    leads = set(changes.get("lead", ()))
    if companies := changes.get("company"):
        leads |= set(Lead.objects.filter(company__in=companies).values_list("id", flat=True))
    # What the buyer did is scored on the lead that stays, whichever of a family it was logged on.
    score_leads(leads | survivors(leads), card=active_card(), at=timezone.now())


def rebuild() -> None:
    """Score every lead, in transactions short enough for the other consumers."""
    adopt_agreed()
    card, at = active_card(), timezone.now()
    for chunk in chunks_of_leads():
        score_leads(chunk, card=card, at=at)


def round_due_scores(*, at: datetime) -> int:
    """Score again where decay alone has changed the rounded figure; gives how many rows were due.

    Does nothing while the outbox is being drained into the scores: the next minute finds them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_key("scoring")])
        if not cursor.fetchone()[0]:
            return 0
        due = LeadScore.objects.filter(rounds_at__lte=at).order_by("rounds_at").values_list("lead_id", flat=True)
        leads = list(due[:ROUND_AT_MOST])
        score_leads(leads, card=active_card(), at=at)
    return len(leads)


def score_leads(leads: Iterable[int], *, card: Card, at: datetime) -> None:
    """Write the scores of these leads as of ``at``; a row that stays the same is not touched."""
    ids = sorted(leads)
    for start in range(0, len(ids), CHUNK):
        asked = ids[start : start + CHUNK]
        _execute(WRITE, card, {"leads": asked, "moments": [at] * len(asked)})


def scores_at(moments: Iterable[tuple[int, datetime]], *, card: Card) -> dict[tuple[int, datetime], int]:
    """The score that each lead would have shown at each moment, by this card; writes nothing."""
    pairs = list(moments)
    rows = _execute(SHOWN, card, {"leads": [lead for lead, _ in pairs], "moments": [at for _, at in pairs]})
    return {(lead, at): shown for lead, at, shown in rows}


def chunks_of_leads() -> Iterator[list[int]]:
    """The ids of all leads in order, at most CHUNK at a time."""
    last = 0
    while chunk := list(Lead.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield chunk
        last = chunk[-1]


def _execute(template: sql.SQL, card: Card, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    compiled = Compiled(card)
    with connection.cursor() as cursor:
        statement = template.format(scored=compiled.scored).as_string(cursor.cursor)
        cursor.execute(statement, {**compiled.values, **asked})
        return cursor.fetchall() if cursor.description else []
