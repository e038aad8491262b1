import os
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest

from crm.backups import BackupFailed, restore_backup, write_backup
from crm.embedded.folders import CHECKOUT
from crm.models import Change, User
from tests.factories import make_lead, make_user


@pytest.fixture
def empty_database(services) -> str:
    """The address of a database that nobody migrated."""
    owner = {"host": str(services.postgres.sockets), "user": "tandem"}
    with closing(psycopg2.connect(dbname="tandem", **owner)) as connection, connection.cursor() as sql:
        connection.autocommit = True
        sql.execute("CREATE DATABASE restored")
        yield services.postgres.url.replace("@/tandem?", "@/restored?")
        sql.execute("DROP DATABASE restored WITH (FORCE)")


def restore(path, database_url, *flags) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(path), *flags],
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(database_url, statement):
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as sql:
        sql.execute(statement)
        return sql.fetchall()


def test_backup_restored_elsewhere_has_the_facts_and_rebuilds_the_rest(transactional_db, tmp_path, empty_database):
    make_user("mia", role="marketer")
    lead = make_lead(last_name="Kept")
    assert Change.objects.exists()
    path = tmp_path / "tandem.backup"

    assert write_backup(path) == path.stat().st_size > 0
    done = restore(path, empty_database, "--yes")

    assert (done.returncode, done.stderr) == (0, "")
    assert rows(empty_database, "SELECT email FROM crm_user") == [("mia@demo.test",)]
    assert rows(empty_database, "SELECT last_name, stage, seq FROM leads_lead") == [("Kept", "inquiry", lead.seq)]
    assert rows(empty_database, "SELECT count(*) FROM crm_change") == [(0,)]
    assert rows(empty_database, "SELECT lead_id FROM funnel_leadfact") == [(lead.pk,)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_restore_without_yes_changes_nothing(transactional_db, tmp_path, database_url):
    make_user("mia")
    path = tmp_path / "tandem.backup"
    write_backup(path)

    done = restore(path, database_url)

    assert done.returncode == 1
    assert "add --yes" in done.stderr
    assert User.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"PGDMP but then nothing of the kind"])
def test_file_that_is_no_backup_changes_nothing(transactional_db, tmp_path, content):
    make_user("mia")
    path = tmp_path / "broken.backup"
    path.write_bytes(content)

    with pytest.raises(BackupFailed):
        restore_backup(path)

    assert User.objects.count() == 1


def test_truncated_backup_changes_nothing(transactional_db, tmp_path):
    make_user("mia")
    path = tmp_path / "tandem.backup"
    write_backup(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])

    with pytest.raises(BackupFailed):
        restore_backup(path)

    assert User.objects.count() == 1


def test_failed_backup_leaves_no_file(transactional_db, tmp_path):
    with pytest.raises(BackupFailed):
        write_backup(tmp_path / "no such folder" / "tandem.backup")

    assert list(tmp_path.iterdir()) == []
