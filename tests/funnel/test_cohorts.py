"""funnel/times/cohorts.py and the report: known answers of METRICS C2 to C5, told of real leads in the log."""

from datetime import date, datetime

import pytest

from crm.intervals import wilson
from crm.models import Organisation
from funnel.reports.cohorts import AGES, COHORTS, tell
from funnel.reports.question import Question
from funnel.reports.registry import question_for
from leads.lifecycle import Stage
from tests.funnel.histories import JANUARY, count_figures, day, make_history

pytestmark = pytest.mark.django_db
INQUIRY, MQL, CUSTOMER, LOST, NURTURE = Stage.INQUIRY, Stage.MQL, Stage.CUSTOMER, Stage.LOST, Stage.NURTURE
YEAR = {"from": "2026-01-01", "to": "2027-01-01"}


def asked(**parameters: str) -> Question:
    return question_for(COHORTS, {**YEAR, **parameters}, today=date(2026, 12, 1))


def told(at: datetime, **parameters: str) -> dict[tuple[str, int], dict]:
    """Each row by its cohort and age."""
    return {(row["cohort"], row["age_days"]): row for row in tell(asked(**parameters), at).rows}


def make_c4(at: datetime, copies: int = 1) -> datetime:
    """The leads of METRICS C4, each so many times; all open ones are as old as they say at the time it returns."""
    seen_at = at
    for duration, cause in zip((2, 3, 3, 5, 6, 8, 8, 10, 12, 12), (1, 2, 0, 1, 0, 2, 1, 0, 1, 0), strict=True):
        for _copy in range(copies):
            began = day(20 - duration)
            end = {1: [(CUSTOMER, day(20))], 2: [(LOST, day(20))], 0: []}[cause]
            make_history((INQUIRY, began), *end)
    return seen_at


class TestKnownAnswers:
    def test_c4_won_and_lost_by_age(self):
        make_c4(day(20), copies=10)
        count_figures()

        rows = told(day(20), cut="all")
        assert (rows["all", 7]["won"], rows["all", 7]["lost"]) == (pytest.approx(3 / 14), pytest.approx(1 / 10))
        assert (rows["all", 7]["at_risk"], rows["all", 7]["size"], rows["all", 7]["won_so_far"]) == (50, 100, 40)
        assert rows["all", 7]["running"] == 0.4

    def test_c2_of_the_cohort_that_has_ever_got_there(self):
        """January: 40 MQLs, 10 accepted at once and 10 in February; February: 10, 5 at once and 5 in March."""
        for number, (began, accepted) in enumerate([(5, 10)] * 10 + [(5, 40)] * 10 + [(5, None)] * 20):
            make_history((INQUIRY, day(began)), (MQL, day(began)), *([(CUSTOMER, day(accepted))] if accepted else []))
            assert number < 40
        for accepted in [40] * 5 + [65] * 5:
            make_history((INQUIRY, day(35)), (MQL, day(35)), (CUSTOMER, day(accepted)))
        count_figures()

        rows = told(day(160), cut="month", cohort="mql")
        assert (rows["2026-01", 120]["won_within"], rows["2026-02", 120]["won_within"]) == (0.5, 1.0)
        assert (rows["2026-01", 7]["won_by_then"], rows["2026-01", 60]["won_by_then"]) == (10, 20)

    def test_c3_only_cohorts_whose_youngest_is_old_enough(self):
        make_history((INQUIRY, day(1)), (CUSTOMER, day(8)))
        make_history((INQUIRY, day(20)))
        count_figures()

        rows = told(day(40), cut="month")
        assert [rows["2026-01", age]["won_within"] for age in (7, 14, 30)] == [0.5, 0.5, None]
        assert rows["2026-01", 30]["won_by_then"] == 1
        assert told(day(50), cut="month")["2026-01", 30]["won_within"] == 0.5

    def test_c3_days_are_calendar_days(self):
        """A quarter of an hour over midnight is one day; so is an hour less than two."""
        for hours in (0.5, 47):
            began = datetime(2026, 1, 10, 23, 45, tzinfo=JANUARY.tzinfo) if hours < 1 else JANUARY
            make_history((INQUIRY, began), (CUSTOMER, began + (day(hours / 24) - JANUARY)))
        count_figures()

        rows = told(day(40), cut="all")
        assert (rows["all", 0]["won_by_then"], rows["all", 7]["won_by_then"]) == (0, 2)


