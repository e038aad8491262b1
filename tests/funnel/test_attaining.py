"""What was booked against quotas: whose it is, for which team, and at which pace."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from crm.fiscal import fiscal_quarter
from crm.models import Role, TeamMembership
from funnel.models import Quota
from funnel.targets.attaining import attainments, booked, usual_share
from leads.lifecycle import Stage
from leads.models import Activity, Opportunity
from leads.transitions import move_lead
from tests.factories import make_campaign, make_lead, make_mql, make_opportunity, make_team, make_user
from tests.funnel.histories import count_figures

pytestmark = pytest.mark.django_db
AT = datetime(2026, 2, 14, 12, tzinfo=UTC)


@pytest.fixture
def first():
    return fiscal_quarter(date(2026, 1, 1))


@pytest.fixture
def north():
    return make_team("North")


@pytest.fixture
def rob(north):
    return make_user("rob", team=north)


def won(day, amount=100, **fields):
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
    return make_opportunity(
        outcome="won", stage="won", amount=Decimal(amount), opened_at=at - timedelta(days=20), closed_at=at, **fields
    )


def quota(measure="revenue", amount=1_000, **fields):
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 3, 31)}
    currency = "EUR" if measure in {"revenue", "revenue_sourced", "pipeline"} else ""
    return Quota.objects.create(measure=measure, amount=amount, currency=currency, **{**days, **fields})


def test_p5_p6_pace_of_a_person(first, rob):
    quota(user=rob, amount=1_000_000)
    won(date(2026, 1, 20), 350_000, owner=rob)
    won(date(2026, 2, 20), 999, owner=make_user("rosa"))
    for start in (date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1)):
        for _number in range(3):
            won(start + timedelta(days=10))
        for _number in range(7):
            won(start + timedelta(days=80))

    [told] = attainments(first, at=AT)

    assert told.pace is not None
    assert (told.booked, told.pace.day, told.pace.days, told.pace.attainment) == (350_000, 45, 90, 0.35)
    assert told.pace.linear == pytest.approx(0.70)
    assert told.pace.usual_share == pytest.approx(0.30)
    assert told.pace.seasonal == pytest.approx(1.167, abs=0.0005)
    assert told.pace.per_day == pytest.approx(14_444, abs=0.5)
    assert told.state == "ahead"


def test_few_wins_tell_no_usual_course(first, rob):
    won(date(2025, 10, 20), owner=rob)
    quota(user=rob)

    [told] = attainments(first, at=AT)

    assert (told.pace.usual_share, told.pace.seasonal, told.state) == (None, None, "behind")


def test_a_team_has_what_people_brought_in_while_they_were_members(first, north, rob):
    south = make_team("South")
    TeamMembership.objects.create(user=rob, team=south, starts_on=date(2025, 1, 1), ends_on=date(2026, 1, 31))
    TeamMembership.objects.create(user=rob, team=north, starts_on=date(2026, 2, 1))
    for day, amount in ((date(2026, 1, 31), 10), (date(2026, 2, 1), 200)):
        won(day, amount, owner=rob)
    won(date(2026, 2, 2), 5_000)
    quota(team=north), quota(team=south), quota()

    told = {str(one.quota.team): one.booked for one in attainments(first, at=AT)}

    assert told == {"North": 200, "South": 10, "None": 5_210}


def test_a_quota_of_a_month_counts_its_days(first, rob):
    quota(user=rob, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 31), amount=310)
    won(date(2026, 1, 31), owner=rob)
    won(date(2026, 2, 1), owner=rob)

    [told] = attainments(first, at=AT)

    assert (told.booked, told.wanted, told.pace.elapsed, told.pace.usual_share) == (100, 310, 1, None)


def total(measure, person=None):
    found = booked(measure, date(2026, 1, 1), date(2026, 4, 1), at=AT)
    return sum(one.value for one in found if person is None or one.person == person.pk)


def test_deals_are_their_owners(rob):
    won(date(2026, 1, 31), 70, owner=rob)
    won(date(2025, 12, 31), 90, owner=rob)
    make_opportunity(owner=rob, amount=Decimal(40), opened_at=datetime(2026, 2, 1, tzinfo=UTC))

    assert [total(m, rob) for m in ("revenue", "deals_won", "pipeline", "opportunities")] == [70, 1, 110, 2]


def test_leads_and_meetings_are_of_who_brought_them(rob):
    mia = make_user("mia", role=Role.MARKETER)
    at = datetime(2026, 2, 1, 9, tzinfo=UTC)
    lead = make_mql(at=at, campaign=make_campaign(owner=mia), owner=rob)
    make_mql(at=at)
    move_lead(lead, Stage.OFFERED, by=mia, at=at)
    move_lead(lead, Stage.ACCEPTED, by=rob, at=at)
    Activity.objects.create(kind="meeting", outcome="held", at=at, by=rob, lead=lead)
    Activity.objects.create(kind="meeting", outcome="cancelled", at=at, by=rob, lead=lead)
    count_figures()

    assert (total("mqls"), total("mqls", mia), total("accepted", rob), total("meetings", rob)) == (2, 1, 1, 1)


def test_revenue_sourced_is_of_who_owns_the_campaign():
    mia = make_user("mia", role=Role.MARKETER)
    lead = make_lead(campaign=make_campaign(owner=mia))
    won(date(2026, 1, 31), 70, lead=lead)
    won(date(2026, 1, 31), 500)

    assert (total("revenue_sourced"), total("revenue_sourced", mia)) == (70, 70)


def test_of_a_quarter_that_is_over_the_usual_course_says_nothing(first):
    assert usual_share("revenue", first, date(2026, 5, 1), at=AT) is None
    assert Opportunity.objects.count() == 0
