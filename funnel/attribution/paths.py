"""Whose touches belong to a deal: those of its lead, of the leads that joined it, and of all leads of its people.

Merged leads are read as one. A touch that another one corrects never happened.
"""

from leads.models import TouchBy

# CTEs that end in `path_lead` (deal, lead_id): of the deals in `deal` (id, lead_id, contact_id) every lead of its path.
PATH_LEADS = """
    person AS (
        SELECT id AS deal, contact_id FROM deal WHERE contact_id IS NOT NULL
        UNION
        SELECT part.opportunity_id, part.contact_id
        FROM deal JOIN leads_opportunityperson part ON part.opportunity_id = deal.id
    ),
    named AS (
        SELECT id AS deal, lead_id FROM deal WHERE lead_id IS NOT NULL
        UNION ALL
        SELECT part.opportunity_id, part.lead_id
        FROM deal JOIN leads_opportunityperson part ON part.opportunity_id = deal.id WHERE part.lead_id IS NOT NULL
        UNION ALL
        SELECT person.deal, l.id FROM person JOIN leads_lead l ON l.contact_id = person.contact_id
    ),
    root AS (
        SELECT DISTINCT named.deal, coalesce(l.merged_into_id, l.id) AS lead_id
        FROM named JOIN leads_lead l ON l.id = named.lead_id
    ),
    path_lead AS (
        SELECT deal, lead_id FROM root
        UNION ALL
        SELECT root.deal, l.id FROM root JOIN leads_lead l ON l.merged_into_id = root.lead_id
    )"""
# Of a touch `t`.
HAPPENED = "NOT EXISTS (SELECT FROM leads_touch correction WHERE correction.corrects_id = t.id)"
IS_MARKETING = f"t.by <> '{TouchBy.SALES}'"

# The deals whose path runs over some leads, now or when the ledger last looked.
DEALS_OF_LEADS = """
    WITH family AS (
        SELECT l.id, l.contact_id FROM leads_lead l WHERE l.id = ANY(%(leads)s)
        UNION
        SELECT root.id, root.contact_id FROM leads_lead l JOIN leads_lead root ON root.id = l.merged_into_id
        WHERE l.id = ANY(%(leads)s)
        UNION
        SELECT other.id, other.contact_id
        FROM leads_lead l JOIN leads_lead other ON other.merged_into_id = coalesce(l.merged_into_id, l.id)
        WHERE l.id = ANY(%(leads)s)
    )
    SELECT o.id FROM family JOIN leads_opportunity o ON o.lead_id = family.id
    UNION SELECT part.opportunity_id FROM family JOIN leads_opportunityperson part ON part.lead_id = family.id
    UNION SELECT o.id FROM family JOIN leads_opportunity o ON o.contact_id = family.contact_id
    UNION SELECT part.opportunity_id FROM family
        JOIN leads_opportunityperson part ON part.contact_id = family.contact_id
    UNION SELECT a.opportunity FROM family JOIN leads_touch t ON t.lead_id = family.id
        JOIN funnel_credit c ON c.touch = t.id AND c.model = 'linear'
        JOIN funnel_attribution a ON a.id = c.attribution_id
"""