class TestHonesty:
    def test_nothing_is_told_of_fewer_than_ten(self):
        for _lead in range(9):
            make_history((INQUIRY, day(1)), (CUSTOMER, day(2)))
        count_figures()

        assert told(day(40), cut="all")["all", 14]["won"] is None
        assert told(day(40), cut="all")["all", 14]["at_risk"] == 0

    def test_a_young_cohort_ends_where_fewer_than_ten_are_left(self):
        for began in range(20):
            make_history((INQUIRY, day(began)))
        count_figures()

        rows = told(day(21), cut="all")
        assert [(age, rows["all", age]["at_risk"]) for age in (7, 14)] == [(7, 15), (14, 8)]
        assert (rows["all", 7]["won"], rows["all", 14]["won"]) == (0, None)
        assert ("all", 30) not in rows

    def test_of_none_the_upper_bound_is_what_so_few_may_hide(self):
        for _lead in range(12):
            make_history((INQUIRY, day(1)))
        count_figures()

        row = told(day(40), cut="all")["all", 30]
        assert (row["won"], row["won_low"], row["won_high"]) == (0, 0, wilson(0, 12)[1])

    def test_a_cohort_that_is_over_is_told_to_its_end(self):
        """Nobody is at risk any more, but nothing is unknown either."""
        for _lead in range(10):
            make_history((INQUIRY, day(1)), (CUSTOMER, day(3)))
        count_figures()

        assert told(day(100), cut="all")["all", 90]["won"] == pytest.approx(1)

    def test_c5_eventual_share_wants_thirty_wins(self):
        for number in range(200):
            won = number % 5 == 0
            make_history((INQUIRY, day(0)), *([(CUSTOMER, day(number % 50))] if won else [(LOST, day(3))]))
        count_figures()

        assert told(day(300), cut="all")["all", 30]["eventually"] == pytest.approx(0.2, abs=0.01)
        assert told(day(300), cut="all", source="web") == {}

    def test_who_came_again_is_at_risk_no_longer(self):
        lead = make_history((INQUIRY, day(0)), (MQL, day(1)), (NURTURE, day(2)), (MQL, day(10)))
        assert lead.episode == 2
        for _lead in range(10):
            make_history((INQUIRY, day(0)))
        count_figures()

        rows = told(day(40), cut="all")
        assert (rows["all", 7]["at_risk"], rows["all", 14]["at_risk"]) == (11, 10)
        assert rows["all", 14]["lost"] == 0


class TestCuts:
    def test_quarters_follow_the_fiscal_calendar(self, db):
        organisation = Organisation.get()
        organisation.fiscal_year_starts = 2
        organisation.save()
        make_history((INQUIRY, day(15)))
        make_history((INQUIRY, day(40)))
        count_figures()

        rows = told(day(50))
        assert sorted({key for key, _age in rows}) == ["2025-11-01", "2026-02-01"]
        assert [rows[key, 0]["label"] for key in ("2025-11-01", "2026-02-01")] == ["FY26 Q4", "FY27 Q1"]

    def test_by_a_dimension_the_largest_comes_first(self):
        for source in ("web", "fair", "fair", ""):
            make_history((INQUIRY, day(1)), source=source)
        count_figures()

        rows = tell(asked(dimension="source"), day(1)).rows
        assert [(row["cohort"], row["key"], row["size"]) for row in rows] == [
            ("fair", "fair", 2), ("(missing)", "(missing)", 1), ("web", "web", 1),
        ]  # fmt: skip
        assert [row["cohort"] for row in tell(asked(dimension="source", key="web"), day(1)).rows] == ["web"]

    def test_leads_behind_the_wins_are_as_many(self, client_for, mia):
        make_history((INQUIRY, day(1)), (CUSTOMER, day(9)))
        make_history((INQUIRY, day(1)))
        count_figures()

        [row] = [row for row in tell(asked(), day(200)).rows if row["age_days"] == 14]
        page = client_for(mia).get(row["leads_url"])
        assert row["won_so_far"] == 1 == len(page.context["page"].rows)

    def test_the_answer_depends_on_the_given_time_only(self):
        make_history((INQUIRY, day(1)))
        count_figures()

        assert max(age for _cohort, age in told(day(9), cut="all")) == 7
        assert max(age for _cohort, age in told(day(100), cut="all")) == 90
        assert set(AGES) >= {0, 7, 14, 30, 60, 90, 120, 150, 180, 365}


def test_the_same_queries_whatever_the_data(django_assert_max_num_queries):
    question = asked(dimension="source")
    make_history((INQUIRY, day(1)), source="web")
    count_figures()
    with django_assert_max_num_queries(12) as few:
        tell(question, day(30))
    for number in range(12):
        make_history((INQUIRY, day(number)), source=f"source {number}")
    count_figures()
    with django_assert_max_num_queries(len(few)):
        tell(question, day(30))
