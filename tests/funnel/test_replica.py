"""With REPLICA_URL set, figures are read there, and nothing else is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import make_team, make_user

CHECKOUT = Path(__file__).resolve().parents[2]
# In a process of its own, since settings are read once: which database each query of a page went to.
ASK = """
import json, sys
import django
django.setup()
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from crm.models import User
setup_test_environment()
client = Client()
backend = "allauth.account.auth_backends.AuthenticationBackend"
client.force_login(User.objects.get(email="max@demo.test"), backend=backend)
told = {}
for address in sys.argv[1:]:
    with CaptureQueriesContext(connections["default"]) as here, CaptureQueriesContext(connections["replica"]) as there:
        status = client.get(address).status_code
    figures = [any("funnel_" in query["sql"] for query in queries) for queries in (here, there)]
    told[address] = status, *figures, len(there)
print(json.dumps(told))
"""


@pytest.mark.django_db(transaction=True)
def test_figures_are_read_from_the_replica_and_lists_are_not(database_url):
    make_user("max", "manager", make_team())
    addresses = ["/dashboards/funnel/", "/api/v1/reports/velocity/", "/api/v1/reports/content/", "/leads/"]
    environment = os.environ | {"DATABASE_URL": database_url, "REPLICA_URL": database_url}

    answer = subprocess.run(
        [sys.executable, "-c", ASK, *addresses],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    page, report, own_sql, leads = json.loads(answer.stdout.splitlines()[-1]).values()
    assert page[:3] == report[:3] == own_sql[:3] == [200, False, True]
    assert leads == [200, False, False, 0]
