"""What beat asks of real workers: late leads go on once, however many workers there are, and everybody is told once."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from crm.celery import app
from crm.models import Notification
from feedback.models import Agreement, Handoff
from tests.factories import make_handoff
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def two_workers(database_url, services, live_redis):
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "crm", "worker", "--pool", "solo"]
    environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": services.valkey.url}
    arguments = {"cwd": CHECKOUT, "env": environment}
    workers = [subprocess.Popen([*command, "--loglevel", "error", "-n", f"w{n}@%h"], **arguments) for n in range(2)]
    yield workers
    for worker in workers:
        worker.kill()
        worker.wait(20)


def test_beat_has_late_leads_passed_on_and_people_told(mia, rob, rosa, north, max_, two_workers):
    north.manager = max_
    north.save()
    Agreement.objects.create(version=1, status="active", hours_to_verdict=4, hours_late_to_escalate=1)
    now = timezone.now()
    late = [make_handoff(to=rob, by=mia, at=now - timedelta(hours=6)) for _ in range(3)]
    soon = make_handoff(to=rosa, by=mia, at=now - timedelta(hours=3))

    Notification.objects.all().delete()
    for _ in range(3):  # as beat does every minute
        for entry in ("escalate overdue hand-offs", "tell of clocks"):
            app.send_task(app.conf.beat_schedule[entry]["task"])

    wait_for(lambda: Handoff.objects.filter(status="expired").count() == 3)
    wait_for(lambda: Handoff.objects.get(pk=soon.pk).reminded_at is not None)
    assert set(Handoff.objects.open().values_list("to_user__first_name", flat=True)) == {"Rosa"}
    assert {handoff.lead_id for handoff in late} == set(
        Handoff.objects.open().filter(follows__isnull=False).values_list("lead", flat=True)
    )
    told = Notification.objects.order_by().values_list("user__first_name", "kind")
    assert sorted(set(told)) == [
        ("Max", "passed_on"), ("Rob", "passed_on"), ("Rosa", "due_soon"), ("Rosa", "handoff"),
    ]  # fmt: skip
    assert len(told) == 3 + 3 + 1 + 3
