"""What an activity or a task is about: a lead, an opportunity or a contact, and how these hang together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from crm.errors import BusinessError
from leads.errors import MergedLead
from leads.models import Contact, Lead, Opportunity
from leads.models.work import ActivityKind, Direction
from leads.united import FAMILY, survivor_of

# Opportunities before leads, each by id: the order in which a close locks them, too (leads/opportunities.py). What is
# logged and planned for them comes last, so that nobody holds a task and waits for its opportunity.
LOCK_OPPORTUNITIES = f"""
    SELECT 1 FROM leads_opportunity WHERE id = ANY(%(opportunities)s) OR lead_id = ANY(ARRAY({FAMILY}))
    ORDER BY id FOR NO KEY UPDATE
"""
LOCK_LEADS = f"SELECT 1 FROM leads_lead WHERE id = ANY(ARRAY({FAMILY})) ORDER BY id FOR NO KEY UPDATE"
# What names a lead and no opportunity belongs to every opportunity of the lead; what is done and planned for a lead
# that was merged belongs to the one that stays.
PULSE = f"""
    WITH named AS (
        SELECT unnest(%(leads)s::bigint[]) AS id
        UNION SELECT lead_id FROM leads_opportunity WHERE id = ANY(%(opportunities)s)
    ),
    root AS (
        SELECT DISTINCT coalesce(lead.merged_into_id, lead.id) AS id FROM named JOIN leads_lead AS lead USING (id)
    ),
    member AS (
        SELECT id, id AS root FROM root
        UNION ALL SELECT lead.id, root.id FROM root JOIN leads_lead AS lead ON lead.merged_into_id = root.id
    ),
    pulse AS (
        SELECT member.root, max(done.at) AS last_activity_at, max(done.at_large) AS last_activity_at_large,
            min(planned.at) AS next_step_at, min(planned.at_large) AS next_step_at_large
        FROM member
        CROSS JOIN LATERAL (
            SELECT max(at) AS at, max(at) FILTER (WHERE opportunity_id IS NULL) AS at_large
            FROM leads_activity WHERE lead_id = member.id AND kind <> 'note'
        ) AS done
        CROSS JOIN LATERAL (
            SELECT min(due_at) AS at, min(due_at) FILTER (WHERE opportunity_id IS NULL) AS at_large
            FROM leads_task WHERE lead_id = member.id AND done_at IS NULL
        ) AS planned
        GROUP BY member.root
    ),
    of_leads AS (
        UPDATE leads_lead AS lead
        SET last_activity_at = pulse.last_activity_at, next_step_at = pulse.next_step_at
        FROM pulse
        WHERE lead.id = pulse.root AND pulse.root = ANY(ARRAY({FAMILY}))
          AND (lead.last_activity_at, lead.next_step_at)
              IS DISTINCT FROM (pulse.last_activity_at, pulse.next_step_at)
    ),
    of_opportunities AS (
        SELECT asked.id,
            greatest(
                (SELECT max(at) FROM leads_activity WHERE opportunity_id = asked.id AND kind <> 'note'),
                pulse.last_activity_at_large
            ) AS last_activity_at,
            least(
                (SELECT min(due_at) FROM leads_task WHERE opportunity_id = asked.id AND done_at IS NULL),
                pulse.next_step_at_large
            ) AS next_step_at
        FROM leads_opportunity AS asked
        LEFT JOIN member ON member.id = asked.lead_id
        LEFT JOIN pulse ON pulse.root = member.root
        WHERE asked.id = ANY(%(opportunities)s) OR asked.lead_id = ANY(ARRAY({FAMILY}))
    )
    UPDATE leads_opportunity AS opportunity
    SET last_activity_at = pulse.last_activity_at, next_step_at = pulse.next_step_at
    FROM of_opportunities AS pulse
    WHERE opportunity.id = pulse.id
      AND (opportunity.last_activity_at, opportunity.next_step_at)
          IS DISTINCT FROM (pulse.last_activity_at, pulse.next_step_at)
