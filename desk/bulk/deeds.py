"""Doing something with many records, once, and taking it back."""

from collections.abc import Callable
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
from crm.words import age
from desk.bulk.answers import ANSWERS, Chosen
from desk.bulk.selection import Selection
from desk.bulk.verbs import VERBS, BulkVerb, Done
from desk.lists.registry import list_of
from desk.models import BulkDeed, ListKey
from feedback.answering import ONLY_SALES

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

    def do() -> Done:
        return verb.do(list_key, selection.ids_at_once(), by=by, at=at, **fields)

    row, is_new = do_once(verb, list_key, do, by=by, at=at, key=key)
    if is_new:
        tell_new_owner(row, fields.get("to"))
    return row


@transaction.atomic
def answer_many(
    verb: BulkVerb, chosen: Chosen, fields: dict[str, Any], *, by: User, at: datetime, key: str
) -> BulkDeed:
    """One answer to many hand-offs of the inbox, remembered with their leads. The same ``key`` again is one deed."""
    require(verb.allowed(by, ListKey.LEADS), ONLY_SALES)

    def do() -> Done:
        return verb.do(chosen.handoff_ids(at=at), by=by, at=at, **fields)

    return do_once(verb, ListKey.LEADS, do, by=by, at=at, key=key)[0]


def do_once(
    verb: BulkVerb, list_key: str, do: Callable[[], Done], *, by: User, at: datetime, key: str
) -> tuple[BulkDeed, bool]:
    """Do it and remember it, unless the same ``key`` did it before; gives the deed, and whether it is new."""
    start = {"list_key": list_key, "verb": verb.key, "at": at}
    row, is_new = BulkDeed.objects.get_or_create(by=by, key=key[:80] or str(uuid4()), defaults=start)
    if is_new:
        what, deed = do()
        row.what = Truncator(what).chars(LONGEST_WORDS)
        row.changed, row.refused = deed.changed, deed.refused
        row.save(update_fields=["what", "changed", "refused"])
    return row, is_new


@transaction.atomic
def undo_deed(row: BulkDeed, *, by: User, at: datetime) -> BulkDeed:
    """Take it back where nobody has changed it since; a second time changes nothing. Raises NotAllowed, StaleState."""
    row = BulkDeed.objects.select_for_update().get(pk=row.pk)
    require(row.by_id == by.pk, "Only who did this may take it back.")
    if row.undone_at:
        return row
    verb = verb_of(row)
    if at - row.at > verb.undo_within:
        raise StaleState(
            f"This was done more than {age(verb.undo_within)} ago; it can no longer be taken back at once."
        )
    undone = verb.undo(row.list_key, Deed(row.changed, row.refused), by=by, at=at)
    row.undone_at, row.kept = at, undone.refused
    row.save(update_fields=["undone_at", "kept"])
    return row


def verb_of(row: BulkDeed) -> BulkVerb:
    return (VERBS | ANSWERS)[row.verb]


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
