"""Quotas and rates sent as no form sends them, and by two managers at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from crm.currencies import add_rate
from crm.errors import BusinessError
from crm.fiscal import fiscal_quarter, previous
from crm.models import CurrencyRate, Role
from funnel.models import Quota
from funnel.targets.quota_grid import read_amount
from funnel.targets.quotas import copy_quotas, set_quota
from tests.api import Caller, in_own_connection
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
ODD = ["²", "٣", "9" * 5_000, "-1", "1e400", "nan", "\0", "0x10"]


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
def quarter():
    return fiscal_quarter(timezone.localdate())


@pytest.mark.parametrize("text", ["1e999999k", "9e999999m", "1e-999999", "sNaN", "km", "0.001"])
def test_what_no_column_holds_is_no_amount(text):
    with pytest.raises(ValueError, match="Write"):
        read_amount(text, is_money=True)


@pytest.mark.parametrize("odd", ODD)
def test_the_grid_takes_any_text(client_for, max_, rob, quarter, odd):
    client, name = client_for(max_), f"user{rob.pk}-{quarter.start}"
    for sent in ({name: odd}, {name: "5", "ramp_months": odd}, {name: "6", "measure": odd}):
        assert client.post("/settings/quotas/", {"measure": "revenue", **sent}).status_code in (302, 422), sent
    for sent in ({"percent": odd}, {"into": odd}, {"measure": odd}):
        assert client.post("/settings/quotas/copying/", {"measure": "revenue", **sent}).status_code == 302, sent


@pytest.mark.parametrize("amount", ["1e400", "NaN", "-1", "1e15", "0.001", "9" * 5_000, None, [], True])
def test_the_api_refuses_amounts_that_are_none(max_, rob, amount):
    body = {"measure": "revenue", "user": rob.pk, "starts_on": "2026-01-01", "ends_on": "2026-03-31", "amount": amount}

    assert Caller(max_).post("quotas/", body).status_code in (400, 422)


@pytest.mark.parametrize("rate", [*ODD, "1e-9", "99999999999", "0"])
def test_a_rate_is_a_number_above_0(client_for, max_, rate):
    client_for(max_).post("/settings/currencies/", {"currency": "USD", "on": "2026-01-01", "rate": rate})

    assert not CurrencyRate.objects.exclude(rate=3).exists()


def at_once(call: Callable[..., Any], *people: Any) -> list[Any]:
    """What each of them got: the answer, or the code of the rule that was broken."""

    def told(person: Any) -> Any:
        try:
            return call(person)
        except BusinessError as error:
            return error.code

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(in_own_connection(told), people))


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_set_one_quota(self, max_, rob, quarter):
        days = {"starts_on": quarter.start, "ends_on": quarter.last_day}

        def change(by):
            return set_quota(by=by, measure="revenue", user=rob, amount=Decimal(5), **days).amount

        for _turn in range(5):
            Quota.objects.all().delete()
            assert at_once(change, max_, max_, max_) == [5, 5, 5]
            assert Quota.objects.count() == 1

    def test_two_copy_one_quarter(self, max_, rob, quarter):
        then = previous(quarter)
        set_quota(by=max_, measure="revenue", user=rob, amount=Decimal(5), starts_on=then.start, ends_on=then.last_day)
        for _turn in range(5):
            Quota.objects.filter(starts_on=quarter.start).delete()
            copied = at_once(lambda by: copy_quotas(by=by, measure="revenue", into=quarter), max_, max_)
            assert sorted(copied) == [0, 1]

    def test_two_write_a_rate_of_one_day(self, max_):
        for day in range(1, 6):
            on = date(2026, 1, day)
            answers = at_once(
                lambda by, on=on: add_rate(by=by, currency="USD", on=on, rate=Decimal(1)).rate, max_, max_
            )
            assert sorted(map(str, answers)) == ["1", "rate_there"]
