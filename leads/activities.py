"""What people of ours did for a lead, an opportunity or a contact: calls, e-mails, meetings, notes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import put
from crm.errors import BusinessError
from crm.mailing import take_back
from crm.models import User
from crm.moments import EARLIEST
from crm.outbox import record_change
from leads.access import may_change_activity, may_log_on
from leads.models import Activity, ActivityKind, ActivityOutcome, Direction
from leads.models.work import ATTEMPTS
from leads.subjects import Subject, hold_subjects, refresh_subjects, require_reachable

NOT_YOURS = "You may log what you do for your own leads and opportunities; this one is with somebody else."
NOT_YOUR_ENTRY = "Only who logged this or a manager may change it."
LONGEST_NOTE = 20_000
# What an e-mail sent from here is.
AS_SENT = {"note", "at", "direction"}
# The clock of a browser or another system may be a little fast.
CLOCK_SLACK = timedelta(minutes=5)

# How each kind may end; the first is what it mostly does.
OUTCOMES: dict[str, tuple[ActivityOutcome, ...]] = {
    ActivityKind.CALL: (
        ActivityOutcome.REACHED, ActivityOutcome.VOICEMAIL, ActivityOutcome.NO_ANSWER, ActivityOutcome.WRONG_NUMBER,
    ),
    ActivityKind.EMAIL: (ActivityOutcome.REPLIED, ActivityOutcome.BOUNCED),
    ActivityKind.MEETING: (ActivityOutcome.HELD, ActivityOutcome.CANCELLED),
    ActivityKind.SOCIAL: (ActivityOutcome.REPLIED,),
    ActivityKind.EVENT: (ActivityOutcome.HELD, ActivityOutcome.CANCELLED),
    ActivityKind.NOTE: (),
}  # fmt: skip


@transaction.atomic
def log_activity(
    subject: Subject,
    *,
    by: User,
    at: datetime,
    kind: str,
    direction: str = "",
    happened_at: datetime | None = None,
    participants: Iterable[User] = (),
    **facts: Any,
) -> Activity:
    """Write down what happened, at ``at`` unless ``happened_at`` says when; ``facts``: outcome, note and so on.

    A call, e-mail or message is from us unless ``direction`` says otherwise. Raises NotAllowed, ValidationError and
    BusinessError: `outcome_required`, `unknown_outcome`, `do_not_call`, `do_not_mail`, `note_too_long`, `empty_note`,
    `at_too_early`, `at_in_future`.
    """
    require(may_log_on(by, subject), NOT_YOURS)
    direction = direction or default_direction(kind)
    require_reachable(subject, kind, direction)
    about = {**subject.fields, "is_sample": subject.is_sample}
    activity = Activity(kind=kind, direction=direction, at=happened_at or at, by=by, **about, **facts)
    check(kind=kind, outcome=activity.outcome, note=activity.note, at=activity.at, now=at)
    activity.full_clean()
    activity.save(force_insert=True)
    activity.participants.set(participants)
    announce(activity)
    return activity


@transaction.atomic
def edit_activity(
    activity: Activity,
    *,
    by: User,
    at: datetime,
    happened_at: datetime | None = None,
    participants: Iterable[User] | None = None,
    **fields: Any,
) -> Activity:
    """Correct what was logged: anything but what it is about and who did it. What is not given stays."""
    hold_subjects(activity)
    activity = Activity.objects.select_for_update().get(pk=activity.pk)
    require(may_change_activity(by, activity), NOT_YOUR_ENTRY)
    fields["at"] = happened_at or activity.at
    require_as_sent(activity, fields)
    check(**{name: fields.get(name, getattr(activity, name)) for name in ("kind", "outcome", "note", "at")}, now=at)
    fresh = put(activity, fields)
    if fresh:
        activity.save(update_fields=[*fresh, "updated_at"])
    if participants is not None:
        activity.participants.set(participants)
    announce(activity)
    return activity


@transaction.atomic
def remove_activity(activity: Activity, *, by: User) -> None:
    """Take away an entry made by mistake; its history keeps what it said. One that is gone already is no error.

    An e-mail that has not gone out is taken back with it; one that has stays (StaleState `mail_sent`).
    """
    hold_subjects(activity)
    found = Activity.objects.select_for_update().filter(pk=activity.pk).first()
    if found is None:
        return
    require(may_change_activity(by, found), NOT_YOUR_ENTRY)
    mail = found.mail
    found.delete()
    if mail:
        take_back(mail)
    announce(activity)


def require_as_sent(activity: Activity, fields: dict[str, Any]) -> None:
    """Of an e-mail that was sent from here only what came of it is corrected."""
    fixed = {name for name in AS_SENT & fields.keys() if fields[name] != getattr(activity, name)}
    if activity.mail_id and fixed:
        raise BusinessError("What was sent stays as it was sent.", code="mail_sent")


def announce(activity: Activity) -> None:
    refresh_subjects(activity)
    record_change("activity", [activity.pk])


def default_direction(kind: str) -> str:
    return Direction.OUTBOUND if kind in ATTEMPTS else ""


def check(*, kind: str, outcome: str, note: str, at: datetime, now: datetime) -> None:
    """The rules of one entry, whoever writes it."""
    check_outcome(kind, outcome)
    check_note(note)
    if kind == ActivityKind.NOTE and not note.strip():
        raise BusinessError("A note says something.", code="empty_note")
    if at < EARLIEST:
        raise BusinessError(f"Nothing here happened before {EARLIEST.year}.", code="at_too_early")
    if at > now + CLOCK_SLACK:
        raise BusinessError("This lies in the future: plan it as a task.", code="at_in_future")


def check_outcome(kind: str, outcome: str) -> None:
    if kind == ActivityKind.CALL and not outcome:
        raise BusinessError("Say how the call ended.", code="outcome_required")
    if outcome and outcome not in OUTCOMES.get(kind, ()):
        raise BusinessError("It cannot have ended like this.", code="unknown_outcome")


def check_note(note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise BusinessError(
            f"This has {len(note):,} characters; at most {LONGEST_NOTE:,} fit. Shorten it, or put the rest into a"
            " second note.",
            code="note_too_long",
        )
