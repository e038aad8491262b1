"""Where figures are read: from the replica (REPLICA_URL) if there is one, so that reports never slow down the work.

A replica may lag a little behind; a page of figures says up to when they are complete, and that is read there too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

REPLICA = "replica"
_reading_figures: ContextVar[bool] = ContextVar("reading_figures", default=False)


@contextmanager
def reading_figures() -> Iterator[None]:
    """Within it, or in a function decorated with it, queries go to the replica."""
    token = _reading_figures.set(True)
    try:
        yield
    finally:
        _reading_figures.reset(token)


def reading_from() -> str:
    """The database that is read at this moment."""
    return REPLICA if _reading_figures.get() and REPLICA in settings.DATABASES else DEFAULT_DB_ALIAS


class ReplicaRouter:
    """Reads of figures go to the replica, everything else to the one database."""

    def db_for_read(self, model: type, **hints: Any) -> str | None:
        return REPLICA if reading_from() == REPLICA else None

    def allow_relation(self, first: object, second: object, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None
