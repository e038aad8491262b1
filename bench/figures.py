"""How fast figures are kept and read, at several sizes of one database, each beside a yardstick of the same run.

.venv/bin/python -m bench figures [LEADS …]
"""

import random
import resource
import statistics
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction
from django.test import Client

from bench.population import populate
from crm import outbox
from crm.models import User
from crm.outbox import record_change
from funnel.facts.checking import check_metrics
from funnel.queries import leads_behind, left_path
from funnel.reports.funnel import rows as funnel_rows
from funnel.reports.question import DIMENSIONS, Question
from funnel.reports.velocity import tell as tell_velocity
from funnel.selection import Selection
from leads.models import Lead

SIZES = (10_000, 100_000, 1_000_000)
# What everything is measured against: the least that any recomputation must do, one pass over the log. Each minimum is
# asked for: one that is not, the planner leaves out.
FLOOR = """
    SELECT count(a), count(b), count(c), count(d), count(e), count(f), count(g), count(h), count(i), count(j) FROM (
        SELECT lead_id, min(at) FILTER (WHERE to_stage = 'inquiry') a, min(at) FILTER (WHERE to_stage = 'nurture') b,
            min(at) FILTER (WHERE to_stage = 'mql') c, min(at) FILTER (WHERE to_stage = 'offered') d,
            min(at) FILTER (WHERE to_stage = 'accepted') e, min(at) FILTER (WHERE to_stage = 'qualified') f,
            min(at) FILTER (WHERE to_stage = 'opportunity') g, min(at) FILTER (WHERE to_stage = 'customer') h,
            min(at) FILTER (WHERE to_stage = 'lost') i, min(at) FILTER (WHERE to_stage = 'disqualified') j
        FROM leads_transition GROUP BY lead_id
    ) floor
"""
# What happens to a lead: one in nurture becomes MQL once more, every other gets another owner.
MOVE = """
    INSERT INTO leads_transition (lead_id, seq, episode, opens_episode, kind, from_stage, to_stage, at, recorded_at,
        note, out_of_order, source)
    SELECT id, seq + 1, episode + 1, true, 'move', stage, 'mql', stage_since + interval '1 day', now(), '', false, ''
    FROM leads_lead WHERE id = ANY(%(ids)s) AND stage = 'nurture'
"""
MOVED = """
    UPDATE leads_lead
    SET seq = seq + 1, episode = episode + 1, stage = 'mql', stage_since = stage_since + interval '1 day'
    WHERE id = ANY(%(ids)s) AND stage = 'nurture'
"""
GIVEN = "UPDATE leads_lead SET owner_id = owner_id %% 60 + 1 WHERE id = ANY(%(ids)s) AND stage <> 'mql'"
DRAINS = ((1, 20), (100, 10), (1_000, 3), (10_000, 2))
READS = 20
# Two years that begin and end within a month, so that edge days are read beside months.
YEARS = {"start": date(2024, 3, 14), "end": date(2026, 3, 14)}
EMPTY_PAGE, FUNNEL_PAGE = "/search/", "/dashboards/funnel/"
# The best of each measurement at the smallest size, in seconds: what larger ones are held against.
SMALLEST: dict[str, float] = {}


def measure(sizes: list[int]) -> None:
    print(f"{'leads':>10}  {'what':<44} {'best ms':>10} {'p50 ms':>10} {'p95 ms':>10} {'x smallest':>10}  beside")
    reached = 0
    for size in sizes or SIZES:
        if not Lead.objects.filter(pk=size).exists():
            populate(reached + 1, size)
        reached = size
        measure_rebuild(size)
        measure_drains(size)
        measure_reads(size)
        measure_pages(size)
        measure_check(size)


def measure_rebuild(size: int) -> None:
    floor = times(lambda: run(FLOOR), 3)
    say(size, "floor: GROUP BY lead, ten minima", floor)
    rebuild = times(lambda: outbox.rebuild("funnel"), 2)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(size, "rebuild_metrics", rebuild, f"{min(rebuild) / min(floor):.1f} x the floor, at most {memory:,} MB")