"""


@dataclass(frozen=True)
class Subject:
    """Whom it is about; nothing for a plain to-do. An opportunity's lead is named, too: both time lines have it."""

    lead: Lead | None = None
    opportunity: Opportunity | None = None
    contact: Contact | None = None

    @property
    def fields(self) -> dict[str, Any]:
        return {"lead": self.lead, "opportunity": self.opportunity, "contact": self.contact}

    @property
    def person(self) -> Lead | Contact | None:
        """Who would pick up the telephone."""
        return self.contact or self.lead or (self.opportunity.contact if self.opportunity else None)

    @property
    def is_sample(self) -> bool:
        record = self.lead or self.opportunity or self.contact
        return record is not None and record.is_sample


def subject_of(
    *, lead: Lead | None = None, opportunity: Opportunity | None = None, contact: Contact | None = None
) -> Subject:
    """Raises BusinessError when nothing is named, or lead and opportunity do not belong together."""
    if not (lead or opportunity or contact):
        raise BusinessError("Say whom this is about: a lead, an opportunity or a contact.", code="about_nothing")
    its_lead = survivor_of(opportunity.lead) if opportunity and opportunity.lead else None
    if opportunity and lead and its_lead != lead:
        raise BusinessError("This opportunity did not come of that lead.", code="other_lead")
    return Subject(lead or its_lead, opportunity, contact)


def require_reachable(subject: Subject, kind: str, direction: str = Direction.OUTBOUND) -> None:
    """Raise when the lead is another one by now (MergedLead), or when whom we would reach asked us not to."""
    if subject.lead and subject.lead.merged_into_id:
        raise MergedLead(subject.lead)
    asked = [person for person in (subject.lead, subject.contact) if person is not None]
    if subject.lead and subject.lead.contact:
        asked.append(subject.lead.contact)
    if not subject.lead and subject.opportunity and subject.opportunity.contact:
        asked.append(subject.opportunity.contact)
    if direction != Direction.OUTBOUND:
        return
    if kind == ActivityKind.CALL and any(person.do_not_call for person in asked):
        raise BusinessError(f"{subject.person} asked not to be called.", code="do_not_call")
    if kind == ActivityKind.EMAIL and any(person.do_not_mail for person in asked):
        raise BusinessError(f"{subject.person} asked not to get e-mail.", code="do_not_mail")


def refresh_pulse(lead_ids: list[int], opportunity_ids: list[int]) -> None:
    """Make ``last_activity_at`` and ``next_step_at`` of these, and of the leads' opportunities, true again.

    Call it in the transaction that wrote the activity or task. The locks come first, in statements of their own, so
    that of two at once the second counts what the first has written.
    """
    hold_pulse(lead_ids, opportunity_ids)
    with connection.cursor() as sql:
        sql.execute(PULSE, {"leads": lead_ids, "opportunities": opportunity_ids})


def hold_pulse(lead_ids: list[int], opportunity_ids: list[int]) -> None:
    """Let nobody else change these, and the leads' opportunities, until the transaction ends."""
    with connection.cursor() as sql:
        for statement in (LOCK_OPPORTUNITIES, LOCK_LEADS):
            sql.execute(statement, {"leads": lead_ids, "opportunities": opportunity_ids})


def refresh_subjects(*rows: Any) -> None:
    """`refresh_pulse` of what these activities or tasks are about."""
    refresh_pulse(*ids_of_subjects(rows))


def hold_subjects(*rows: Any) -> None:
    """`hold_pulse` of what these activities or tasks are about; call it before the rows themselves are locked."""
    hold_pulse(*ids_of_subjects(rows))


def ids_of_subjects(rows: Iterable[Any]) -> tuple[list[int], list[int]]:
    """Ids of the leads and of the opportunities."""
    leads = {row.lead_id for row in rows if row.lead_id}
    opportunities = {row.opportunity_id for row in rows if row.opportunity_id}
    return sorted(leads), sorted(opportunities)
