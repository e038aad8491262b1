"""`manage.py serve` as a real process: first start, kill -9, restart, busy port, a clean end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from crm.embedded import Postgres, ServicesError, service_account
from crm.embedded.folders import CHECKOUT
from crm.supervisor import Address, Child, address, demand_free_port, end_groups
from tests.processes import answers, free_port, wait_for

pytestmark = pytest.mark.xdist_group("processes")
FIRST_START_SECONDS = 240


def environment(var: Path, port: int) -> dict[str, str]:
    ours = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours} | {
        "TANDEM_VAR": str(var),
        "PORT": str(port),
    }


def serve(var: Path, port: int) -> "subprocess.Popen[bytes]":
    with (var.parent / "serve.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=CHECKOUT,
            env=environment(var, port),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def refusal(var: Path, port: int) -> tuple[int, str]:
    """Exit code and complaint of a `serve` that can't start."""
    command = [sys.executable, "manage.py", "serve"]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment(var, port), capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stderr


def processes_of(var: Path, *words: str) -> list[psutil.Process]:
    """Live processes started for this folder, servers included, whose command has all the words."""
    return [process for process in psutil.process_iter() if belongs_to(process, var, words)]


def belongs_to(process: psutil.Process, var: Path, words: Iterable[str]) -> bool:
    try:
        command = " ".join(process.cmdline())
        # Valkey writes its title over its environment, but names its socket there.
        ours = process.environ().get("TANDEM_VAR") == str(var) or str(home_of(var)) in command
        return ours and process.status() != psutil.STATUS_ZOMBIE and all(word in command for word in words)
    except psutil.Error:
        return False


def home_of(var: Path) -> Path:
    note = var / "servers-at"
    return Path(note.read_text().strip()) if note.exists() else var


def web_master(var: Path, *, other_than: Iterable[int] = ()) -> psutil.Process | None:
    """The oldest of the web's processes, the one that `serve` started."""
    found = [process for process in processes_of(var, "gunicorn") if process.pid not in other_than]
    return min(found, key=lambda process: process.create_time(), default=None)


def count_users(var: Path) -> int:
    account = service_account()
    url = Postgres(home_of(var), account).url
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as sql:
        sql.execute("SELECT count(*) FROM crm_user")
        return sql.fetchone()[0]


@pytest.fixture
def var(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "var"
    yield folder
    for process in processes_of(folder):
        process.kill()
    shutil.rmtree(home_of(folder), ignore_errors=True)


def test_serve_from_first_start_through_kill_to_clean_end(var):
    port = free_port()
    url = f"http://127.0.0.1:{port}/healthz"
    log = var.parent / "serve.log"

    first = serve(var, port)
    wait_for(lambda: answers(url) or first.poll() is not None, seconds=FIRST_START_SECONDS)
    assert first.poll() is None, log.read_text()
    users = count_users(var)
    assert users >= 6, "the sample data's people"
    wait_for(lambda: f"Tandem runs at http://127.0.0.1:{port}" in log.read_text())
    assert "rep@demo.test" in log.read_text()

    # A dead child is back within two seconds.
    family = {process.pid for process in processes_of(var, "gunicorn")}
    killed_at = time.time()
    web_master(var).kill()
    successor = wait_for(lambda: web_master(var, other_than=family))
    assert successor.create_time() - killed_at < 2
    wait_for(lambda: answers(url))

    # So is a dead broker.
    [broker] = processes_of(var, "valkey-server")
    broker.kill()
    wait_for(lambda: [process for process in processes_of(var, "valkey-server") if process.pid != broker.pid])

    # Nobody else may serve from this folder, nor on this port.
    code, complaint = refusal(var, free_port())
    assert (code, complaint) == (
        1,
        f"Tandem: Tandem already runs from this folder: {url[:-8]} (process {first.pid}).\n",
    )

    # The whole run is killed: the next one ends its orphans, takes over its servers and finds the data.
    orphans = {process.pid for process in processes_of(var) if process.pid != first.pid}
    first.kill()
    first.wait()
    assert {process.pid for process in processes_of(var, "celery")} <= orphans
    second = serve(var, port)
    wait_for(lambda: answers(url) and web_master(var, other_than=orphans), seconds=60)
    assert {process.pid for process in processes_of(var, "celery")} & orphans == set()
    assert count_users(var) == users

    second.send_signal(signal.SIGTERM)
    assert second.wait(30) == 0
    assert processes_of(var) == []
    demand_free_port(Address("127.0.0.1", port))


def test_busy_port_is_told_before_anything_starts(var):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        code, complaint = refusal(var, port)

    assert code == 1
    assert complaint == (
        f"Tandem: Cannot listen on 127.0.0.1 port {port}: Address already in use. Another: PORT={port + 1} make run\n"
    )
    assert not (var / "postgres").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_port_must_be_one(port, monkeypatch):
    monkeypatch.setenv("PORT", port)

    with pytest.raises(ServicesError, match="PORT must be a number from 1 to 65535"):
        address()


def test_address_is_local_port_8000_unless_told(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("HOST", raising=False)

    assert address() == Address("127.0.0.1", 8000)
    assert Address("0.0.0.0", 80).url == "http://127.0.0.1:80"


@pytest.fixture
def child() -> Iterator[Callable[[str], Child]]:
    started: list[Child] = []

    def start(code: str) -> Child:
        started.append(Child("sleeper", [sys.executable, "-c", code]))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        if one.process:
            one.process.kill()
            one.process.wait()


def test_child_that_keeps_dying_is_started_again_after_a_pause(child):
    broken = child("raise SystemExit(3)")
    pauses = []
    for _time in range(3):
        broken.process.wait()
        text = broken.note_death(broken.process)
        pauses.append(broken.start_at - time.monotonic() > 1)
        broken.start()

    assert text == "sleeper ended (exit code 3); starting it again."
    assert pauses == [False, True, True]


def test_orphans_are_ended_with_all_their_group_but_not_a_later_process_of_that_number(child):
    nap = "import time; time.sleep(60)"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {nap!r}]); {nap}"
    process = child(code).process
    born = psutil.Process(process.pid).create_time()
    wait_for(lambda: psutil.Process(process.pid).children())
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]

    end_groups([(process.pid, born - 3600)])
    assert [one.is_running() for one in family] == [True, True]

    end_groups([(process.pid, born)])
    wait_for(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))
