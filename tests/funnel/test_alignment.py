"""The report alignment, its page, API and CSV."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Organisation
from feedback.models import Agreement
from feedback.verdicts import accept_handoff
from funnel.pages.alignment import quarter, quarter_asked
from funnel.reports.alignment import tell
from funnel.reports.question import BadQuestion, Question
from tests.api import Caller
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_opportunity

pytestmark = pytest.mark.django_db

FIRST_QUARTER = Question(date(2026, 1, 1), date(2026, 4, 1), basis="period")
GOALS = [{"measure": "pipeline_value", "target": "4000"}, {"measure": "hours_to_verdict", "target": "4"}]


def make_agreement(**fields) -> Agreement:
    period = {"period_starts": date(2026, 1, 1), "period_ends": date(2026, 3, 31)}
    return Agreement.objects.create(**{"version": 1, "status": "active", "goals": GOALS, **period, **fields})


def answered(rob, *, after=HOUR):
    return accept_handoff(make_handoff(to=rob, at=MONDAY), by=rob, at=MONDAY + after)


def test_the_table_of_a_quarter(rob):
    make_agreement()
    make_opportunity(lead=make_lead(), amount=1_000)
    answered(rob)
    answered(rob, after=30 * HOUR)

    rows = tell(FIRST_QUARTER, MONDAY + 60 * DAY).rows

    names = ("measure", "target", "actual", "attainment", "side", "n")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("pipeline_value", {"amount": "4000.00", "currency": "EUR"}, {"amount": "1000.00", "currency": "EUR"}, 0.25,
         "both", 1),
        ("hours_to_verdict", 4.0, 15.5, 0.2581, "sales", 2),
        ("verdicts_in_time", 1.0, 0.5, 0.5, "sales", 2),
        ("first_attempts_in_time", 1.0, 0.0, 0.0, "sales", 2),
        ("attempts_kept", 1.0, None, None, "sales", 0),
        ("requests_answered", 1.0, None, None, "marketing", 0),
        ("requests_kept", 1.0, None, None, "marketing", 0),
        ("comments_answered", 1.0, None, None, "marketing", 0),
        ("closed_loop", 1.0, None, None, "marketing", 0),
        ("feedback_coverage", 1.0, 0.0, 0.0, "sales", 2),
        ("sales_answer_time", None, 15.5, None, "sales", 2),
        ("marketing_answer_time", None, None, None, "marketing", 0),
        ("ride_alongs", None, 0.0, None, "both", None),
        ("marketing_share", None, None, None, "marketing", 0),
        ("revenue_per_head", None, {"amount": "0.00", "currency": "EUR"}, None, "both", 1),
        ("growth", None, None, None, "both", 0),
        ("open_requests", None, 0.0, None, "marketing", None),
        ("late_requests", None, 0.0, None, "marketing", None),
        ("open_comments", None, 0.0, None, "marketing", None),
        ("late_handoffs", None, 0.0, None, "sales", None),
        ("unsigned_proposals", None, None, None, "both", None),
    ]  # fmt: skip


def test_alignment_is_not_cut():
    with pytest.raises(BadQuestion):
        tell(Question(date(2026, 1, 1), date(2026, 4, 1), dimension="team"), MONDAY)


def test_api_and_csv_say_the_same(rob):
    make_agreement()
    caller = Caller(rob)
    answer = caller.get("reports/alignment/", **{"from": "2026-01-01", "to": "2026-04-01"})
    table = caller.get("reports/alignment/", **{"from": "2026-01-01", "to": "2026-04-01", "format": "csv"})

    rows = answer.json()["rows"]
    assert {"measure", "target", "actual", "attainment", "side", "unit", "n"} <= set(rows[0])
    listed = list(csv.DictReader(StringIO(table.content.decode())))
    assert [row["measure"] for row in listed] == [row["measure"] for row in rows]
    assert (listed[0]["target"], rows[0]["target"]) == ("4000.00", {"amount": "4000.00", "currency": "EUR"})


def test_days_without_goals_are_said():
    rows = tell(FIRST_QUARTER, MONDAY).rows

    assert rows[0]["measure"] == "verdicts_in_time"


@pytest.mark.parametrize(
    ("first_month", "day", "start"),
    [(1, "2026-03-02", "2026-01-01"), (1, "2026-12-31", "2026-10-01"), (2, "2026-01-31", "2025-11-01"),
     (2, "2026-02-01", "2026-02-01"), (4, "2026-03-31", "2026-01-01"), (12, "2026-02-28", "2025-12-01")],
)  # fmt: skip
def test_quarters_follow_the_fiscal_year(first_month, day, start):
    Organisation.get()
    Organisation.objects.update(fiscal_year_starts=first_month)

    assert quarter_asked({"quarter": day}, today=MONDAY.date()) == date.fromisoformat(start)


def test_the_quarter_before_stands_beside_it(rob):
    make_agreement()
    answered(rob)

    shown = quarter(date(2026, 4, 1), at=MONDAY + 100 * DAY)
    [verdicts] = [one for _side, _label, rows in shown.columns for one in rows if one.now.measure == "verdicts_in_time"]

    assert (verdicts.now.actual, verdicts.before_words) == (None, "100 %")
    assert (shown.previous, shown.following) == (date(2026, 1, 1), None)


@pytest.mark.parametrize(
    ("today", "until"), [("2026-05-10", "2026-02-10"), ("2026-06-30", "2026-04-01"), ("2026-07-01", "2026-04-01")]
)
def test_a_quarter_that_runs_is_compared_with_as_many_days(today, until):
    shown = quarter(date(2026, 4, 1), at=datetime.fromisoformat(f"{today}T12:00:00+00:00"))

    assert shown.compared_until == date.fromisoformat(until)


def test_page_shows_both_sides_and_leads_on(client_for, rob):
    make_agreement()
    html = client_for(rob).get("/dashboards/alignment/?quarter=2026-02-14").content.decode()

    assert "Jan to Mar 2026" in html
    assert "?quarter=2025-10-01" in html
    assert html.index("Marketing</h2>") < html.index("Together</h2>") < html.index("Sales</h2>")
    assert client_for(rob).get("/dashboards/alignment/?quarter=soon").status_code == 400


def test_the_page_costs_the_same_for_one_and_fifty_handoffs(client_for, rob):
    make_agreement()
    answered(rob)
    client = client_for(rob)
    client.get("/dashboards/alignment/?quarter=2026-01-01")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/dashboards/alignment/?quarter=2026-01-01")
    for number in range(50):
        answered(rob, after=timedelta(minutes=number))
    with CaptureQueriesContext(connection) as many:
        client.get("/dashboards/alignment/?quarter=2026-01-01")

    assert len(few) == len(many)


@pytest.mark.parametrize(("deals", "growth"), [(9, None), (10, 0.1)])
def test_growth_is_told_of_ten_opportunities_a_year_before(deals, growth):
    for at, count in ((datetime(2025, 2, 1, 9, tzinfo=UTC), deals), (datetime(2026, 2, 1, 9, tzinfo=UTC), 11)):
        for _number in range(count):
            make_opportunity(outcome="won", stage="won", amount=100, opened_at=at - DAY, closed_at=at)

    [told] = [row for row in tell(FIRST_QUARTER, MONDAY + 60 * DAY).rows if row["measure"] == "growth"]

    assert (told["actual"], told["n"]) == (growth, deals)
