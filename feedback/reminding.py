"""Who is told of a clock, once each: before an answer is due, when it is late, when a first attempt is missing.

Each part takes the rows nobody else holds, marks them and rings, in one transaction. The marks keep what was told from
being asked for again, however much is late.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.timezone import localtime

from crm.models import NotificationKind, Role, Side, Team, User
from crm.working_time import Asked, Schedule, add_working_time, schedules_for, working_time
from feedback.agreement import active_agreement
from feedback.clocks import asked_of
from feedback.models import Handoff, HandoffStatus, SignedStatus
from feedback.telling import Notice, key_of, manager_of, recipients_of, tell
from leads.attempts import NONE, attempts_of
from leads.lifecycle import Stage

MOST_A_RUN = 5_000
# For each person and team the moment until which an answer is due soon, as their working hours have it.
DUE_SOON = """
    SELECT h.id FROM unnest(%(users)s::bigint[], %(until)s::timestamptz[]) AS asked (id, until)
    JOIN feedback_handoff h ON h.to_user_id = asked.id AND h.due_at <= asked.until AND {waits}
    UNION ALL
    SELECT h.id FROM unnest(%(teams)s::bigint[], %(teams_until)s::timestamptz[]) AS asked (id, until)
    JOIN feedback_handoff h ON h.to_team_id = asked.id AND h.due_at <= asked.until AND h.to_user_id IS NULL AND {waits}
    LIMIT %(limit)s
""".format(
    waits="""h.status = 'open' AND h.due_at > %(at)s AND h.reminded_at IS NULL
        AND (h.snoozed_until IS NULL OR h.snoozed_until <= %(at)s)"""
)


def tell_of_clocks(*, at: datetime) -> int:
    """Everything that is to be told now; gives how many hand-offs. Until an agreement is signed nobody is told."""
    agreement = active_agreement()
    if agreement.status != SignedStatus.ACTIVE:
        return 0
    soon = 0 if agreement.hours_to_remind is None else remind_of_due(hours=agreement.hours_to_remind, at=at)
    return soon + tell_of_late(at=at) + tell_of_missing_attempts(at=at)


@transaction.atomic
def remind_of_due(*, hours: int, at: datetime) -> int:
    """Remind of answers due within so many working hours, at the earliest when half of the time given has passed."""
    soon = Handoff.objects.open().filter(pk__in=due_soon(hours=hours, at=at), reminded_at__isnull=True)
    waiting = list(soon.held_unless_taken())
    schedules = schedules_for(map(asked_of, waiting))
    due = [handoff for handoff in waiting if is_half_gone(handoff, schedules[asked_of(handoff)], at=at)]
    mark(due, reminded_at=at)
    asked = recipients_of(due)
    tell(
        (
            Notice(
                user, NotificationKind.DUE_SOON, key_of(NotificationKind.DUE_SOON, handoff),
                f"{handoff.lead} waits for your answer", f"Due {localtime(handoff.due_at):%A at %H:%M}.",
                f"/inbox/?open={handoff.pk}",
            )
            for handoff in due
            for user in asked[handoff.pk]
        ),
        at=at,
    )  # fmt: skip
    return len(due)


def due_soon(*, hours: int, at: datetime) -> list[int]:
    """Ids of what is not late yet and will be before so many working hours of who was asked have passed."""
    people = User.objects.filter(role__in=[Role.REP, Role.MANAGER], is_active=True).order_by("pk")
    users: list[Asked] = [(pk, None) for pk in people.values_list("pk", flat=True)]
    sales = Team.objects.filter(kind=Side.SALES).order_by("pk")
    teams: list[Asked] = [(None, pk) for pk in sales.values_list("pk", flat=True)]
    schedules, known = schedules_for([*users, *teams]), dict[Schedule, datetime]()

    def until(pair: Asked) -> datetime:
        schedule = schedules[pair]
        if schedule not in known:
            known[schedule] = add_working_time(at, timedelta(hours=hours), schedule)
        return known[schedule]

    with connection.cursor() as sql:
        sql.execute(
            DUE_SOON,
            {
                "users": [user for user, _ in users], "until": [until(pair) for pair in users],
                "teams": [team for _, team in teams], "teams_until": [until(pair) for pair in teams],
                "at": at, "limit": MOST_A_RUN,
            },
        )  # fmt: skip
        return [pk for (pk,) in sql.fetchall()]


def is_half_gone(handoff: Handoff, schedule: Schedule, *, at: datetime) -> bool:
    """A promise of one hour is not reminded of the moment it is made."""
    return working_time(handoff.offered_at, at, schedule) >= working_time(at, handoff.due_at, schedule)


@transaction.atomic
def tell_of_late(*, at: datetime) -> int:
    """Tell who was asked, and the manager, that the time for an answer has passed; it can still be given."""
    late = Handoff.objects.open().filter(due_at__lte=at, breach_told_at__isnull=True)
    handoffs = list(late.order_by("due_at", "pk")[:MOST_A_RUN].held_unless_taken())
    mark(handoffs, breach_told_at=at)
    tell(late_notices(handoffs), at=at)
    return len(handoffs)


def late_notices(handoffs: Sequence[Handoff]) -> Iterator[Notice]:
    asked = recipients_of(handoffs)
    for handoff in handoffs:
        was = f"It was due {localtime(handoff.due_at):%A at %H:%M}."
        told = dict.fromkeys(asked[handoff.pk], f"Your answer on {handoff.lead} is late")
        if manager := manager_of(handoff):
            told.setdefault(manager, f"{handoff.recipient} has not answered on {handoff.lead} in time")
        for user, title in told.items():
            yield Notice(
                user, NotificationKind.OVERDUE, key_of(NotificationKind.OVERDUE, handoff), title, was,
                f"/inbox/?open={handoff.pk}",
            )  # fmt: skip


@transaction.atomic
def tell_of_missing_attempts(*, at: datetime) -> int:
    """Tell owners of accepted leads that nobody has tried to reach the buyer in the time agreed on."""
    due = Handoff.objects.filter(
        status=HandoffStatus.ACCEPTED, attempt_due_at__lte=at, attempt_told_at__isnull=True
    ).order_by("attempt_due_at", "pk")
    handoffs = list(due[:MOST_A_RUN].held_unless_taken())
    mark(handoffs, attempt_told_at=at)
    missing = without_attempt(handoffs)
    tell(
        (
            Notice(
                handoff.lead.owner_id or 0, NotificationKind.TASK_DUE, f"first_attempt:{handoff.pk}",
                f"The first call to {handoff.lead} is late",
                f"It was due {localtime(handoff.attempt_due_at):%A at %H:%M}.", f"/leads/{handoff.lead_id}/",
            )
            for handoff in missing
        ),
        at=at, many_url="/leads/?tab=mine",
    )  # fmt: skip
    return len(missing)


def without_attempt(handoffs: Collection[Handoff]) -> list[Handoff]:
    """Those whose lead stands where it was accepted, has an owner, and was neither tried nor heard of since."""
    here = [
        handoff
        for handoff in handoffs
        if handoff.lead.stage == Stage.ACCEPTED and handoff.lead.episode == handoff.episode and handoff.lead.owner_id
    ]
    attempts = attempts_of([handoff.lead_id for handoff in here])
    return [
        handoff for handoff in here if not (made := attempts.get(handoff.lead_id, NONE)).count and not made.is_connected
    ]


def mark(handoffs: Collection[Handoff], **marks: datetime) -> None:
    Handoff.objects.filter(pk__in=[handoff.pk for handoff in handoffs]).update(**marks)
