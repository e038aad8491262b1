"""No answer in time: the hand-off expires and its lead goes to the next person, who has a clock of their own.

A late hand-off whose verdict is being given this very moment is left to it. Two runs side by side share the work.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm.models import NotificationKind, Role
from crm.outbox import record_change
from crm.working_time import schedules_for, working_time
from feedback.agreement import active_agreement
from feedback.announcing import settle_asked
from feedback.clocks import asked_of
from feedback.followers import next_recipients, open_followers
from feedback.models import Handoff, HandoffStatus, SignedStatus
from feedback.routing import Recipient
from feedback.telling import Notice, key_of, manager_of, recipients_of, tell
from leads.lifecycle import Stage

# As many expire in one transaction: a verdict beside it waits for a fraction of a second.
CHUNK = 1_000
MOST_A_RUN = 20_000
# Nobody can take it now: asked again after an hour, not every minute.
STUCK_FOR = timedelta(hours=1)


def escalate_as_agreed(*, at: datetime) -> int:
    """Escalate what is as late as the agreement says; nothing when it says nothing."""
    hours = active_agreement().hours_late_to_escalate
    return 0 if hours is None else escalate_overdue(at=at, late_by=timedelta(hours=hours))


def escalate_overdue(*, at: datetime, late_by: timedelta = timedelta(0), stuck_for: timedelta = STUCK_FOR) -> int:
    """Pass on what is late by so much working time of who was asked; gives how many. Safe twice and side by side.

    Until an agreement is signed the clocks only advise. What a manager was asked stays with them: nobody is next. One
    that cannot be passed on holds up no other and is left alone for ``stuck_for``.
    """
    if active_agreement().status != SignedStatus.ACTIVE:
        return 0
    late = list(late_handoffs(at=at, late_by=late_by, stuck_for=stuck_for))
    return sum(len(expire_and_pass_on(chunk, at=at)) for chunk in chunks(late))


def late_handoffs(*, at: datetime, late_by: timedelta, stuck_for: timedelta) -> Iterator[int]:
    """Ids of what a rep or a team left unanswered for so long, longest first; bounded by MOST_A_RUN."""
    can_go_on = Q(to_user__role=Role.REP) | Q(to_user__isnull=True)
    not_stuck = Q(stuck_at__isnull=True) | Q(stuck_at__lte=at - stuck_for)
    # Working time is never more than the time that passed, so the index finds all that can be late enough.
    rows = Handoff.objects.open().filter(can_go_on, not_stuck, due_at__lt=at - late_by).order_by("due_at", "pk")
    found = list(rows.values_list("pk", "due_at", "to_user", "to_team")[:MOST_A_RUN])
    schedules = schedules_for({(user, team) for _, _, user, team in found})
    for pk, due_at, user, team in found:
        if not late_by or working_time(due_at, at, schedules[user, team]) >= late_by:
            yield pk


@transaction.atomic
def expire_and_pass_on(ids: Collection[int], *, at: datetime) -> list[Handoff]:
    """Those of these that still wait expire and go to the next by the rules; gives what follows them."""
    waiting = hold_waiting(ids)
    recipients = next_recipients(waiting, at=at)
    going = [handoff for handoff in waiting if is_somebody_else(recipients.get(handoff.lead_id), handoff)]
    left = {handoff.pk for handoff in waiting} - {handoff.pk for handoff in going}
    Handoff.objects.filter(pk__in=left).update(stuck_at=at)
    expire(going, at=at)
    settle_asked(going, at=at)
    followers = open_followers(going, recipients, at=at)
    tell(notices_of(followers), at=at)
    return followers


def hold_waiting(ids: Collection[int]) -> list[Handoff]:
    """Those of these that are open, held; one whose verdict is being given is left out."""
    return list(Handoff.objects.open().filter(pk__in=ids, lead__stage=Stage.OFFERED).order_by("pk").held_unless_taken())


def is_somebody_else(recipient: Recipient | None, handoff: Handoff) -> bool:
    """A lead that waits for a team in which nobody can take it would only come back to the same queue."""
    if recipient is None:
        return False
    next_one = (recipient.user.pk if recipient.user else None, recipient.team.pk if recipient.team else None)
    return next_one != asked_of(handoff)


def expire(handoffs: Sequence[Handoff], *, at: datetime) -> None:
    ids = [handoff.pk for handoff in handoffs]
    Handoff.objects.filter(pk__in=ids, status=HandoffStatus.OPEN).update(
        status=HandoffStatus.EXPIRED, decided_at=at, snoozed_until=None, updated_at=timezone.now()
    )
    record_change("handoff", ids)


def notices_of(followers: Sequence[Handoff]) -> Iterator[Notice]:
    """The next is asked, the one before and the manager are told who has it now."""
    asked = recipients_of(followers)
    for fresh in followers:
        old = fresh.follows
        assert old is not None
        name, heir = str(fresh.lead), fresh.recipient
        for user in asked[fresh.pk]:
            yield Notice(
                user, NotificationKind.HANDOFF, key_of(NotificationKind.HANDOFF, fresh),
                f"{name} waits for your answer", f"{old.recipient} did not answer in time.",
                f"/inbox/?open={fresh.pk}",
            )  # fmt: skip
        told = {
            old.to_user_id: f"{name} went to {heir}",
            manager_of(old): f"{name} went from {old.recipient} to {heir}",
        }
        for one, title in told.items():
            if one and one not in asked[fresh.pk]:
                yield Notice(
                    one, NotificationKind.PASSED_ON, key_of(NotificationKind.PASSED_ON, old), title,
                    "No answer came in time.", f"/leads/{fresh.lead_id}/",
                )  # fmt: skip


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
