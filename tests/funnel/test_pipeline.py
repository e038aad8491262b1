"""The report *pipeline*: what is open, what of it is to be expected, and whether it covers what is still missing."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm.fiscal import fiscal_quarter
from crm.models import CurrencyRate
from funnel.deals.chances import ENOUGH_ENDED, Chances, chances, curve_of
from funnel.deals.chosen import opportunities_behind, read_chosen
from funnel.deals.connected import connected
from funnel.deals.outlook import Coverage, outlook
from funnel.facts.recompute import rebuild
from funnel.models import Quota
from funnel.reports.pipeline import PIPELINE, Flow, tell
from funnel.reports.question import Question
from leads.models import OpportunityPerson, PipelineStage
from tests.factories import DAY, MONDAY, make_lead, make_mql, make_opportunity, make_team, make_user
from tests.funnel.test_deals import record_change_at

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, tzinfo=MONDAY.tzinfo)
C4 = [(2, 1), (3, 2), (3, 0), (5, 1), (6, 0), (8, 2), (8, 1), (10, 0), (12, 1), (12, 0)]


def asked(**fields: Any) -> Question:
    return Question(**{"start": date(2026, 4, 1), "end": date(2026, 7, 1), "basis": "period", **fields})


def told(*columns: str, **fields: Any) -> list[tuple[Any, ...]]:
    rows = tell(asked(**fields), NOON).rows
    return [
        tuple(row[name]["amount"] if isinstance(row[name], dict) else row[name] for name in columns) for row in rows
    ]


def close(count: int, *, after: int, outcome: str, **fields: Any) -> None:
    for _ in range(count):
        opened = NOON - 200 * DAY
        make_opportunity(opened_at=opened, outcome=outcome, stage=outcome, closed_at=opened + after * DAY, **fields)


class TestWeighted:
    def test_p3_sum_of_amount_times_probability_with_its_spread(self) -> None:
        for amount, chance in ((100, 10), (200, 30), (50, 60), (80, 90)):
            make_opportunity(amount=amount, probability=chance)

        [row] = [row for row in tell(asked(), NOON).rows if row["stage"] == "discovery"]

        assert (row["value"]["amount"], row["weighted"]["amount"]) == ("430.00", "172.00")
        # 102.35 is the standard deviation; the lower bound would be below nothing.
        assert (row["low"]["amount"], row["high"]["amount"]) == ("0.00", f"{172 + 1.959964 * 102.3523:.2f}")

    def test_p3_chance_at_age_6_is_one_half(self) -> None:
        found = [{"age": age, "cause": cause, "entry": 0, "deals": 10} for age, cause in C4]

        learnt = Chances({"": curve_of(found, 60)}, {"": 60})

        assert learnt.of("proof", [6]) == [pytest.approx(0.5)]

    def test_chances_come_from_how_deals_of_that_age_ended(self) -> None:
        close(20, after=10, outcome="won")
        close(20, after=30, outcome="lost")
        make_opportunity(opened_at=NOON - 5 * DAY, amount=100, probability=1)
        make_opportunity(opened_at=NOON - 15 * DAY, amount=1000, probability=99)

        [row] = [row for row in tell(asked(), NOON).rows if row["deals"]]

        # After ten days 20 of the 41 that were still watched are won; who is open after that was always lost.
        assert row["weighted"]["amount"] == f"{100 * 20 / 41:.2f}"
        assert "too few of any one stage" in " ".join(tell(asked(), NOON).notes)

    def test_a_stage_with_enough_ended_deals_has_a_curve_of_its_own(self) -> None:
        for outcome in ["won"] * ENOUGH_ENDED + ["lost"] * ENOUGH_ENDED:
            opened = NOON - 100 * DAY
            deal = make_opportunity(opened_at=opened, stage="proof" if outcome == "won" else "discovery")
            record_change_at(
                deal, opened + 20 * DAY, stage=outcome, outcome=outcome, closed_at=opened + 20 * DAY,
            )  # fmt: skip

        learnt = chances(NOON.date(), at=NOON)

        assert learnt.ended == {"": 60, "proof": 30, "discovery": 30}
        assert [learnt.of(stage, [5])[0] for stage in ("proof", "discovery", "proposal")] == pytest.approx([1, 0, 0.5])

    def test_a_deal_is_watched_in_a_stage_only_from_when_it_came_there(self) -> None:
        """Those lost early never came to the proof, and say nothing of it."""
        for _ in range(ENOUGH_ENDED):
            opened = NOON - 100 * DAY
            deal = make_opportunity(opened_at=opened)
            record_change_at(deal, opened + 30 * DAY, stage="proof")
            record_change_at(deal, opened + 40 * DAY, stage="won", outcome="won", closed_at=opened + 40 * DAY)
        close(ENOUGH_ENDED, after=10, outcome="lost")

        learnt = chances(NOON.date(), at=NOON)

        assert learnt.of("proof", [35]) == [pytest.approx(1)]
        assert learnt.of("solution", [5]) == [pytest.approx(0.5)]

    def test_without_enough_ended_deals_says_how_many_are_missing(self) -> None:
        close(3, after=10, outcome="won")

        assert any("(3 of 30)" in note for note in tell(asked(), NOON).notes)


class TestRows:
    def test_every_stage_in_use_has_a_row_in_its_order(self) -> None:
        PipelineStage.objects.filter(stage="proof").update(retired=True)
        make_opportunity(amount=5, stage="negotiation")

        assert told("stage", "deals", "value") == [
            ("discovery", 0, "0.00"), ("solution", 0, "0.00"), ("proposal", 0, "0.00"), ("negotiation", 1, "5.00"),
        ]  # fmt: skip

    def test_closed_ones_are_never_in_it(self) -> None:
        close(1, after=1, outcome="lost", amount=100)

        assert sum(deals for (deals,) in told("deals")) == 0

    def test_counts_deals_without_a_lead_or_an_amount_and_says_so(self) -> None:
        make_opportunity(owner=make_user("rob"))
        make_opportunity(lead=make_lead(source="ads"), amount=50)

        assert told("label", "deals", "value", dimension="source") == [("ads", 1, "50.00"), ("(missing)", 1, "0.00")]
        assert "1 opportunity has no amount: it is counted, with value 0." in tell(asked(), NOON).notes

    def test_adds_up_in_the_currency_of_the_organisation(self) -> None:
        CurrencyRate.objects.create(currency="USD", on=date(2026, 1, 1), rate=Decimal("0.5"))
        make_opportunity(amount=100, currency="USD")
        make_opportunity(amount=100)
        make_opportunity(amount=100, currency="JPY")

        assert told("deals", "value")[0] == (3, "150.00")
        assert "1 amount in JPY has no rate on its day and is left out." in tell(asked(), NOON).notes

    def test_by_month_and_quarter_of_the_expected_close(self) -> None:
        for day in (date(2026, 6, 30), date(2026, 7, 1), None):
            make_opportunity(expected_close=day)

        assert told("label", "deals", dimension="quarter") == [("Q2 2026", 1), ("Q3 2026", 1), ("(missing)", 1)]
        assert told("label", "deals", dimension="month") == [("2026-06", 1), ("2026-07", 1), ("(missing)", 1)]
        assert told("label", "deals", dimension="quarter", key="2026-07-01") == [("Q3 2026", 1)]

    @pytest.mark.parametrize("dimension", [*PIPELINE.dimensions, "month"])
    def test_a_number_leads_to_exactly_the_opportunities_behind_it(self, dimension: str) -> None:
        rob = make_user("rob", team=make_team(region="North", manager=make_user("max", role="manager")))
        make_opportunity(owner=rob, expected_close=date(2026, 9, 1), product="Plan")
        make_opportunity(lead=make_lead(source="ads", channel="email", country="DE"), expected_close=date(2026, 5, 1))
        make_opportunity(stage="proof")

        rows = tell(asked(dimension=dimension), NOON).rows

        behind = [opportunities_behind(chosen_at(row["deals_url"]), at=NOON).total for row in rows]
        assert behind == [row["deals"] for row in rows]
        assert sum(behind) == 3

    def test_tells_what_stands_out(self) -> None:
        PipelineStage.objects.filter(stage="proof").update(stay_p90=10 * DAY)
        make_opportunity(stage="proof", stage_since=NOON - 11 * DAY, expected_close=date(2026, 5, 1))
        make_opportunity(stage="proof", stage_since=NOON - 9 * DAY, opened_at=NOON - 300 * DAY, last_activity_at=NOON)
        rows = {row["stage"]: row for row in tell(asked(), NOON).rows}

        assert {name: rows["proof"][name] for name in ("overdue", "undated", "stalled", "quiet")} == {
            "overdue": 1, "undated": 1, "stalled": 1, "quiet": 1,
        }  # fmt: skip

    @pytest.mark.parametrize("many", [1, 30])
    def test_costs_the_same_queries_whatever_there_is(
        self, client: Any, django_assert_max_num_queries: Any, many: int
    ) -> None:
        client.force_login(make_user("max", role="manager"))
        for n in range(many):
            make_opportunity(owner=make_user(f"rep{n}"), expected_close=date(2026, 7, n + 1))
        client.get("/dashboards/pipeline/?dimension=owner")

        with django_assert_max_num_queries(36):
            page = client.get("/dashboards/pipeline/?dimension=owner")

        assert page.status_code == 200


class TestThen:
    def test_an_earlier_day_is_told_by_the_history(self) -> None:
        deal = make_opportunity(amount=100, opened_at=NOON - 60 * DAY)
        record_change_at(deal, NOON - 10 * DAY, amount=300, stage="proof")

        before = tell(asked(end=(NOON - 20 * DAY).date()), NOON)

        [row] = [row for row in before.rows if row["deals"]]
        assert (row["stage"], row["value"]["amount"], row["stalled"]) == ("discovery", "100.00", None)
        assert before.notes[-1].startswith("As the opportunities stood at the end of 11 May 2026")
        assert opportunities_behind(chosen_at(row["deals_url"]), at=NOON).value == Decimal(100)

    def test_says_what_was_written_down_only_later(self) -> None:
        deal = make_opportunity(opened_at=NOON - 60 * DAY)
        type(deal).objects.filter(pk=deal.pk).update(created_at=NOON)

        assert "1 were written down later" in tell(asked(end=(NOON - 20 * DAY).date()), NOON).notes[-1]


class TestCoverage:
    def test_p4_open_pipeline_by_what_is_still_missing(self) -> None:
        told = Coverage(Decimal(4_800_000), Decimal(1_600_000), 0.22)

        assert told.coverage == 3.0
        assert told.required == pytest.approx(4.55, abs=0.005)
        assert told.gap_share == pytest.approx(0.66)

    def test_counts_what_is_due_in_the_quarter_and_not_omitted(self) -> None:
        due = {"expected_close": date(2026, 6, 10), "amount": 100}
        make_opportunity(**due)
        make_opportunity(**due, forecast_category="omitted")
        make_opportunity(amount=100, expected_close=date(2026, 7, 1))
        make_opportunity(amount=40, outcome="won", stage="won", closed_at=NOON - DAY)
        quota("200")

        found = outlook(asked(), fiscal_quarter(NOON.date()), NOON.date(), at=NOON)

        assert (found.booked, found.quota, found.remaining, found.open_value) == (40, 200, 160, 100)
        assert found.coverage.coverage == 0.625
        assert found.coverage.required is None

    def test_a_quota_of_a_year_counts_by_its_days_and_one_of_teams_where_the_organisation_has_none(self) -> None:
        north, south = make_team(), make_team("Team South")
        quota("365", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), team=north)
        quota("9", team=south)
        quarter = fiscal_quarter(NOON.date())

        assert outlook(asked(), quarter, NOON.date(), at=NOON).quota == 100
        assert outlook(asked(filters=(("team", str(north.pk)),)), quarter, NOON.date(), at=NOON).quota == 91
        assert outlook(asked(filters=(("source", "ads"),)), quarter, NOON.date(), at=NOON).quota is None

    def test_p9_created_against_closed(self) -> None:
        assert Flow(Decimal(500), Decimal(400)).balance == 1.25
        make_opportunity(amount=300, opened_at=NOON - 3 * DAY)
        make_opportunity(
            amount=200, opened_at=NOON - 3 * DAY, outcome="lost", stage="lost", closed_at=NOON, expected_close=None
        )
        make_opportunity(amount=200, opened_at=NOON - 300 * DAY, outcome="won", stage="won", closed_at=NOON - DAY)

        assert tell(asked(), NOON).page.flow.balance == 1.25


class TestConnected:
    def test_follows_marketings_leads_through_the_three_reports(self) -> None:
        leads = [make_mql(at=NOON - 90 * DAY) for _ in range(6)]
        make_mql(at=NOON - 90 * DAY, sourced_by="partner")
        make_mql(at=NOON - 500 * DAY)
        due = {"expected_close": date(2026, 6, 10)}
        make_opportunity(lead=leads[0])
        make_opportunity(lead=leads[1], **due)
        make_opportunity(lead=leads[1], **due)
        joined = make_opportunity(outcome="won", stage="won", closed_at=NOON - DAY)
        OpportunityPerson.objects.create(opportunity=joined, contact=contact(), lead=leads[2])
        make_opportunity(lead=leads[3], expected_close=date(2026, 7, 1))
        rebuild()

        found = connected(asked(), at=NOON)

        assert found is not None
        assert found.sentence == (
            "Of 6 MQLs of marketing in twelve months, 4 stand in the pipeline report; of those 2 in the forecast; "
            "of those 1 in win/loss."
        )
        assert [(step.leads, step.deals, step.of) for step in found.steps] == [(4, 5, 6), (2, 3, 4), (1, 1, 2)]
        behind = [opportunities_behind(chosen_at(step.href), at=NOON).total for step in found.steps]
        assert behind == [5, 3, 1]

    def test_is_not_told_of_what_leads_do_not_know(self) -> None:
        assert connected(asked(filters=(("manager", "1"),)), at=NOON) is None


def chosen_at(address: str) -> Any:
    from urllib.parse import parse_qsl, urlsplit

    return read_chosen(dict(parse_qsl(urlsplit(address).query)), today=NOON.date())


def contact() -> Any:
    from leads.models import Contact

    return Contact.objects.create(first_name="Ann")


def quota(amount: str, **fields: Any) -> Quota:
    days = {"starts_on": date(2026, 4, 1), "ends_on": date(2026, 6, 30)}
    return Quota.objects.create(
        **{"measure": "revenue", "amount": Decimal(amount), "currency": "EUR", **days, **fields}
    )
