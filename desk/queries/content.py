"""What pages show of content: how often buyers met it, when last, what sales says of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Asset, Campaign
from crm.words import capped
from desk.telling import ACTIVITY_ICONS, TOUCH_ICONS, activity_line, touch_line
from feedback.models import Impression, Request, RequestStatus
from leads.models import Activity, ActivityKind, Touch, TouchKind

# METRICS X3; what sales showed or sent counts as a touch, or a data sheet that goes out every day would be stale.
STALE_AFTER = timedelta(days=90)
# Nobody needs to know it more exactly: "1,000+".
COUNT_UP_TO = 1_000
ROWS = 10

# The newest of each piece of content are read by its index, never all of them.
USES = """
    SELECT asset.id, met.count, shown.count, greatest(met.last, shown.last)
    FROM unnest(%(ids)s::bigint[]) AS asset (id)
    CROSS JOIN LATERAL (
        SELECT count(*), max(at) AS last FROM (
            SELECT at FROM leads_touch touch
            WHERE asset_id = asset.id AND at >= %(since)s
                AND NOT EXISTS (SELECT FROM leads_touch later WHERE later.corrects_id = touch.id)
            ORDER BY at DESC LIMIT %(most)s
        ) newest
    ) met
    CROSS JOIN LATERAL (
        SELECT count(*), max(at) AS last FROM (
            SELECT at FROM leads_activity WHERE asset_id = asset.id AND at >= %(since)s ORDER BY at DESC LIMIT %(most)s
        ) newest
    ) shown
"""


@dataclass(frozen=True)
class Uses:
    """How often buyers met it (``touches``) and sales showed it (``shown``), counted up to a thousand; when last."""

    touches: int = 0
    shown: int = 0
    last_at: datetime | None = None

    @property
    def touches_words(self) -> str:
        return capped(self.touches, COUNT_UP_TO)

    @property
    def shown_words(self) -> str:
        return capped(self.shown, COUNT_UP_TO)


NEVER = Uses()


def uses_of(asset_ids: Iterable[int], *, since: datetime | None = None) -> dict[int, Uses]:
    """By id of the content; from ``since`` on, else ever. One statement for any number of them."""
    with connection.cursor() as sql:
        sql.execute(USES, {"ids": list(asset_ids), "since": since or "-infinity", "most": COUNT_UP_TO + 1})
        return {pk: Uses(touches, shown, last_at) for pk, touches, shown, last_at in sql.fetchall()}


def is_stale(asset: Asset, uses: Uses, *, at: datetime) -> bool:
    """Whether nothing was done with it for 90 days; what nobody met yet is given as long."""
    return (uses.last_at or asset.created_at) < at - STALE_AFTER


def stale_rows(*, at: datetime) -> Q:
    """The same as `is_stale`, as a condition on rows of content."""
    edge = at - STALE_AFTER
    touched = Touch.objects.effective().filter(asset=OuterRef("pk"))
    shown = Activity.objects.filter(asset=OuterRef("pk"))
    met_before = Q(Exists(touched)) | Q(Exists(shown))
    return Q(~Exists(touched.filter(at__gte=edge)), ~Exists(shown.filter(at__gte=edge))) & (
        met_before | Q(created_at__lt=edge)
    )


def content_of(campaign: Campaign, *, at: datetime) -> list[Asset]:
    """What a campaign uses, by name, each with its ``uses``; one more than a block shows."""
    found = list(campaign.assets.order_by("name", "pk")[: ROWS + 1])
    with_uses(found, at=at)
    return found


def with_uses(assets: Sequence[Asset], *, at: datetime) -> None:
    """Put ``uses`` onto each, and whether it ``is_stale``."""
    uses = uses_of([asset.pk for asset in assets])
    for asset in assets:
        found = uses.get(asset.pk, NEVER)
        vars(asset).update(uses=found, is_stale=is_stale(asset, found, at=at))


@dataclass(frozen=True)
class Use:
    """One time that a buyer met it, or that sales showed it."""

    at: datetime
    icon: str
    text: str
    record: Any
    page: str


def latest_uses(asset: Asset) -> list[Use]:
    """The newest touches and activities with it, at most ten together: two queries."""
    touches = Touch.objects.effective().filter(asset=asset).select_related("lead__company", "campaign", "asset")
    shown = Activity.objects.filter(asset=asset).select_related("lead__company", "opportunity", "contact", "by")
    found = [told_touch(touch) for touch in touches.order_by("-at", "-pk")[:ROWS]]
    found += [told_activity(activity) for activity in shown.order_by("-at", "-pk")[:ROWS]]
    return sorted(found, key=lambda use: use.at, reverse=True)[:ROWS]


def told_touch(touch: Touch) -> Use:
    # The content is what the page is about: the campaign says more.
    touch.asset = None
    return Use(touch.at, TOUCH_ICONS[TouchKind(touch.kind)], touch_line(touch), touch.lead, "desk:lead")


def told_activity(activity: Activity) -> Use:
    about: Sequence[tuple[str, Any]] = (
        ("desk:opportunity", activity.opportunity), ("desk:lead", activity.lead), ("desk:contact", activity.contact),
    )  # fmt: skip
    page, record = next((page, record) for page, record in about if record is not None)
    by = f", {activity.by}" if activity.by else ""
    return Use(activity.at, ACTIVITY_ICONS[ActivityKind(activity.kind)], f"{activity_line(activity)}{by}", record, page)


def requests_answered_with(asset: Asset) -> QuerySet[Request]:
    rows = Request.objects.filter(asset=asset, status=RequestStatus.FULFILLED).select_related("asked_by")
    return rows.order_by("-closed_at", "-pk")[:ROWS]


def said_to_help(asset: Asset) -> QuerySet[Impression]:
    """Each time that sales said it helped, newest first."""
    rows = Impression.objects.filter(asset=asset).select_related("lead__company", "by")
    return rows.order_by("-at", "-pk")
