"""The tags of leads: words of the team's own, a few on each lead."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from unicodedata import normalize

from django.db import connection, transaction

from crm.deeds import Deed
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change
from leads.access import may_edit_lead
from leads.editing import NOT_YOURS
from leads.errors import out_of_use
from leads.models import Lead

LONGEST = 40
MOST = 50

# Every lead its own new tags, in one statement.
PUT = """
    UPDATE leads_lead SET tags = fresh.tags, version = version + 1, updated_at = clock_timestamp()
    FROM (
        SELECT (row ->> 0)::bigint AS id, ARRAY(SELECT jsonb_array_elements_text(row -> 1))::varchar(40)[] AS tags
        FROM jsonb_array_elements(%s::jsonb) AS row
    ) AS fresh
    WHERE leads_lead.id = fresh.id
"""


def tags_in(text: str) -> list[str]:
    """The tags that somebody typed, parted by commas or lines."""
    return clean_tags(re.split(r"[,;\n،、]", text))


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Without white space around, in one spelling of each letter, each once whatever its capitals; in their order.

    Raises BusinessError, and nothing is taken, when one is too long or there are too many.
    """
    found: dict[str, str] = {}
    for tag in tags:
        words = " ".join(normalize("NFC", tag.replace("\0", "")).split())
        if len(words) > LONGEST:
            raise BusinessError(
                f"“{words[:LONGEST]}…” has {len(words)} characters; a tag has at most {LONGEST}.", code="tag_too_long"
            )
        if words:
            found.setdefault(words.casefold(), words)
    if len(found) > MOST:
        raise BusinessError(f"These are {len(found)} tags; a lead has at most {MOST}.", code="too_many_tags")
    return list(found.values())


def tag_leads(
    ids: Iterable[int], *, add: Iterable[str] = (), remove: Iterable[str] = (), by: User, at: datetime
) -> Deed:
    """Add and remove the same tags on many leads; in ``changed`` the tags each got and lost."""
    added, removed = clean_tags(add), clean_tags(remove)
    return change_tags(dict.fromkeys(ids, (added, removed)), by=by, at=at)


def take_back_tags(deed: Deed, *, by: User, at: datetime) -> Deed:
    """Take what `tag_leads` added, put back what it removed, whatever other tags came and went since."""
    return change_tags({row["id"]: (row["removed"], row["added"]) for row in deed.changed}, by=by, at=at)


@transaction.atomic
def change_tags(wanted: Mapping[int, tuple[list[str], list[str]]], *, by: User, at: datetime) -> Deed:
    """On each lead add the first and remove the second tags: three queries for any number of leads."""
    deed, fresh = Deed(), {}
    rows = Lead.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    for lead in rows.only("tags", "stage", "owner", "merged_into", "archived_at"):
        tags = with_tags(lead.tags, *wanted[lead.pk])
        if why := why_not(lead, tags, by=by):
            deed.refuse(lead.pk, why)
        else:
            fresh[lead.pk] = tags
            deed.change(lead.pk, added=without(tags, lead.tags), removed=without(lead.tags, tags))
    if fresh:
        with connection.cursor() as sql:
            sql.execute(PUT, [json.dumps(list(fresh.items()))])
        record_change("lead", fresh)
    return deed


def why_not(lead: Lead, tags: list[str], *, by: User) -> str:
    """Why this lead keeps its tags; "" when it gets these."""
    if why := out_of_use(lead):
        return why
    if not may_edit_lead(by, lead):
        return NOT_YOURS
    if tags == lead.tags:
        return "Its tags are so already."
    return f"It would have {len(tags)} tags; a lead has at most {MOST}." if len(tags) > MOST else ""


def with_tags(present: list[str], add: list[str], remove: list[str]) -> list[str]:
    """The tags after the change: those that stay in their order, then the new ones."""
    kept = without(present, remove)
    return kept + without(add, kept)


def without(tags: list[str], others: list[str]) -> list[str]:
    """``tags`` that are none of ``others``, whatever their capitals."""
    named = {other.casefold() for other in others}
    return [tag for tag in tags if tag.casefold() not in named]
