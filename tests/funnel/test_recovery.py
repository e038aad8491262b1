"""Kill the worker in the middle of a drain, stop Valkey, go on working, start both again: the figures come right.

Real processes: the product's Celery worker and beat over this test's PostgreSQL and Valkey.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from crm import outbox
from funnel.models import LeadFact
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead
from tests.factories import HOUR, MONDAY, make_lead
from tests.funnel.histories import make_many
from tests.funnel.retelling import retold_cells, retold_facts, stored_cells, stored_facts

CHECKOUT = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "crm"]
WORKER = [*CELERY, "worker", "--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle"]
PATIENCE_SECONDS = 90
# The server keeps the first kilobyte of a running statement, which for the drain is where merged leads are found.
DRAINS_RUNNING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%merged AS (%'
"""

Start = Callable[[list[str]], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(services, database_url, tmp_path) -> Iterator[Start]:
    """Start a program of the product; whatever still runs at the end is killed with its children."""
    environment = {**os.environ, **services.environment, "DATABASE_URL": database_url, "SECRET_KEY": "only-for-tests"}
    started = []

    def start(command: list[str]) -> "subprocess.Popen[bytes]":
        with (tmp_path / "log").open("ab") as log:
            program = subprocess.Popen(
                command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        started.append(program)
        return program

    yield start
    for program in started:
        kill(program)
    print((tmp_path / "log").read_text())


def kill(program: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to the program and every child it forked: nothing of it may tidy up."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def until(happens: Callable[[], bool], *, every: float = 0.2) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < end, "This did not happen in time; see the log of worker and beat below."
        time.sleep(every)


def a_drain_runs() -> bool:
    with connection.cursor() as sql:
        sql.execute(DRAINS_RUNNING)
        return bool(sql.fetchone()[0])


def all_is_read() -> bool:
    return outbox.lag().get("funnel") == 0


def keep_working(step: int) -> None:
    """What people do meanwhile: new leads, and old ones that go on."""
    make_lead(at=MONDAY)
    for lead in Lead.objects.filter(stage=Stage.INQUIRY).order_by("-pk")[:5]:
        move_lead(lead, Stage.MQL, by=None, at=MONDAY + step * HOUR)


@pytest.mark.django_db(transaction=True)
def test_figures_come_right_after_a_killed_worker_and_a_lost_broker(services, start, stop_redis, tmp_path):
    start([*CELERY, "beat", "--loglevel=WARNING", "--pidfile=", f"--schedule={tmp_path / 'schedule'}"])
    worker = start(WORKER)
    make_many(200)
    until(lambda: LeadFact.objects.count() == 200)

    make_many(3_000)
    until(a_drain_runs, every=0.005)
    kill(worker)
    until(lambda: not a_drain_runs(), every=0.005)
    assert not all_is_read()

    stop_redis()
    began = time.monotonic()
    for step in range(1, 6):
        keep_working(step)
    assert time.monotonic() - began < 10, "people must not wait for a broker that is away"
    assert not all_is_read()

    services.valkey.start()
    start(WORKER)
    for step in range(6, 11):
        keep_working(step)
    until(all_is_read)

    facts, cells = stored_facts(), stored_cells()
    assert len(facts) == 3_210
    outbox.rebuild("funnel")
    assert (stored_facts(), stored_cells()) == (facts, cells)
    assert facts == retold_facts("UTC")
    assert cells == retold_cells(facts.values())
