"""The report of the plan: from a goal back to MQLs and budget by own rates, or by what the reader assumes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from campaigns.models import Spend
from funnel.models import Quota
from funnel.reports.plan import PLAN, tell
from funnel.reports.question import BadQuestion, Question, read
from funnel.targets.planning import Plan
from tests.factories import make_campaign, make_opportunity, make_team, make_user
from tests.funnel.histories import count_figures, make_history

pytestmark = pytest.mark.django_db
# The 45th of 90 days of the first quarter of 2026.
AT = datetime(2026, 2, 14, 12, tzinfo=UTC)
KA = {
    "goal": "1000000", "share": "40", "value": "25000", "win": "25", "opportunity": "60", "qualified": "70",
    "accepted": "65",
}  # fmt: skip
STAGES = ("inquiry", "mql", "offered", "accepted", "qualified", "opportunity", "customer")


def asked(**said: str) -> Question:
    parameters = {"from": "2026-01-01", "to": "2026-04-01", **said}
    return read(parameters, today=AT.date(), basis="period", dimensions=(), own=PLAN.parameters)


def rows_of(question: Question) -> dict[str, dict[str, Any]]:
    return {row["step"]: row for row in tell(question, AT).rows}


def lead(furthest: str, began: datetime, days: float = 10, **fields: Any) -> Any:
    """A lead that got so far, each stage so many days after the one before."""
    reached = STAGES[: STAGES.index(furthest) + 1]
    return make_history(*((stage, began + n * timedelta(days=days)) for n, stage in enumerate(reached)), **fields)


def won(lead_: Any, at: datetime, amount: int = 1_000) -> None:
    make_opportunity(
        lead=lead_, amount=Decimal(amount), outcome="won", stage="won", closed_at=at, opened_at=at - timedelta(days=10)
    )


@pytest.fixture
def last_year() -> None:
    """Of 40 MQLs 20 were accepted, 16 qualified, 12 became opportunities and 10 customers, two months after MQL."""
    began = datetime(2025, 3, 1, 9, tzinfo=UTC)
    for furthest, many in (("offered", 20), ("accepted", 4), ("qualified", 4), ("opportunity", 2), ("customer", 10)):
        for _number in range(many):
            made = lead(furthest, began, days=12)
            if furthest == "customer":
                won(made, began + timedelta(days=72))
    webinar = make_campaign()
    Spend.objects.create(campaign=webinar, on=date(2025, 6, 1), amount=Decimal(4_000))
    count_figures()


def test_k1_typed_assumptions_give_the_chain() -> None:
    rows = rows_of(asked(**KA))

    needed = [rows[step]["needed"] for step in ("customer", "opportunity", "qualified", "accepted", "mql")]
    assert needed == [16, 64, 106.67, 152.38, 235]
    assert rows["goal"]["needed"] == {"amount": "1000000.00", "currency": "EUR"}
    assert (rows["mql"]["rate"], rows["mql"]["assumed"], rows["mql"]["gap"]) == (0.65, True, 235)
    assert rows["budget"]["needed"] is None


def test_k3_what_sales_can_take_on() -> None:
    for number in range(10):
        make_user(f"rep{number}", team=None)
    make_user("away", away_until=date(2026, 3, 1))
    make_user("new", started_on=AT.date())

    shown: Plan = tell(asked(**KA, capacity="100"), AT).page

    assert shown.basis.capacity == pytest.approx(1_000)
    assert shown.demand == pytest.approx(234.43 / 3, abs=0.01)


@pytest.mark.usefixtures("last_year")
def test_own_rates_of_four_quarters_with_their_intervals() -> None:
    Quota.objects.create(
        measure="revenue", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31), amount=20_000, currency="EUR"
    )
    rows = rows_of(asked())

    assert {step: (row["rate"], row["n"]) for step, row in rows.items() if row["rate"]} == {
        "goal": (1.0, 10),
        "opportunity": (pytest.approx(10 / 12), 12),
        "qualified": (pytest.approx(12 / 16), 16),
        "accepted": (pytest.approx(16 / 20), 20),
        "mql": (0.5, 40),
    }
    assert [rows[step]["needed"] for step in ("customer", "opportunity", "mql")] == [20, 24, 80]
    assert rows["mql"]["needed_low"] < 80 < rows["mql"]["needed_high"]
    assert rows["mql"]["rate_low"] == pytest.approx(0.352, abs=0.001)
    assert rows["budget"]["needed"] == {"amount": "8000.00", "currency": "EUR"}


@pytest.mark.usefixtures("last_year")
def test_a_step_counts_so_much_earlier_as_it_takes_to_win() -> None:
    lead("mql", datetime(2025, 11, 2, 9, tzinfo=UTC))
    lead("mql", datetime(2025, 10, 10, 9, tzinfo=UTC))
    count_figures()

    mql = rows_of(asked(**KA))["mql"]

    # Sixty days from MQL to customer.
    assert (mql["lag_days"], mql["from"], mql["to"]) == (60, date(2025, 11, 2), date(2026, 1, 31))
    # Both became MQL ten days later: on 12 November and 20 October.
    assert (mql["have"], mql["gap"], mql["expected"]) == (1, 234, 1)


@pytest.mark.usefixtures("last_year")
def test_k2_the_mqls_that_are_there_tell_the_customers_to_come() -> None:
    began = datetime(2026, 1, 6, 9, tzinfo=UTC)
    for _number in range(8):
        lead("mql", began, days=1)
    count_figures()

    shown: Plan = tell(asked(**KA), AT).page

    # A quarter of the MQLs is won after sixty days: 2 of 8, on 8 March.
    assert shown.from_mqls == pytest.approx(8 * 10 / 40, rel=0.01)


def test_too_little_says_what_is_missing_instead_of_inventing_rates() -> None:
    for _number in range(4):
        won(lead("customer", datetime(2025, 3, 1, tzinfo=UTC)), datetime(2025, 6, 1, tzinfo=UTC))
    count_figures()

    told = tell(asked(), AT)

    assert {row["needed"] for row in told.rows} == {None}
    assert {row["rate"] for row in told.rows} == {None}
    assert told.page.missing == (
        "no goal for this quarter",
        "4 of 10 wins for marketing’s share",
        "4 of 10 wins with an amount for the average value",
        "4 of 10 Opportunities",
        "4 of 10 Qualified by sales (SQL)",
        "4 of 10 Accepted by sales (SAL)",
        "4 of 10 MQLs",
    )


def goal_row(**days: Any) -> Any:
    return rows_of(asked(**days))["goal"]["needed"]


def test_the_goal_is_the_organisations_quota_else_its_teams() -> None:
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 3, 31), "currency": "EUR"}
    for name in ("North", "South"):
        Quota.objects.create(measure="revenue", team=make_team(name), amount=300, **days)
    Quota.objects.create(measure="revenue", user=make_user("rob"), amount=70, **days)
    assert goal_row() == {"amount": "600.00", "currency": "EUR"}

    Quota.objects.create(measure="revenue_sourced", amount=200, **days)
    assert goal_row() == {"amount": "600.00", "currency": "EUR"}
    Quota.objects.create(measure="revenue", amount=700, **days)
    assert goal_row() == {"amount": "700.00", "currency": "EUR"}
    assert goal_row(goal="5") == {"amount": "5.00", "currency": "EUR"}


@pytest.mark.usefixtures("last_year")
def test_of_a_goal_that_is_marketings_marketing_brings_all() -> None:
    won(None, datetime(2025, 6, 1, tzinfo=UTC), amount=10_000)
    Quota.objects.create(
        measure="revenue_sourced", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31), amount=5_000, currency="EUR"
    )
    rows = rows_of(asked())

    assert (rows["goal"]["rate"], rows["customer"]["needed"]) == (1, 5)
    assert rows_of(asked(goal="5000"))["goal"]["rate"] == 0.5


def test_pace_of_the_goal() -> None:
    made = make_opportunity(amount=Decimal(350_000), outcome="won", stage="won", closed_at=AT)

    shown: Plan = tell(asked(goal="1000000"), AT).page

    assert made.outcome == "won"
    assert shown.pace is not None
    assert (shown.pace.attainment, shown.pace.linear) == (0.35, pytest.approx(0.7))
    assert shown.pace.per_day == pytest.approx(14_444, abs=0.5)


@pytest.mark.parametrize("wrong", [{"share": "0"}, {"win": "101"}, {"goal": "nan"}, {"value": "1e5"}, {"cost": "-1"}])
def test_assumptions_are_numbers_within_bounds(wrong: dict[str, str]) -> None:
    with pytest.raises(BadQuestion):
        asked(**wrong)


class TestPage:
    def page(self, client_for: Any, **said: str) -> str:
        query = "&".join(f"{name}={value}" for name, value in said.items())
        answer = client_for(make_user("max", role="manager")).get(f"/dashboards/plan/?{query}")
        assert answer.status_code == 200
        return unescape(answer.content.decode())

    def test_assumptions_stand_in_the_fields_and_their_plan_in_a_sentence(self, client_for: Any) -> None:
        page = self.page(client_for, **KA)

        assert "To win €1,000,000 this quarter marketing must bring 235 MQLs" in page
        assert 'name="win" value="25"' in page

    def test_without_a_goal_it_says_where_one_is_set(self, client_for: Any) -> None:
        page = self.page(client_for)

        assert "no goal for this quarter" in page
        assert "/settings/quotas/" in page

    def test_the_api_answers_rows(self, client_for: Any) -> None:
        client = client_for(make_user("max", role="manager"))

        body = client.get("/api/v1/reports/plan/?from=2026-01-01&to=2026-04-01&goal=100&share=40").json()

        assert [row["step"] for row in body["rows"]] == [
            "goal", "customer", "opportunity", "qualified", "accepted", "mql", "budget",
        ]  # fmt: skip
        assert {"step", "needed", "have", "gap", "rate", "rate_low", "rate_high"} <= body["rows"][0].keys()
        assert client.get("/api/v1/reports/plan/?win=x").status_code == 400
