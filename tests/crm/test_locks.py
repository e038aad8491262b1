from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from crm.locks import lock_key, session_lock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def somebody_else() -> Iterator[Any]:
    connection.ensure_connection()
    other = connection.copy()
    with other.cursor() as sql:
        yield sql
    other.close()


def takes(sql: Any, name: str) -> bool:
    sql.execute("SELECT pg_try_advisory_lock(%s)", [lock_key(name)])
    return sql.fetchone() == (True,)


def test_session_lock_keeps_others_off_until_the_block_ends(somebody_else):
    with session_lock("import:1") as held:
        assert (held, takes(somebody_else, "import:1"), takes(somebody_else, "import:2")) == (True, False, True)

    assert takes(somebody_else, "import:1")


def test_session_lock_says_that_somebody_else_has_it_and_leaves_it_alone(somebody_else):
    assert takes(somebody_else, "import:1")

    with session_lock("import:1") as held:
        assert not held

    with session_lock("import:1") as held:
        assert not held


def test_session_lock_tells_what_broke_the_connection_not_that_it_is_broken():
    with pytest.raises(LookupError), session_lock("import:1"):  # noqa: PT012
        connection.connection.close()
        raise LookupError
    connection.close()
