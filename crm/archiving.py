"""Putting records away and bringing them back: lists and searches leave them out, figures and links keep them.

The same few queries for any number of records. Each room says in a Rule of its own who may, and what stands in the way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from crm.access import require
from crm.assigning import hold
from crm.deeds import Deed
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change

ALREADY, NOT_ARCHIVED = "It is archived already.", "It is not archived."


@dataclass(frozen=True)
class Rule:
    """How one kind of record is archived. ``rows``: all of them, with what ``may`` and ``obstacle`` look at for a
    person; ``obstacle``: the open work that forbids it, in words, or "".
    """

    rows: Callable[[User], models.QuerySet[Any]]
    may: Callable[[User, Any], bool]
    refused: str
    obstacle: Callable[[Any], str]


def archive_rows(rule: Rule, ids: Iterable[int], *, by: User, at: datetime) -> Deed:
    """Put these away; those that are not the person's, are away already or have open work are refused with words."""

    def why_not(row: Any) -> str:
        if not rule.may(by, row):
            return rule.refused
        return ALREADY if row.is_archived else rule.obstacle(row)

    return put(rule, ids, by=by, archived_at=at, why_not=why_not)


def restore_rows(rule: Rule, ids: Iterable[int], *, by: User, at: datetime) -> Deed:
    """Bring these back, where the person may."""

    def why_not(row: Any) -> str:
        if not rule.may(by, row):
            return rule.refused
        return "" if row.is_archived else NOT_ARCHIVED

    return put(rule, ids, by=by, archived_at=None, why_not=why_not)


@transaction.atomic
def put(
    rule: Rule, ids: Iterable[int], *, by: User, archived_at: datetime | None, why_not: Callable[[Any], str]
) -> Deed:
    deed, rows = Deed(), rule.rows(by)
    # The locks come first, in a statement of their own: what is open is then counted with what others just committed.
    held = [row.pk for row in hold(rows.model._default_manager.only("pk"), ids)]
    for row in rows.filter(pk__in=held).order_by("pk"):
        if why := why_not(row):
            deed.refuse(row.pk, why)
        else:
            deed.change(row.pk)
    counted = {"version": F("version") + 1} if hasattr(rows.model, "version") else {}
    changed = rows.model._default_manager.filter(pk__in=deed.changed_ids)
    changed.update(archived_at=archived_at, updated_at=timezone.now(), **counted)
    record_change(str(rows.model._meta.model_name), deed.changed_ids)
    return deed


def archive_one(rule: Rule, record: Any, *, by: User, at: datetime) -> None:
    """Put one record away; once it is, nothing more happens. Raises NotAllowed, BusinessError `open_work`."""
    answer(rule, record, archive_rows(rule, [record.pk], by=by, at=at), by=by, fine=ALREADY)


def restore_one(rule: Rule, record: Any, *, by: User, at: datetime) -> None:
    """Bring one record back. Raises NotAllowed."""
    answer(rule, record, restore_rows(rule, [record.pk], by=by, at=at), by=by, fine=NOT_ARCHIVED)


def answer(rule: Rule, record: Any, deed: Deed, *, by: User, fine: str) -> None:
    for row in deed.refused:
        require(row["why"] != rule.refused, rule.refused)
        if row["why"] != fine:
            raise BusinessError(row["why"], code="open_work")
