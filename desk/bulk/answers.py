"""Answering many hand-offs of the inbox at once. What changed and what did not stands with the leads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from crm.deeds import Deed
from crm.models import User
from desk.bulk.verbs import BulkVerb, Done
from desk.queries.inbox import EVERYBODY, Whom
from feedback.access import may_ever_decide
from feedback.answering import MOST_ANSWERS
from feedback.many_verdicts import accept_handoffs, reject_handoffs, undo_verdicts
from feedback.models import Handoff
from feedback.queries import inbox_of
from feedback.snoozing import snooze_handoffs, wake_handoffs
from leads.models import Reason
from leads.transitions import UNDO_WITHIN


@dataclass(frozen=True)
class Chosen:
    """Hand-offs of the inbox: some ticked by hand, or all in sight of whom was asked for."""

    user: User
    ids: tuple[int, ...] = ()
    is_all: bool = False
    whom: Whom = EVERYBODY

    def handoffs(self, *, at: datetime) -> QuerySet[Handoff]:
        """As many as one answer takes, first to expire on top."""
        if not self.is_all:
            return Handoff.objects.filter(pk__in=self.ids).order_by("due_at", "pk")
        return self.whom.among(inbox_of(self.user)).in_sight(at)[:MOST_ANSWERS]

    def handoff_ids(self, *, at: datetime) -> list[int]:
        return list(self.handoffs(at=at).values_list("pk", flat=True)) if self.is_all else list(self.ids)


def accept(ids: list[int], *, by: User, at: datetime) -> Done:
    return "accepted", accept_handoffs(ids, by=by, at=at)


def reject(ids: list[int], *, by: User, at: datetime, reason: Reason, **facts: Any) -> Done:
    deed = reject_handoffs(ids, by=by, at=at, reason=reason, **facts)
    return f"rejected ({reason.label[:1].lower()}{reason.label[1:]})", deed


def snooze(ids: list[int], *, by: User, at: datetime, until: datetime) -> Done:
    when = timezone.localtime(until).strftime("%-d %b, %H:%M")
    return f"snoozed until {when}", snooze_handoffs(ids, by=by, at=at, until=until)


def take_back(list_key: str, deed: Deed, *, by: User, at: datetime) -> Deed:
    return undo_verdicts([row["handoff"] for row in deed.changed], by=by, at=at)


def wake(list_key: str, deed: Deed, *, by: User, at: datetime) -> Deed:
    return wake_handoffs([row["handoff"] for row in deed.changed], by=by)


def answer(key: str, label: str, icon: str, do: Any, undo: Any, text: str) -> BulkVerb:
    """They belong to no list: only the inbox offers them."""
    return BulkVerb(
        key, label, icon, frozenset(), do, undo, text=text, shortcut=key[0], undo_within=UNDO_WITHIN,
        allowed=lambda user, list_key: may_ever_decide(user),
    )  # fmt: skip


ANSWERS = {
    verb.key: verb
    for verb in (
        answer("accept", "Accept", "check", accept, take_back, "They are yours from now on."),
        answer("reject", "Reject", "x", reject, take_back, "All for the same reason."),
        answer("snooze", "Snooze", "clock-pause", snooze, wake, "Their clocks run on; what is due before then stays."),
    )
}
