"""A PostgreSQL cluster and a Valkey for one pytest process, in a folder under /tmp, gone when that process is gone.

They are started by a process of their own that waits for the end of its standard input: whether pytest ends well, is
interrupted or killed, that end comes and the servers are stopped and their folder removed.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from crm.embedded import Postgres, ServicesError, Valkey, service_account

CHECKOUT = Path(__file__).resolve().parents[1]
# Nothing here outlives a crash of the machine, so nothing waits for the disk.
FORGETFUL = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "192MB",
    "max_connections": "60",
    "max_wal_size": "512MB",
}


@dataclass
class Servers:
    """The servers of this pytest process; tests may stop and start each of them."""

    postgres: Postgres
    valkey: Valkey
    keeper: "subprocess.Popen[str]"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use them, its own database aside."""
        return {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.valkey.url}

    def stop(self) -> None:
        self.keeper.communicate(timeout=60)  # ends its standard input


def start_servers() -> Servers:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.servers"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert keeper.stdout
    if not (line := keeper.stdout.readline()):
        raise ServicesError("The servers for the tests did not start; the reason stands above.")
    return Servers(*_servers_in(Path(json.loads(line))), keeper)


def _servers_in(folder: Path) -> tuple[Postgres, Valkey]:
    account = service_account()
    return Postgres(folder, account, settings=FORGETFUL), Valkey(folder, account)


def keep() -> None:
    """Run the servers until standard input ends."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-test-"))
    folder.chmod(0o755)
    servers = _servers_in(folder)
    try:
        for server in servers:
            server.start()
        print(json.dumps(str(folder)), flush=True)
        sys.stdin.read()
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        keep()
    except ServicesError as error:
        sys.exit(str(error))
