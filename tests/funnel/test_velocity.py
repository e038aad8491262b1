"""The report *velocity* (METRICS V1 to V9): whose time it was, stays that still run, where leads stall."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from funnel.reports.question import Question
from funnel.reports.registry import question_for
from funnel.reports.velocity import VELOCITY, tell
from funnel.statistics.pace import lead_velocity_rate, pipeline_velocity
from funnel.statistics.sketch import ALPHA
from funnel.statistics.survival import kaplan_meier
from funnel.times import lengths
from funnel.times.lengths import MEASURES, MICROSECONDS_A_DAY, velocities
from funnel.times.selling_pace import lead_pace, pipeline_pace
from leads.models import Touch
from leads.models.touch import TouchBy
from tests.factories import make_opportunity, make_team, make_user
from tests.funnel.histories import add_step, count_figures, day, make_history

pytestmark = pytest.mark.django_db
YEAR = Question(date(2026, 1, 1), date(2027, 1, 1))
LATER = day(300)
# METRICS V4 to V6, with hand-overs that are answered at once where it speaks of one moment.
V4_TO_V6 = (
    ("inquiry", day(0)), ("mql", day(10)), ("offered", day(10)), ("nurture", day(12)), ("mql", day(40)),
    ("offered", day(40)), ("accepted", day(41)), ("qualified", day(50)), ("opportunity", day(55)),
    ("customer", day(85)),
)  # fmt: skip


def told(at: datetime = LATER, **parameters: str) -> dict[str, dict]:
    """Each row by its measure."""
    asked = question_for(VELOCITY, {"from": "2026-01-01", "to": "2027-01-01", **parameters}, today=date(2026, 12, 1))
    return {row["measure"]: row for row in tell(asked, at).rows}


class TestKnownAnswers:
    def test_v2_percentiles_are_interpolated(self):
        for days in (1, 2, 2, 3, 5, 8, 13, 21, 34, 55):
            make_history(("inquiry", day(0)), ("customer", day(days)))
        count_figures()

        [won] = velocities(YEAR, ["captured_to_won"], at=LATER)
        assert (won.n, won.median_days, won.p90_days) == (10, pytest.approx(6.5), pytest.approx(36.1))

    def test_v4_v5_v6_add_up_to_the_total_exactly(self):
        make_history(*V4_TO_V6)
        count_figures()

        rows = told(unit="episodes")
        days = {measure: rows[measure]["total_days"] for measure in ("marketing", "waiting", "sales", "total")}
        assert days == {"marketing": 38, "waiting": 3, "sales": 44, "total": 85}
        assert [rows[measure]["share"] for measure in ("marketing", "waiting", "sales")] == [38 / 85, 3 / 85, 44 / 85]
        assert (rows["sales"]["median_days"], rows["opportunity_to_close"]["median_days"]) == (44, 30)

    def test_v4_v5_v6_add_up_while_the_lead_is_still_open(self):
        for number, (_stage, at) in enumerate(V4_TO_V6, start=1):
            make_history(*V4_TO_V6[:number])
            assert at <= LATER
        count_figures()

        us = {row.measure: row.total_us for row in velocities(replace(YEAR, unit="episodes"), at=LATER)}
        assert us["marketing"] + us["waiting"] + us["sales"] == us["total"]

    def test_v7_pipeline_velocity(self):
        assert round(pipeline_velocity(50, 0.20, 25_000, 60), 2) == 4_166.67
        assert round(pipeline_velocity(100, 0.25, 50_000, 60)) == 20_833
        assert pipeline_velocity(50, 0.2, 25_000, 0) is None

    def test_v8_lead_velocity_rate(self):
        assert lead_velocity_rate(100, 120) == pytest.approx(0.2)
        assert lead_velocity_rate(0, 120) is None

    def test_v9_stalled_longer_than_nine_in_ten_won_ones(self):
        for days in range(1, 12):
            make_history(("inquiry", day(0)), ("mql", day(1)), ("accepted", day(1 + days)), ("customer", day(60)))
        for since in (100, 89):
            make_history(("inquiry", day(0)), ("mql", day(since)))
        count_figures()

        mql = told(day(100))["mql"]
        assert (mql["stalled_after_days"], mql["now"], mql["stalled"]) == (10, 2, 1)
        assert told(day(99.5))["mql"]["stalled"] == 1
        assert told(day(98))["mql"]["stalled"] == 0


class TestStays:
    def test_v1_visits_that_still_run_count_as_at_least_as_long(self):
        """Completed stays alone would say 2 days."""
        for days in (1, 2, 3):
            make_history(("inquiry", day(0)), ("mql", day(days)))
        for _lead in range(4):
            make_history(("inquiry", day(0)))
        count_figures()

        row = told(day(10))["inquiry"]
        assert (row["n"], row["running"], row["median_days"]) == (7, 4, None)
        oracle = kaplan_meier([1, 2, 3, 10, 10, 10, 10], [1, 1, 1, 0, 0, 0, 0]).quantile(0.25)
        assert oracle.age == 2

    def test_how_long_they_run_depends_on_the_given_time_only(self):
        make_history(("inquiry", day(0)), ("mql", day(4)))
        make_history(("inquiry", day(0)), ("mql", day(2)))
        count_figures()

        assert (told(day(5))["inquiry"]["median_days"], told(day(90))["inquiry"]["median_days"]) == (3, 3)
        assert (told(day(5))["mql"]["total_days"], told(day(6))["mql"]["total_days"]) == (4, 6)

    def test_v1_latest_visit_or_all_of_them(self):
        make_history(*V4_TO_V6)
        lead = make_history(("inquiry", day(0)), ("mql", day(1)), ("offered", day(3)), ("mql", day(4)))
        assert lead.episode == 1
        count_figures()

        both, latest = (told(day(10), visits=visits, unit="leads") for visits in ("all", "latest"))
        assert (both["mql"]["total_days"], latest["mql"]["total_days"]) == (0 + 2 + 6, 0 + 6)
        assert (both["mql"]["n"], latest["mql"]["n"], latest["mql"]["running"]) == (2, 2, 1)
        assert (both["offered"]["total_days"], latest["offered"]["total_days"]) == (2 + 1, 2 + 1)
        assert latest["total"]["total_days"] == both["total"]["total_days"]

    def test_sales_cycle_from_acceptance_and_from_opportunity(self):
        make_history(
            ("inquiry", day(0)), ("mql", day(40)), ("offered", day(40)), ("accepted", day(41)), ("qualified", day(50)),
            ("opportunity", day(55)), ("customer", day(85)),
        )  # fmt: skip
        count_figures()

        found = {row.measure: row.median_days for row in velocities(YEAR, at=LATER)}
        assert found == {
            "inquiry": 40, "nurture": None, "mql": 0, "offered": 1, "accepted": 9, "qualified": 5, "opportunity": 30,
            "marketing": 40, "waiting": 1, "sales": 44, "total": 85, "captured_to_won": 85, "opportunity_to_close": 30,
        }  # fmt: skip
        assert list(found) == list(MEASURES)

    def test_of_very_many_it_is_told_within_one_percent(self, monkeypatch):
        random = np.random.default_rng(3)
        for days in random.exponential(20, 60):
            make_history(("inquiry", day(0)), *([("mql", day(days)), ("customer", day(days))] if days < 30 else []))
        make_history(("inquiry", day(5)), ("customer", day(2)))
        count_figures()
        measures = ["inquiry", "total", "captured_to_won"]
        exact = velocities(YEAR, measures, at=day(40))
        monkeypatch.setattr(lengths, "MOST_EXACT", 0)
        monkeypatch.setattr(lengths, "EXACT_UP_TO", 0)

        for one, other in zip(exact, velocities(YEAR, measures, at=day(40)), strict=True):
            assert (one.n, one.running, one.negative, one.total_us) == (
                other.n, other.running, other.negative, other.total_us,
            )  # fmt: skip
            if one.measure != "captured_to_won":
                assert other.median_days == pytest.approx(one.median_days, rel=2 * ALPHA)
        latest = velocities(YEAR, ["inquiry"], at=day(40), latest=True)
        assert latest[0].median_days == pytest.approx(exact[0].median_days, rel=2 * ALPHA)


class TestEndToEnd:
    def test_completed_ones_only_and_what_is_dated_backwards_is_told(self):
        make_history(("inquiry", day(5)), ("customer", day(3)))
        make_history(("inquiry", day(5)), ("mql", day(6)))
        count_figures()

        won = told()["captured_to_won"]
        assert (won["n"], won["running"], won["negative"], won["median_days"]) == (1, 0, 1, -2)
        notes = tell(
            question_for(VELOCITY, {"from": "2026-01-01", "to": "2027-01-01"}, today=date(2026, 12, 1)), LATER
        ).notes
        assert "Captured to won: 1 dated backwards, included as negative times." in notes
        assert "1 still run: their stays count as at least as long as they are by now." in notes

    def test_by_dimension_and_by_period(self):
        rob, rosa = make_user("rob", team=make_team()), make_user("rosa", team=make_team("Team South"))
        for owner, won in ((rob, 35), (rob, 44), (rosa, None)):
            make_history(("inquiry", day(3)), *([("customer", day(won))] if won else []), owner=owner)
        count_figures()

        by_owner = velocities(replace(YEAR, dimension="owner"), ["captured_to_won"], at=LATER)
        assert [(row.key, row.n, row.median_days) for row in by_owner] == [
            (str(rob.pk), 2, 36.5), (str(rosa.pk), 0, None),
        ]  # fmt: skip
        february = replace(YEAR, basis="period", start=date(2026, 2, 1), end=date(2026, 2, 10))
        assert [row.n for row in velocities(february, ["captured_to_won"], at=LATER)] == [1]

    def test_of_nothing_there_is_a_row_of_each_measure(self):
        count_figures()
        assert {(row["n"], row["median_days"]) for row in told().values()} == {(0, None)}


def touch(lead, at, **fields):
    return Touch.objects.create(lead=lead, at=at, **fields)


class TestFirstTouches:
    def test_days_and_touches_up_to_hand_raise_and_mql(self):
        lead = make_history(("inquiry", day(9)), ("mql", day(12)))
        for at in (1, 3, 9, 20):
            touch(lead, day(at), raised_hand=at == 9)
        touch(lead, day(2), by=TouchBy.MARKETING)
        wrong = touch(lead, day(0))
        touch(lead, day(30), corrects=wrong)
        make_history(("inquiry", day(9)))
        count_figures()

        rows = told()
        raised, mql = rows["first_touch_to_hand_raise"], rows["first_touch_to_mql"]
        assert (raised["n"], raised["median_days"], raised["median_touches"]) == (1, 8, 3)
        assert (mql["n"], mql["median_days"], mql["median_touches"]) == (1, 11, 3)


class TestPace:
    def test_v7_from_the_opportunities_there_are(self):
        for number in range(12):
            closed = {"outcome": "won", "stage": "won"} if number < 10 else {"outcome": "lost", "stage": "lost"}
            make_opportunity(amount=1000, opened_at=day(0), closed_at=day(20), **closed)
        for _number in range(6):
            make_opportunity(amount=1000, opened_at=day(0))

        pace = pipeline_pace(YEAR, at=day(60))
        assert (pace.opportunities, pace.won, pace.win_rate, pace.average, pace.days) == (6, 10, 10 / 12, 1000, 20)
        assert pace.a_day == pytest.approx(250)
        assert pace.said.startswith(
            "Pipeline velocity: €250 a day = 6 open opportunities × 83 % won × €1,000 ÷ 20 days"
        )

    def test_v7_says_what_is_missing(self):
        make_opportunity(amount=1000)
        assert pipeline_pace(YEAR, at=day(90)).said == (
            "Pipeline velocity: not enough data, 0 of 10 won opportunities in a year."
        )

    def test_v8_of_the_last_whole_month(self):
        for month, count in ((5, 5), (40, 6), (65, 9)):
            for _lead in range(count):
                make_history(("inquiry", day(1)), ("mql", day(month)))
        count_figures()

        pace = lead_pace(YEAR, at=day(70))
        assert (pace.month, pace.this, pace.last, pace.rate) == (date(2026, 2, 1), 6, 5, pytest.approx(0.2))
        assert pace.said == "Lead velocity: +20 %, 6 MQLs in February after 5 in January."


class TestDrillDown:
    def test_leads_behind_each_figure_are_as_many(self, client_for, mia):
        for days in range(1, 12):
            make_history(("inquiry", day(0)), ("mql", day(days)), ("customer", day(60)))
        make_history(("inquiry", day(0)))
        lead = make_history(("inquiry", day(0)), ("mql", day(2)))
        add_step(lead, "offered", day(3))
        count_figures()
        browser, rows = client_for(mia), told(datetime.now(tz=day(0).tzinfo))

        for row in rows.values():
            if row["n"] and row["leads_url"]:
                page = browser.get(row["leads_url"])
                assert page.context["page"].total == row["n"], row["measure"]
        assert rows["inquiry"]["stalled"] == 1 == browser.get(rows["inquiry"]["stalled_url"]).context["page"].total


def test_the_same_queries_whatever_the_data(django_assert_max_num_queries):
    question = question_for(VELOCITY, {"dimension": "source"}, today=date(2026, 12, 1))
    make_history(("inquiry", day(1)), source="web")
    count_figures()
    with django_assert_max_num_queries(40) as few:
        tell(question, LATER)
    for number in range(12):
        make_history(("inquiry", day(number)), source=f"source {number}")
    count_figures()
    with django_assert_max_num_queries(len(few)):
        tell(question, LATER)


def test_microseconds():
    assert timedelta(days=1) / timedelta(microseconds=1) == MICROSECONDS_A_DAY
