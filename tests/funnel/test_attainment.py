"""How far shared goals have come, and in what words: funnel/targets/goals.py."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from feedback.models import Agreement, Handoff
from feedback.terms import MEASURES, Goal, Worth
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.facts.recompute import rebuild
from funnel.handoffs.days import Days
from funnel.targets.goals import Attained, Figure, attained, attainment, elapsed_share, goals_for
from leads.models import Opportunity, Touch, Transition
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_mql, make_opportunity, reason

NOW = MONDAY + 10 * DAY
MARCH = Days(date(2026, 3, 1), date(2026, 4, 1), NOW)


def goal(measure: str, target: str = "10", *bands: Worth) -> Goal:
    return Goal(MEASURES[measure], Decimal(target), bands)


def stands(measure: str, target: str, value: str | None, elapsed: str) -> Attained:
    figure = Figure(None if value is None else Decimal(value))
    return Attained(goal(measure, target), figure, Decimal(elapsed), "EUR")


def figure(measure: str, *bands: Worth) -> Figure:
    return attained([goal(measure, "10", *bands)], MARCH)[0].figure


@pytest.mark.parametrize(
    ("measure", "target", "value", "elapsed", "state", "words"),
    [
        # P5: 35 of 100 at half time.
        ("mqls", "100", "35", "0.5", "behind", "behind by 15"),
        ("mqls", "100", "49", "0.5", "pace", "on pace"),
        ("mqls", "100", "60", "0.5", "ahead", "ahead by 10"),
        ("mqls", "100", "101", "0.5", "ahead", "reached already"),
        ("mqls", "100", "99", "1", "behind", "missed by 1"),
        ("mqls", "100", "100", "1", "ahead", "reached"),
        ("mqls", "100", "0", "0", "none", "not begun"),
        ("revenue_sourced", "100000", "20000", "0.5", "behind", "behind by €30,000"),
        ("acceptance_rate", "0.6", "0.45", "0.2", "behind", "misses it by 15 %"),
        ("acceptance_rate", "0.6", "0.61", "0.2", "ahead", "kept"),
        ("acceptance_rate", "0.6", None, "0.2", "none", "nothing to tell yet"),
        ("hours_to_verdict", "8", "6", "0.2", "ahead", "kept"),
        ("hours_to_verdict", "8", "9.5", "0.2", "behind", "misses it by 1.5 h"),
    ],
)  # fmt: skip
def test_pace_in_words(measure, target, value, elapsed, state, words):
    found = stands(measure, target, value, elapsed)

    assert (found.state, found.words) == (state, words)


def test_attainment_is_a_share_of_the_target_and_turned_where_less_is_better():
    assert stands("mqls", "200", "50", "0.5").attainment == Decimal("0.25")
    assert stands("hours_to_verdict", "8", "16", "0.5").attainment == Decimal("0.5")
    assert stands("hours_to_verdict", "8", "0", "0.5").attainment is None
    assert stands("mqls", "200", None, "0.5").attainment is None


@pytest.mark.django_db
def test_elapsed_is_linear_in_the_period():
    def at(moment: datetime) -> Decimal:
        return elapsed_share(Days(date(2026, 4, 1), date(2026, 5, 1), moment))

    assert at(datetime(2026, 3, 1, tzinfo=UTC)) == 0
    assert at(datetime(2026, 4, 16, tzinfo=UTC)) == Decimal("0.5")
    assert at(datetime(2026, 6, 1, tzinfo=UTC)) == 1


@pytest.mark.django_db
def test_every_measure_of_a_month_by_hand(rob, mia):
    make_mql(at=MONDAY - 5 * DAY)  # February
    scored, unscored, low = (make_mql(at=MONDAY) for _ in range(3))
    with_score(scored, 80)
    with_score(low, 5)
    handoffs = [make_handoff(to=rob, lead=lead, at=MONDAY) for lead in (scored, unscored, low)]
    accept_handoff(handoffs[0], by=rob, at=MONDAY + 2 * HOUR)
    reject_handoff(handoffs[1], by=rob, at=MONDAY + 4 * HOUR, reason=reason("industry"))
    reject_handoff(handoffs[2], by=rob, at=MONDAY + 6 * HOUR, reason=reason("missing_data"), wrong_fields=["phone"])
    Handoff.objects.update(answered_in=None)
    rebuild()

    assert figure("mqls").value == 3
    assert "stage=mql" in figure("mqls").href
    bands = (Worth(10, Decimal(100)), Worth(70, Decimal(900)))
    assert (figure("mql_value", *bands).value, figure("mql_value", *bands).n) == (900, 3)
    assert figure("acceptance_rate").value == Decimal(1) / 3
    assert figure("hours_to_verdict").value == 4
    assert figure("attempts") == Figure(None, 0)
    assert figure("opportunities").value == 0


def with_score(lead, score):
    """As if it had had this score when it became MQL; the log itself is append-only."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL tandem.rewrite = 'test'")
        cursor.execute(
            "UPDATE leads_transition SET score = %s WHERE lead_id = %s AND to_stage = 'mql'", [score, lead.pk]
        )
        cursor.execute("SET LOCAL tandem.rewrite = ''")
    assert Transition.objects.filter(lead=lead, score=score).exists()


