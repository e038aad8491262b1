"""A person's own page: who may read it, pace, activity, deals, what the next attempt is worth, campaigns."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import TeamMembership
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.models import FigureSettings, Quota
from funnel.people.activity import Time, Work, activity
from funnel.people.ages import ages
from funnel.people.answers import answers
from funnel.people.calls import ALL, Band, Elsewhere, next_calls
from funnel.people.campaigns import own_campaigns
from funnel.people.pace import quarter_pace
from funnel.people.page import own_page
from leads.lifecycle import Stage
from leads.models import Activity, LeadScore, PipelineStage
from leads.transitions import move_lead
from tests.factories import (
    DAY,
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_mql,
    make_opportunity,
    make_team,
    make_user,
    reason,
)
from tests.funnel.histories import add_step, count_figures

pytestmark = pytest.mark.django_db
AT = datetime(2026, 2, 14, 12, tzinfo=UTC)


@pytest.fixture
def ada():
    return make_user("ada", role="admin")


def quota(user, amount=1_000, measure="revenue"):
    currency = "EUR" if measure == "revenue" else ""
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 3, 31)}
    return Quota.objects.create(measure=measure, user=user, amount=amount, currency=currency, **days)


def won(owner, amount, day=date(2026, 1, 20)):
    at = datetime.combine(day, datetime.min.time(), UTC) + 9 * HOUR
    return make_opportunity(
        outcome="won", stage="won", owner=owner, amount=Decimal(amount), opened_at=at - 20 * DAY, closed_at=at
    )


def open_deal(name, owner, amount, chance, expected=date(2026, 3, 20), **fields):
    return make_opportunity(
        name, owner=owner, amount=amount, probability=chance, expected_close=expected, opened_at=AT - 9 * DAY, **fields
    )


def did(by, kind="call", *, at, outcome="no_answer", direction="outbound", **fields):
    if kind == "meeting":
        outcome, direction = "held", ""
    return Activity.objects.create(kind=kind, at=at, by=by, outcome=outcome, direction=direction, **fields)


def accepted(owner, *, at=MONDAY, grade="", **fields):
    lead = make_mql(at=at, owner=owner, **fields)
    for stage in (Stage.OFFERED, Stage.ACCEPTED):
        move_lead(lead, stage, by=owner, at=at)
    if grade:
        LeadScore.objects.update_or_create(lead=lead, defaults={"grade": grade})
    return lead


# Who may


def test_ones_own_page_the_managers_and_the_admins(client_for, rob, rosa, sam, max_, mona, mia, ada):
    address = f"/dashboards/people/{rob.pk}/"

    told = {
        user.first_name: client_for(user).get(address).status_code for user in (rob, max_, ada, rosa, sam, mona, mia)
    }

    assert told == {"Rob": 200, "Max": 200, "Ada": 200, "Rosa": 403, "Sam": 403, "Mona": 403, "Mia": 403}


def test_a_refusal_says_why(client_for, rob, rosa):
    html = client_for(rosa).get(f"/dashboards/people/{rob.pk}/").content.decode()

    assert "for that person and the manager of their team" in html


def test_me_leads_to_ones_own(client_for, rob):
    assert client_for(rob).get("/dashboards/me/").url == f"/dashboards/people/{rob.pk}/"


def test_nobody_is_a_404(client_for, ada):
    assert client_for(ada).get("/dashboards/people/999999/").status_code == 404


def test_a_manager_finds_the_people_of_the_team_by_name(client_for, rob, rosa, sam, max_):
    html = client_for(max_).get("/dashboards/me/", follow=True).content.decode()

    assert html.index(f"/dashboards/people/{rob.pk}/") < html.index(f"/dashboards/people/{rosa.pk}/")
    assert f"/dashboards/people/{sam.pk}/" not in html


# Pace


def test_p5_pace_and_what_would_move_it(rob, rosa):
    quota(rob, 150_000)
    won(rob, 84_000)
    for name, amount, chance in (("Acme", 40_000, 60), ("Big", 100_000, 10), ("Small", 5_000, 90), ("Mid", 20_000, 50)):
        open_deal(name, rob, amount, chance)
    open_deal("Later", rob, 900_000, 90, expected=date(2026, 4, 1))
    open_deal("Rosa's", rosa, 900_000, 90)

    pace = quarter_pace(rob, at=AT)

    assert pace.revenue.booked == 84_000
    assert [(one.name, one.chance, round(one.brings_to, 4)) for one in pace.movers] == [
        ("Acme", 0.6, 0.8267), ("Big", 0.1, 1.2267), ("Mid", 0.5, 0.6933),
    ]  # fmt: skip
    assert pace.together == pytest.approx((84 + 160) / 150)


def test_the_sentence_says_pace_and_the_first_move(rob):
    quota(rob, 150_000)
    won(rob, 84_000)
    open_deal("Acme", rob, 40_000, 60)

    assert own_page(rob, by=rob, at=AT).sentence == (
        "€84k of €150k booked, 56 % at 50 % of the quarter; winning Acme (€40k, likely 60 %) brings you to 83 %."
    )


def test_a_reached_quota_is_said(rob):
    quota(rob, 80_000)
    won(rob, 84_000)

    assert own_page(rob, by=rob, at=AT).sentence.endswith("of the quarter: the quota is reached.")


def test_without_a_quota_the_movers_bring_to_nothing(rob):
    open_deal("Acme", rob, 40_000, 60)

    pace = quarter_pace(rob, at=AT)

    assert (pace.revenue, pace.movers[0].brings_to, pace.together) == (None, None, None)
    assert own_page(rob, by=rob, at=AT).sentence == ""


def test_a_place_in_the_team_only_where_people_are_ranked(north, rob, rosa, sam):
    third = make_user("tim", team=north)
    for person, amount in ((rob, 500), (rosa, 900), (third, 500), (sam, 990)):
        quota(person)
        won(person, amount)
    assert quarter_pace(rob, at=AT).place is None

    FigureSettings.get()
    FigureSettings.objects.update(ranks_people=True)

    assert [quarter_pace(person, at=AT).place for person in (rob, rosa, third, sam)] == [(2, 3), (1, 3), (2, 3), None]


# Activity


def test_weeks_count_kinds_and_attempts(rob, rosa):
    lead, other = make_mql(), make_mql()
    at = MONDAY + 2 * HOUR
    did(rob, at=at, lead=lead)
    did(rob, "email", at=at + timedelta(minutes=10), lead=lead, outcome="")
    did(rob, at=at + timedelta(minutes=5), lead=other)
    did(rob, "meeting", at=at + DAY, lead=lead)
    did(rob, at=MONDAY - DAY, lead=lead)
    did(rosa, at=at, lead=lead)
    did(rob, at=MONDAY - 13 * 7 * DAY, lead=lead)

    weeks = activity(rob, at=MONDAY + 4 * DAY).weeks

    assert len(weeks) == 13
    assert [(w.start, w.calls, w.emails, w.meetings, w.attempts) for w in weeks[-2:]] == [
        (date(2026, 2, 23), 1, 0, 0, 1),
        (date(2026, 3, 2), 2, 1, 1, 2),
    ]
    assert sum(week.calls for week in weeks) == 3


def test_time_before_an_opportunity_is_prospecting_and_after_it_closing(rob):
    lead = make_mql()
    deal = make_opportunity(lead=lead, opened_at=MONDAY + 2 * DAY)
    did(rob, at=MONDAY + DAY, lead=lead, duration=HOUR)
    did(rob, at=MONDAY + 3 * DAY, lead=lead, duration=HOUR)
    did(rob, at=MONDAY + 3 * DAY, opportunity=deal, duration=2 * HOUR)
    Activity.objects.create(kind="note", at=MONDAY + DAY, by=rob, lead=lead)

    time = activity(rob, at=MONDAY + 4 * DAY).time

    assert (time.prospecting, time.closing) == (Work(1, 1, 3_600), Work(2, 2, 3 * 3_600))
    assert time.share_prospecting is None


@pytest.mark.parametrize(
    ("prospecting", "closing", "by_hours", "share"),
    [
        (Work(10, 10, 3_600.0), Work(10, 10, 10_800.0), True, 0.25),
        (Work(10, 2, 3_600.0), Work(30, 3, 10_800.0), False, 0.25),
        (Work(9, 9, 100.0), Work(0, 0, 0.0), False, None),
        (Work(12, 0, 0.0), Work(0, 0, 0.0), False, 1.0),
    ],
)
def test_time_is_of_hours_where_most_are_written_down(prospecting, closing, by_hours, share):
    time = Time(prospecting, closing)

    assert (time.by_hours, time.share_prospecting) == (by_hours, share)


# Deals


def test_v9_ages_beside_what_is_usual(rob, rosa):
    PipelineStage.objects.filter(stage="proof").update(stay_p90=20 * DAY, won_stays=12)
    for name, stage, days in (("Slow", "proof", 30), ("Quick", "proof", 5), ("Old", "discovery", 90)):
        make_opportunity(name, owner=rob, stage=stage, stage_since=AT - days * DAY)
    make_opportunity("Rosa's", owner=rosa)
    won(rob, 10)

    told = ages(rob, at=AT)

    assert [(one.deal.name, one.stay, one.usual, one.is_stalled) for one in told.shown] == [
        ("Slow", 30 * DAY, 20 * DAY, True), ("Quick", 5 * DAY, 20 * DAY, False), ("Old", 90 * DAY, None, False),
    ]  # fmt: skip
    assert (told.count, told.stalled, told.untold) == (3, 1, 1)


# The next attempt


def test_a3_the_worth_of_the_next_attempt():
    """The known answer of A3: 200 a contact, chances so that 40.0, 34.3, 31.6, 23.5 follow."""
    known = Elsewhere({ALL: Band((0.2, 0.1715, 0.158, 0.1175), contacts=50, value=10_000)})

    assert [round(known.worth("B", made).amount, 1) for made in range(4)] == [40.0, 34.3, 31.6, 23.5]
    assert known.worth("B", 4) is None


def test_a_letter_speaks_for_itself_where_enough_is_known():
    known = Elsewhere(
        {ALL: Band((0.2, 0.1), 50, 10_000), "A": Band((0.5,), 10, 10_000), "C": Band((0.1,), 9, 9_000)},
        {("A", 0): 1, ("C", 0): 3, ("", 5): 7},
    )

    assert known.worth("A", 0).amount == 500
    assert known.worth("A", 1).amount == pytest.approx(100)
    assert known.worth("C", 0).amount == pytest.approx(20)
    assert known.average == pytest.approx((500 + 3 * 20) / 4)


def reached_at(owner, attempts, *, grade=""):
    """A lead whose buyer answered at the attempt of this number."""
    lead = accepted(owner, grade=grade)
    for number in range(1, attempts + 1):
        did(owner, at=MONDAY + number * DAY, lead=lead, outcome="reached" if number == attempts else "no_answer")
    return lead


def test_own_leads_are_listed_by_what_the_next_attempt_is_worth(rob, rosa):
    FigureSettings.get()
    FigureSettings.objects.update(attempt_cost=Decimal(25))
    for number in range(26):
        lead = reached_at(rosa, 1 if number < 12 else 2)
    at = MONDAY + 5 * DAY
    add_step(lead, Stage.CUSTOMER, at)
    make_opportunity(lead=lead, owner=rosa, outcome="won", stage="won", amount=Decimal(2_700), closed_at=at)
    fresh, tried, often, heard = (accepted(rob) for _number in range(4))
    did(rob, at=MONDAY + DAY, lead=tried)
    for day in range(1, 4):
        did(rob, at=MONDAY + day * DAY, lead=often)
    did(rob, at=MONDAY + DAY, lead=heard, outcome="reached")
    count_figures()

    told = next_calls(rob, at=MONDAY + 20 * DAY)

    assert [(one.lead, one.made, one.worth and one.worth.number) for one in told.shown] == [
        (fresh, 0, 1), (tried, 1, 2), (often, 3, None),
    ]  # fmt: skip
    assert (told.count, told.untold, told.cost) == (3, 1, 25)
    assert told.reached == 27
    assert told.own_average == pytest.approx(100 * 27 / 44)


def test_of_few_buyers_reached_no_worth_is_told(rob):
    lead = accepted(rob)
    count_figures()

    told = next_calls(rob, at=MONDAY + DAY)

    assert ([one.lead for one in told.shown], told.own_average, told.untold, told.reached) == ([lead], None, 1, 0)


# Answers, campaigns


def test_answers_of_a_person_beside_everybodys(rob, rosa):
    accept_handoff(make_handoff(to=rob), by=rob, at=MONDAY + HOUR)
    reject_handoff(make_handoff(to=rosa), by=rosa, at=MONDAY + 3 * HOUR, reason=reason("industry"))

    told = answers(rob, date(2026, 3, 1), date(2026, 4, 1), at=MONDAY + DAY)

    assert (told.figures.accepted, told.figures.judged, told.quality.median) == (1, 1, HOUR)
    assert (told.everybody.judged, told.in_time.part, told.in_time.whole, told.is_enough) == (2, 1, 1, False)


def test_a_marketers_campaigns_with_what_sales_says(mia, mona, rob):
    mine, hers = make_campaign("Mine", owner=mia), make_campaign("Hers", owner=mona)
    for campaign in (mine, hers):
        handoff = make_handoff(to=rob, lead=make_mql(campaign=campaign))
        reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("industry"), comment="No money this year")
    count_figures()

    told = own_campaigns(mia, date(2026, 1, 1), date(2026, 4, 1), at=MONDAY + DAY, today=date(2026, 3, 3))

    assert [(one.row["name"], one.row["mqls"], one.is_thin) for one in told.shown] == [("Mine", 1, True)]
    assert [one.count for one in told.reasons] == [1]
    assert told.shown[0].reason.endswith("(1)")
    assert [handoff.lead.campaign for handoff in told.comments] == [mine]
    assert told.acceptance is None


# The page


@pytest.mark.parametrize("name", ["rob", "mia"])
def test_an_empty_page_says_what_good_looks_like(client_for, request, name):
    user = request.getfixturevalue(name)
    response = client_for(user).get("/dashboards/me/", follow=True)

    assert response.status_code == 200
    assert "No quota this quarter" in response.content.decode()


def test_the_page_costs_the_same_for_one_and_many(client_for, rob):
    quota(rob)
    client = client_for(rob)

    def some(count):
        for number in range(count):
            lead = accepted(rob, at=MONDAY + number * HOUR)
            did(rob, at=MONDAY + DAY + number * HOUR, lead=lead)
            open_deal(f"Deal {number}", rob, 100, 50)
            won(rob, 5)
            accept_handoff(make_handoff(to=rob), by=rob, at=MONDAY + HOUR)
        count_figures()

    def cost():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/dashboards/people/{rob.pk}/").status_code == 200
        return len(asked)

    some(1)
    cost()
    few = cost()
    some(30)

    assert cost() == few


def test_a_marketers_page_costs_the_same_for_one_and_many(client_for, mia, rob):
    client = client_for(mia)

    def some(count):
        for number in range(count):
            lead = make_mql(campaign=make_campaign(f"Campaign {number}", owner=mia))
            reject_handoff(
                make_handoff(to=rob, lead=lead), by=rob, at=MONDAY + HOUR, reason=reason("industry"), comment="No"
            )
        count_figures()

    def cost():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/dashboards/people/{mia.pk}/").status_code == 200
        return len(asked)

    some(1)
    cost()
    few = cost()
    some(20)

    assert cost() == few


def test_a_team_of_ones_own_is_not_enough(client_for, rob):
    other = make_user("olga", role="manager", team=make_team("Elsewhere"))
    TeamMembership.objects.filter(user=other).delete()

    assert client_for(other).get(f"/dashboards/people/{rob.pk}/").status_code == 403


@pytest.mark.parametrize("name", ["rob", "mia", "max_"])
def test_reports_and_today_lead_there(client_for, request, name):
    client = client_for(request.getfixturevalue(name))

    assert "/dashboards/me/" in client.get("/dashboards/").content.decode()
    assert name == "max_" or "/dashboards/me/" in client.get("/").content.decode()


def test_tables_by_person_lead_to_pages_one_may_read(client_for, rob, sam, max_):
    for rep in (rob, sam):
        accept_handoff(make_handoff(to=rep, at=MONDAY), by=rep, at=MONDAY + HOUR)
    address = "/dashboards/sla/?from=2026-03-01&to=2026-04-01"

    told = {user.first_name: client_for(user).get(address).content.decode() for user in (rob, max_)}

    pages = (f"/dashboards/people/{rob.pk}/", f"/dashboards/people/{sam.pk}/")
    assert {name: [page in html for page in pages] for name, html in told.items()} == {
        "Rob": [True, False],
        "Max": [True, False],
    }


def test_from_a_reps_page_wins_by_origin_and_specialism_can_be_reached(client_for, rob):
    won(rob, 100)
    client = client_for(rob)
    html = client.get("/dashboards/me/", follow=True).content.decode()

    for address in (f"/dashboards/win-loss/?owner={rob.pk}", f"/dashboards/win-loss/?owner={rob.pk}&dimension=origin"):
        assert address.replace("&", "&amp;") in html
        assert client.get(address).status_code == 200
