"""The one engine of the score: runs the compiled card and writes `LeadScore`. Nobody else writes it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg2 import sql

from crm.outbox import lock_key
from leads.models import Lead, LeadScore
from scoring.definitions import active_card
from scoring.rules import Card
from scoring.statement import RANGE, Compiled

# A longer write transaction would hold up every consumer of the outbox.
CHUNK = 20_000
ROUND_AT_MOST = 5_000
# PostgreSQL cannot foresee how many touches moments of the past have, and joins them in a nested loop: quadratic.
PAIRS_AT_A_TIME = 1_000

# A row that stays the same is not written: the rounded figure tells by itself when it changes next.
WRITE = sql.SQL("""
    {scored}
    INSERT INTO leads_leadscore AS old
        (lead_id, fit, engagement, engagement_at, shown, grade, excluded, raised_at, qualifies, definition_version,
        rounds_at, scored_at)
    SELECT lead_id, fit, engagement, latest, shown, grade, excluded, raised_at, qualifies, %(version)s, rounds_at, at
    FROM scored ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET (fit, engagement, engagement_at, shown, grade, excluded, raised_at, qualifies,
        definition_version, rounds_at, scored_at) = (excluded.fit, excluded.engagement, excluded.engagement_at,
        excluded.shown, excluded.grade, excluded.excluded, excluded.raised_at, excluded.qualifies,
        excluded.definition_version, excluded.rounds_at, excluded.scored_at)
    WHERE (old.fit, old.engagement, old.engagement_at, old.shown, old.grade, old.excluded, old.raised_at,
        old.qualifies, old.definition_version, old.rounds_at)
        IS DISTINCT FROM (excluded.fit, excluded.engagement, excluded.engagement_at, excluded.shown, excluded.grade,
        excluded.excluded, excluded.raised_at, excluded.qualifies, excluded.definition_version, excluded.rounds_at)
""")
STANDINGS = sql.SQL("{scored} SELECT lead_id, at, shown, grade, excluded, raised_at, qualifies FROM scored")
NEXT_RANGE = """
    SELECT min(id), max(id) FROM (SELECT id FROM leads_lead WHERE id > %s ORDER BY id LIMIT %s) AS following
"""


class Standing(NamedTuple):
    """What a card says of a lead at a moment."""

    lead: int
    at: datetime
    shown: int
    grade: str
    excluded: bool
    raised_at: datetime | None
    qualifies: bool


def score_all(*, card: Card, at: datetime) -> Iterator[tuple[int, int]]:
    """Write the score of every lead as of ``at``, a range of ids at a time; gives each range when it is written."""
    compiled = Compiled(card, asked=RANGE)
    for low, high in ranges_of_leads():
        _execute(WRITE, compiled, {"low": low, "high": high, "at": at})
        yield low, high


def round_due_scores(*, at: datetime) -> int:
    """Score again where time alone has changed a score: the rounded figure, or a raised hand that is down again.

    Gives how many rows were due. Does nothing while the outbox is being drained into the scores: the next minute finds
    them.
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
    """Write the scores of these leads as of ``at``, by what is known of them now; a row that stays is not touched."""
    ids, compiled = sorted(set(leads)), Compiled(card)
    for start in range(0, len(ids), CHUNK):
        asked = ids[start : start + CHUNK]
        _execute(WRITE, compiled, {"leads": asked, "moments": [at] * len(asked)})


def standings_at(moments: Iterable[tuple[int, datetime]], *, card: Card) -> Iterator[Standing]:
    """What the card would have said of each lead at each moment, by what was known of it then; writes nothing.

    In no order, each pair once; a lead that is gone is left out.
    """
    pairs, compiled = list(dict.fromkeys(moments)), Compiled(card, as_of=True)
    for start in range(0, len(pairs), PAIRS_AT_A_TIME):
        part = pairs[start : start + PAIRS_AT_A_TIME]
        asked = {"leads": [lead for lead, _ in part], "moments": [at for _, at in part]}
        yield from map(Standing._make, _execute(STANDINGS, compiled, asked))


def scores_at(moments: Iterable[tuple[int, datetime]], *, card: Card) -> dict[tuple[int, datetime], int]:
    """The score that each lead would have shown at each moment, by this card and what was known then."""
    return {(standing.lead, standing.at): standing.shown for standing in standings_at(moments, card=card)}


def chunks_of_leads() -> Iterator[list[int]]:
    """The ids of all leads in order, at most CHUNK at a time."""
    for low, high in ranges_of_leads():
        yield list(Lead.objects.filter(pk__range=(low, high)).order_by("pk").values_list("pk", flat=True))


def ranges_of_leads() -> Iterator[tuple[int, int]]:
    """Ids from .. to, with at most CHUNK leads in each; together every lead there is."""
    high: int | None = -1
    while high is not None:
        with connection.cursor() as cursor:
            cursor.execute(NEXT_RANGE, [high, CHUNK])
            low, high = cursor.fetchone()
        if high is not None:
            yield low, high


def _execute(template: sql.SQL, compiled: Compiled, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        statement = template.format(scored=compiled.scored).as_string(cursor.cursor)
        cursor.execute(statement, {**compiled.values, **asked})
        return cursor.fetchall() if cursor.description else []
