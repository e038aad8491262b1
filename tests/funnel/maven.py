"""Maven Analytics' CRM sample as the product takes it in: people, accounts, opportunities without a lead.

The files are not ours to ship; tests read them from ../shared and are skipped where that folder is not
(``needs_maven``). ``import_maven`` takes about two seconds: once for all tests of a class or module.
"""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

MAVEN = Path(__file__).resolve().parents[3] / "shared/data/maven"
# The file ends with 2017; what it leaves open is open still.
AFTERWARDS = datetime(2030, 1, 1, tzinfo=UTC)
FILES = (("users", "sales_teams.csv"), ("companies", "accounts.csv"), ("opportunities", "sales_pipeline.csv"))

needs_maven = pytest.mark.skipif(not MAVEN.is_dir(), reason="the Maven files are not here (they are not ours to ship)")


def import_maven() -> str:
    """What the command says about each file."""
    out = StringIO()
    for kind, name in FILES:
        call_command("import_records", kind, str(MAVEN / name), "--mapping", f"maven-{kind}", stdout=out)
    return out.getvalue()
