"""What only reports read, beside the population: downloads, closed opportunities with their history, spend.

One lead in five has an opportunity, so that a million leads have 200,000: three in four of them closed over two years,
four in ten of those won.
"""

from datetime import date, timedelta

from django.db import connection

from bench.inserting import insert
from bench.population import ROWS
from campaigns.models import Asset, Spend
from leads.models import DealStage, Opportunity, Touch

CONTENT = 60
# Every campaign costs something every week for three years.
SINCE, WEEKS = date(2023, 11, 20), 156
OPEN_STAGES = [stage for stage in DealStage.values if stage not in ("won", "lost")]
# Why a deal was lost: one of nine.
REASON = "(SELECT min(id) FROM leads_reason WHERE use = 'loss') + l.id %% 9"
WON = "l.id %% 50 < 20"
LEADS = "leads_lead l WHERE l.id BETWEEN %(low)s AND %(high)s"
# The population has the open ones, of every twentieth lead.
CLOSED = f"{LEADS} AND l.id %% 5 = 0 AND l.id %% 20 <> 0"
# Two downloads a lead.
DOWNLOADS = LEADS.replace("l WHERE", "l CROSS JOIN generate_series(1, 2) k WHERE")
DOWNLOAD = {
    "lead_id": "l.id",
    "at": "l.captured_at + k * (l.id %% 11) * interval '2 days'",
    "kind": "'download'",
    "channel": "'content'",
    "asset_id": f"(l.id / 8 + k) %% {CONTENT} + 1",
}
CLOSED_AT = "timestamptz '2024-11-20' + (l.id * 7919 %% 730) * interval '1 day' + (l.id %% 9) * interval '1 hour'"
DEAL = {
    "name": "l.company_name", "lead_id": "l.id", "owner_id": "l.owner_id", "team_id": "l.team_id",
    "company_id": "l.company_id", "amount": "1000 + l.id * 131 %% 90000",
    "stage": f"CASE WHEN {WON} THEN 'won' ELSE 'lost' END", "outcome": f"CASE WHEN {WON} THEN 'won' ELSE 'lost' END",
    "stage_before_close": "'negotiation'", "forecast_category": "'closed'",
    "reason_id": f"CASE WHEN NOT {WON} THEN {REASON} END",
    "competitor": "CASE l.id %% 4 WHEN 0 THEN 'Rival' WHEN 1 THEN 'Other' ELSE '' END",
    "product": "'product ' || l.id %% 7",
    "kind": "(ARRAY['new_business', 'expansion', 'renewal'])[l.id %% 3 + 1]",
    "closed_at": CLOSED_AT, "opened_at": f"{CLOSED_AT} - (10 + l.id %% 120) * interval '1 day'",
    "stage_since": CLOSED_AT, "expected_close": f"({CLOSED_AT})::date + (l.id %% 31)::int - 15",
}  # fmt: skip
# Every version but the last, as the history keeps it: four changes of an opportunity, a stage at a time.
VERSIONS = f"""
    INSERT INTO leads_opportunityevent (pgh_created_at, pgh_label, pgh_obj_id, id, name, kind, stage, outcome, note,
        competitor, product, amount, currency, probability, forecast_category, opened_at, expected_close, company_id,
        contact_id, lead_id, owner_id, team_id, archived_at, custom)
    SELECT o.opened_at + k * (coalesce(o.closed_at, o.stage_since) - o.opened_at) / 4, 'update', o.id, o.id, o.name,
        o.kind, (ARRAY{OPEN_STAGES})[k], '', '', '', o.product, o.amount, o.currency, o.probability,
        (ARRAY['pipeline', 'best_case', 'most_likely', 'commit'])[k], o.opened_at, o.expected_close, o.company_id,
        o.contact_id, o.lead_id, o.owner_id, o.team_id, o.archived_at, o.custom
    FROM leads_opportunity o CROSS JOIN generate_series(1, 4) k
    WHERE o.lead_id BETWEEN %(low)s AND %(high)s
"""


def add(low: int, high: int) -> None:
    """What reports read of the leads ``low`` to ``high``; content and spend with the first ones."""
    ids = {"low": low, "high": high}
    if low == 1:
        Asset.objects.bulk_create(Asset(id=n, name=f"Content {n}") for n in range(1, CONTENT + 1))
        Spend.objects.bulk_create(
            Spend(campaign_id=campaign, on=SINCE + timedelta(weeks=week), amount=500 + 37 * campaign)
            for campaign in range(1, ROWS["campaigns"] + 1)
            for week in range(WEEKS)
        )
    with connection.cursor() as sql:
        sql.execute(insert(Touch, DOWNLOAD, DOWNLOADS), ids)
        sql.execute(insert(Opportunity, DEAL, CLOSED), ids)
        sql.execute(VERSIONS, ids)
        sql.execute("ANALYZE")
