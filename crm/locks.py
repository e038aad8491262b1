"""Locks for work that is longer than a transaction: a connection holds them, and lets go when its process dies."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def session_lock(name: str, *, wait: bool = False) -> Iterator[bool]:
    """Whether the block has ``name``, as "import:12", to itself; only with ``wait`` it waits until it has.

    The same connection gets it again.
    """
    key = lock_key(name)
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_lock(%s)" if wait else "SELECT pg_try_advisory_lock(%s)", [key])
        held: bool = wait or sql.fetchone()[0]
    try:
        yield held
    finally:
        # A connection that broke has let go already, and what broke it is the error to be told.
        if held and connection.is_usable():
            with connection.cursor() as sql:
                sql.execute("SELECT pg_advisory_unlock(%s)", [key])


def one_at_a_time(name: str) -> None:
    """Have ``name`` until the present transaction ends; who comes meanwhile waits."""
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key(name)])


def lock_key(name: str) -> int:
    return zlib.crc32(name.encode())
