"""/healthz: may this web process be sent people? Tells also what is slow or away without stopping them."""

import os
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from crm import __version__, mailing, outbox

REDIS_SECONDS = 0.5
# The oldest transaction that has written holds back every consumer of the change outbox (crm/outbox.py).
OLDEST_WRITER = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
    FROM pg_stat_activity WHERE backend_xid IS NOT NULL
"""


@never_cache
@login_not_required
def health(request: HttpRequest) -> JsonResponse:
    """200 once the database answers, is migrated and has its sample data; else 503. Redis may be away: work waits."""
    body: dict[str, Any] = {"version": __version__, "redis": redis_state(), "demo": demo_state()}
    try:
        body |= {"database": "ok"} | database_state()
    except DatabaseError as error:
        body |= {"database": "down", "reason": str(error).partition("\n")[0]}
    ready = body["database"] == "ok" and not body["pending_migrations"] and body["demo"] != "loading"
    body["status"] = "ok" if ready else "not ready"
    return JsonResponse(body, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


def database_state() -> dict[str, Any]:
    """Pending migrations; if there are none, how far outbox, its oldest writer and mail lag behind, in seconds."""
    pending = pending_migrations()
    if pending:
        return {"pending_migrations": pending}
    with connection.cursor() as sql:
        sql.execute(OLDEST_WRITER)
        [oldest] = sql.fetchone()
    lag = {consumer: round(seconds, 1) for consumer, seconds in outbox.lag().items()}
    waits = round(mailing.oldest_wait(now=timezone.now()), 1)
    return {
        "pending_migrations": 0, "xmin_age_seconds": round(oldest, 1), "outbox_lag_seconds": lag,
        "mail_lag_seconds": waits,
    }  # fmt: skip


def pending_migrations() -> int:
    with connection.cursor() as sql:
        sql.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if not sql.fetchone()[0]:
            return len(known_migrations())
        sql.execute("SELECT app, name FROM django_migrations")
        return len(known_migrations() - set(sql.fetchall()))


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Those of the running code: they can't change while it runs, and reading them takes a while."""
    return frozenset(MigrationLoader(None).graph.nodes)


def redis_state() -> str:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS
        ) as client:
            client.ping()
    except redis.RedisError:
        return "down"
    return "ok"


def demo_state() -> str:
    var = os.environ.get("TANDEM_VAR")
    return "loading" if var and demo_is_loading(Path(var)).exists() else "done"


def demo_is_loading(var: Path) -> Path:
    """The file that stands while sample data is loaded: a start that was killed meanwhile loads it anew."""
    return var / "demo-is-loading"
