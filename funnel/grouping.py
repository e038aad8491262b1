"""Room for reports that group a million rows at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, router, transaction

from funnel.models import LeadFact


@contextmanager
def room_to_group() -> Iterator[None]:
    """Grouping by what is computed, PostgreSQL expects a group a row and would sort them all on disk; with this much
    memory it counts them in a table, which needs a few kilobytes."""
    using = router.db_for_read(LeadFact)
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '128MB'")
        yield
