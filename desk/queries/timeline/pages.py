"""A page of the time line: its keys found, each told by who knows its kind, and what belongs together joined."""

from datetime import timedelta

from desk.queries.timeline.deals import closed_deals, opened_deals
from desk.queries.timeline.edits import told_edits
from desk.queries.timeline.entry import Entry, Page
from desk.queries.timeline.impressions import told_impressions
from desk.queries.timeline.keys import PAGE, Key, Rank, newest_keys, read_cursor
from desk.queries.timeline.moves import told_moves, told_passes
from desk.queries.timeline.scope import Record, Scope, scope_of
from desk.queries.timeline.work import told_activities, told_tasks, told_touches
from leads.models import Company, Contact, Lead, Opportunity

# An edit written so close to a move by the same person was made by it: the contact that a conversion sets.
WRITTEN_TOGETHER = timedelta(seconds=2)
EDITED: dict[Rank, type[Record]] = {
    Rank.LEAD_EDIT: Lead,
    Rank.CONTACT_EDIT: Contact,
    Rank.COMPANY_EDIT: Company,
    Rank.OPPORTUNITY_EDIT: Opportunity,
}
TELLERS = {
    Rank.MOVE: told_moves,
    Rank.PASS: told_passes,
    Rank.TOUCH: told_touches,
    Rank.ACTIVITY: told_activities,
    Rank.TASK: told_tasks,
    Rank.OPENED: opened_deals,
    Rank.CLOSED: closed_deals,
    Rank.IMPRESSION: told_impressions,
}


def timeline(record: Record, *, kind: str = "all", before: str = "") -> Page:
    """A page of entries older than the cursor ``before``; an unreadable cursor is the first page."""
    scope = scope_of(record)
    keys = newest_keys(scope.sources(kind), read_cursor(before))
    shown = keys[:PAGE]
    entries = told(shown, scope)
    in_order = [entries[key] for key in shown if key in entries]
    return Page(joined(in_order), shown[-1].cursor if len(keys) > PAGE else "")


def told(keys: list[Key], scope: Scope) -> dict[Key, Entry]:
    """Each key in words; a few queries for every kind that occurs, none for one that does not."""
    entries: dict[Key, Entry] = {}
    for rank in {Rank(key.rank) for key in keys}:
        of_rank = {key.pk: key for key in keys if key.rank == rank}
        tell = TELLERS.get(rank)
        found = tell(list(of_rank), scope) if tell else told_edits(EDITED[rank], list(of_rank), scope)
        entries |= {of_rank[pk]: entry for pk, entry in found.items()}
    return entries


def joined(entries: list[Entry]) -> list[Entry]:
    """Without the edits that a move made: what they changed stands with the move."""
    moves = [entry for entry in entries if entry.written_at]
    shown = []
    for entry in entries:
        is_edit = entry.changes and not entry.written_at
        move = next((move for move in moves if is_edit and made_by(move, entry)), None)
        if move is None:
            shown.append(entry)
        else:
            move.changes = [*move.changes, *entry.changes]
    return shown


def made_by(move: Entry, edit: Entry) -> bool:
    assert move.written_at
    return edit.by == move.by and abs(edit.at - move.written_at) <= WRITTEN_TOGETHER
