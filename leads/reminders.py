"""Reminders: the bell rings for tasks whose time has come."""

from datetime import datetime

from django.db import connection
from django.urls import reverse

# One statement: a task is told and marked together, twice at once is the same as once.
REMIND = """
    WITH due AS (
        UPDATE leads_task SET reminded_at = %(at)s
        WHERE id IN (
            SELECT id FROM leads_task
            WHERE done_at IS NULL AND reminded_at IS NULL AND remind_at <= %(at)s
            ORDER BY remind_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        RETURNING id, owner_id, title, remind_at, lead_id, opportunity_id, contact_id
    )
    INSERT INTO crm_notification (user_id, kind, key, title, text, url, at)
    SELECT due.owner_id, 'task_due', 'task:' || due.id || ':due:' || extract(epoch FROM due.remind_at)::bigint,
        due.title,
        left(coalesce(
            opportunity.name,
            nullif(btrim(lead.first_name || ' ' || lead.last_name), ''), nullif(lead.email, ''),
            nullif(lead.company_name, ''),
            nullif(btrim(contact.first_name || ' ' || contact.last_name), ''), nullif(contact.email, ''), ''
        ), 300),
        CASE
            WHEN due.opportunity_id IS NOT NULL THEN %(opportunities)s || due.opportunity_id || '/'
            WHEN due.lead_id IS NOT NULL THEN %(leads)s || due.lead_id || '/'
            WHEN due.contact_id IS NOT NULL THEN %(contacts)s || due.contact_id || '/'
            ELSE %(tasks)s
        END,
        %(at)s
    FROM due
    LEFT JOIN leads_lead lead ON lead.id = due.lead_id
    LEFT JOIN leads_opportunity opportunity ON opportunity.id = due.opportunity_id
    LEFT JOIN leads_contact contact ON contact.id = due.contact_id
    ON CONFLICT (user_id, key) DO NOTHING
"""
AT_ONCE = 5_000


def remind(*, at: datetime) -> int:
    """Ring for what is to be remembered by ``at``; gives how often. Safe twice, late and side by side."""
    pages = {name: reverse(f"desk:{name}") for name in ("opportunities", "leads", "contacts")}
    with connection.cursor() as sql:
        sql.execute(REMIND, {"at": at, "limit": AT_ONCE, "tasks": "/tasks/", **pages})
        return sql.rowcount
