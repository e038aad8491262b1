"""Two leads that are one: merging them, and taking that back.

No history moves. The duplicate keeps its rows and names the survivor in `Lead.merged_into`, always the lead that stays;
whoever reads touches, work, hand-offs or figures reads the family as one (leads/united.py). A `Merge` row remembers
what the survivor's own fields were, so that an undo brings everything back.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from crm.access import require
from crm.editing import put
from crm.errors import BusinessError, StaleState
from crm.models import User
from crm.outbox import record_change
from leads.access import may_merge
from leads.errors import Archived, CannotUndo, MergedLead
from leads.lifecycle import Stage
from leads.models import Lead, Merge
from leads.subjects import hold_pulse, refresh_pulse
from leads.united import family_ids, united_ids

NOT_YOURS = "You may merge leads of your own."
# What the survivor may take from the duplicate: by choice, or because it says nothing itself.
TAKEN = (
    "first_name", "last_name", "title", "email", "phone", "company_name", "company", "contact", "country", "language",
    "owner", "segment", "product_interest", "need", "authority", "timing", "budget", "preferred_channel",
    "preferred_hours", "time_zone", "campaign", "channel", "source", "sourced_by",
)  # fmt: skip
# These say one thing together: where they contradict each other, none is filled from the other lead.
TOGETHER = (("company_name", "company"), ("campaign", "channel", "source"))
MOST_TAGS = 50


class CannotMerge(BusinessError):
    code = "cannot_merge"


class MovedSince(CannotUndo):
    def __init__(self, survivor: Lead) -> None:
        super().__init__(f"{survivor} has moved on since the merge; it can no longer be undone.", stage=survivor.stage)


@transaction.atomic
def merge_leads(
    survivor: Lead,
    duplicate: Lead,
    *,
    by: User,
    at: datetime,
    take: Collection[str] = (),
    versions: tuple[int, int] | None = None,
) -> Merge:
    """Read ``duplicate`` as ``survivor`` from now on.

    ``take``: fields (of TAKEN) in which the duplicate's value replaces the survivor's; what the survivor leaves empty
    it takes anyway. ``versions`` of survivor and duplicate as the person saw them; StaleState when one was written
    since. Raises NotAllowed, MergedLead, Archived, CannotMerge.
    """
    if survivor.pk == duplicate.pk:
        raise CannotMerge("A lead cannot be merged with itself.", code="same_lead")
    if unknown := sorted(set(take) - set(TAKEN)):
        raise CannotMerge(f"These fields cannot be taken over: {', '.join(unknown)}.", code="unknown_field")
    survivor, duplicate = held(survivor, duplicate)
    require(may_merge(by, survivor, duplicate), NOT_YOURS)
    refuse(survivor, duplicate, versions)
    replaced = take_over(survivor, duplicate, take)
    family = united_ids(duplicate)
    Lead.objects.filter(pk__in=family).update(merged_into=survivor, updated_at=timezone.now())
    merge = Merge.objects.create(
        survivor=survivor, duplicate=duplicate, replaced=replaced, survivor_seq=survivor.seq, by=by, at=at
    )
    announce(survivor.pk, *family)
    return merge


@transaction.atomic
def undo_merge(merge: Merge, *, by: User, at: datetime) -> Merge:
    """Two leads again, each as it was; a field that somebody wrote since stays as it is.

    Raises NotAllowed; MovedSince when the survivor has moved, CannotUndo when it was merged itself or it is undone.
    """
    survivor, duplicate = held(merge.survivor, merge.duplicate)
    require(may_merge(by, survivor, duplicate), NOT_YOURS)
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    if merge.undone_at:
        raise CannotUndo("This merge was undone already.")
    if survivor.merged_into_id:
        raise CannotUndo(f"{survivor} was merged itself since; undo that first.", survivor=survivor.merged_into_id)
    if survivor.seq != merge.survivor_seq:
        raise MovedSince(survivor)
    give_back(survivor, duplicate, merge)
    descendants = merged_through(duplicate)
    Lead.objects.filter(pk=duplicate.pk).update(merged_into=None, updated_at=timezone.now())
    Lead.objects.filter(pk__in=descendants).update(merged_into=duplicate, updated_at=timezone.now())
    merge.undone_at, merge.undone_by = at, by
    merge.save(update_fields=["undone_at", "undone_by", "updated_at"])
    announce(survivor.pk, duplicate.pk, *descendants)
    return merge


def held(survivor: Lead, duplicate: Lead) -> tuple[Lead, Lead]:
    """Both as they are now, held with what was merged into them until the transaction ends.

    All are locked in the order of their ids, so that two merges that cross each other wait instead of going round.
    """
    pair = [survivor.pk, duplicate.pk]
    before = family_ids(pair)
    hold_pulse(pair, [])
    if family_ids(pair) != before:
        raise StaleState("Somebody merged one of these leads meanwhile; look at them again.")
    found = Lead.objects.select_related("merged_into", "owner").in_bulk(pair)
    return found[survivor.pk], found[duplicate.pk]


def refuse(survivor: Lead, duplicate: Lead, versions: tuple[int, int] | None) -> None:
    """Raise what stands against reading the duplicate as the survivor."""
    for lead in (duplicate, survivor):
        if lead.merged_into_id:
            raise MergedLead(lead)
        if lead.is_archived:
            raise Archived(lead)
    if duplicate.stage == Stage.OFFERED:
        text = f"{duplicate} waits for sales' answer; merge it once that is given, or keep it and merge the other."
        raise CannotMerge(text, code="lead_offered")
    if versions and versions != (survivor.version, duplicate.version):
        raise StaleState("Somebody changed one of these leads meanwhile; look at the fields again.")


def what_merge_sets(survivor: Lead, duplicate: Lead, take: Collection[str]) -> dict[str, Any]:
    """The fields of the survivor that change: taken by choice, gaps filled, wishes and tags of both kept."""
    gaps = gaps_filled(survivor, duplicate, take)
    taken = {name: getattr(duplicate, name) for name in TAKEN if name in take or name in gaps}
    if "owner" in taken:
        taken["team"] = duplicate.team
    return taken | {name: united_value(name, getattr(survivor, name), duplicate) for name in UNITED}


def gaps_filled(survivor: Lead, duplicate: Lead, take: Collection[str] = ()) -> set[str]:
    """The fields that the survivor leaves empty and the duplicate fills."""

    def contradicts(name: str) -> bool:
        own, theirs = getattr(survivor, name), getattr(duplicate, name)
        return bool(name not in take and own and theirs and own != theirs)

    kept = {name for names in TOGETHER if any(map(contradicts, names)) for name in names}
    return {name for name in TAKEN if name not in kept and getattr(duplicate, name) and not getattr(survivor, name)}


# A wish not to be contacted holds for the person, whichever of the two rows has it.
UNITED = ("do_not_call", "do_not_mail", "tags", "custom")


def united_value(name: str, own: Any, duplicate: Lead) -> Any:
    theirs = getattr(duplicate, name)
    if name == "tags":
        return [*own, *(tag for tag in theirs if tag not in own)][:MOST_TAGS]
    return {**theirs, **own} if name == "custom" else own or theirs


def take_over(survivor: Lead, duplicate: Lead, take: Collection[str]) -> dict[str, Any]:
    """Write the survivor's fields; gives what stood in those that changed."""
    wanted = what_merge_sets(survivor, duplicate, take)
    before = {name: stored(survivor, name) for name in wanted}
    fresh = put(survivor, wanted)
    survivor.version += 1
    survivor.save(update_fields=[*fresh, "version", "updated_at"])
    return {name: before[name] for name in fresh}


