"""The report *attempts* (METRICS A1 to A4), told of real activities."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel.models import FigureSettings
from funnel.reports.attempts import ATTEMPTS, tell
from funnel.reports.registry import question_for
from leads.attempts import ONE_ATTEMPT, beginnings, beginnings_sql
from leads.models import Activity, LeadScore
from tests.factories import make_team, make_user
from tests.funnel.histories import count_figures, day, make_history

LATER = day(300)
HOUR = timedelta(hours=1)


def asked(**parameters: str):
    return question_for(ATTEMPTS, {"from": "2026-01-01", "to": "2027-01-01", **parameters}, today=date(2026, 12, 1))


def told(at=LATER, **parameters: str):
    return tell(asked(**parameters), at)


def figures(*names: str, **parameters: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in told(**parameters).rows]


@pytest.fixture
def caller(db):
    return make_user("rob", team=make_team())


def accepted(*steps, **fields):
    return make_history(("inquiry", day(0)), ("accepted", day(1)), *steps, **fields)


def call(lead, at, by, outcome="no_answer", kind="call", direction="outbound"):
    return Activity.objects.create(lead=lead, at=at, by=by, kind=kind, outcome=outcome, direction=direction)


def make_known_answer(by) -> None:
    """100 leads, reached at attempt 1 to 4: 20, 12, 6, 2; given up after them: 10, 20, 15, 15."""
    for outcome, counts in (("reached", (20, 12, 6, 2)), ("no_answer", (10, 20, 15, 15))):
        for last, count in enumerate(counts, start=1):
            for _lead in range(count):
                lead = accepted(owner=by)
                Activity.objects.bulk_create(
                    Activity(
                        lead=lead, at=day(1 + number), by=by, kind="call", direction="outbound",
                        outcome=outcome if number == last else "no_answer",
                    )
                    for number in range(1, last + 1)
                )  # fmt: skip
    count_figures()


class TestKnownAnswers:
    def test_a1_a2_hazard_and_cumulative(self, caller):
        make_known_answer(caller)

        rows = told().rows
        assert [(row["attempt"], row["at_risk"], row["contacts"]) for row in rows] == [
            (1, 100, 20), (2, 70, 12), (3, 38, 6), (4, 17, 2),
        ]  # fmt: skip
        assert [row["hazard"] for row in rows] == pytest.approx([0.2, 0.1714, 0.1579, 0.1176], abs=5e-5)
        assert [row["cumulative"] for row in rows] == pytest.approx([0.2, 0.3371, 0.4418, 0.5075], abs=5e-5)
        assert all(row["cumulative_low"] < row["cumulative"] < row["cumulative_high"] for row in rows)

    def test_a3_plateau_and_what_the_economic_point_lacks(self, caller):
        make_known_answer(caller)

        assert told().notes == [
            "Up to which attempt it pays is not told: no cost of an attempt is set.",
            "Nine in ten of those who can be reached are reached by attempt 4.",
        ]

    def test_a3_pays_up_to_the_third_attempt(self, caller):
        """What 40 buyers reached have brought is 8,000: 200 each, at a cost of 25 an attempt."""
        from leads.lifecycle import Stage
        from leads.models import Lead, Opportunity
        from tests.funnel.histories import add_step

        FigureSettings.get()
        FigureSettings.objects.update(attempt_cost=Decimal(25))
        make_known_answer(caller)
        lead = Lead.objects.filter(activities__outcome="reached").earliest("pk")
        add_step(lead, Stage.CUSTOMER, day(20))
        Opportunity.objects.create(lead=lead, name="Deal", stage="won", outcome="won", amount=8000, closed_at=day(20))
        count_figures()

        tipping = told().page.tipping
        assert (tipping.pays_until, tipping.value, tipping.cost) == (3, 200, 25)
        assert told().notes[0] == "It pays up to attempt 3 (€200 a buyer reached, €25 an attempt)."

    def test_a4_where_each_rep_gives_up(self, caller):
        rosa = make_user("anna")
        for count in (2, 4, 6):
            lead = accepted(owner=caller)
            for number in range(count):
                call(lead, day(2) + number * 12 * HOUR, caller)
        call(accepted(owner=rosa), day(2), rosa, outcome="reached")
        count_figures()

        [(first, anna), (second, rob)] = told().page.reps
        assert [first, second] == ["Anna", "Rob"]
        assert (rob.tried, rob.reached, rob.given_up, rob.attempts, rob.gap_hours) == (3, 0, 3, 4, 12)
        assert (anna.tried, anna.reached, anna.given_up, anna.attempts) == (1, 1, 0, None)


class TestWhatAnAttemptIs:
    def test_several_channels_within_half_an_hour_are_one(self, caller):
        lead = accepted()
        for minutes, kind in ((0, "call"), (10, "email"), (29, "social"), (31, "call")):
            call(lead, day(2) + timedelta(minutes=minutes), caller, kind=kind)
        count_figures()

        assert figures("attempt", "at_risk") == [(1, 1), (2, 1)]
        assert [(one.kind, one.count) for one in told().page.kinds] == [("call", 2), ("email", 1), ("social", 1)]

    def test_automated_mail_and_what_the_buyer_sends_are_none(self, caller):
        lead = accepted()
        call(lead, day(2), None, kind="email", outcome="")
        call(lead, day(3), caller, kind="email", outcome="", direction="inbound")
        call(lead, day(1) - HOUR, caller)
        count_figures()

        assert told().rows == []

    def test_an_answer_belongs_to_the_attempt_before_it(self, caller):
        lead = accepted()
        call(lead, day(2), caller)
        call(lead, day(4), caller, kind="email", outcome="")
        call(lead, day(5), caller, kind="email", outcome="replied", direction="inbound")
        call(lead, day(6), caller)
        count_figures()

        assert figures("attempt", "at_risk", "contacts") == [(1, 1, 0), (2, 1, 1)]

    def test_who_was_lost_without_an_answer_ended_otherwise(self, caller):
        for number in range(20):
            lead = accepted(*([("disqualified", day(5))] if number < 10 else []))
            call(lead, day(2), caller)
            if number >= 10:
                call(lead, day(3), caller, outcome="reached" if number == 19 else "no_answer")
        count_figures()

        assert [row["cumulative"] for row in told().rows] == pytest.approx([0, 0.5 * 0.1])

    def test_what_was_tried_on_a_merged_lead_counts_for_the_one_that_stays(self, caller):
        lead, other = accepted(), accepted()
        call(other, day(2), caller)
        other.merged_into = lead
        other.save(update_fields=["merged_into"])
        count_figures()

        assert figures("attempt", "at_risk") == [(1, 1)]

    def test_the_second_time_round_begins_at_one(self, caller):
        lead = accepted(("nurture", day(10)), ("mql", day(20)), ("accepted", day(21)))
        assert lead.episode == 2
        call(lead, day(2), caller)
        call(lead, day(22), caller)
        count_figures()

        assert figures("attempt", "at_risk") == [(1, 2)]


class TestCuts:
    def test_by_stage_and_by_week_of_the_quarter(self, caller):
        lead = accepted(("qualified", day(9)))
        call(lead, day(2), caller)
        call(lead, day(8), caller, outcome="reached")
        call(lead, day(12), caller, outcome="reached")
        count_figures()

        assert figures("stage", "at_risk", "contacts", by="stage") == [("accepted", 2, 1), ("qualified", 1, 1)]
        assert figures("week", "at_risk", "contacts", "hazard", by="week") == [(1, 1, 0, 0.0), (2, 1, 1, 1.0)]

    def test_by_source_and_score(self, caller):
        for source, grade in (("web", "A1"), ("web", "B2"), ("fair", "A3")):
            lead = accepted(source=source)
            LeadScore.objects.update_or_create(lead=lead, defaults={"grade": grade, "scored_at": day(1)})
            call(lead, day(2), caller)
        count_figures()

        assert figures("key", "at_risk", dimension="source") == [("web", 2), ("fair", 1)]
        assert figures("key", "at_risk", dimension="source", score="A") == [("fair", 1), ("web", 1)]
        assert figures("key", "at_risk", dimension="source", key="fair") == [("fair", 1)]
        assert told(dimension="source").page.table[0].at_risk == 3


@pytest.mark.django_db
@given(st.lists(st.lists(st.integers(0, 240), max_size=12), min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_attempts_begin_in_sql_where_they_begin_in_python(minutes_of):
    tries = [(of, day(1) + timedelta(minutes=minutes)) for of, row in enumerate(minutes_of) for minutes in row]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE tried AS (SELECT * FROM unnest(%s::int[], %s::timestamptz[]) row (of, at)),
            {beginnings_sql("begun", "tried", "of")} SELECT of, at, number FROM begun ORDER BY of, at""",
            [[of for of, _at in tries], [at for _of, at in tries]],
        )
        found = cursor.fetchall()

    wanted = []
    for of, row in enumerate(minutes_of):
        begun = beginnings(sorted(day(1) + timedelta(minutes=minutes) for minutes in row))
        wanted += [(of, at, number) for number, at in enumerate(begun, start=1)]
    assert found == wanted
    assert timedelta(minutes=30) == ONE_ATTEMPT


def test_the_same_queries_whatever_the_data(caller, django_assert_max_num_queries):
    question = asked(dimension="source")
    call(accepted(source="web"), day(2), caller)
    count_figures()
    with django_assert_max_num_queries(20) as few:
        tell(question, LATER)
    for number in range(9):
        call(accepted(source=f"source {number}"), day(2), caller)
    count_figures()
    with django_assert_max_num_queries(len(few)):
        tell(question, LATER)
