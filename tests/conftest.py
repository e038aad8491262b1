"""Starts this process's own PostgreSQL and Valkey before Django's settings are read, and tells tests about them."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest

from tests.servers import Servers, start_servers


def only_distributes(arguments: list[str]) -> bool:
    """Whether this pytest hands all tests to workers (`-n 2`): it needs no servers itself."""
    numbers = [after for word, after in zip(arguments, [*arguments[1:], ""], strict=True) if word == "-n"]
    numbers += [
        word.removeprefix("-n").removeprefix("=") for word in arguments if word.startswith("-n") and word != "-n"
    ]
    return "PYTEST_XDIST_WORKER" not in os.environ and bool(numbers) and numbers[-1] != "0"


SERVERS = None if only_distributes(sys.argv) else start_servers()
NOBODY = {"DATABASE_URL": "postgres:///none", "REDIS_URL": "unix:///none"}
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "crm.settings", "SECRET_KEY": "only-for-tests", "LOG_LEVEL": "WARNING"}
os.environ |= ENVIRONMENT | (SERVERS.environment if SERVERS else NOBODY)
django.setup()
if not SERVERS:  # the workers would read their settings from what they inherit, before they have servers
    for name in ENVIRONMENT | NOBODY:
        del os.environ[name]

from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402

from funnel import keeping  # noqa: E402
from tests.factories import make_team, make_user  # noqa: E402  (models need Django set up, Django its servers)

# On a busy machine any figure takes long: none is kept from one test to the next.
keeping.SLOW_SECONDS = 60

# Made-up people need no slow password; a server that a test starts can still check it.
PBKDF2PasswordHasher.iterations = 1


def pytest_unconfigure() -> None:
    if SERVERS:
        SERVERS.stop()


@pytest.fixture(scope="session")
def services() -> Servers:
    """The PostgreSQL and the Valkey of this pytest process (tests/servers.py)."""
    assert SERVERS
    return SERVERS


@pytest.fixture
def live_redis(services: Servers) -> Iterator[Any]:
    """A client of this process's Valkey, emptied before and after."""
    import redis

    with redis.Redis.from_url(services.valkey.url, decode_responses=True) as client:
        client.flushall()
        yield client
        client.flushall()


@pytest.fixture
def stop_redis(services: Servers) -> Iterator[Callable[[], None]]:
    """Call it to stop Valkey; it runs again after the test."""
    yield services.valkey.stop
    services.valkey.start()


@pytest.fixture(scope="session")
def database_url(django_db_setup: None, services: Servers) -> str:
    """The address of the test database, for programs that a test starts."""
    from django.conf import settings

    name = settings.DATABASES["default"]["NAME"]
    return services.postgres.url.replace("@/tandem?", f"@/{name}?")


@pytest.fixture(scope="session", autouse=True)
def flush_may_rewrite() -> Iterator[None]:
    """Let the flush after a transactional test, and nothing else, through the append-only triggers."""
    from django.db import connections
    from django.test import TransactionTestCase

    flush = TransactionTestCase._fixture_teardown

    def flush_as_test(case: TransactionTestCase) -> None:
        used = [connections[name] for name in case._databases_names(include_mirrors=False)]
        for connection in used:
            with connection.cursor() as sql:
                sql.execute("SET tandem.rewrite = 'test'")
        try:
            flush(case)
        finally:
            for connection in used:
                with connection.cursor() as sql:
                    sql.execute("RESET tandem.rewrite")

    TransactionTestCase._fixture_teardown = flush_as_test
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture
def client_for() -> Callable[[Any], Any]:
    """Give a Django test client in which this user is logged in."""
    from django.test import Client

    def log_in(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return log_in


@pytest.fixture(scope="session")
def chromium_path() -> str | None:
    """The machine's Chromium; None lets Playwright look for the one it installed itself."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    return next(filter(None, map(shutil.which, names)), str(mac) if mac.exists() else None)


# The same people everywhere: Mia markets and Mona manages marketing; Rob and Rosa sell for Team North, which Max
# manages; Sam sells for another team; Ada is the admin.
@pytest.fixture
def marketing(db: None) -> Any:
    return make_team("Marketing", "marketing")


@pytest.fixture
def north(db: None) -> Any:
    return make_team("Team North", "sales")


@pytest.fixture
def south(db: None) -> Any:
    return make_team("Team South", "sales")


@pytest.fixture
def mia(marketing: Any) -> Any:
    return make_user("mia", "marketer", marketing)


@pytest.fixture
def mona(marketing: Any) -> Any:
    return make_user("mona", "manager", marketing)


@pytest.fixture
def rob(north: Any) -> Any:
    return make_user("rob", "rep", north)


@pytest.fixture
def rosa(north: Any) -> Any:
    return make_user("rosa", "rep", north)


@pytest.fixture
def sam(south: Any) -> Any:
    return make_user("sam", "rep", south)


@pytest.fixture
def max_(north: Any) -> Any:
    north.manager = make_user("max", "manager", north)
    north.save()
    return north.manager


@pytest.fixture
def ada(db: None) -> Any:
    return make_user("ada", "admin")
