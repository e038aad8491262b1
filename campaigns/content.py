"""Making and changing content, its file, and which campaigns use it."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from campaigns.access import may_create_assets, may_write_asset, may_write_campaign
from campaigns.editing import NOT_YOURS as NOT_YOUR_CAMPAIGN
from campaigns.files import check_file, forget_file, keep_file
from campaigns.models import Asset, Campaign
from crm.access import require
from crm.editing import make, present, refuse_stale, save_put
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change

NO_MARKETING = "Only marketing makes content."
NOT_YOURS = "Only the owner of this content or a marketing manager may change it."


@transaction.atomic
def create_asset(*, by: User, **fields: Any) -> Asset:
    """A new piece of content, of who made it unless an owner is named; marketers make only their own."""
    require(may_create_assets(by), NO_MARKETING)
    asset = Asset(**{"owner": by, **fields})
    require(may_write_asset(by, asset), "You may only make content of your own.")
    make(asset)
    record_change("asset", [asset.pk])
    return asset


@transaction.atomic
def edit_asset(asset: Asset, *, by: User, seen: dict[str, Any] | None = None, **fields: Any) -> Asset:
    """Change a piece of content. Raises NotAllowed, ValidationError, StaleEdit when a field is not as ``seen``."""
    asset = present(asset)
    require(may_write_asset(by, asset), NOT_YOURS)
    if save_put(asset, fields, seen=seen):
        require(may_write_asset(by, asset), "Only a marketing manager gives content to somebody else.")
        record_change("asset", [asset.pk])
    return asset


def put_file(asset: Asset, file: UploadedFile, *, by: User, seen: str | None = None) -> Asset:
    """Give it this file instead of the one it has. Raises ValidationError for a file that is not taken, and
    StaleEdit when its file is no longer the one ``seen``.

    The file is on the disk before the row names it, and the old one goes only once the row no longer does: whatever
    breaks in between, no row names a file that is not there.
    """
    require(may_write_asset(by, asset), NOT_YOURS)
    check_file(file)
    kept = keep_file(file)
    try:
        return change_file(asset, kept, by=by, seen=seen)
    except BaseException:
        forget_file(kept)
        raise


def remove_file(asset: Asset, *, by: User, seen: str | None = None) -> Asset:
    """Take its file away; there is none already, nothing happens."""
    return change_file(asset, "", by=by, seen=seen)


@transaction.atomic
def change_file(asset: Asset, name: str, *, by: User, seen: str | None) -> Asset:
    asset = present(asset)
    require(may_write_asset(by, asset), NOT_YOURS)
    if seen is not None:
        refuse_stale(asset, {"file": name}, {"file": seen})
    before = asset.file.name or ""
    if before != name:
        asset.file.name = name
        asset.save(update_fields=["file", "updated_at"])
        transaction.on_commit(lambda: forget_file(before), robust=True)
    return asset


@transaction.atomic
def use_asset(campaign: Campaign, asset: Asset, *, by: User) -> None:
    """The campaign uses this content; twice is once."""
    require(may_write_campaign(by, campaign), NOT_YOUR_CAMPAIGN)
    if asset.is_archived:
        raise BusinessError(f"{asset} is archived: bring it back first.", code="archived")
    campaign.assets.add(asset)
    record_change("campaign", [campaign.pk])


@transaction.atomic
def stop_using_asset(campaign: Campaign, asset: Asset, *, by: User) -> None:
    require(may_write_campaign(by, campaign), NOT_YOUR_CAMPAIGN)
    campaign.assets.remove(asset)
    record_change("campaign", [campaign.pk])
