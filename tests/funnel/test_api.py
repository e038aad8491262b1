"""`GET /api/v1/reports/NAME/`"""

import csv
from io import StringIO

import pytest
from django.utils.dateparse import parse_datetime

from crm.models import Cursor
from tests.factories import make_user
from tests.funnel.histories import count_figures, day, make_history

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(client_for):
    client = client_for(make_user("mia", role="marketer"))
    return lambda name, **parameters: client.get(f"/api/v1/reports/{name}/", parameters)


def test_a_report_says_what_it_is_about(get):
    make_history(("inquiry", day(1)), ("mql", day(2)), source="google")
    count_figures()
    Cursor.objects.create(consumer="funnel", system_identifier="1", current_at=day(30))
    body = get("funnel", **{"from": "2026-01-01", "to": "2026-02-01", "dimension": "source"}).json()
    rows, counted_at = body.pop("rows"), body.pop("counted_at")
    assert parse_datetime(counted_at)
    assert body == {
        "report": "funnel",
        "period": {"from": "2026-01-01", "to": "2026-02-01", "basis": "cohort", "zone": "UTC"},
        "computed_at": "2026-01-31T00:00:00Z",
        "definition_versions": [],
        "notes": [],
    }
    assert rows[1] == {
        "key": "google",
        "label": "google",
        "stage": "mql",
        "entered": 1,
        "converted": 0,
        "rate": 0.0,
        "rate_low": 0.0,
        "rate_high": pytest.approx(0.7935, abs=1e-4),
        "leads_url": "/dashboards/funnel/leads/?from=2026-01-01&to=2026-02-01&basis=cohort&dimension=source&key=google"
        "&stage=mql&count=entered",
    }


def test_csv_has_the_columns_of_the_registry_and_runs_no_formula(get):
    make_history(("inquiry", day(1)), source="=cmd()")
    count_figures()
    response = get("funnel", dimension="source", format="csv")
    assert response["Content-Disposition"] == 'attachment; filename="funnel.csv"'
    header, first, *_rest = csv.reader(StringIO(response.content.decode()))
    assert header == ["key", "label", "stage", "entered", "converted", "rate", "rate_low", "rate_high", "leads_url"]
    assert first[:5] == ["'=cmd()", "'=cmd()", "inquiry", "1", "0"]


def test_velocity_has_a_row_a_measure(get):
    make_history(("inquiry", day(1)), ("customer", day(0)))
    count_figures()
    body = get("velocity").json()
    won = next(row for row in body["rows"] if row["measure"] == "captured_to_won")
    assert (won["n"], won["median_days"], won["negative"]) == (1, -1.0, 1)


@pytest.mark.parametrize(
    ("name", "parameters", "status"),
    [
        ("funnel", {"colour": "red"}, 400),
        ("funnel", {"from": "31.12.2026"}, 400),
        ("funnel", {"format": "pdf"}, 400),
        ("nothing", {}, 404),
    ],
)
def test_what_cannot_be_answered_is_a_problem_document(get, name, parameters, status):
    response = get(name, **parameters)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


def test_strangers_see_no_figures(client):
    assert client.get("/api/v1/reports/funnel/").status_code in {401, 403}
