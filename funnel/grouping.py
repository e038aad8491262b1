"""Room for reports that group or sort a million rows at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from crm.fetching import reading_cursor
from crm.replica import reading_from


@contextmanager
def room_to_group(memory: str = "128MB") -> Iterator[None]:
    """Grouping by what is computed, PostgreSQL expects a group a row and would sort them all on disk; with this much
    memory it counts them in a table, which needs a few kilobytes."""
    with transaction.atomic(using=reading_from()):
        with reading_cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = %s", [memory])
        yield