@pytest.mark.django_db
def test_revenue_is_marketings_by_the_first_touch(rob):
    ours, sales_first, found_by_sales, untouched = (make_lead() for _ in range(4))
    touch(ours, "buyer", MONDAY - 9 * DAY)
    touch(ours, "sales", MONDAY - 8 * DAY)
    touch(sales_first, "sales", MONDAY - 9 * DAY)
    touch(sales_first, "marketing", MONDAY - 8 * DAY)
    type(found_by_sales).objects.filter(pk=found_by_sales.pk).update(sourced_by="sales")
    for number, lead in enumerate((ours, sales_first, found_by_sales, untouched)):
        won(lead, amount=10 ** (number + 1))
    won(ours, amount=5, currency="USD")
    won(ours, amount=7, closed_at=MONDAY - 20 * DAY)

    assert figure("revenue_sourced") == Figure(Decimal(10_010), 2, left_out=1)


def touch(lead, by, at):
    return Touch.objects.create(lead=lead, by=by, at=at, kind="other")


def won(lead, *, amount, closed_at=MONDAY, currency="EUR") -> Opportunity:
    return make_opportunity(
        lead=lead, amount=amount, currency=currency, stage="won", outcome="won", closed_at=closed_at
    )


@pytest.mark.django_db
def test_pipeline_is_what_was_opened_of_leads():
    make_opportunity(lead=make_lead(), amount=1_000)
    make_opportunity(lead=make_lead(), amount=None)
    make_opportunity(lead=make_lead(), amount=50, currency="CHF")
    make_opportunity(amount=9_000)  # of no lead
    make_opportunity(lead=make_lead(), amount=70, opened_at=MONDAY - 5 * DAY)

    assert figure("pipeline_value") == Figure(Decimal(1_000), 2, left_out=1)


def make_agreement(**fields) -> Agreement:
    goals = [{"measure": "mqls", "target": "92"}, {"measure": "acceptance_rate", "target": "0.5"}]
    period = {"period_starts": date(2026, 1, 1), "period_ends": date(2026, 3, 31)}
    return Agreement.objects.create(**{"version": 1, "status": "active", "goals": goals, **period, **fields})


@pytest.mark.django_db
def test_goals_of_a_part_of_the_period_are_in_proportion():
    make_agreement()

    assert [goal.target for goal in goals_for(date(2026, 1, 1), date(2026, 4, 1))] == [92, Decimal("0.5")]
    [mqls, rate] = goals_for(date(2026, 3, 1), date(2026, 4, 1))
    assert (round(mqls.target, 4), rate.target) == (round(Decimal(92) * 31 / 90, 4), Decimal("0.5"))
    assert goals_for(date(2026, 3, 1), date(2026, 5, 1)) == []


@pytest.mark.django_db
def test_goals_nobody_signed_hold_for_nothing():
    make_agreement(status="proposed")

    assert goals_for(date(2026, 1, 1), date(2026, 4, 1)) == []


@pytest.mark.django_db
def test_an_agreement_without_a_period_has_nothing_to_attain():
    assert attainment(Agreement(goals=[{"measure": "mqls", "target": "5"}]), at=NOW).value == []


@pytest.mark.django_db
def test_the_last_day_of_the_period_counts():
    agreement = make_agreement(period_ends=MONDAY.date(), goals=[{"measure": "pipeline_value", "target": "100"}])
    make_opportunity(lead=make_lead(), amount=100, opened_at=MONDAY + timedelta(hours=14))

    assert attainment(agreement, at=NOW).value[0].attainment == 1
