"""Keeps web, worker and beat running under `manage.py serve`, and clears away what a killed run left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from crm.embedded.errors import ServicesError
from crm.embedded.folders import CHECKOUT, make_folder, var_folder
from crm.embedded.processes import FileLock

LOOK_EVERY_SECONDS = 0.2
# A child that keeps dying is started again after this pause, so that a broken one doesn't fill the terminal.
PAUSE_SECONDS = 1.5
LIVED_LONG_SECONDS = 10
STOP_SECONDS = 10
# What an orphan was doing is done again by its successor, so it gets less time.
ORPHAN_SECONDS = 4


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"  # noqa: S104


def address() -> Address:
    """Where to serve: HOST (127.0.0.1) and PORT (8000)."""
    port = os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise ServicesError(f"PORT must be a number from 1 to 65535, not {port!r}.")
    return Address(os.environ.get("HOST") or "127.0.0.1", int(port))


class ServeClaim:
    """The right to serve from one var folder: held by one process, dropped by the kernel with it.

    ``record`` says who serves and which children were started, so that the next run finds those of a killed one.
    """

    def __init__(self, var: Path) -> None:
        make_folder(var)
        self.lock = FileLock(var / "serve.lock")
        self.record = var / "serve.json"

    def take(self, at: Address) -> None:
        """Raises ServicesError, with nothing started, when this folder is served already or the port is busy."""
        if not self.lock.try_take():
            known = self._read()
            raise ServicesError(
                f"Tandem already runs from this folder: {known.get('url')} (process {known.get('pid')})."
            )
        end_groups((child["pid"], child["born"]) for child in self._read().get("children", []))
        self.write(at, ())
        demand_free_port(at)

    def write(self, at: Address, children: Iterable["subprocess.Popen[bytes]"]) -> None:
        born = [{"pid": child.pid, "born": birth(child.pid)} for child in children if child.poll() is None]
        draft = self.record.with_suffix(".new")
        draft.write_text(json.dumps({"pid": os.getpid(), "url": at.url, "children": born}))
        draft.replace(self.record)

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.record.read_text()))
        except (OSError, ValueError):
            return {}


@cache
def claim_serving() -> ServeClaim:
    """Claim it once for this process: manage.py does so before it starts any server, the command later asks for it."""
    claim = ServeClaim(var_folder())
    claim.take(address())
    return claim


def demand_free_port(at: Address) -> None:
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((at.host, at.port))
        except OSError as error:
            raise ServicesError(
                f"Cannot listen on {at.host} port {at.port}: {error.strerror}. Another: PORT={at.port + 1} make run"
            ) from error


def birth(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return time.time()


def end_groups(leaders: Iterable[tuple[int, float]]) -> None:
    """End every process of the groups that these leaders (pid, time of birth) founded: leaders first, and gently."""
    founders = dict(leaders)
    members = [process for pid, born in founders.items() for process in group_members(pid, born)]
    gentle = [process for process in members if process.pid in founders]
    for process in gentle:
        with suppress(psutil.Error):
            process.terminate()
    psutil.wait_procs(gentle, timeout=ORPHAN_SECONDS)
    for process in members:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(members, timeout=STOP_SECONDS)


def group_members(leader: int, born: float) -> list[psutil.Process]:
    """Processes of the group that ``leader`` founded; none if its number belongs to a later process by now."""
    if psutil.pid_exists(leader) and abs(birth(leader) - born) > 1:
        return []
    return [process for process in psutil.process_iter() if _in_group(process, leader, born)]


def _in_group(process: psutil.Process, leader: int, born: float) -> bool:
    try:
        return (
            os.getpgid(process.pid) == leader
            and process.create_time() >= born - 1
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (OSError, psutil.Error):
        return False


@dataclass
class Child:
    """A program that should always run. It leads a process group, so that nothing of it survives its restart."""

    name: str
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0
    start_at: float = 0
    short_lives: int = 0

    def start(self) -> "subprocess.Popen[bytes]":
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, process_group=0)
        return self.process

    def note_death(self, process: "subprocess.Popen[bytes]") -> str:
        """Clear away what the dead process left, plan its successor and say what happened."""
        code = process.returncode
        _kill_group(process.pid)
        self.short_lives = self.short_lives + 1 if time.monotonic() - self.started < LIVED_LONG_SECONDS else 0
        self.start_at = time.monotonic() + (PAUSE_SECONDS if self.short_lives > 1 else 0)
        self.process = None
        return f"{self.name} ended ({'signal' if code < 0 else 'exit code'} {abs(code)}); starting it again."


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


class Supervisor:
    """Starts the children, restarts those that die, ends all of them on Ctrl-C, SIGTERM or SIGHUP."""

    def __init__(
        self, commands: Mapping[str, list[str]], note: Callable[[list["subprocess.Popen[bytes]"]], None]
    ) -> None:
        """``note`` is told the running processes whenever one was started."""
        self.children = [Child(name, command) for name, command in commands.items()]
        self.note = note
        self.stopping = False

    def run(self, each_round: Callable[[], None]) -> None:
        """Supervise until told to stop; ``each_round`` is called several times a second."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            while not self.stopping:
                self._look_after_children()
                each_round()
                time.sleep(LOOK_EVERY_SECONDS)
        finally:
            self.stop()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _look_after_children(self) -> None:
        for child in self.children:
            if child.process and child.process.poll() is not None:
                say(child.note_death(child.process))
            if not child.process and time.monotonic() >= child.start_at:
                child.start()
                self.note([other.process for other in self.children if other.process])

    def stop(self) -> None:
        running = [child.process for child in self.children if child.process]
        for process in running:
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0))
            _kill_group(process.pid)
            process.wait()


def say(text: str) -> None:
    print(f"Tandem: {text}", file=sys.stderr, flush=True)
