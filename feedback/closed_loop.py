"""Whether marketing answers what sales rejects (METRICS F4): in thirty days something changes, or is said not to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from crm.intervals import Counted
from crm.periods import local_day, own_day, start_of_day, zone
from feedback.models import SignedStatus
from feedback.queries import ABOUT_THE_LEAD
from leads.models import ReasonFamily

ANSWER_WITHIN = timedelta(days=30)
MOST_SHOWN = 50

# Rejections of some days by campaign and reason, and whether each is answered. A change answers what was rejected on
# its day or in the thirty days before; without a campaign it answers those of all, without a reason those for any. A
# new definition that came into force with an agreement answers "not a fit".
REJECTIONS = """
    WITH rejected AS (
        SELECT lead.campaign_id AS campaign, handoff.reason_id AS reason, reason.family,
               (handoff.decided_at AT TIME ZONE %(zone)s)::date AS day
        FROM feedback_handoff AS handoff
        JOIN leads_reason AS reason ON reason.id = handoff.reason_id
        JOIN leads_lead AS lead ON lead.id = handoff.lead_id
        WHERE handoff.status = 'rejected' AND handoff.decided_at >= %(start)s AND handoff.decided_at < %(end)s
          AND reason.family = ANY(%(families)s)
    ), grouped AS (
        SELECT campaign, reason, family, day, count(*) AS count FROM rejected GROUP BY campaign, reason, family, day
    ), looked_up AS (
        SELECT grouped.*, EXISTS (
            SELECT FROM feedback_improvement AS change
            WHERE (change.campaign_id IS NULL OR change.campaign_id = grouped.campaign)
              AND (change.reason_id IS NULL OR change.reason_id = grouped.reason)
              AND change."on" BETWEEN grouped.day AND grouped.day + %(within)s
              AND change."on" <= %(today)s
        ) OR grouped.family = %(definitional)s AND EXISTS (
            SELECT FROM feedback_agreement AS agreement
            WHERE agreement.definition_version IS NOT NULL AND agreement.status = ANY(%(in_force)s)
              AND agreement.effective_from BETWEEN grouped.day AND grouped.day + %(within)s
              AND agreement.effective_from <= %(today)s
        ) AS is_answered
        FROM grouped
    )
"""
RATE = (
    REJECTIONS
    + """
    SELECT coalesce(sum(count) FILTER (WHERE is_answered), 0),
           coalesce(sum(count) FILTER (WHERE is_answered OR day + %(within)s < %(today)s), 0)
    FROM looked_up
"""
)
RATE_BY_CAMPAIGN = (
    REJECTIONS
    + """
    SELECT campaign, coalesce(sum(count) FILTER (WHERE is_answered), 0),
           coalesce(sum(count) FILTER (WHERE is_answered OR day + %(within)s < %(today)s), 0)
    FROM looked_up GROUP BY campaign
"""
)
OPEN = (
    REJECTIONS
    + """
    SELECT looked_up.campaign, campaign.name, looked_up.reason, reason.label, sum(count)::int, min(day),
           sum(sum(count)) OVER ()::int
    FROM looked_up
    JOIN leads_reason AS reason ON reason.id = looked_up.reason
    LEFT JOIN campaigns_campaign AS campaign ON campaign.id = looked_up.campaign
    WHERE NOT is_answered AND (%(campaigns)s::bigint[] IS NULL OR looked_up.campaign = ANY(%(campaigns)s))
    GROUP BY looked_up.campaign, campaign.name, looked_up.reason, reason.label
    ORDER BY sum(count) DESC, min(day), looked_up.campaign, looked_up.reason LIMIT %(limit)s
"""
)


@dataclass(frozen=True)
class OpenRejection:
    """Rejections of one campaign for one reason that wait for marketing's answer; ``campaign`` None: leads of none."""

    campaign: int | None
    campaign_name: str
    reason: int
    label: str
    count: int
    since: date

    @property
    def answer_by(self) -> date:
        """The last day on which an answer to the oldest of them is in time."""
        return self.since + ANSWER_WITHIN


@dataclass(frozen=True)
class OpenRejections:
    """The largest groups, and how many rejections wait in all."""

    groups: list[OpenRejection]
    count: int


def closed_loop_rate(start: date, end: date, *, at: datetime) -> Counted:
    """Of the rejections of these days (``end`` not included) about the lead that are due, how many were answered.

    Due is what is answered, and what was rejected more than thirty days ago.
    """
    with connection.cursor() as cursor:
        cursor.execute(RATE, parameters(start, end, at=at))
        answered, due = cursor.fetchone()
    return Counted(int(answered), int(due))


def closed_loop_by_campaign(start: date, end: date, *, at: datetime) -> dict[int | None, Counted]:
    """`closed_loop_rate` of the leads of each campaign; None: of none."""
    with connection.cursor() as cursor:
        cursor.execute(RATE_BY_CAMPAIGN, parameters(start, end, at=at))
        return {campaign: Counted(int(answered), int(due)) for campaign, answered, due in cursor.fetchall()}


def open_rejections(*, at: datetime, campaigns: Sequence[int] | None = None) -> OpenRejections:
    """What can still be answered in time: of the last thirty days, of these campaigns (None: of all)."""
    today = own_day(at)
    asked = parameters(today - ANSWER_WITHIN, today + timedelta(days=1), at=at)
    own = None if campaigns is None else list(campaigns)
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {**asked, "campaigns": own, "limit": MOST_SHOWN})
        rows = cursor.fetchall()
    groups = [
        OpenRejection(campaign, name or "", reason, label, count, day)
        for campaign, name, reason, label, count, day, _all in rows
    ]
    return OpenRejections(groups, rows[0][-1] if rows else 0)


def parameters(start: date, end: date, *, at: datetime) -> dict[str, Any]:
    tz = zone()
    return {
        "start": start_of_day(start, tz),
        "end": start_of_day(end, tz),
        "today": local_day(at, tz),
        "zone": str(tz),
        "within": ANSWER_WITHIN.days,
        "families": [family.value for family in ABOUT_THE_LEAD],
        "definitional": ReasonFamily.DEFINITIONAL.value,
        "in_force": [SignedStatus.ACTIVE.value, SignedStatus.RETIRED.value],
    }
