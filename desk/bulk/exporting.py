"""A list as a CSV file of any length: one server-side cursor, a few hundred rows in memory at a time.

The headings are the names of the API's fields, so that a file can be imported again.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from crm.access import manages
from crm.models import AuditEntry, User
from crm.spreadsheets import harmless
from desk.bulk.selection import Selection
from desk.lists.own import RECORDS
from desk.models import ListKey
from leads.custom_fields import fields_of
from leads.custom_filters import as_text, stored
from leads.list_queries import belongs_to
from leads.models import CustomField, CustomKind, Lead, Opportunity

ROWS_AT_ONCE = 500
# Spreadsheets take the file for UTF-8 by this mark.
MARK = "\ufeff"

# Heading -> where the value stands.
COLUMNS: dict[str, dict[str, str]] = {
    ListKey.LEADS: {
        "id": "id", "external_id": "external_id", "first_name": "first_name", "last_name": "last_name",
        "email": "email", "phone": "phone", "title": "title", "company_name": "company_name",
        "company": "company__name", "country": "country", "stage": "stage",
        "stage_since": "stage_since", "episode": "episode",
        "score": "leadscore__shown", "grade": "leadscore__grade", "acceptance_chance": "leadprediction__acceptance",
        "win_chance": "leadprediction__win", "owner": "owner__email", "team": "team__name",
        "campaign_id": "campaign_id", "campaign": "campaign__name", "channel": "channel", "source": "source",
        "segment": "segment", "product_interest": "product_interest", "sourced_by": "sourced_by", "tags": "tags",
        "captured_at": "captured_at", "last_activity_at": "last_activity_at", "next_step_at": "next_step_at",
        "revisit_on": "revisit_on", "do_not_call": "do_not_call", "do_not_mail": "do_not_mail",
    },
    ListKey.CONTACTS: {
        "id": "id", "external_id": "external_id", "first_name": "first_name", "last_name": "last_name",
        "email": "email", "phone": "phone", "title": "title", "company_id": "company_id", "company": "company__name",
        "do_not_call": "do_not_call", "do_not_mail": "do_not_mail", "created_at": "created_at",
    },
    ListKey.COMPANIES: {
        "id": "id", "external_id": "external_id", "name": "name", "domain": "domain", "industry": "industry",
        "country": "country", "region": "region", "employees": "employees", "is_target": "is_target",
        "created_at": "created_at",
    },
    ListKey.OPPORTUNITIES: {
        "id": "id", "external_id": "external_id", "name": "name", "company_id": "company_id",
        "company": "company__name", "contact_id": "contact_id", "lead_id": "lead_id", "owner": "owner__email",
        "team": "team__name", "kind": "kind", "stage": "stage", "stage_since": "stage_since", "outcome": "outcome",
        "reason": "reason__code", "amount": "amount", "currency": "currency", "probability": "probability",
        "forecast_category": "forecast_category", "product": "product", "competitor": "competitor",
        "opened_at": "opened_at", "expected_close": "expected_close", "closed_at": "closed_at",
        "last_activity_at": "last_activity_at", "next_step_at": "next_step_at",
    },
    ListKey.CAMPAIGNS: {
        "id": "id", "external_id": "external_id", "name": "name", "parent_id": "parent_id", "channel": "channel",
        "kind": "kind", "status": "status", "starts_on": "starts_on", "ends_on": "ends_on", "owner": "owner__email",
        "budget": "budget", "currency": "currency",
    },
    ListKey.CONTENT: {
        "id": "id", "external_id": "external_id", "name": "name", "kind": "kind", "buyer_stage": "buyer_stage",
        "url": "url", "owner": "owner__email",
    },
    ListKey.TASKS: {
        "id": "id", "title": "title", "kind": "kind", "due_at": "due_at", "owner": "owner__email",
        "lead_id": "lead_id", "opportunity_id": "opportunity_id", "contact_id": "contact_id", "note": "note",
        "done_at": "done_at", "done_by": "done_by__email",
    },
}  # fmt: skip


def rows_for(selection: Selection) -> QuerySet[Any]:
    """The chosen records that this person may take along: managers and admins all, everybody else their own."""
    rows = selection.rows
    return rows if manages(selection.user) else rows.filter(own(selection.asked.key, selection.user))


def own(list_key: str, user: User) -> Q:
    """What belongs to a marketer or a rep: owned, of an own campaign, or of an own lead or opportunity."""
    if list_key == ListKey.LEADS:
        return belongs_to(user)
    if list_key == ListKey.TASKS:
        return Q(owner=user) | Q(made_by=user)
    if list_key in (ListKey.CONTACTS, ListKey.COMPANIES):
        key = "contact" if list_key == ListKey.CONTACTS else "company"
        of_leads = Lead.objects.filter(belongs_to(user)).order_by().values(key)
        of_deals = Opportunity.objects.filter(owner=user).order_by().values(key)
        # Each by its index: with an OR all contacts there are would be read.
        return Q(pk__in=of_leads.union(of_deals))
    return Q(owner=user)


def columns_of(list_key: str) -> dict[str, Any]:
    """The columns of a list's file, those of fields of one's own behind the fixed ones."""
    record = RECORDS.get(list_key)
    own = fields_of(record) if record else []
    return {**COLUMNS[list_key], **{f"custom.{field.name}": exported(field) for field in own}}


def exported(field: CustomField) -> Any:
    """A no is another answer than none."""
    return as_text(field.name) if field.kind == CustomKind.YES_NO else stored(field.name)


def csv_of(selection: Selection, *, zone: ZoneInfo, at: datetime) -> Iterator[str]:
    """The file in parts; the audit knows who took how many records along, also when the way broke off."""
    columns = columns_of(selection.asked.key)
    detail = {"list": selection.asked.key, "query": selection.query, "chosen": list(selection.ids)}
    entry = AuditEntry.objects.create(by=selection.user, at=at, deed="export", detail=detail)
    found = rows_for(selection).order_by("-pk").values_list(*columns.values()).iterator(chunk_size=ROWS_AT_ONCE)
    written = 0
    try:
        yield MARK + lines([list(columns)])
        while rows := list(islice(found, ROWS_AT_ONCE)):
            yield lines([cell(value, zone) for value in row] for row in rows)
            written += len(rows)
    finally:
        entry.detail = {**detail, "rows": written}
        entry.save(update_fields=["detail"])


def lines(rows: Iterable[list[Any]]) -> str:
    file = StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def cell(value: Any, zone: ZoneInfo) -> Any:
    """Times of the organisation's clock, and no text that a spreadsheet would run."""
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return harmless(value) if isinstance(value, str) else value
