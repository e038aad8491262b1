"""Which services a command uses: those of DATABASE_URL and REDIS_URL, else embedded ones that commands share."""

import atexit
import os
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import psycopg2
import redis

from crm.embedded.errors import ServicesError
from crm.embedded.folders import make_folder, servers_home, service_account, var_folder
from crm.embedded.postgres import Postgres
from crm.embedded.processes import FileLock, exclusively
from crm.embedded.valkey import Valkey

# Commands that read no row: they get the addresses, and nothing is started for them.
WITHOUT_SERVICES = frozenset(
    "check collectstatic compilemessages diffsettings findstatic help makemessages makemigrations spectacular "
    "startapp startproject version".split()
)
CONNECT_SECONDS = 5


def prepare_environment(arguments: Sequence[str]) -> None:
    """Set TANDEM_VAR, SECRET_KEY, DATABASE_URL and REDIS_URL for ``manage.py`` and its children.

    Starts what is missing. Raises ServicesError with a text for the terminal.
    """
    command = arguments[1] if len(arguments) > 1 else "help"
    var = make_folder(var_folder())
    os.environ["TANDEM_VAR"] = str(var)
    if "SECRET_KEY" not in os.environ:
        os.environ["SECRET_KEY"] = secret_key(var)
    if command.lstrip("-") in WITHOUT_SERVICES or {"-h", "--help"} & set(arguments):
        name_services(var)
    else:
        ensure_services(var, redis_required=command == "serve")


def secret_key(var: Path) -> str:
    """The key that signs sessions and links, made once for this folder; production sets SECRET_KEY instead."""
    path = var / "secret_key"
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(0o600)
        draft.write_text(secrets.token_urlsafe(50))
        draft.rename(path)
    return path.read_text()


def name_services(var: Path) -> None:
    """Set the addresses without starting anything."""
    for server, variable in _embedded_servers(var):
        os.environ[variable] = server.url


def ensure_services(var: Path, *, redis_required: bool = True) -> None:
    """Have both services answer and their addresses in the environment.

    A given address is only tried. Embedded servers are started unless they run, and stopped when this process ends,
    if it is the last that uses them.
    """
    try_given_services(redis_required=redis_required)
    missing = _embedded_servers(var)
    if not missing:
        return
    SharedUse(var, [server for server, _variable in missing]).begin()
    for server, variable in missing:
        os.environ[variable] = server.url


def _embedded_servers(var: Path) -> list[tuple[Postgres | Valkey, str]]:
    wanted = [
        (kind, name) for kind, name in ((Postgres, "DATABASE_URL"), (Valkey, "REDIS_URL")) if not os.environ.get(name)
    ]
    if not wanted:
        return []
    with exclusively(turn(var)):
        account = service_account()
        home = servers_home(var, account)
        return [(kind(home, account), name) for kind, name in wanted]


def turn(var: Path) -> Path:
    """The lock of whoever makes folders or starts or stops servers: one process at a time."""
    return var / "turn.lock"


class SharedUse:
    """Servers of one folder used by many processes: the first starts them, the last stops them.

    Every user holds a shared lock, which the kernel drops even if the process is killed; a server that outlived its
    killed users is simply used again and stopped by the next last one.
    """

    current: "SharedUse | None" = None

    def __init__(self, var: Path, servers: Sequence[Postgres | Valkey]) -> None:
        self.servers = servers
        self.turn = turn(var)
        self.in_use = FileLock(var / "in-use.lock")
        self.process = os.getpid()
        self.complaint = ""

    def begin(self) -> None:
        with exclusively(self.turn):
            self.in_use.share()
            SharedUse.current = self
            atexit.register(self.end)
            _exit_on(signal.SIGTERM)
            for server in self.servers:
                server.start()

    def revive(self) -> None:
        """Start again what has died meanwhile."""
        if all(server.is_alive() for server in self.servers):
            return
        with exclusively(self.turn):
            for server in self.servers:
                server.start()

    def end(self) -> None:
        if os.getpid() != self.process:  # a forked child that ends takes nothing with it
            return
        with exclusively(self.turn):
            if self.in_use.try_take():
                for server in reversed(self.servers):
                    server.stop()
            self.in_use.close()


def revive_servers() -> None:
    """Start again the embedded servers of this process that have died; what prevents it is said once, not raised."""
    use = SharedUse.current
    if not use:
        return
    try:
        use.revive()
        use.complaint = ""
    except ServicesError as error:
        if str(error) != use.complaint:
            print(f"Tandem: {error}", file=sys.stderr)
        use.complaint = str(error)


def _exit_on(number: signal.Signals) -> None:
    """Leave by SystemExit, so that servers are stopped; commands with a better idea set their own handler later."""

    def leave(received: int, _frame: FrameType | None) -> None:
        sys.exit(128 + received)

    signal.signal(number, leave)


def try_given_services(*, redis_required: bool) -> None:
    """Raise ServicesError when a given address can't be reached.

    Only the server itself needs Redis at its start; other commands work through an outage and just say so.
    """
    if url := os.environ.get("DATABASE_URL"):
        _try("DATABASE_URL", lambda: psycopg2.connect(url, connect_timeout=CONNECT_SECONDS).close())
    if url := os.environ.get("REDIS_URL"):
        try:
            _try("REDIS_URL", lambda: redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS).ping())
        except ServicesError as error:
            if redis_required:
                raise
            print(f"Tandem: {error}", file=sys.stderr)


def _try(variable: str, connect: Callable[[], object]) -> None:
    try:
        connect()
    except (psycopg2.Error, redis.RedisError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ServicesError(f"{variable} is set, but its server can't be used: {reason}") from error
