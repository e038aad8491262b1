from contextlib import closing

import psycopg2
import pytest

from crm import __version__, health


@pytest.fixture
def healthz(client):
    def get():
        response = client.get("/healthz")
        return response.status_code, response.json()

    return get


def test_health_is_200_without_login_when_all_is_well(db, live_redis, healthz):
    status, body = healthz()

    lag = body.pop("outbox_lag_seconds")
    assert all(seconds >= 0 for seconds in lag.values())
    assert status == 200
    assert body == {
        "status": "ok",
        "version": __version__,
        "database": "ok",
        "pending_migrations": 0,
        "redis": "ok",
        "demo": "done",
        "xmin_age_seconds": 0.0,
        "mail_lag_seconds": 0.0,
    }


def test_health_stays_200_when_redis_is_away(db, stop_redis, healthz):
    stop_redis()

    status, body = healthz()

    assert (status, body["status"], body["redis"]) == (200, "ok", "down")


def test_health_is_503_with_the_number_of_pending_migrations(db, healthz, monkeypatch):
    known = health.known_migrations()
    monkeypatch.setattr(health, "known_migrations", lambda: known | {("leads", "9999_tomorrow")})

    status, body = healthz()

    assert (status, body["status"], body["pending_migrations"]) == (503, "not ready", 1)


def test_health_is_503_while_sample_data_is_loaded(db, healthz, monkeypatch, tmp_path):
    monkeypatch.setenv("TANDEM_VAR", str(tmp_path))
    health.demo_is_loading(tmp_path).touch()

    status, body = healthz()

    assert (status, body["demo"]) == (503, "loading")


def test_health_is_503_with_the_reason_when_the_database_is_away(healthz, monkeypatch):
    def refuse():
        raise health.DatabaseError("connection refused\nIs the server running?")

    monkeypatch.setattr(health, "database_state", refuse)

    status, body = healthz()

    assert (status, body["database"], body["reason"]) == (503, "down", "connection refused")


def test_health_tells_how_long_the_oldest_writer_is_open(db, database_url, healthz):
    with closing(psycopg2.connect(database_url)) as other, other.cursor() as sql:
        sql.execute("SELECT pg_current_xact_id(), pg_sleep(0.2)")  # takes a transaction id, as a first write does

        _status, body = healthz()

    assert body["xmin_age_seconds"] >= 0.2
