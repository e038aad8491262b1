"""Quotas: who may set them, what they ask of somebody new, and the grid in which they are filled in."""

from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from crm.errors import BusinessError, NotAllowed
from crm.fiscal import fiscal_quarter, following, previous
from crm.models import CurrencyRate, Role
from funnel.models import Quota
from funnel.targets.quota_grid import read_amount
from funnel.targets.quotas import asked, copy_quotas, may_set, remove_quota, set_quota
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
QUARTER_DAYS = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 3, 31)}


@pytest.fixture
def north():
    return make_team("North", manager=make_user("max", role=Role.MANAGER))


@pytest.fixture
def max_(north):
    return north.manager


@pytest.fixture
def rob(north):
    return make_user("rob", team=north)


@pytest.fixture
def ann():
    return make_user("ann", role=Role.ADMIN)


def test_managers_set_those_of_their_own_team_people_and_side(max_, north, rob, ann):
    south = make_team("South")
    rosa, nora = make_user("rosa", team=south), make_user("nora", role=Role.MANAGER, team=make_team("M", "marketing"))

    assert [may_set(max_, measure="revenue", team=team) for team in (north, south)] == [True, False]
    assert [may_set(max_, measure="revenue", user=one) for one in (rob, rosa)] == [True, False]
    assert [may_set(one, measure="revenue") for one in (max_, nora, rob, ann)] == [True, False, False, True]
    assert [may_set(one, measure="mqls") for one in (max_, nora, rob, ann)] == [False, True, False, True]
    with pytest.raises(NotAllowed):
        set_quota(by=rob, measure="revenue", user=rob, amount=Decimal(1), **QUARTER_DAYS)


def test_the_same_days_again_change_a_quota(max_, rob):
    first = set_quota(by=max_, measure="revenue", user=rob, amount=Decimal(50_000), **QUARTER_DAYS)
    again = set_quota(by=max_, measure="revenue", user=rob, amount=Decimal(60_000), **QUARTER_DAYS)
    set_quota(by=max_, measure="revenue", amount=Decimal(900_000), **QUARTER_DAYS)
    meetings = set_quota(by=max_, measure="meetings", user=rob, amount=Decimal(30), **QUARTER_DAYS)

    assert first == again
    assert Quota.objects.count() == 3
    assert (again.amount, again.currency, meetings.currency) == (60_000, "EUR", "")
    remove_quota(again, by=max_)
    assert not Quota.objects.filter(user=rob, measure="revenue").exists()


def quota(rob, amount=90, ramp_months=0, **fields):
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 3, 31)}
    return Quota(measure="deals_won", user=rob, amount=Decimal(amount), ramp_months=ramp_months, **{**days, **fields})


def test_a_quota_asks_in_proportion_to_its_days(rob):
    first = fiscal_quarter(date(2026, 1, 1))
    year = quota(rob, amount=365, ends_on=date(2026, 12, 31))

    assert asked(quota(rob), first) == 90
    assert asked(year, first) == 90
    assert asked(quota(rob), following(first)) == 0


def test_of_somebody_new_less_is_asked(rob):
    first = fiscal_quarter(date(2026, 1, 1))

    def of_one_since(day):
        rob.started_on = day
        return float(asked(quota(rob, amount=100, ramp_months=3), first))

    assert of_one_since(date(2025, 1, 1)) == 100
    assert of_one_since(date(2026, 1, 1)) == pytest.approx(49, abs=1)
    assert of_one_since(date(2026, 4, 1)) == 0
    assert of_one_since(None) == 100
    assert 80 < of_one_since(date(2025, 11, 15)) < 100


def test_money_keeps_the_rate_of_the_first_day(rob):
    CurrencyRate.objects.create(currency="USD", on=date(2026, 1, 1), rate=Decimal("0.5"))
    CurrencyRate.objects.create(currency="USD", on=date(2026, 2, 1), rate=Decimal("0.9"))
    first = fiscal_quarter(date(2026, 1, 1))
    dollars = quota(rob, amount=100, currency="USD")
    dollars.measure = "revenue"

    assert asked(dollars, first) == 50
    dollars.currency = "JPY"
    assert asked(dollars, first) is None


def test_the_quarter_before_is_copied_where_nothing_is_set(max_, rob, north):
    then = fiscal_quarter(date(2026, 1, 1))
    now = following(then)
    rosa = make_user("rosa", team=north)
    gone = make_user("gus", team=north, is_active=False)
    other = make_user("ida", team=make_team("South"))
    for person in (rob, rosa, gone, other):
        Quota.objects.create(measure="revenue", user=person, amount=Decimal(50_005), currency="EUR", **QUARTER_DAYS)
    set_quota(by=max_, measure="revenue", user=rosa, amount=Decimal(1), starts_on=now.start, ends_on=now.last_day)

    assert copy_quotas(by=max_, measure="revenue", into=now, percent=10) == 1
    assert copy_quotas(by=max_, measure="revenue", into=now, percent=10) == 0
    made = Quota.objects.filter(starts_on=now.start, ends_on=now.last_day)
    assert sorted(made.values_list("user__first_name", "amount")) == [("Rob", 55_006), ("Rosa", 1)]
    with pytest.raises(BusinessError):
        copy_quotas(by=max_, measure="revenue", into=now, percent=-100)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("60,000", 60_000), ("60k", 60_000), (" 1.2m ", 1_200_000), ("0", 0), ("", None), ("12.50", Decimal("12.5"))],
)
def test_amounts_are_typed_as_people_type_them(text, amount):
    assert read_amount(text, is_money=True) == amount