def give_back(survivor: Lead, duplicate: Lead, merge: Merge) -> None:
    """Write back what stood in the fields, where still stands what the merge wrote: the duplicate kept it.

    The merges after it that hold are as if this one had never been: what they remember of the survivor changes, too.
    """
    later = Merge.objects.filter(survivor=survivor, pk__gt=merge.pk, undone_at=None).select_related("duplicate")
    chain = list(later.order_by("pk"))
    fresh = {}
    for name, before in merge.replaced.items():
        wrote, instead = written(name, before, duplicate), before
        for each in chain:
            wrote, instead = without_it(each, name, wrote, instead)
        if stored(survivor, name) == wrote:
            fresh[name] = instead
    Merge.objects.bulk_update(chain, ["replaced"])
    for name, value in fresh.items():
        setattr(survivor, column_of(name), value)
    survivor.version += 1
    survivor.save(update_fields=[*fresh, "version", "updated_at"])


def without_it(later: Merge, name: str, wrote: Any, instead: Any) -> tuple[Any, Any]:
    """A later merge, had ``instead`` stood in the field where ``wrote`` did: what it wrote, and would have written.

    Where it found something else, somebody had written the field between the two.
    """
    took_part = name in later.replaced or name in UNITED
    if not took_part or later.replaced.get(name, wrote) != wrote:
        return wrote, instead
    now = written(name, instead, later.duplicate)
    later.replaced.pop(name, None)
    if now != instead:
        later.replaced[name] = instead
    return written(name, wrote, later.duplicate), now


def written(name: str, before: Any, duplicate: Lead) -> Any:
    """What a merge wrote into a field in which ``before`` stood."""
    return united_value(name, before, duplicate) if name in UNITED else stored(duplicate, name)


def stored(lead: Lead, name: str) -> Any:
    """A field as a Merge keeps it: references by their id."""
    return getattr(lead, column_of(name))


def column_of(name: str) -> str:
    field = Lead._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field.attname


def merged_through(duplicate: Lead) -> list[int]:
    """Ids of the leads that were merged into the duplicate, or into one of these, before it was merged itself."""
    found: list[int] = []
    newest: Iterable[int] = [duplicate.pk]
    while newest:
        merges = Merge.objects.filter(survivor__in=newest, undone_at__isnull=True)
        newest = list(merges.order_by("pk").values_list("duplicate", flat=True))
        found += newest
    return found


def announce(*leads: int) -> None:
    """Whoever keeps figures, scores or next steps of these reads them anew."""
    refresh_pulse(list(leads), [])
    record_change("lead", sorted(set(leads)))
