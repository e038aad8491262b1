"""The change outbox: how derived figures stay true whatever is killed (docs/concepts.md).

An action writes what it changed in its own transaction. A consumer reads only rows of transactions older than every
running one (`pg_snapshot_xmin`), in the order (xid, id), and moves its cursor in the transaction that writes its
figures: no row is skipped, and a killed worker or a doubled task costs time, never a figure.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from time import monotonic
from types import ModuleType

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F

from crm import locks
from crm.fetching import fetch_rows
from crm.models import Cursor

logger = logging.getLogger(__name__)

# What a consumer is given: for each topic the distinct ids of what changed.
Changes = dict[str, set[int]]

BATCH = 5_000
KICK_EVERY_SECONDS = 1
IDLE_WRITE_SECONDS = 10

INSERT = "INSERT INTO crm_change (topic, object_id) "
OF_TOPIC = "SELECT %s, unnest(%s::bigint[])"
READ_BATCH = """
    SELECT topic, object_id, xid, id FROM crm_change
    WHERE (xid, id) > (%(xid)s, %(position)s)
      AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY xid, id LIMIT %(limit)s
"""
# Figures are current up to the oldest change not yet read; with none left, up to this statement.
CURRENT_AT = """
    SELECT coalesce(min(at), statement_timestamp()) FROM crm_change WHERE (xid, id) > (%(xid)s, %(position)s)
"""
LAG = """
    SELECT c.consumer, coalesce(extract(epoch FROM clock_timestamp() - min(o.at)), 0)::float8
    FROM crm_cursor c LEFT JOIN crm_change o ON (o.xid, o.id) > (c.xid, c.position) GROUP BY c.consumer
"""
PRUNE = """
    DELETE FROM crm_change WHERE (xid, id) <= (SELECT xid, position FROM crm_cursor ORDER BY xid, position LIMIT 1)
"""
RESTART = """
    UPDATE crm_cursor SET xid = pg_snapshot_xmin(pg_current_snapshot())::text::bigint, position = 0,
        system_identifier = %s, rebuilds_asked = rebuilds_asked + 1