def measure_drains(size: int) -> None:
    drain_all()
    pick = random.Random(size)
    for many, rounds in DRAINS:
        seen = []
        for _ in range(rounds):
            change(pick.sample(range(1, size + 1), min(many, size)))
            seen += times(drain_all, 1)
        say(size, f"drain of {many:,} changed leads", seen, f"{many / statistics.median(seen):,.0f} leads a second")


def drain_all() -> None:
    while outbox.drain("funnel"):
        pass


def change(ids: list[int]) -> None:
    with transaction.atomic(), connection.cursor() as sql:
        for statement in (MOVE, MOVED, GIVEN):
            sql.execute(statement, {"ids": ids})
        record_change("lead", ids)


def measure_reads(size: int) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    every = Question(**YEARS)
    reads: dict[str, Callable[[], Any]] = {
        "funnel": lambda: funnel_rows(every),
        **{f"funnel by {dimension}": funnel_by(dimension) for dimension in DIMENSIONS},
        "funnel by owner, by period": funnel_by("owner", basis="period"),
        "funnel by month": lambda: funnel_rows(Question(**YEARS, dimension="month")),
        "two dimensions: owner within a campaign": funnel_by("owner", filters=(("campaign", "7"),)),
        "two dimensions: campaign, of marketing": funnel_by("campaign", filters=(("origin", "marketing"),)),
        "two dimensions, by period": funnel_by("campaign", basis="period", filters=(("origin", "marketing"),)),
        "velocity": lambda: tell_velocity(every, now),
        "who left the path, by stage": lambda: left_path(every, at=now),
        "first page of the leads behind a figure": lambda: leads_behind(Selection(every, "accepted"), at=now),
    }
    for name, read in reads.items():
        say(size, name, times(read, READS))


def funnel_by(dimension: str, **asked: Any) -> Callable[[], Any]:
    return partial(funnel_rows, Question(**YEARS, dimension=dimension, **asked))


def measure_pages(size: int) -> None:
    """The page of the funnel by any one dimension, beside a page of the same stack that shows nothing."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(pk=1))
    empty = times(partial(get, client, EMPTY_PAGE), READS)
    say(size, "empty page (search without a word)", empty)
    for dimension in ("", *DIMENSIONS):
        asked = {"from": YEARS["start"], "to": YEARS["end"], "dimension": dimension}
        seen = times(partial(get, client, f"{FUNNEL_PAGE}?{urlencode(asked)}"), READS)
        beside = f"{statistics.median(seen) / statistics.median(empty):.1f} x the empty page"
        say(size, f"page of the funnel by {dimension or 'nothing'}", seen, beside)


def get(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == HTTPStatus.OK, (path, answer.status_code)


def measure_check(size: int) -> None:
    found = []
    seen = times(lambda: found.append(check_metrics()), 1)
    say(size, "check_metrics, row for row", seen, f"{len(found[0].differences)} differences")


def times(act: Callable[[], Any], rounds: int) -> list[float]:
    """Seconds of each round."""
    seen = []
    for _ in range(rounds):
        began = perf_counter()
        act()
        seen.append(perf_counter() - began)
    return seen


def run(statement: str) -> None:
    with connection.cursor() as sql:
        sql.execute(statement)
        sql.fetchall()


def say(size: int, what: str, seconds: list[float], beside: str = "") -> None:
    """A line; ``x smallest`` sets the best round against the best at the smallest size."""
    milliseconds = sorted(1_000 * each for each in seconds)
    p95 = milliseconds[min(len(milliseconds) - 1, round(0.95 * len(milliseconds)))]
    ratio = min(seconds) / SMALLEST.setdefault(what, min(seconds))
    timed = f"{milliseconds[0]:>10,.1f} {statistics.median(milliseconds):>10,.1f} {p95:>10,.1f} {ratio:>10.2f}"
    print(f"{size:>10,}  {what:<44} {timed}  {beside}", flush=True)
