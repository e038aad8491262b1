"""How fast leads are scored: all of them beside the least that must be read and written, and those that changed.

.venv/bin/python -m bench scoring [LEADS …]
"""

import random
import statistics
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench.figures import run, say, times
from bench.population import populate
from crm import outbox
from crm.outbox import record_change
from feedback.models import SignedStatus
from scoring.definitions import active_card
from scoring.engine import ranges_of_leads, standings_at
from scoring.models import Definition
from scoring.rescoring import rebuild
from scoring.rules import Card

SIZES = (10_000, 100_000)
# The two that nobody gets round: one pass over the touches, and one write of every score. The pass counts and takes the
# newest touch of one kind; the write changes what a new score changes.
READ = """
    SELECT sum(many), max(latest), max(latest_form) FROM (
        SELECT lead_id, count(*) AS many, max(at) AS latest, max(at) FILTER (WHERE kind = 'form') AS latest_form
        FROM leads_touch GROUP BY lead_id
    ) floor
"""
REWRITE = """
    UPDATE leads_leadscore SET fit = fit + 1, engagement = engagement + 1, shown = (shown + 1) %% 101,
        engagement_at = scored_at, scored_at = scored_at + interval '1 second'
    WHERE lead_id BETWEEN %s AND %s
"""
# The same without any column that an index holds, so that no index is written: the cheapest update there is.
REWRITE_HOT = """
    UPDATE leads_leadscore SET fit = fit + 1, engagement = engagement + 1 WHERE lead_id BETWEEN %s AND %s
"""
CHANGES = ((1, 20), (100, 10), (10_000, 2))


def fit(field: str, operator: str, value: Any, points: int, **more: Any) -> dict[str, Any]:
    return {"axis": "fit", "field": field, "operator": operator, "value": value, "points": points, **more}


def did(kind: str, points: int, **more: Any) -> dict[str, Any]:
    return {"axis": "engagement", "field": "kind", "operator": "is", "value": kind, "points": points, **more}


# Twelve rules of fit, eight of engagement, each with a cap, as many as a team agrees on.
DEFINITION: dict[str, Any] = {
    "rules": [
        fit("country", "in", ["Germany", "France"], 8), fit("country", "is", "Spain", 3),
        fit("title", "contains", "head of", 12, group="role"), fit("title", "is", "CTO", 10, group="role"),
        fit("title", "contains", "engineer", 4, group="role"),
        fit("company_industry", "in", ["Machinery", "Software"], 8),
        fit("company_employees", "at_least", 50, 5, group="size"),
        fit("company_employees", "at_least", 500, 10, group="size"),
        fit("has_phone", "is", True, 2), fit("source", "is", "source 3", 3), fit("tags", "contains", "key account", 6),
        fit("segment", "is_not", "segment 4", 2),
        did("form", 15, cap=30), did("download", 8, cap=24, group="content"), did("visit", 2, cap=10, group="content"),
        did("open", 1, cap=5, group="mail"), did("click", 3, cap=12, group="mail"), did("reply", 12, cap=24),
        did("attend", 10, cap=20),
        {"axis": "engagement", "field": "channel", "operator": "in", "value": ["webinar", "event"], "points": 4,
         "cap": 12},
    ],
    "thresholds": {
        "fit": {"A": 25, "B": 15, "C": 8}, "engagement": {"1": 30, "2": 15, "3": 5}, "mql": 40,
        "grades": ["A1", "A2", "B1"],
    },
    "hand_raises": [{"field": "raised_hand", "operator": "is", "value": True}],
    "exclusions": [
        {"field": "do_not_mail", "operator": "is", "value": True},
        {"field": "own_staff", "operator": "is", "value": True},
    ],
    "daily_cap": 20,
    "half_life_days": 30,
}  # fmt: skip


def measure(sizes: list[int]) -> None:
    Definition.objects.create(name="Measured", version=1, status=SignedStatus.ACTIVE, **DEFINITION)
    print(f"{'leads':>10}  {'what':<44} {'p50 ms':>10} {'p95 ms':>10}  {'beside':<30}")
    reached = 0
    for size in sizes or SIZES:
        populate(reached + 1, size)
        reached = size
        measure_everything(size)
        measure_changes(size)


def measure_everything(size: int) -> None:
    """Every score, in the transactions in which it is really done, and the raw update in just such."""
    rebuild()
    read, write, hot = times(lambda: run(READ), 3), times(rewrite, 1), times(lambda: rewrite(REWRITE_HOT), 1)
    say(size, "raw GROUP BY of the touches", read)
    say(size, "raw UPDATE of the scores", write)
    say(size, "raw UPDATE that no index hears of", hot)
    scored = times(rebuild, 1)
    floor, least = min(read) + min(write), min(read) + min(hot)
    say(size, "full scoring", scored, f"{scored[0] / floor:.1f} x both ({scored[0] / least:.1f} x without indexes)")
    say(size, "full scoring, nothing to change", times(rebuild, 1))


def rewrite(statement: str = REWRITE) -> None:
    for low, high in ranges_of_leads():
        with connection.cursor() as sql:
            sql.execute(statement, [low, high])


def measure_changes(size: int) -> None:
    while outbox.drain("scoring"):
        pass
    pick, card = random.Random(size), active_card()
    for many, rounds in CHANGES:
        if many > size:
            continue
        seen, past, then = [], [], timezone.now() - timedelta(days=90)
        for _ in range(rounds):
            leads = pick.sample(range(1, size + 1), many)
            touch(leads)
            seen += times(drain, 1)
            past += times(partial(look_back, [(lead, then) for lead in leads], card), 1)
        say(size, f"drain of {many:,} leads with a new touch", seen, f"{many / statistics.median(seen):,.0f} a second")
        say(size, f"what {many:,} leads had 90 days ago", past)


def look_back(moments: list[tuple[int, datetime]], card: Card) -> None:
    for _standing in standings_at(moments, card=card):
        pass


def touch(leads: list[int]) -> None:
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute(
            "INSERT INTO leads_touch (lead_id, kind, by, at, channel, utm, raised_hand, source_system, external_id,"
            " created_at) SELECT unnest(%s::bigint[]), 'form', 'buyer', now(), '', '{}', false, '', '', now()",
            [leads],
        )
        record_change("lead", leads)


def drain() -> None:
    while outbox.drain("scoring"):
        pass
