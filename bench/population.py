"""Many leads with believable pasts, written by set-based SQL: three years, eight moves and eight touches a lead."""

from typing import Any

from django.db import connection, transaction

from bench import desk_rows, vocabulary
from bench.inserting import insert
from campaigns.models import Campaign
from crm.models import Team, User
from leads.models import Lead, Transition

CHUNK = 50_000
# How many leads in a hundred go which way; a step is (days since the one before, stage).
WAYS: list[tuple[int, list[tuple[int, str]]]] = [
    (25, [(0, "inquiry"), (3, "mql"), (30, "nurture"), (50, "mql"), (2, "offered"), (1, "nurture")]),
    (20, [(0, "inquiry"), (1, "mql"), (1, "offered"), (2, "mql"), (5, "offered"), (1, "nurture"), (70, "mql"),
          (1, "offered"), (3, "nurture")]),
    (15, [(0, "inquiry"), (2, "mql"), (0, "offered"), (1, "mql"), (3, "offered"), (1, "accepted"), (6, "qualified"),
          (20, "disqualified")]),
    (15, [(0, "inquiry"), (9, "nurture"), (60, "mql"), (1, "offered"), (1, "accepted"), (4, "qualified"),
          (9, "opportunity"), (50, "lost")]),
    (10, [(0, "inquiry"), (1, "mql"), (0, "offered"), (1, "mql"), (1, "offered"), (1, "accepted"), (3, "qualified"),
          (8, "opportunity"), (40, "customer")]),
    (15, [(0, "inquiry"), (4, "mql"), (1, "offered"), (2, "nurture"), (80, "mql"), (1, "offered"), (1, "accepted"),
          (5, "qualified"), (15, "nurture")]),
]  # fmt: skip
ROWS = {"users": 60, "teams": 6, "campaigns": 40}


def populate(low: int, high: int) -> None:
    """Leads with the ids ``low`` to ``high`` and their logs; the outbox hears nothing of them."""
    with connection.cursor() as sql:
        if low == 1:
            make_dimensions(sql)
            vocabulary.create(sql)
        make_ways(sql)
        for start in range(low, high + 1, CHUNK):
            ids = {"low": start, "high": min(start + CHUNK - 1, high)}
            # In one transaction: a lead is written before its company.
            with transaction.atomic():
                sql.execute(insert(Lead, LEAD, LEADS), ids)
                sql.execute(insert(Transition, STEP, STEPS), ids)
                sql.execute("ANALYZE leads_lead, leads_transition")
                desk_rows.write(sql, ids)
        for model in (Lead, *desk_rows.TABLES):
            desk_rows.set_sequence(sql, model)
        sql.execute("ANALYZE")


def make_dimensions(sql: Any) -> None:
    Team.objects.bulk_create(Team(id=n, name=f"Team {n}", kind="sales") for n in range(1, ROWS["teams"] + 1))
    User.objects.bulk_create(
        User(id=n, email=f"rep{n}@bench.test", first_name=f"Rep {n}", team_id=n % ROWS["teams"] + 1)
        for n in range(1, ROWS["users"] + 1)
    )
    Campaign.objects.bulk_create(Campaign(id=n, name=f"Campaign {n}") for n in range(1, ROWS["campaigns"] + 1))


def make_ways(sql: Any) -> None:
    """Tables of a hundred slots: `step` has the rows of each, `way` its end."""
    sql.execute("DROP TABLE IF EXISTS way, step")
    sql.execute(
        "CREATE TEMP TABLE step (slot int, seq int, before text, stage text, days int, episode int, opens bool)"
    )
    slot = 0
    for share, way in WAYS:
        for _ in range(share):
            for row in told(way):
                sql.execute("INSERT INTO step VALUES (%s, %s, %s, %s, %s, %s, %s)", [slot, *row])
            slot += 1
    sql.execute("CREATE TEMP TABLE way AS SELECT DISTINCT ON (slot) * FROM step ORDER BY slot, seq DESC")


def told(way: list[tuple[int, str]]) -> list[tuple[int, str, str, int, int, bool]]:
    """(seq, from, to, days since capture, episode, opens it) of each step."""
    rows, before, since, episode = [], "", 0, 1
    for seq, (days, stage) in enumerate(way, start=1):
        opens = before == "nurture" and stage == "mql" and any(row[2] == "mql" for row in rows)
        episode += opens
        since += days
        rows.append((seq, before, stage, since, episode, opens))
        before = stage
    return rows


LEADS = f"generate_series(%(low)s, %(high)s) AS n JOIN way ON way.slot = n.n %% 100 {desk_rows.WORDS}"
STEPS = "leads_lead l JOIN step ON step.slot = l.id %% 100 WHERE l.id BETWEEN %(low)s AND %(high)s"
CAPTURED = """(timestamptz '2023-11-20'
    + ({n}::bigint * 7919 %% 1096) * interval '1 day' + ({n}::bigint * 104729 %% 86400) * interval '1 second')"""
# A quarter slower or faster than its way says, so that days spread.
PACE = "(0.75 + ({n} * 31 %% 50) / 100.0)"
LEAD = {
    "id": "n.n",
    "stage": "way.stage",
    "episode": "way.episode",
    "seq": "way.seq",
    "captured_at": CAPTURED.format(n="n.n"),
    "stage_since": f"{CAPTURED.format(n='n.n')} + way.days * {PACE.format(n='n.n')} * interval '1 day'",
    "campaign_id": f"CASE WHEN n.n %% 10 < 8 THEN n.n * 13 %% {ROWS['campaigns']} + 1 END",
    "channel": "(ARRAY['email', 'event', 'webinar', 'search', 'social', 'display', 'content', ''])[n.n * 17 %% 8 + 1]",
    "source": "CASE WHEN n.n %% 12 > 0 THEN 'source ' || n.n %% 12 ELSE '' END",
    "segment": "'segment ' || n.n * 7 %% 5",
    "owner_id": f"n.n * 19 %% {ROWS['users']} + 1",
    "team_id": f"n.n * 19 %% {ROWS['users']} %% {ROWS['teams']} + 1",
    "company_id": "nullif(n.n / 4, 0)",
    "country": "(ARRAY['Germany', 'France', 'Poland', 'Spain', ''])[n.n * 29 %% 5 + 1]",
    **desk_rows.PERSON,
}
STEP = {
    "lead_id": "l.id",
    "seq": "step.seq",
    "episode": "step.episode",
    "opens_episode": "step.opens",
    "from_stage": "step.before",
    "to_stage": "step.stage",
    "at": f"l.captured_at + step.days * {PACE.format(n='l.id')} * interval '1 day'",
}
