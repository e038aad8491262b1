"""Doing something with many records, once, and taking it back."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.urls import reverse
from django.utils.text import Truncator

from crm.access import require
from crm.deeds import Deed
from crm.errors import StaleState
from crm.models import NotificationKind, User
from crm.notifications import notify
from desk.bulk.selection import Selection
from desk.bulk.verbs import VERBS, BulkVerb
from desk.lists.registry import list_of
from desk.models import BulkDeed

UNDO_WITHIN = timedelta(days=1)
LONGEST_WORDS = 200
# So long it can be read what became of a deed.
KEEP = timedelta(days=30)


@transaction.atomic
def do_with_many(
    verb: BulkVerb, selection: Selection, fields: dict[str, Any], *, by: User, at: datetime, key: str = ""
) -> BulkDeed:
    """Do it to what the person may do it to, and remember it. The same ``key`` again is the deed it was.

    Of two at once the second waits for the first to commit.
    """
    list_key = selection.asked.key
    require(list_key in verb.lists and verb.allowed(by, list_key), f"You may not do that with {selection.asked.nouns}.")
    start = {"list_key": list_key, "verb": verb.key, "at": at}
    row, is_new = BulkDeed.objects.get_or_create(by=by, key=key[:80] or str(uuid4()), defaults=start)
    if is_new:
        row.what, deed = verb.do(list_key, selection.ids_at_once(), by=by, at=at, **fields)
        row.what = Truncator(row.what).chars(LONGEST_WORDS)
        row.changed, row.refused = deed.changed, deed.refused
        row.save(update_fields=["what", "changed", "refused"])
        tell_new_owner(row, fields.get("to"))
    return row


@transaction.atomic
def undo_deed(row: BulkDeed, *, by: User, at: datetime) -> BulkDeed:
    """Take it back where nobody has changed it since; a second time changes nothing. Raises NotAllowed, StaleState."""
    row = BulkDeed.objects.select_for_update().get(pk=row.pk)
    require(row.by_id == by.pk, "Only who did this may take it back.")
    if row.undone_at:
        return row
    if at - row.at > UNDO_WITHIN:
        raise StaleState("This was done more than a day ago; it can no longer be taken back at once.")
    undone = VERBS[row.verb].undo(row.list_key, Deed(row.changed, row.refused), by=by, at=at)
    row.undone_at, row.kept = at, undone.refused
    row.save(update_fields=["undone_at", "kept"])
    return row


def forget_old_deeds(*, now: datetime) -> int:
    """Remove what nobody takes back or looks up any more; gives the number."""
    return BulkDeed.objects.filter(at__lt=now - KEEP).delete()[0]


def tell_new_owner(row: BulkDeed, owner: User | None) -> None:
    """One notice for all of them: "Mona gave you 12 leads"."""
    if owner is None or owner.pk == row.by_id or not row.changed:
        return
    title = f"{row.by} gave you {counted(row, len(row.changed))}"
    url = reverse(list_of(row.list_key).page_name)
    notify([owner], kind=NotificationKind.ASSIGNED, key=f"assigned:{row.pk}", title=title, url=url, at=row.at)


def done_words(row: BulkDeed) -> str:
    """ "45 leads handed to Team North, 3 left as they were."."""
    left = f", {len(row.refused):,} left as {'it was' if len(row.refused) == 1 else 'they were'}" if row.refused else ""
    return f"{counted(row, len(row.changed))} {row.what}{left}."


def undone_words(row: BulkDeed) -> str:
    """ "42 leads are as they were before; 3 had changed since and stay."."""
    back, kept = len(row.changed) - len(row.kept), len(row.kept)
    rest = f"; {kept:,} had changed since and {'stays' if kept == 1 else 'stay'}" if kept else ""
    return f"{counted(row, back)} {'is as it was' if back == 1 else 'are as they were'} before{rest}."


def counted(row: BulkDeed, count: int) -> str:
    return f"{count:,} {list_of(row.list_key).counted(count)}"
