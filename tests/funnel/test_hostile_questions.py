"""Addresses of figures with parameters that are odd, wrong or meant ill: an answer or a calm refusal, no failure."""

import pytest

from funnel.reports.registry import REPORTS
from tests.api import Caller
from tests.factories import DAY, MONDAY, make_mql, make_opportunity

pytestmark = pytest.mark.django_db
ALL_TIMES = {"from": "1600-01-01", "to": "2399-12-31"}
DIGITS = "9" * 5_000
ODD_SPANS = [
    ALL_TIMES,
    {"from": "2399-01-01", "to": "2399-12-31"},
    {"from": "1600-01-01", "to": "1600-02-01"},
    {"from": "0002-01-01", "to": "9998-12-31"},
    {"from": "2026-05-01", "to": "2026-05-01"},
]


@pytest.fixture
def world(rob):
    lead = make_mql(owner=rob, at=MONDAY)
    make_opportunity(owner=rob, lead=lead, amount=900, outcome="won", stage="won", closed_at=MONDAY + DAY)


@pytest.mark.parametrize("name", REPORTS)
def test_days_from_the_first_year_to_the_last_are_answered_beside_those_before(name, client_for, max_, world):
    client = client_for(max_)
    for span in ODD_SPANS:
        answer = client.get(f"/dashboards/{name}/", {**span, "compare": "1"}, follow=True)
        assert answer.status_code in (200, 400), span


@pytest.mark.parametrize("name", ["velocity", "attempts", "funnel", "pipeline", "cohorts", "sla"])
@pytest.mark.parametrize(
    ("dimension", "key"), [("region", "Nowhere"), ("definition_version", "9" * 18), ("team", "9" * 18)]
)
def test_a_key_that_nothing_has_is_answered_with_nothing(name, dimension, key, max_, world):
    caller = Caller(max_)
    assert caller.get(f"reports/{name}/", dimension=dimension, key=key).status_code == 200
    assert caller.get(f"reports/{name}/", **{dimension: key}).status_code == 200


@pytest.mark.parametrize("key", [DIGITS, "9" * 19, "-1", "²", "1.5", "'", "0", " 1"])
def test_a_key_that_is_no_id_is_refused(key, max_, client_for):
    caller = Caller(max_)
    for asked in ({"dimension": "owner", "key": key}, {"owner": key}):
        assert caller.get("reports/funnel/", **asked).status_code == 400, asked
        for behind in ("funnel/leads", "opportunities", "sla/leads", "feedback/leads"):
            address = f"/dashboards/{behind}/"
            assert client_for(max_).get(address, {"clock": "verdict", **asked}).status_code == 400, address


@pytest.mark.parametrize(
    "after", ["1e999999~1", "NaN~1", "Infinity~1", f"1~{DIGITS}", f"{DIGITS}~1", "1~1", "-1~1", "~", "x"]
)
def test_a_page_that_begins_nowhere_begins_at_the_beginning(after, max_, client_for, world):
    assert client_for(max_).get("/dashboards/opportunities/", {"after": after}).status_code == 200


@pytest.mark.parametrize("number", ["nan", "inf", "1e400", "1e9", "-1", DIGITS, "1,5", "0x10", "٣"])
def test_a_number_of_a_report_is_a_plain_number(number, max_):
    caller = Caller(max_)
    numbers = [(report.name, one.name) for report in REPORTS.values() for one in report.parameters if one.number]
    assert numbers
    assert {caller.get(f"reports/{report}/", **{name: number}).status_code for report, name in numbers} == {400}
