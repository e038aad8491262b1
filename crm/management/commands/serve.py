import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections

from crm.embedded import ServicesError
from crm.embedded.services import revive_servers
from crm.health import demo_is_loading
from crm.models import User
from crm.supervisor import Address, Supervisor, address, claim_serving

MIGRATION_LOCK = 7_416_209  # any number that nobody else takes
REVIVE_EVERY_SECONDS = 2
# The people of the sample data, in the order a newcomer would try them.
DEMO_PEOPLE = {
    "marketer@demo.test": "marketer",
    "marketing.manager@demo.test": "marketing manager",
    "rep@demo.test": "sales rep",
    "rep2@demo.test": "sales rep, same team",
    "sales.manager@demo.test": "sales manager",
    "admin@demo.test": "administrator",
}
DEMO_PASSWORD = "tandem-demo"  # noqa: S105


class Command(BaseCommand):
    help = (
        "Serve the product: migrate, load sample data on the first start, then run web, worker and beat until Ctrl-C."
    )
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        self.var = Path(os.environ["TANDEM_VAR"])
        self.at = address()
        # macOS else ends a forked worker that uses one of the system's own libraries.
        os.environ.setdefault("OBJC_DISABLE_INITIALIZE_FORK_SAFETY", "YES")
        try:
            claim = claim_serving()
        except ServicesError as error:
            raise CommandError(str(error)) from error
        self.prepare_data()
        connections.close_all()
        self.announced = False
        self.revived_at = time.monotonic()
        supervisor = Supervisor(commands(self.at, self.var), note=lambda running: claim.write(self.at, running))
        supervisor.run(self.each_round)
        self.stdout.write("Tandem has stopped.")

    def prepare_data(self) -> None:
        with one_at_a_time():
            call_command("migrate", interactive=False, verbosity=0)
            loading = demo_is_loading(self.var)
            if loading.exists() or not User.objects.exists():
                self.stdout.write("First start: loading sample data …")
                loading.touch()
                call_command("demo", stdout=self.stdout)
                loading.unlink()

    def each_round(self) -> None:
        if not self.announced and answers(self.at):
            self.announced = True
            self.announce()
        if time.monotonic() - self.revived_at > REVIVE_EVERY_SECONDS:
            self.revived_at = time.monotonic()
            revive_servers()

    def announce(self) -> None:
        lines = ["", f"Tandem runs at {self.at.url} (Ctrl-C stops it)"]
        known = set(User.objects.filter(email__in=DEMO_PEOPLE).values_list("email", flat=True))
        connections.close_all()
        if known:
            lines.append(f"Sample data is loaded. Log in with the password {DEMO_PASSWORD} as")
            lines += [f"  {email:<30}{role}" for email, role in DEMO_PEOPLE.items() if email in known]
        self.stdout.write("\n".join([*lines, ""]))
        self.stdout.flush()


def commands(at: Address, var: Path) -> dict[str, list[str]]:
    # On a person's own machine there is no collectstatic, and in a container root is all there may be.
    quietly = [sys.executable, "-W", "ignore:No directory at", "-W", "ignore:You're running the worker with superuser"]
    celery = [*quietly, "-m", "celery", "--quiet", "-A", "crm"]
    return {
        "web": [
            *(*quietly, "-m", "gunicorn", "crm.wsgi", "--bind", f"{at.host}:{at.port}", "--log-level", "warning"),
            *("--workers", "2", "--threads", "4", "--timeout", "120", "--graceful-timeout", "5", "--no-control-socket"),
        ],
        "worker": [*celery, "worker", "--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", "--loglevel=WARNING", "--pidfile=", f"--schedule={var / 'beat-schedule'}"],
    }


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Of several hosts that start together, one migrates and the others wait."""
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            sql.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def answers(at: Address) -> bool:
    try:
        with urllib.request.urlopen(f"{at.url}/healthz", timeout=2):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
