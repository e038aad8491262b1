"""docker-compose.yml without Docker: what it promises, and each of our commands run by hand as it stands there."""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from crm.embedded.folders import CHECKOUT
from crm.models import Cursor
from tests.processes import answers, free_port, wait_for

OURS = ["migrate", "web", "worker", "beat"]
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


@pytest.fixture
def by_hand(database_url, services, tmp_path) -> Callable[..., "subprocess.Popen[str]"]:
    """Run a service's command or health check, with port, folder and addresses replaced by the test's."""
    port = free_port()
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": database_url,
        "REDIS_URL": services.valkey.url,
        "TANDEM_VAR": str(tmp_path),
        "HOSTNAME": socket.gethostname(),
    }

    def start(name: str, words: list[str]) -> "subprocess.Popen[str]":
        words = [word.replace(":8000", f":{port}").replace("/var/lib/tandem/var", str(tmp_path)) for word in words]
        with (tmp_path / f"{name}.log").open("w") as log:
            return subprocess.Popen(
                words, cwd=CHECKOUT, env=environment, stdout=log, stderr=subprocess.STDOUT, text=True
            )

    start.url = f"http://127.0.0.1:{port}"
    return start


def health_check(name: str) -> list[str]:
    kind, *words = SERVICES[name]["healthcheck"]["test"]
    words = [word.replace("$$", "$") for word in words]
    return words if kind == "CMD" else ["sh", "-c", *words]


@pytest.mark.xdist_group("processes")
def test_web_worker_and_beat_run_by_hand_and_pass_their_health_checks(transactional_db, live_redis, by_hand, tmp_path):
    Cursor.objects.all().delete()
    assert by_hand("migrate", SERVICES["migrate"]["command"]).wait(60) == 0
    with ExitStack() as stack:
        for name in ("web", "worker", "beat"):
            process = stack.enter_context(by_hand(name, SERVICES[name]["command"]))
            stack.callback(process.terminate)

        wait_for(lambda: answers(f"{by_hand.url}/healthz"))
        # Beat sent the sweep of the change outbox, a worker ran it: each consumer has a cursor that says how far it is.
        wait_for(lambda: Cursor.objects.filter(current_at__isnull=False).exists())
        wait_for(lambda: list(tmp_path.glob("beat-schedule*")))

        for name in ("web", "worker", "beat"):
            assert by_hand(f"{name}-check", health_check(name)).wait(60) == 0, name


def test_every_service_has_a_health_check_and_waits_for_healthy_ones():
    assert {name for name in SERVICES if "healthcheck" not in SERVICES[name]} == {"migrate"}
    assert {name: set(SERVICES[name]["depends_on"]) for name in OURS} == {
        "migrate": {"postgres", "redis"},
        "web": {"migrate", "redis"},
        "worker": {"migrate", "redis"},
        "beat": {"migrate", "redis"},
    }


def test_database_has_the_locale_of_the_embedded_one():
    from crm.embedded.postgres import LINUX_LOCALE

    arguments = shlex.split(SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"])

    assert set(LINUX_LOCALE) < set(arguments)
    assert SERVICES["postgres"]["image"].startswith("postgres:18")


def test_no_secret_has_a_default_and_example_names_what_settings_read():
    text = (CHECKOUT / "docker-compose.yml").read_text()
    example = (CHECKOUT / ".env.example").read_text()
    settings = (CHECKOUT / "crm" / "settings.py").read_text()

    assert set(re.findall(r"\$\{(POSTGRES_PASSWORD|SECRET_KEY)(.)", text)) == {("POSTGRES_PASSWORD", ":")}
    assert "POSTGRES_PASSWORD:?" in text
    assert re.search(r"^SECRET_KEY=$", example, re.MULTILINE)
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) - {"POSTGRES_PASSWORD"}
    assert {name for name in named if f'"{name}"' not in settings} == set()
