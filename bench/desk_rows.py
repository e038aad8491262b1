"""What people work with beside a lead: company, contact, score, touches, hand-off, activities, task, opportunity."""

from typing import Any

from django.db import models

from bench import vocabulary
from bench.inserting import insert
from feedback.models import Handoff
from leads.models import Activity, Company, Contact, LeadScore, Opportunity, Task, Touch

TABLES: tuple[type[models.Model], ...] = (Company, Contact, Touch, Handoff, Activity, Task, Opportunity)
SURNAMES = len(vocabulary.FRONTS) * len(vocabulary.BACKS)
# A number drawn with a bias to the small ones: surname 0 is borne by one in a hundred, most by a handful.
SKEWED = "floor(pow(({n}::bigint * {prime} %% 1000003) / 1000003.0::float8, 3) * {many})::int"


def drawn(table: str, alias: str, n: str, prime: int, many: int) -> str:
    """SQL that joins the word which number ``n`` draws from a vocabulary."""
    return f"JOIN bench_{table} {alias} ON {alias}.n = {SKEWED.format(n=n, prime=prime, many=many)}"


# Four leads in a row are of one company.
WORDS = " ".join(
    (
        drawn("first_name", "first", "n.n", 48271, len(vocabulary.FIRST_NAMES)),
        drawn("surname", "last", "n.n", 69621, SURNAMES),
        drawn("surname", "firm", "(n.n / 4)", 40692, SURNAMES),
        drawn("trade", "trade", "(n.n / 4)", 16807, len(vocabulary.TRADES)),
    )
)
PERSON = {
    "first_name": "first.word",
    # One in forty bears a name of their own, so that the words of a country keep growing with it.
    "last_name": """last.word || CASE WHEN n.n %% 40 = 0
        THEN translate(to_hex(n.n), '0123456789abcdef', 'aeioulnrstmkdbgf') ELSE '' END""",
    "email": "'lead' || n.n || '@' || (n.n / 4) || '.bench.test'",
    "phone": "'+49 30 ' || (10000000 + n.n)",
    "phone_e164": "'+4930' || (10000000 + n.n)",
    "title": "(ARRAY['Head of Operations', 'Buyer', 'CTO', 'Owner', 'Engineer'])[n.n %% 5 + 1]",
    "company_name": "firm.word || ' ' || trade.word || ' ' || n.n / 4 %% 97",
    "tags": "CASE n.n %% 20 WHEN 0 THEN ARRAY['fair'] WHEN 1 THEN ARRAY['key account', 'fair'] ELSE '{}' END",
    "last_activity_at": "CASE WHEN n.n %% 3 > 0 THEN timestamptz '2026-11-20' - n.n %% 400 * interval '1 day' END",
    "next_step_at": "CASE WHEN n.n %% 10 = 0 THEN timestamptz '2026-11-20' + (n.n %% 60 - 20) * interval '1 day' END",
}
DEEDS = ["form", "visit", "click", "open", "visit", "download", "attend", "reply"]
# One of the first twelve ways to say no.
REASON = "(SELECT min(id) FROM leads_reason WHERE use = 'verdict') + l.id %% 12"
LEADS = "leads_lead l WHERE l.id BETWEEN %(low)s AND %(high)s"
# One company for four leads, one contact for three, one opportunity for twenty.
STATEMENTS: list[tuple[type[models.Model], dict[str, str], str]] = [
    (
        Company,
        {
            "id": "l.id / 4", "name": "l.company_name", "domain": "(l.id / 4) || '.bench.test'",
            "industry": "(ARRAY['Machinery', 'Retail', 'Software', 'Health', ''])[(l.id / 4) %% 5 + 1]",
            "employees": "(l.id / 4) %% 997 + 3",
        },
        f"{LEADS} AND l.id %% 4 = 0",
    ),
    (
        Contact,
        {
            "id": "l.id / 3", "first_name": "l.first_name", "last_name": "l.last_name", "email": "l.email",
            "phone": "l.phone", "phone_e164": "l.phone_e164",
            "company_id": "CASE WHEN l.id / 4 BETWEEN 1 AND %(low)s / 4 THEN l.id / 4 END",
        },
        f"{LEADS} AND l.id %% 3 = 0",
    ),
    (
        LeadScore,
        {
            "lead_id": "l.id", "fit": "l.id %% 101", "engagement": "l.id * 7 %% 90", "shown": "l.id * 37 %% 101",
            "grade": "substr('ABCD', (l.id %% 4 + 1)::int, 1) || (l.id * 3 %% 4 + 1)", "scored_at": "l.stage_since",
        },
        LEADS,
    ),
    (
        Touch,
        {
            "lead_id": "l.id", "at": "l.captured_at + k * k * (l.id %% 7) * interval '7 hours'",
            "kind": f"(ARRAY{DEEDS})[(l.id + k) %% 8 + 1]",
            "channel": "(ARRAY['search', 'email', 'webinar', 'social'])[(l.id / 8 + k) %% 4 + 1]",
            "campaign_id": "CASE k WHEN 0 THEN l.campaign_id ELSE (l.id + k) %% 40 + 1 END",
            "raised_hand": "k = 3 AND l.id %% 50 = 0",
        },
        LEADS.replace("l WHERE", "l CROSS JOIN generate_series(0, 7) k WHERE"),
    ),
    (
        Handoff,
        {
            "lead_id": "t.lead_id", "episode": "t.episode", "team_id": "l.team_id", "to_user_id": "l.owner_id",
            "offered_at": "t.at", "waiting_since": "t.at", "due_at": "t.at + interval '1 day'",
            "status": "CASE t.id %% 3 WHEN 0 THEN 'rejected' ELSE 'accepted' END", "decided_by_id": "l.owner_id",
            "decided_at": "t.at + interval '4 hours'",
            "route": "CASE WHEN t.id %% 3 = 0 THEN 'nurture' ELSE '' END",
            "reason_id": f"CASE WHEN t.id %% 3 = 0 THEN {REASON} END",
        },
        LEADS.replace("l WHERE", "l JOIN leads_transition t ON t.lead_id = l.id AND t.to_stage = 'offered' WHERE"),
    ),
    (
        Activity,
        {
            "lead_id": "l.id", "kind": "(ARRAY['call', 'email', 'meeting'])[k + 1]", "outcome": "'reached'",
            "at": "l.captured_at + (k + 2) * interval '1 day'", "by_id": "l.owner_id",
            "note": "'Spoke about the next step.'",
        },
        LEADS.replace("l WHERE", "l CROSS JOIN generate_series(0, 2) k WHERE"),
    ),
    (
        Task,
        {
            "lead_id": "l.id", "title": "'Call again'", "kind": "'call'", "due_at": "l.next_step_at",
            "owner_id": "l.owner_id",
        },
        f"{LEADS} AND l.next_step_at IS NOT NULL",
    ),
    (
        Opportunity,
        {
            "name": "l.company_name", "lead_id": "l.id", "owner_id": "l.owner_id", "team_id": "l.team_id",
            "company_id": "CASE WHEN l.id / 4 BETWEEN 1 AND %(low)s / 4 THEN l.id / 4 END",
            "amount": "1000 + l.id * 131 %% 90000", "opened_at": "l.captured_at", "stage_since": "l.stage_since",
            "stage": "(ARRAY['discovery', 'solution', 'proof', 'proposal', 'negotiation'])[(l.id / 20) %% 5 + 1]",
            "expected_close": "date '2026-12-01' + (l.id %% 90)::int",
        },
        f"{LEADS} AND l.id %% 20 = 0",
    ),
]  # fmt: skip


def write(sql: Any, ids: dict[str, int]) -> None:
    for model, given, source in STATEMENTS:
        sql.execute(insert(model, given, source), ids)


def set_sequence(sql: Any, model: type[models.Model]) -> None:
    table = model._meta.db_table
    sql.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))")