@pytest.mark.parametrize("text", ["abc", "-5", "1e999", "nan", "k", "1 2 x"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="Write a"):
        read_amount(text, is_money=True)


def test_counts_are_whole():
    with pytest.raises(ValueError, match="whole"):
        read_amount("1.5", is_money=False)


class TestPage:
    @pytest.fixture
    def now(self, settings):
        from django.utils import timezone

        return fiscal_quarter(timezone.localdate())

    def test_a_manager_fills_in_the_grid(self, client_for, max_, rob, north, now):
        client, next_ = client_for(max_), following(now)
        page = unescape(client.get("/settings/quotas/").content.decode())
        assert f'aria-label="Rob, {now.label}"' in page
        assert "No quota is set yet" in page
        sent = {
            "measure": "revenue", "ramp_months": "3", f"user{rob.pk}-{now.start}": "60k",
            f"team{north.pk}-{next_.start}": "200000", f"user{rob.pk}-{next_.start}": "", f"all-{now.start}": "1m",
        }  # fmt: skip

        assert client.post("/settings/quotas/", sent).status_code == 302

        set_ = Quota.objects.order_by("amount").values_list("user", "team", "starts_on", "amount", "ramp_months")
        assert list(set_) == [
            (rob.pk, None, now.start, 60_000, 3),
            (None, north.pk, next_.start, 200_000, 0),
            (None, None, now.start, 1_000_000, 0),
        ]
        page = client.get("/settings/quotas/").content.decode()
        assert 'value="60000"' in page
        assert "€60,000" in page  # people together

    def test_emptied_it_is_removed_and_what_somebody_else_set_meanwhile_stays(self, client_for, max_, rob, now):
        days = {"starts_on": now.start, "ends_on": now.last_day}
        set_quota(by=max_, measure="revenue", user=rob, amount=Decimal(5), **days)
        name, other = f"user{rob.pk}-{now.start}", f"all-{now.start}"
        set_quota(by=max_, measure="revenue", amount=Decimal(9), **days)
        sent = {"measure": "revenue", "ramp_months": "0", name: "", f"was-{name}": "5", other: "", f"was-{other}": ""}

        client_for(max_).post("/settings/quotas/", sent)

        assert list(Quota.objects.values_list("amount", flat=True)) == [9]

    def test_wrong_amounts_are_shown_and_nothing_is_written(self, client_for, max_, rob, north, now):
        sent = {"measure": "revenue", f"user{rob.pk}-{now.start}": "lots", f"team{north.pk}-{now.start}": "5"}

        answer = client_for(max_).post("/settings/quotas/", sent)

        page = answer.content.decode()
        assert (answer.status_code, Quota.objects.count()) == (422, 0)
        assert "Write a number" in page
        assert 'value="lots"' in page
        assert 'value="5"' in page

    def test_others_cells_are_not_written(self, client_for, max_, now):
        rosa = make_user("rosa", team=make_team("South"))

        client_for(max_).post("/settings/quotas/", {"measure": "revenue", f"user{rosa.pk}-{now.start}": "5"})

        assert not Quota.objects.exists()

    def test_copying_fills_what_is_empty(self, client_for, max_, rob, now):
        before = previous(now)
        days = {"starts_on": before.start, "ends_on": before.last_day}
        set_quota(by=max_, measure="revenue", user=rob, amount=Decimal(100), **days)
        client = client_for(max_)
        assert "from the quarter before" in client.get("/settings/quotas/").content.decode()

        client.post("/settings/quotas/copying/", {"measure": "revenue", "into": str(now.start), "percent": "10"})

        assert Quota.objects.get(starts_on=now.start).amount == 110

    def test_it_is_for_managers_and_admins(self, client_for, rob, max_, ann):
        assert [client_for(one).get("/settings/quotas/").status_code for one in (rob, max_, ann)] == [403, 200, 200]

    def test_a_marketing_manager_begins_with_mqls(self, client_for):
        nora = make_user("nora", role=Role.MANAGER, team=make_team("Marketing", "marketing"))

        page = client_for(nora).get("/settings/quotas/").content.decode()

        assert '<option value="mqls" selected>' in page

    def test_it_asks_the_database_as_often_for_many_people(
        self, client_for, max_, north, rob, now, django_assert_max_num_queries
    ):
        client = client_for(max_)
        client.get("/settings/quotas/")
        for number in range(30):
            person = make_user(f"rep{number}", team=north)
            Quota.objects.create(
                measure="revenue", user=person, amount=5, currency="EUR", starts_on=now.start, ends_on=now.last_day
            )

        with django_assert_max_num_queries(22):
            client.get("/settings/quotas/")
