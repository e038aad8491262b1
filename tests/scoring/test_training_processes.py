"""A training in a real worker that dies in the middle: it is told as failed, and can be started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from scoring.models import Target, TrainedModel
from scoring.training import INTERRUPTED, AlreadyTraining, ask_for_training, start_training, take_up_interrupted
from tests.factories import DAY, MONDAY, make_user
from tests.processes import wait_for
from tests.scoring.histories import told_histories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
CHECKOUT = Path(__file__).resolve().parents[2]
LATER = MONDAY + 420 * DAY
# The training takes as long as anybody needs to kill it.
SLOW = "import scoring.training as t, time; learn = t.learn_target; t.learn_target = lambda *a, **k: time.sleep(120)"


@pytest.fixture
def start_process(database_url, services):
    started = []

    def start(*command):
        environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": services.valkey.url}
        started.append(subprocess.Popen([sys.executable, *command], cwd=CHECKOUT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(20)


def begun():
    return TrainedModel.objects.filter(manifest__has_key="began_at", status="training").first()


def test_a_killed_training_fails_and_the_next_one_succeeds(start_process, live_redis):
    told_histories(make_user("rob"), many=300)
    model = ask_for_training(Target.ACCEPTANCE, by=None, at=LATER)
    setup = "import django; django.setup(); "
    run = f"; t.run_training(t.TrainedModel.objects.get(pk={model.pk}))"
    dying = start_process("-c", setup + SLOW + run)
    wait_for(begun)
    # While it is at work it is nobody's to take up, and no second one begins.
    assert take_up_interrupted(at=timezone.now()) == 0
    with pytest.raises(AlreadyTraining):
        ask_for_training(Target.ACCEPTANCE, by=None, at=LATER)

    dying.send_signal(signal.SIGKILL)
    dying.wait(20)
    wait_for(lambda: take_up_interrupted(at=timezone.now()))
    model.refresh_from_db()
    assert (model.status, model.error) == ("failed", INTERRUPTED)

    again = start_training(Target.ACCEPTANCE, by=None, at=LATER)
    start_process("-m", "celery", "--quiet", "-A", "crm", "worker", "--pool", "solo", "--loglevel", "error")
    wait_for(lambda: TrainedModel.objects.filter(pk=again.pk).exclude(status="training").exists(), seconds=120)
    again.refresh_from_db()
    assert again.status in ("published", "shadow"), again.error
    assert again.document
