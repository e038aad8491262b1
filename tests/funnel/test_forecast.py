"""The report *forecast*: categories and roll-ups, what is kept of them night by night, and how right it was."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm.fiscal import Calendar
from crm.models import Holiday, HolidayCalendar, Organisation
from funnel.deals.accuracy import accuracy, accuracy_of, bias_of, track
from funnel.deals.chances import ENOUGH_ENDED
from funnel.deals.chosen import opportunities_behind
from funnel.deals.forecasting import snapshot_yesterday, take_snapshot
from funnel.deals.outlook import working_days
from funnel.models import ForecastSnapshot
from funnel.pages.forecast import sentence
from funnel.reports.forecast import Slipped, tell
from tests.factories import DAY, make_opportunity, make_team, make_user
from tests.funnel.test_deals import record_change_at
from tests.funnel.test_pipeline import NOON, asked, chosen_at, close, quota

pytestmark = pytest.mark.django_db
QUARTER = Calendar().quarter(NOON.date())
DUE = date(2026, 6, 20)
CATEGORIES = ("pipeline", "best_case", "most_likely", "commit", "closed", "omitted")


def told(column: str, at: datetime = NOON, **fields: Any) -> dict[str, Any]:
    rows = tell(asked(**fields), at).rows
    return {row["category"]: row[column]["amount"] if isinstance(row[column], dict) else row[column] for row in rows}


def one_of_each() -> None:
    """In each category an amount of its own, so that a sum tells what is in it."""
    for place, category in enumerate(("pipeline", "best_case", "most_likely", "commit", "omitted")):
        make_opportunity(category, forecast_category=category, amount=10**place, expected_close=DUE, probability=50)
    make_opportunity(amount=100_000, outcome="won", stage="won", forecast_category="closed", closed_at=NOON - DAY)


class TestCategories:
    def test_p2_roll_ups_are_cumulative(self) -> None:
        one_of_each()

        assert told("value") == {
            "pipeline": "1.00", "best_case": "10.00", "most_likely": "100.00", "commit": "1000.00",
            "closed": "100000.00", "omitted": "10000.00",
            "open_pipeline": "1111.00", "best_case_forecast": "101110.00", "most_likely_forecast": "101100.00",
            "commit_forecast": "101000.00", "likely": "101111.00",
        }  # fmt: skip

    def test_a_number_leads_to_exactly_the_opportunities_behind_it(self) -> None:
        one_of_each()
        rows = tell(asked(), NOON).rows

        behind = [opportunities_behind(chosen_at(row["deals_url"]), at=NOON) for row in rows]

        assert [(page.total, f"{page.value:.2f}") for page in behind] == [
            (row["deals"], row["value"]["amount"]) for row in rows
        ]

    def test_a_won_deal_counts_only_in_the_quarter_it_was_closed_in_and_a_lost_one_nowhere(self) -> None:
        close(1, after=195, outcome="won", amount=5, expected_close=date(2026, 9, 1), forecast_category="closed")
        close(1, after=100, outcome="won", amount=70, expected_close=DUE, forecast_category="closed")
        close(1, after=195, outcome="lost", amount=900, expected_close=DUE, forecast_category="omitted")

        assert told("value") == {**dict.fromkeys(told("value"), "0.00"), **dict.fromkeys(
            ("closed", "best_case_forecast", "most_likely_forecast", "commit_forecast", "likely"), "5.00"
        )}  # fmt: skip

    def test_what_is_due_in_another_quarter_is_left_out(self) -> None:
        make_opportunity(amount=5, expected_close=date(2026, 7, 1))
        make_opportunity(amount=5, expected_close=None)

        assert told("deals")["open_pipeline"] == 0
        assert told("deals", start=date(2026, 7, 1), end=date(2026, 10, 1))["open_pipeline"] == 1

    def test_weighs_by_the_chance_that_it_is_won_until_the_quarter_is_over(self) -> None:
        close(ENOUGH_ENDED, after=10, outcome="won")
        close(ENOUGH_ENDED, after=100, outcome="won")
        make_opportunity(amount=100, opened_at=NOON, expected_close=date(2026, 6, 30))

        # All are won some day, but half of them only after the 29 days that are left.
        assert float(told("weighted")["likely"]) == pytest.approx(50, abs=1)

    def test_an_open_deal_brings_nothing_to_a_quarter_that_is_over(self) -> None:
        make_opportunity(amount=100, expected_close=DUE, probability=90)
        later = NOON + 60 * DAY

        found = told("weighted", at=later, end=date(2026, 7, 1))

        assert (told("value", at=later)["open_pipeline"], found["open_pipeline"]) == ("100.00", "0.00")

    def test_is_cut_by_a_dimension_of_deals(self) -> None:
        rob = make_user("rob")
        make_opportunity(amount=100, expected_close=DUE, owner=rob, forecast_category="commit")
        make_opportunity(amount=7, expected_close=DUE)

        rows = {
            (row["label"], row["category"]): row["value"]["amount"] for row in tell(asked(dimension="owner"), NOON).rows
        }

        assert (rows["Rob", "commit_forecast"], rows["(missing)", "open_pipeline"]) == ("100.00", "7.00")
        assert told("value", dimension="owner", key=str(rob.pk))["open_pipeline"] == "100.00"


class TestSlipped:
    def test_p8_moved_out_of_the_quarter_by_those_forecast_in_it(self) -> None:
        for n in range(10):
            deal = make_opportunity(amount=10, expected_close=DUE, opened_at=NOON - 20 * DAY)
            if n < 3:
                record_change_at(deal, NOON - DAY, expected_close=date(2026, 8, 1))
        brought_in = make_opportunity(expected_close=date(2026, 8, 1), opened_at=NOON - 20 * DAY)
        record_change_at(brought_in, NOON - DAY, expected_close=date(2026, 9, 1))
        moved_before = make_opportunity(expected_close=DUE, opened_at=NOON - 200 * DAY)
        record_change_at(moved_before, datetime(2026, 3, 31, 12, tzinfo=NOON.tzinfo), expected_close=date(2026, 8, 1))

        slipped = tell(asked(), NOON).page.slipped

        assert (slipped.forecast, slipped.pushed, slipped.rate, slipped.value) == (10, 3, 0.3, Decimal(30))
        assert opportunities_behind(chosen_at(slipped.href), at=NOON).total == 3

    def test_one_that_was_closed_in_the_quarter_has_not_slipped(self) -> None:
        deal = make_opportunity(expected_close=DUE, opened_at=NOON - 20 * DAY)
        record_change_at(deal, NOON - 2 * DAY, expected_close=date(2026, 8, 1))
        record_change_at(deal, NOON - DAY, outcome="won", stage="won", closed_at=NOON - DAY)

        assert tell(asked(), NOON).page.slipped.pushed == 0

    def test_nothing_forecast_has_no_rate(self) -> None:
        assert Slipped(0, 0, Decimal(0), "").rate is None


class TestSnapshot:
    def test_keeps_what_stood_when_the_day_ended_by_owner_and_team(self) -> None:
        rob = make_user("rob", team=make_team())
        make_opportunity(amount=100, expected_close=DUE, owner=rob, probability=50, opened_at=NOON - 5 * DAY)
        make_opportunity(amount=8, expected_close=date(2026, 8, 1), opened_at=NOON - 5 * DAY)
        make_opportunity(amount=1000, expected_close=DUE, opened_at=NOON)

        snapshot_yesterday(at=NOON)

        kept = ForecastSnapshot.objects.values_list("day", "quarter", "owner", "team", "category", "value", "weighted")
        assert list(kept.order_by("quarter")) == [
            (date(2026, 5, 31), date(2026, 4, 1), rob.pk, rob.team_id, "pipeline", 100, 50),
            (date(2026, 5, 31), date(2026, 7, 1), 0, 0, "pipeline", 8, Decimal("0.80")),
        ]

    def test_a_day_is_kept_once_as_it_was_said(self) -> None:
        deal = make_opportunity(amount=100, expected_close=DUE, opened_at=NOON - 5 * DAY)
        first = snapshot_yesterday(at=NOON)
        type(deal).objects.update(amount=5)

        again = snapshot_yesterday(at=NOON + timedelta(hours=3))

        assert (first, again) == (2, 0)
        assert ForecastSnapshot.objects.get(quarter=QUARTER.start).value == 100

    def test_nothing_forecast_is_remembered_too(self) -> None:
        assert snapshot_yesterday(at=NOON) == 2
        assert snapshot_yesterday(at=NOON) == 0

    def test_the_track_of_a_quarter_adds_owners_up(self) -> None:
        for name in ("rob", "rosa"):
            make_opportunity(
                amount=100, expected_close=DUE, owner=make_user(name), probability=50, opened_at=NOON - 5 * DAY,
                forecast_category="commit",
            )  # fmt: skip
        make_opportunity(amount=9, outcome="won", stage="won", closed_at=NOON - 5 * DAY, opened_at=NOON - 50 * DAY)
        take_snapshot(date(2026, 5, 30), at=NOON)

        [one] = track(asked(), QUARTER, NOON.date())

        assert (one.day, one.booked, one.commit, one.likely) == (date(2026, 5, 30), 9, 209, 109)
        # sd √(2·100²·½·½) = 70.71, never beyond what is booked and what there is.
        assert (one.low, one.high) == (9, pytest.approx(209))


class TestAccuracy:
    def test_p7_ninety_of_a_hundred(self) -> None:
        assert accuracy_of(90, 100) == pytest.approx(0.9)
        assert bias_of(90, 100) == pytest.approx(-0.1)
        assert accuracy_of(90, 0) is None

    def test_p7_by_week_of_the_quarter_it_was_made_in(self) -> None:
        before = Calendar().quarter(date(2026, 2, 1))
        for day, likely in ((date(2026, 1, 20), 50), (date(2026, 3, 29), 70), (date(2026, 3, 30), 90)):
            keep(day, before.start, likely)
        keep(date(2026, 4, 1), before.start, 1)
        close(1, after=100, outcome="won", amount=100)

        found = accuracy(asked(), at=NOON)

        assert [(one.week, one.quarters, round(one.accuracy, 2), round(one.bias, 2)) for one in found] == [
            (3, 1, 0.5, -0.5),
            (13, 1, 0.9, -0.1),
        ]

    def test_is_not_told_where_no_snapshot_knows(self) -> None:
        assert accuracy(asked(filters=(("source", "ads"),)), at=NOON) == []
        assert any("kept by owner and team" in note for note in tell(asked(filters=(("source", "ads"),)), NOON).notes)


def keep(day: date, quarter: date, likely: int) -> None:
    ForecastSnapshot.objects.create(
        day=day, quarter=quarter, category="commit", deals=1, value=likely, weighted=likely, low=likely, high=likely,
        currency="EUR",
    )  # fmt: skip


class TestPage:
    @pytest.mark.parametrize("name", ["pipeline", "forecast"])
    @pytest.mark.parametrize("query", ["", "?dimension=owner", "?compare=1", "?from=2025-01-01&until=2025-03-31"])
    def test_says_what_to_know(self, client: Any, name: str, query: str) -> None:
        client.force_login(make_user("max", role="manager"))
        one_of_each()

        page = client.get(f"/dashboards/{name}/{query}")

        assert page.status_code == 200
        assert "figure-strip" in page.text

    def test_will_we_make_the_quarter(self) -> None:
        one_of_each()
        quota("100600")

        assert sentence(tell(asked(), NOON).page) == (
            "Q2 2026 is open: commit is €101k of €101k; likely €100k to €101k; 21 working days left."
        )

    @pytest.mark.parametrize(
        ("amount", "verdict"),
        [("100000", "is made"), ("100010", "will probably be made"), ("150000", "will probably be missed")],
    )
    def test_says_it_before_the_figures(self, amount: str, verdict: str) -> None:
        one_of_each()
        quota(amount)

        assert sentence(tell(asked(), NOON).page).startswith(f"Q2 2026 {verdict}: commit is ")

    def test_counts_working_days_without_holidays(self) -> None:
        days = HolidayCalendar.objects.create(name="Here")
        Holiday.objects.create(calendar=days, day=date(2026, 6, 4))
        Organisation.objects.update_or_create(pk=1, defaults={"holidays": days})

        assert working_days(date(2026, 6, 1), date(2026, 6, 8)) == 4
