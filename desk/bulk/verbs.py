"""What can be done with many records at once: on which lists, by whom, and how it is taken back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.access import may_create_assets, may_create_campaigns
from campaigns.assigning import assign_campaigns, take_back_campaigns
from campaigns.models import Asset, Campaign
from crm.deeds import Deed
from crm.models import User
from desk.models import ListKey
from feedback.access import may_hand_over
from feedback.handing_over import hand_over_leads, take_back_handoffs
from leads.access import works_for_sales
from leads.archiving import archive_many, restore_many
from leads.assigning import (
    assign_leads,
    assign_opportunities,
    assign_tasks,
    take_back_leads,
    take_back_opportunities,
    take_back_tasks,
)
from leads.models import Company, Contact, Lead, Opportunity
from leads.tagging import tag_leads, take_back_tags
from leads.target_accounts import mark_targets, take_back_targets

# What was done ("given to Rob"), and what became of each record.
Done = tuple[str, Deed]
ARCHIVABLE: dict[str, Any] = {
    ListKey.LEADS: Lead,
    ListKey.CONTACTS: Contact,
    ListKey.COMPANIES: Company,
    ListKey.OPPORTUNITIES: Opportunity,
    ListKey.CAMPAIGNS: Campaign,
    ListKey.CONTENT: Asset,
}
ASSIGN: dict[str, Any] = {
    ListKey.LEADS: (assign_leads, take_back_leads),
    ListKey.OPPORTUNITIES: (assign_opportunities, take_back_opportunities),
    ListKey.TASKS: (assign_tasks, take_back_tasks),
    ListKey.CAMPAIGNS: (assign_campaigns, take_back_campaigns),
}


def assign(list_key: str, ids: list[int], *, by: User, at: datetime, to: User) -> Done:
    give, _take_back = ASSIGN[list_key]
    return f"given to {to}", give(ids, to=to, by=by, at=at)


def unassign(list_key: str, deed: Deed, *, by: User, at: datetime) -> Deed:
    _give, take_back = ASSIGN[list_key]
    undone: Deed = take_back(deed, by=by, at=at)
    return undone


def hand_over(
    list_key: str, ids: list[int], *, by: User, at: datetime, recipient: dict[str, Any], promised: str
) -> Done:
    result = hand_over_leads(ids, by=by, at=at, promised=promised, **recipient)
    deed = Deed()
    for handoff in result.handoffs:
        deed.change(handoff.lead_id, handoff=handoff.pk)
    for lead, why in result.moved:
        deed.refuse(lead.pk, why)
    return handed_words(recipient), deed


def handed_words(recipient: dict[str, Any]) -> str:
    """ "handed to Rob", or "handed to sales" where the rules chose."""
    return f"handed to {next(iter(recipient.values()), 'sales')}"


def withdraw(list_key: str, deed: Deed, *, by: User, at: datetime) -> Deed:
    return take_back_handoffs([row["handoff"] for row in deed.changed], by=by, at=at)


def tag(list_key: str, ids: list[int], *, by: User, at: datetime, add: list[str], remove: list[str]) -> Done:
    added = f"tagged {named(add)}" if add else ""
    removed = f"freed of {named(remove)}" if remove else ""
    return " and ".join(filter(None, [added, removed])), tag_leads(ids, add=add, remove=remove, by=by, at=at)


def untag(list_key: str, deed: Deed, *, by: User, at: datetime) -> Deed:
    return take_back_tags(deed, by=by, at=at)


def mark(list_key: str, ids: list[int], *, by: User, at: datetime, wanted: bool) -> Done:
    what = "marked as target accounts" if wanted else "no longer target accounts"
    return what, mark_targets(ids, wanted=wanted, by=by, at=at)


def unmark(list_key: str, deed: Deed, *, by: User, at: datetime) -> Deed:
    return take_back_targets(deed, by=by, at=at)


def archive(list_key: str, ids: list[int], *, by: User, at: datetime) -> Done:
    return "archived", archive_many(ARCHIVABLE[list_key], ids, by=by, at=at)


def restore(list_key: str, deed: Deed, *, by: User, at: datetime) -> Deed:
    return restore_many(ARCHIVABLE[list_key], deed.changed_ids, by=by, at=at)


def named(tags: list[str], most: int = 3) -> str:
    """ "“hot”, “fair” and 4 more"."""
    shown = ", ".join(f"“{tag}”" for tag in tags[:most])
    return f"{shown} and {len(tags) - most} more" if len(tags) > most else shown


def may_assign(user: User, list_key: str) -> bool:
    """Each row asks again; here only who may never assign any."""
    if list_key == ListKey.OPPORTUNITIES:
        return user.is_admin or works_for_sales(user)
    return may_create_campaigns(user) if list_key == ListKey.CAMPAIGNS else True


def may_archive(user: User, list_key: str) -> bool:
    return may_create_assets(user) if list_key == ListKey.CONTENT else may_assign(user, list_key)


@dataclass(frozen=True)
class BulkVerb:
    """One thing to do with many. ``do``: the deed and what it is called; ``undo`` takes a deed back."""

    key: str
    label: str
    icon: str
    lists: frozenset[str]
    do: Callable[..., Done]
    undo: Callable[..., Deed]
    allowed: Callable[[User, str], bool] = field(default=lambda user, list_key: True)
    shortcut: str = ""
    text: str = ""
    # For so long it can be taken back.
    undo_within: timedelta = timedelta(days=1)
    # Stands in the menu "More" instead of the bar.
    is_rare: bool = False


VERBS = {
    verb.key: verb
    for verb in (
        BulkVerb(
            "hand-over", "Hand to sales", "send", frozenset({ListKey.LEADS}), hand_over, withdraw,
            allowed=lambda user, list_key: may_hand_over(user), shortcut="h",
            text="Only MQLs are handed over; for each, the clock of the agreement starts.",
        ),
        BulkVerb(
            "assign", "Assign", "user-share", frozenset(ASSIGN), assign, unassign,
            allowed=may_assign, shortcut="a",
        ),
        BulkVerb("tag", "Tag", "tag", frozenset({ListKey.LEADS}), tag, untag, shortcut="t"),
        BulkVerb(
            "target", "Target account", "target", frozenset({ListKey.COMPANIES}), mark, unmark, shortcut="t",
            text="The companies that marketing and sales agreed to go for.",
        ),
        BulkVerb(
            "archive", "Archive", "archive", frozenset(ARCHIVABLE), archive, restore,
            allowed=may_archive, is_rare=True,
            text="Lists, searches and forms leave them out; figures and links keep them.",
        ),
    )
}  # fmt: skip


def verbs_for(user: User, list_key: str) -> list[BulkVerb]:
    """What this person may do on this list, in the order of the bar."""
    return [verb for verb in VERBS.values() if list_key in verb.lists and verb.allowed(user, list_key)]
