"""Answers to forms with a real worker: it dies in the middle, the broker is away, and nothing is lost or doubled."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from leads.capture.receiving import receive
from leads.models import CaptureForm, Lead, Submission, Touch
from tests.factories import MONDAY
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
CHECKOUT = Path(__file__).resolve().parents[2]
ANSWERS = 150


@pytest.fixture
def start_worker(database_url, services):
    started = []

    def start():
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "crm", "worker", "--pool", "solo"]
        environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": services.valkey.url}
        started.append(subprocess.Popen([*command, "--loglevel", "error"], cwd=CHECKOUT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(20)


@pytest.fixture
def form(db):
    return CaptureForm.objects.create(key="demo", name="Demo")


def test_a_killed_worker_costs_time_and_no_answer(form, start_worker, live_redis):
    for number in range(ANSWERS):
        # Every third one is from the same person.
        receive(form, {"email": f"a{number // 3}@acme.test", "message": str(number)}, at=MONDAY, address=None)
    worker = start_worker()
    wait_for(lambda: Submission.objects.exclude(status="received").count() > 5)
    worker.send_signal(signal.SIGKILL)
    worker.wait(20)

    start_worker(), start_worker()
    wait_for(lambda: not Submission.objects.filter(status="received").exists())

    assert (Lead.objects.count(), Touch.objects.count()) == (ANSWERS // 3, ANSWERS)
    assert Submission.objects.filter(status="processed").count() == ANSWERS // 3
    assert Submission.objects.filter(status="duplicate").count() == ANSWERS - ANSWERS // 3


def test_what_came_while_the_broker_was_away_is_found_by_the_sweep(form, start_worker, services):
    services.valkey.stop()
    try:
        assert Client().post("/capture/demo/", {"email": "ada@acme.test"}).status_code == 303
    finally:
        services.valkey.start()
    start_worker()
    from leads.tasks import process_submissions

    process_submissions.delay()  # as beat does every minute
    wait_for(lambda: Lead.objects.filter(email="ada@acme.test").exists())
