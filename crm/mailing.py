"""Mail on its way out: written in the transaction of what it is about, sent by a worker, once.

A worker takes one mail by a short transaction of its own, sends it outside of any, and marks what became of it. While
the server is away or says “later” the mail waits, longer each time. Of a mail whose worker died, or whose connection
broke at the last moment, nobody knows whether it arrived: it is not sent again by itself, a person decides.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from django.core.cache import cache
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from crm.access import require
from crm.errors import BusinessError, StaleState
from crm.letters import letter, one_line
from crm.models import Mail, MailState, NotificationKind, Role, User
from crm.notifications import notify
from crm.smtp import Answer, answer_of, connect, drop, is_configured, is_open, words_of

log = logging.getLogger(__name__)

# Longer than a run with its slowest mail: who holds a mail for so long is dead.
LEASE = timedelta(minutes=10)
RUN_SECONDS = 60
BATCH = 200
KICK_EVERY_SECONDS = 1
# 1, 2, 4 … 256 minutes, then every six hours: these tries take three days.
MOST_TRIES = 21
SERVER_AWAY = "The mail server cannot be reached: "
NOT_CERTAIN = "It is not certain that it was sent: the connection broke at the last moment."
LOST = "It is not certain that it was sent: its worker died at the last moment."
# What the product wrote itself is no letter anybody looks for.
KEEP_NOTICES = timedelta(days=30)
NO_SERVER = "No mail server is set up, so nothing can be sent. The settings tell an administrator how."

CLAIM = """
    UPDATE crm_mail SET state = 'sending', claimed_at = %(at)s, updated_at = %(at)s
    WHERE id = (
        SELECT id FROM crm_mail WHERE state = 'queued' AND next_try_at <= %(at)s
        ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
"""
POSTPONE = """
    UPDATE crm_mail SET
        state = CASE WHEN tries + 1 >= %(most)s THEN 'failed' ELSE 'queued' END,
        next_try_at = %(at)s + least(interval '1 minute' * power(2, least(tries, 12)), interval '6 hours'),
        tries = tries + 1, claimed_at = NULL, error = %(words)s, updated_at = %(at)s
    WHERE id IN (
        SELECT id FROM crm_mail WHERE {which} ORDER BY id FOR UPDATE SKIP LOCKED
    )
    RETURNING id, state
"""
POSTPONE_ONE = POSTPONE.format(which="id = %(id)s AND state = 'sending'")
POSTPONE_ALL = POSTPONE.format(which="state = 'queued' AND next_try_at <= %(at)s")


def queue_mail(
    *, key: str, to: str, to_name: str = "", by: User | None = None, subject: str, text: str, at: datetime
) -> Mail:
    """Write a mail that goes out from ``at`` on, in the caller's transaction; one of the same ``key`` stays as it is.

    Subject and names become one line; nothing in them can start another header.
    """
    [mail] = queue_mails([
        Mail(key=key, to=to, to_name=one_line(to_name)[:160], by=by, subject=one_line(subject)[:250], text=text,
             next_try_at=at)
    ])  # fmt: skip
    return mail


def queue_mails(mails: Collection[Mail]) -> list[Mail]:
    """The same for many at once."""
    Mail.objects.bulk_create(mails, ignore_conflicts=True)
    transaction.on_commit(kick, robust=True)
    return list(Mail.objects.filter(key__in=[mail.key for mail in mails]))


def kick() -> None:
    """Ask a worker to send now, at most once a second; if Redis is away beat does it."""
    from crm.tasks import send_mail

    if is_configured() and cache.add("mail:kick", 1, timeout=KICK_EVERY_SECONDS):
        send_mail.apply_async(retry=False, expires=60)


def send_due(*, at: datetime, limit: int = BATCH) -> int:
    """Send what is due, over one connection; gives how many went out. Safe side by side and at any time again."""
    settle_lost(at=at)
    if not is_configured() or not due(at).exists():
        return 0
    try:
        connection = connect()
    except OSError as error:  # every SMTPException is one
        postpone_all(at=at, words=SERVER_AWAY + words_of(error))
        return 0
    try:
        sent = send_over(connection, at=at, limit=limit)
    finally:
        drop(connection)
    if sent:
        release(at=at)
    return sent


def send_over(connection: BaseEmailBackend, *, at: datetime, limit: int) -> int:
    """Send mail after mail until none is due, the connection is lost or the time of a run is over."""
    sent, until = 0, monotonic() + RUN_SECONDS
    for _turn in range(limit):
        mail = claim(at=at) if monotonic() < until else None
        if mail is None:
            break
        went = send(mail, connection, at=at)
        sent += went
        if not is_open(connection):
            break
    return sent


def due(at: datetime) -> QuerySet[Mail]:
    """What waits and may be tried."""
    return Mail.objects.filter(state=MailState.QUEUED, next_try_at__lte=at)


def claim(*, at: datetime) -> Mail | None:
    """Take the mail that waited longest, so that no other worker sends it; None when nothing is due."""
    with database.cursor() as sql:
        sql.execute(CLAIM, {"at": at})
        row = sql.fetchone()
    return Mail.objects.select_related("by").get(pk=row[0]) if row else None


def send(mail: Mail, connection: BaseEmailBackend, *, at: datetime) -> bool:
    """Send one claimed mail and mark what became of it; whether it went out."""
    try:
        letter(mail, connection).send()
    except (OSError, ValueError) as error:
        answer, words = answer_of(error), words_of(error)
        log.warning("mail %s did not go out (%s): %s", mail.pk, answer.value, words)
        if answer == Answer.LATER:
            postpone(POSTPONE_ONE, at=at, words=words, id=mail.pk)
        else:
            fail([mail.pk], at=at, words=words if answer == Answer.NEVER else NOT_CERTAIN)
        return False
    Mail.objects.filter(pk=mail.pk).update(
        state=MailState.SENT, sent_at=at, claimed_at=None, error="", tries=mail.tries + 1, updated_at=at
    )
    return True


def postpone_all(*, at: datetime, words: str) -> None:
    """There is no server to send anything over: all that is due waits."""
    log.warning("%s", words)
    postpone(POSTPONE_ALL, at=at, words=words)


@transaction.atomic
def postpone(statement: str, *, at: datetime, words: str, **which: int) -> None:
    """Have mails wait, longer each time; who waited for three days has failed."""
    with database.cursor() as sql:
        sql.execute(statement, {"at": at, "words": words[:300], "most": MOST_TRIES, **which})
        failed = [pk for pk, state in sql.fetchall() if state == MailState.FAILED]
    tell_of_failures(failed, at=at)


@transaction.atomic
def fail(ids: Iterable[int], *, at: datetime, words: str) -> None:
    failed = Mail.objects.filter(pk__in=list(ids), state=MailState.SENDING)
    pks = list(failed.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
    facts = {"state": MailState.FAILED, "claimed_at": None, "error": words[:300], "updated_at": at}
    Mail.objects.filter(pk__in=pks).update(**facts)
    tell_of_failures(pks, at=at)


def settle_lost(*, at: datetime) -> None:
    """Nobody knows whether a mail went out whose worker died with it: it is not sent again by itself."""
    lost = Mail.objects.filter(state=MailState.SENDING, claimed_at__lt=at - LEASE).values_list("pk", flat=True)
    if pks := list(lost[:BATCH]):
        fail(pks, at=at, words=LOST)


def release(*, at: datetime) -> None:
    """The server is back: what waited for nothing but the server goes now."""
    waiting = Mail.objects.filter(state=MailState.QUEUED, next_try_at__gt=at, error__startswith=SERVER_AWAY)
    waiting.update(next_try_at=at, tries=0)


def tell_of_failures(ids: list[int], *, at: datetime) -> None:
    """Who wrote a mail that failed hears of it by the bell; of the product's own, admins, once a day."""
    failed = list(Mail.objects.filter(pk__in=ids).select_related("by"))
    for mail in failed:
        if mail.by:
            notify(
                [mail.by], kind=NotificationKind.MAIL_FAILED, key=f"mail:{mail.pk}:{int(at.timestamp())}", at=at,
                title=f"Not sent: {mail.subject}", text=f"To {mail.to_name or mail.to}. {mail.error}",
                url=reverse("desk:mail", args=[mail.pk]),
            )  # fmt: skip
    if any(mail.by is None for mail in failed):
        notify(
            User.objects.filter(role=Role.ADMIN, is_active=True), kind=NotificationKind.MAIL_FAILED,
            key=f"mail-notices:{at:%Y-%m-%d}", at=at, title="Notifications could not be sent by e-mail",
            text=failed[-1].error, url=reverse("crm:mail"),
        )  # fmt: skip


@transaction.atomic
def send_again(mail: Mail, *, by: User, at: datetime) -> None:
    """Have a mail that failed sent once more, as if it were new; one that waits, at once. Its Message-ID stays."""
    require(may_send_again(by, mail), "Only who wrote this e-mail or an admin may send it again.")
    require_configured()
    facts = {"state": MailState.QUEUED, "next_try_at": at, "tries": 0, "error": "", "updated_at": at}
    if not Mail.objects.filter(pk=mail.pk, state__in=(MailState.FAILED, MailState.QUEUED)).update(**facts):
        raise StaleState("This e-mail is on its way already.")
    transaction.on_commit(kick, robust=True)


@transaction.atomic
def send_all_again(*, by: User, at: datetime) -> int:
    """Everything that failed certainly unsent goes once more; gives how much."""
    require(by.is_admin, "Only admins see to all e-mail.")
    require_configured()
    failed = Mail.objects.filter(state=MailState.FAILED).exclude(error__in=(NOT_CERTAIN, LOST))
    count = failed.update(state=MailState.QUEUED, next_try_at=at, tries=0, error="", updated_at=at)
    transaction.on_commit(kick, robust=True)
    return count


def send_test(person: User) -> None:
    """Send a mail to this person now, by nobody's queue. Raises what the server or the way to it said."""
    require_configured()
    key = f"test:{person.pk}:{uuid4()}"
    text = f"This is a test from Tandem, asked for by {person}. If you read it, e-mail works."
    connection = connect()
    try:
        to = {"to": person.email or "", "to_name": str(person)}
        letter(Mail(key=key, subject="E-mail from Tandem works", text=text, **to), connection).send()
    finally:
        drop(connection)


def take_back(mail: Mail) -> None:
    """Remove a mail that has not gone out, in the caller's transaction and after what points at it.

    Raises StaleState when a worker has it or had it.
    """
    present = Mail.objects.select_for_update(of=("self",)).get(pk=mail.pk)
    if present.state not in (MailState.QUEUED, MailState.FAILED) or not_certain(present):
        raise StaleState("This e-mail has been sent: it can no longer be taken back.", code="mail_sent")
    present.delete()


def not_certain(mail: Mail) -> bool:
    """Whether the mail may have arrived although it counts as failed."""
    return mail.state == MailState.FAILED and mail.error in (NOT_CERTAIN, LOST)


def may_send_again(user: User, mail: Mail) -> bool:
    return user.is_admin or (mail.by_id is not None and mail.by_id == user.pk)


def require_configured() -> None:
    if not is_configured():
        raise BusinessError(NO_SERVER, code="no_mail_server")


def oldest_wait(*, now: datetime) -> float:
    """For how many seconds the mail that waited longest was due; 0 when none is."""
    first = Mail.objects.filter(state=MailState.QUEUED, next_try_at__isnull=False).order_by("created_at").first()
    return max(0.0, (now - first.created_at).total_seconds()) if first else 0.0


def forget_notices(*, now: datetime) -> int:
    """Remove what the product itself wrote long ago, sent or not; what people wrote stays with their time lines."""
    old = Mail.objects.filter(by__isnull=True, created_at__lt=now - KEEP_NOTICES)
    return old.exclude(state=MailState.SENDING).delete()[0]
