"""Data no demo has: every report and page answers, and the figures stay true."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from crm.models import CurrencyRate, Organisation, Role
from crm.outbox import drain_all, record_change
from feedback.verdicts import accept_handoff
from funnel import keeping
from funnel.facts.checking import check_metrics
from funnel.models import Attribution, Credit, Quota
from funnel.reports.registry import REPORTS
from funnel.tasks import snapshot_forecast
from leads.models import Touch
from tests.api import Caller
from tests.factories import (
    make_campaign,
    make_handoff,
    make_mql,
    make_opportunity,
    make_spend,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
DAY = timedelta(days=1)
PAGES = (
    "/", "/dashboards/", "/dashboards/me/", "/dashboards/opportunities/", "/dashboards/funnel/leads/", "/campaigns/",
    "/opportunities/", "/settings/quotas/", "/settings/currencies/",
)  # fmt: skip


def refusals(client, caller, *, cut=False):
    """Which addresses refuse: reports over everything (``cut``: by each of their dimensions), pages with figures."""
    asked = [f"{name}/?days=all" for name in REPORTS]
    if cut:
        asked += [f"{name}/?days=all&dimension={one}" for name, report in REPORTS.items() for one in report.dimensions]
    addresses = [*PAGES, *(f"/dashboards/{one}" for one in asked)]
    codes = {f"api {name}": caller.get(f"reports/{name}/").status_code for name in REPORTS}
    for address in addresses:
        cache.clear()
        codes[address] = client.get(address, follow=True).status_code
    return {address: code for address, code in codes.items() if code != 200}


def won(**fields):
    return make_opportunity(
        outcome="won", stage="won", **{"closed_at": NOW - DAY, "opened_at": NOW - 20 * DAY, **fields}
    )


def odd_world():
    """A ring of campaigns, sums of a trillion, days of 1900 and of never, deals of nobody; gives a rep it is of."""
    lonely = make_team("Nobody manages")
    rob, alone = make_user("rob", team=lonely), make_user("alone")
    first = make_campaign("=1+1", starts_on=NOW.date(), ends_on=NOW.date(), owner=alone)
    second = make_campaign("Second", parent=first)
    third = make_campaign("Third", parent=second)
    Campaign.objects.filter(pk=first.pk).update(parent=third)
    make_spend(first, "0.00", on=NOW.date() + 400 * DAY)
    make_spend(second, "999999999999.99", on=NOW.date())
    make_spend(third, "5.00", on=date(1900, 1, 1), currency="XXX")
    lead = make_mql(campaign=first, at=NOW - 30 * DAY)
    handoff = make_handoff(to=rob, lead=lead, at=NOW - 29 * DAY)
    accept_handoff(handoff, by=rob, at=NOW - 28 * DAY)
    other = make_mql(campaign=third, at=datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC))
    won(amount=Decimal(0), currency="EUR", lead=lead, owner=rob)
    won(amount=Decimal("999999999999.99"), currency="EUR", lead=lead, owner=rob)
    won(amount=Decimal("999999999999.99"), currency="EUR", owner=alone)
    won(amount=None, currency="XXX")
    won(amount=Decimal(7), currency="XXX", owner=rob)
    won(amount=Decimal(7), currency="EUR", opened_at=NOW + 5 * DAY, owner=rob, lead=other)
    won(amount=Decimal(7), currency="EUR", opened_at=None, owner=rob)
    won(amount=Decimal(7), currency="EUR", closed_at=NOW + 400 * DAY, owner=rob)
    won(
        amount=Decimal(7),
        currency="EUR",
        closed_at=datetime(1900, 1, 1, tzinfo=UTC),
        opened_at=datetime(1900, 1, 1, tzinfo=UTC),
    )
    make_opportunity(opened_at=NOW - DAY, expected_close=date(9999, 12, 31), amount=Decimal(5), owner=alone)
    make_opportunity(opened_at=NOW + 3000 * DAY, expected_close=date(1, 1, 1), amount=None)
    make_opportunity(
        opened_at=None,
        expected_close=None,
        archived_at=NOW,
        amount=Decimal(3),
        currency="XXX",
        forecast_category="commit",
    )
    make_opportunity(
        opened_at=NOW - 5 * DAY,
        expected_close=NOW.date(),
        amount=Decimal("999999999999.99"),
        forecast_category="commit",
        owner=rob,
    )
    CurrencyRate.objects.create(currency="XXX", on=NOW.date() + DAY, rate=Decimal("9999999999.99999999"))
    Quota.objects.create(
        measure="revenue",
        user=rob,
        starts_on=date(1, 1, 1),
        ends_on=date(9999, 12, 31),
        amount=Decimal("99999999999999.99"),
        currency="XXX",
    )
    Quota.objects.create(measure="revenue", starts_on=NOW.date(), ends_on=NOW.date(), amount=0, currency="EUR")
    return rob


def test_odd_data_is_counted_by_weeks_from_december_in_a_zone_of_half_hours(client_for):
    Organisation.objects.update(fiscal_calendar="445", fiscal_year_starts=12, time_zone="Australia/Lord_Howe")
    ada = make_user("ada", role=Role.ADMIN)
    rob = odd_world()
    drain_all()
    snapshot_forecast()
    snapshot_forecast()

    assert refusals(client_for(ada), Caller(ada), cut=True) == {}
    assert set(refusals(client_for(rob), Caller(rob)).values()) <= {403}
    assert not check_metrics().differences


@pytest.mark.parametrize("role", Role.values)
def test_an_empty_product_answers(role, client_for):
    nobody = make_user("nobody", role=role)

    refused = refusals(client_for(nobody), Caller(nobody))

    assert refused == {} if role in ("manager", "admin") else set(refused.values()) == {403}


def test_ten_thousand_touches_of_one_deal_add_up():
    lead = make_mql(at=NOW - 100 * DAY)
    began = NOW - 90 * DAY
    Touch.objects.bulk_create(
        Touch(
            lead=lead, at=began + timedelta(minutes=7 * number), channel=("email", "search")[number % 2], kind="click"
        )
        for number in range(10_000)
    )
    with transaction.atomic():
        record_change("opportunity", [won(amount=Decimal("100.01"), currency="EUR", lead=lead).pk])
    drain_all()

    version = Attribution.objects.get(superseded_at=None)
    values = Credit.objects.filter(attribution=version).values_list("model", "amount")
    assert version.touches > 1_000
    assert {model: sum(value for of, value in values if of == model) for model, _value in values} == dict.fromkeys(
        dict(values), Decimal("100.01")
    )
    assert not check_metrics().differences


def test_reports_answer_while_redis_is_away(client_for, stop_redis, monkeypatch):
    monkeypatch.setattr(keeping, "SLOW_SECONDS", 0)
    client = client_for(make_user("ada", role=Role.ADMIN))
    odd_world()
    drain_all()
    stop_redis()

    addresses = [*PAGES, *(f"/dashboards/{name}/" for name in REPORTS)]
    codes = {address: client.get(address, follow=True).status_code for address in addresses}
    assert {address: code for address, code in codes.items() if code != 200} == {}
