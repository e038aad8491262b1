"""Putting a hand-off off, within the service level: out of sight for a while, the clock runs on.

It comes back by itself: who looks asks what is in sight at that moment (`HandoffQuerySet.in_sight`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from crm.deeds import Deed
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change
from feedback.answering import hold_answerable, require_answerable
from feedback.models import Handoff

# It comes back so long before its answer is due.
BACK_BEFORE_DUE = timedelta(minutes=15)


class CannotSnooze(BusinessError):
    code = "cannot_snooze"


def latest_return(handoff: Handoff) -> datetime:
    """The last moment that a hand-off may be put off to."""
    return handoff.due_at - BACK_BEFORE_DUE


def why_not_until(handoff: Handoff, until: datetime, *, at: datetime) -> str:
    """Why it cannot be put off until then; "" when it can."""
    latest = latest_return(handoff)
    if at >= handoff.due_at:
        return "The answer is late already; it can no longer be snoozed."
    if at >= latest:
        return "The answer is due within minutes; it can no longer be snoozed."
    if until > latest:
        return f"It can be snoozed until {timezone.localtime(latest):%-d %b, %H:%M}, just before the answer is due."
    return "" if until > at else "Choose a time that is still to come."


@transaction.atomic
def snooze_handoff(handoff: Handoff, *, by: User, at: datetime, until: datetime) -> Handoff:
    """Keep it out of sight until then. Raises AlreadyDecided, NotAllowed and CannotSnooze."""
    present = require_answerable(handoff, by=by)
    if why := why_not_until(present, until, at=at):
        raise CannotSnooze(why, latest=latest_return(present).isoformat())
    return put_off(handoff, until)


@transaction.atomic
def wake_handoff(handoff: Handoff, *, by: User) -> Handoff:
    """Bring it back into sight before its time. Raises AlreadyDecided and NotAllowed."""
    require_answerable(handoff, by=by)
    return put_off(handoff, None)


@transaction.atomic
def snooze_handoffs(handoff_ids: Iterable[int], *, by: User, at: datetime, until: datetime) -> Deed:
    """Put these off; those due before then stay in sight, and the deed says so. In the deed stand the leads."""
    answerable, deed = hold_answerable(handoff_ids, by=by)
    chosen = []
    for handoff in answerable:
        if why := why_not_until(handoff, until, at=at):
            deed.refuse(handoff.lead_id, why)
        else:
            chosen.append(handoff)
            was = handoff.snoozed_until.isoformat() if handoff.snoozed_until else None
            deed.change(handoff.lead_id, handoff=handoff.pk, snoozed=[was, until.isoformat()])
    put_all_off([handoff.pk for handoff in chosen], until)
    return deed


@transaction.atomic
def wake_handoffs(handoff_ids: Iterable[int], *, by: User) -> Deed:
    """Bring these back into sight, where nobody has answered them."""
    answerable, deed = hold_answerable(handoff_ids, by=by)
    for handoff in answerable:
        deed.change(handoff.lead_id, handoff=handoff.pk)
    put_all_off([handoff.pk for handoff in answerable], None)
    return deed


def put_off(handoff: Handoff, until: datetime | None) -> Handoff:
    put_all_off([handoff.pk], until)
    handoff.refresh_from_db()
    return handoff


def put_all_off(ids: list[int], until: datetime | None) -> None:
    Handoff.objects.filter(pk__in=ids).update(snoozed_until=until, updated_at=timezone.now())
    record_change("handoff", ids)
