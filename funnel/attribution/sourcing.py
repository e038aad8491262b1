"""Whose deal it is: sourced by marketing in three senses, influenced by it, and by which campaign (METRICS T13, T14).

The three senses: the *source* recorded on the deal's lead (who found it, its campaign); the *first touch* by anybody of
any of the deal's people, without one as recorded; a touch by buyer or marketing *before sales'* first activity. A deal
is influenced by the campaigns of its marketing touches up to its close, and by the one that sourced it: what is sourced
is influenced, always. Money of the two is never added up, for it is partly the same.
"""

from funnel.attribution.paths import HAPPENED, PATH_LEADS
from funnel.models.settings import MarketingSourced
from leads.models import ActivityKind, TouchBy

# CTEs over `deal` (id, lead_id, contact_id, until, amount), with whatever else is asked of it. They end in
#   sourced: a row for each sense in which marketing sourced it: all of `deal`, deal, definition, campaign (maybe NULL)
#   influenced: a row for each campaign of its marketing touches: deal, amount, campaign (NULL for those without one)
# What is asked of a deal comes along: nobody can tell how many rows a CTE has, and joining two of them deal by deal
# once more would compare each with each.
SOURCING = f"""
    {PATH_LEADS},
    met AS MATERIALIZED (
        SELECT deal.id AS deal, deal.amount, t.id, t.at, t.by, t.campaign_id
        FROM deal JOIN path_lead ON path_lead.deal = deal.id JOIN leads_touch t ON t.lead_id = path_lead.lead_id
        WHERE t.at <= deal.until AND {HAPPENED}
    ),
    first_met AS (SELECT DISTINCT ON (deal) deal, by, campaign_id FROM met ORDER BY deal, at, id),
    first_reached AS (
        SELECT DISTINCT ON (deal) deal, at, campaign_id FROM met WHERE by <> '{TouchBy.SALES}' ORDER BY deal, at, id
    ),
    sales_act AS (
        SELECT deal, min(at) AS at FROM (
            SELECT path_lead.deal, a.at FROM path_lead JOIN leads_activity a ON a.lead_id = path_lead.lead_id
            WHERE a.kind <> '{ActivityKind.NOTE}'
            UNION ALL
            SELECT deal.id, a.at FROM deal JOIN leads_activity a ON a.opportunity_id = deal.id
            WHERE a.kind <> '{ActivityKind.NOTE}'
            UNION ALL
            SELECT deal, at FROM met WHERE by = '{TouchBy.SALES}'
        ) act GROUP BY deal
    ),
    sourced AS (
        SELECT deal.*, deal.id AS deal, told.definition, told.campaign
        FROM deal
        LEFT JOIN leads_lead named ON named.id = deal.lead_id
        LEFT JOIN leads_lead l ON l.id = coalesce(named.merged_into_id, named.id)
        LEFT JOIN first_met ON first_met.deal = deal.id
        LEFT JOIN first_reached ON first_reached.deal = deal.id
        LEFT JOIN sales_act ON sales_act.deal = deal.id
        CROSS JOIN LATERAL (VALUES
            ('{MarketingSourced.SOURCE}', l.sourced_by <> 'sales', l.campaign_id),
            ('{MarketingSourced.FIRST_TOUCH}', coalesce(first_met.by, l.sourced_by) <> 'sales',
                CASE WHEN first_met.deal IS NULL THEN l.campaign_id ELSE first_met.campaign_id END),
            ('{MarketingSourced.BEFORE_SALES}',
                first_reached.at IS NOT NULL AND (sales_act.at IS NULL OR first_reached.at < sales_act.at),
                first_reached.campaign_id)
        ) AS told (definition, is_so, campaign)
        WHERE told.is_so
    ),
    influenced AS (
        SELECT deal, amount, campaign_id AS campaign FROM met WHERE by <> '{TouchBy.SALES}'
        UNION
        SELECT deal, amount, campaign FROM sourced WHERE definition = %(definition)s
    )"""


def sourcing_of(deals: str, which: str) -> str:
    """CTEs `deal`, with the amount and the day of the close, and those of SOURCING: of closed deals `d` of the relation
    ``deals`` (funnel/deals/relation.py) that fulfil ``which``."""
    return f"""
    deal AS MATERIALIZED (
        SELECT d.id, o.lead_id, o.contact_id, d.amount, d.closed_on, d.closed_at AS until
        FROM {deals} d JOIN leads_opportunity o ON o.id = d.id WHERE {which}
    ), {SOURCING}"""
