"""The lists that people keep of sources, segments, products and what buyers ask about, for forms to offer.

Records hold the text itself: a value that is renamed or retired changes none of them.
"""

from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import make, put
from crm.errors import BusinessError
from crm.models import User
from crm.positions import last_position, move
from leads.access import may_write_lists
from leads.list_queries import recent_values
from leads.models import Lead, PickList, PickValue

REFUSED = "Only marketing managers and admins change these lists."
FIELD_OF = {PickList.SOURCE: "source", PickList.SEGMENT: "segment", PickList.PRODUCT: "product_interest"}
MOST = 300
MOST_UNLISTED = 30


def offered_values(list_: PickList) -> list[str]:
    """The values of a list that are not retired, in order."""
    return list(PickValue.objects.filter(list=list_, retired=False).values_list("value", flat=True))


def choices(list_: PickList, *, present: str = "") -> list[tuple[str, str]]:
    """What a form offers for a field of free text, the ``present`` value too; nothing where no list is kept."""
    offered = offered_values(list_)
    if not offered:
        return []
    return [(value, value or "–") for value in dict.fromkeys(["", *offered, present])]


def in_use_unlisted(list_: PickList) -> list[str]:
    """Values that the newest leads have and the list has not, to be added with one click; leads have no themes."""
    if list_ not in FIELD_OF:
        return []
    listed = set(PickValue.objects.filter(list=list_).values_list("value", flat=True))
    return [value for value in recent_values(Lead, FIELD_OF[list_]) if value not in listed][:MOST_UNLISTED]


@transaction.atomic
def add_value(list_: PickList, value: str, *, by: User) -> PickValue:
    """Offer one more value; a retired one is offered again."""
    require(may_write_lists(by), REFUSED)
    value = " ".join(value.split())
    rows = PickValue.objects.filter(list=list_)
    known = rows.filter(value__iexact=value).first()
    if known:
        known.retired = False
        known.save(update_fields=["retired"])
        return known
    if rows.filter(retired=False).count() >= MOST:
        raise BusinessError(f"A list has at most {MOST} values: retire some first.", code="too_many_values")
    return make(PickValue(list=list_, value=value, position=last_position(rows)))


@transaction.atomic
def edit_value(row: PickValue, *, by: User, value: str, retired: bool) -> PickValue:
    """Rename or retire it, for what is written from now on. Raises ValidationError for a name that the list has."""
    require(may_write_lists(by), REFUSED)
    row = PickValue.objects.select_for_update().get(pk=row.pk)
    fresh = put(row, {"value": " ".join(value.split()), "retired": retired})
    if fresh:
        row.save(update_fields=fresh)
    return row


# What a new installation begins with.
FIRST_THEMES = ("Price", "Integration", "Delivery time", "References", "Security", "Support")


def seed_themes(**_signal: Any) -> None:
    """Fill an empty list of what buyers ask about, after `migrate`; one that people have edited is left alone."""
    if not PickValue.objects.filter(list=PickList.THEME).exists():
        rows = [PickValue(list=PickList.THEME, value=value, position=n) for n, value in enumerate(FIRST_THEMES, 1)]
        PickValue.objects.bulk_create(rows)


@transaction.atomic
def move_value(row: PickValue, *, by: User, step: int) -> None:
    require(may_write_lists(by), REFUSED)
    move(PickValue.objects.filter(list=row.list), row.pk, step=step)