"""


def record_change(topic: str, ids: Iterable[int]) -> None:
    """Note that these objects changed, in the present transaction, and wake the consumers once it has committed."""
    record_changes(**{topic: ids})


def record_changes(**ids_of: Iterable[int]) -> None:
    """`record_change` of several topics in one statement."""
    parameters = [value for topic, ids in ids_of.items() for value in (topic, list(ids))]
    with connection.cursor() as sql:
        sql.execute(INSERT + " UNION ALL ".join([OF_TOPIC] * len(ids_of)), parameters)
    transaction.on_commit(kick, robust=True)


def kick() -> None:
    """Ask a worker to drain now, at most once a second; if Redis is away the sweep of beat does it."""
    from crm.tasks import drain_outbox

    if cache.add("outbox:kick", 1, timeout=KICK_EVERY_SECONDS):
        drain_outbox.apply_async(retry=False, expires=60)


def drain_all(*, seconds: float = 30) -> int:
    """Drain every consumer until nothing is left or ``seconds`` have passed; gives the number of changes read.

    One that fails keeps its place and does not keep the others from theirs. Raises what failed, at the end.
    """
    done, failures = 0, []
    for consumer in settings.OUTBOX_CONSUMERS:
        try:
            done += drain_until_empty(consumer, until=monotonic() + seconds)
        except Exception as failure:
            logger.exception("The consumer %s failed and keeps its place in the outbox.", consumer)
            failures.append(failure)
    if failures:
        raise ExceptionGroup("Consumers of the outbox failed.", failures)
    return done


def drain_until_empty(consumer: str, *, until: float) -> int:
    done = 0
    while read := drain(consumer):
        done += read
        if monotonic() > until:
            break
    return done


def drain(consumer: str, *, limit: int = BATCH) -> int:
    """Hand the next batch of changes to ``consumer``; gives the number of changes read (0: nothing to do, or busy).

    Figures and cursor move in one transaction. Of two drains of a consumer the second does nothing.
    """
    if needs_rebuild(consumer) and not rebuild_as_asked(consumer):
        return 0
    with transaction.atomic():
        if not fetch_rows("SELECT pg_try_advisory_xact_lock(%s)", [lock_key(consumer)])[0][0]:
            return 0
        cursor = Cursor.objects.get(pk=consumer)
        rows = fetch_rows(READ_BATCH, {"xid": cursor.xid, "position": cursor.position, "limit": limit})
        if rows:
            room_of(consumer).apply_changes(collapse(rows))
            cursor.xid, cursor.position = rows[-1][2:]
        keep_cursor(cursor, moved=bool(rows))
    return len(rows)


def keep_cursor(cursor: Cursor, *, moved: bool) -> None:
    """Save the cursor when it moved, else only every few seconds: an idle sweep should write next to nothing."""
    [(current_at,)] = fetch_rows(CURRENT_AT, {"xid": cursor.xid, "position": cursor.position})
    idle = cursor.current_at and (current_at - cursor.current_at).total_seconds() < IDLE_WRITE_SECONDS
    if moved or not idle:
        cursor.current_at = current_at
        cursor.save(update_fields=["xid", "position", "current_at"])


def collapse(rows: Iterable[tuple[str, int, int, int]]) -> Changes:
    """Distinct object ids of each topic."""
    changes: Changes = defaultdict(set)
    for topic, object_id, _xid, _id in rows:
        changes[topic].add(object_id)
    return changes


def rebuild(consumer: str) -> None:
    """Recompute the consumer's figures from nothing.

    The consumer's lock is held by the session, not by a transaction, so that other consumers go on; changes that a
    rebuild has already seen are applied again by the next drain, which changes nothing.
    """
    with consumer_lock(consumer):
        recompute(consumer)


def rebuild_as_asked(consumer: str) -> bool:
    """Rebuild if nobody else is at it; whether the figures stand on their last rebuild now."""
    with consumer_lock(consumer, wait=False) as held:
        if held and needs_rebuild(consumer):
            recompute(consumer)
        return held


def recompute(consumer: str) -> None:
    """What was asked for until now is done by this; a rebuild that is killed stays asked for."""
    needs_rebuild(consumer)
    asked = Cursor.objects.values_list("rebuilds_asked", flat=True).get(pk=consumer)
    room_of(consumer).rebuild()
    Cursor.objects.filter(pk=consumer).update(rebuilds_done=asked)


def want_rebuild(consumer: str) -> None:
    """Have the next drain rebuild everything: a time zone, calendar or dimension changed its meaning."""
    Cursor.objects.filter(pk=consumer).update(rebuilds_asked=F("rebuilds_asked") + 1)


def needs_rebuild(consumer: str) -> bool:
    """Whether the figures must be recomputed; makes a missing cursor and notices another cluster."""
    [(identifier,)] = fetch_rows("SELECT system_identifier::text FROM pg_control_system()")
    cursor, _new = Cursor.objects.get_or_create(pk=consumer, defaults={"system_identifier": identifier})
    if cursor.system_identifier != identifier:
        restart(identifier)
        return True
    return cursor.wants_rebuild


def restart(identifier: str) -> None:
    """Forget the outbox of another cluster: its transaction ids mean nothing here, so every figure is rebuilt."""
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute("TRUNCATE crm_change")
        sql.execute(RESTART, [identifier])


def prune() -> int:
    """Remove the changes that every consumer has read; gives their number."""
    with connection.cursor() as sql:
        sql.execute(PRUNE)
        return sql.rowcount


def lag() -> dict[str, float]:
    """For each consumer the age in seconds of the oldest change it has not read (0: none)."""
    return dict(fetch_rows(LAG))


def consumer_lock(consumer: str, *, wait: bool = True) -> AbstractContextManager[bool]:
    """Hold off every drain of ``consumer`` without an open transaction; gives whether the lock is held."""
    return locks.session_lock(lock_name(consumer), wait=wait)


def lock_key(consumer: str) -> int:
    return locks.lock_key(lock_name(consumer))


def lock_name(consumer: str) -> str:
    return f"outbox:{consumer}"


def room_of(consumer: str) -> ModuleType:
    """The module with the consumer's ``apply_changes(changes)`` and ``rebuild()``."""
    return import_module(settings.OUTBOX_CONSUMERS[consumer])
