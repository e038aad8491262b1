"""Settings of figures and of currency rates."""

from datetime import date
from decimal import Decimal

import pytest

from crm.models import CurrencyRate
from funnel.models import FigureSettings
from funnel.settled import CurrencyInUse, currencies_in_use
from tests.factories import MONDAY, make_campaign, make_opportunity, make_spend, make_team, make_user

pytestmark = pytest.mark.django_db
FIGURES, CURRENCIES = "/settings/figures/", "/settings/currencies/"
MARCH = date(2026, 3, 1)
SENT = {
    "marketing_sourced": "source", "gross_margin": "62.5", "lookback_days": 90, "half_life_days": 14,
    "attempt_cost": "12.50", "ranks_people": "on",
}  # fmt: skip


@pytest.fixture
def manager(client_for):
    return client_for(make_user("max", "manager", make_team("Marketing", "marketing")))


def test_managers_settle_figures_in_percent(manager):
    assert manager.post(FIGURES, SENT).status_code == 302

    settled = FigureSettings.get()
    assert (settled.gross_margin, settled.marketing_sourced, settled.lookback_days) == (Decimal("0.625"), "source", 90)
    assert (settled.attempt_cost, settled.ranks_people) == (Decimal("12.5"), True)
    assert 'value="62.5"' in manager.get(FIGURES).content.decode()


@pytest.mark.parametrize("wrong", [{"gross_margin": "101"}, {"lookback_days": 0}, {"half_life_days": 4_000}])
def test_what_makes_no_sense_is_said_at_its_field(manager, wrong):
    answer = manager.post(FIGURES, {**SENT, **wrong})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert FigureSettings.get().lookback_days == 180


@pytest.mark.parametrize("address", [FIGURES, CURRENCIES])
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("manager", 200), ("rep", 403), ("marketer", 403)])
def test_managers_and_admins_alone_see_the_pages(client_for, address, role, status):
    assert client_for(make_user("someone", role)).get(address).status_code == status


def test_without_other_currencies_the_page_says_so(manager):
    assert "All amounts are in EUR" in manager.get(CURRENCIES).content.decode()


def test_currencies_in_use_are_listed_with_what_no_rate_converts(manager):
    make_spend(make_campaign(), "10", currency="USD", on=MARCH)
    make_opportunity(amount=Decimal(5), currency="USD", stage="won", outcome="won", closed_at=MONDAY)
    make_opportunity(amount=Decimal(5), currency="EUR")
    make_opportunity(currency="GBP")
    CurrencyRate.objects.create(currency="USD", on=MONDAY.date(), rate=1)

    assert currencies_in_use(date(2026, 4, 1)) == [CurrencyInUse("USD", 2, MARCH, 1)]
    form = manager.get(CURRENCIES).context["form"]
    assert (form.initial["currency"], form.initial["on"]) == ("USD", MARCH)


def test_rate_is_added_and_taken_back(manager):
    assert manager.post(CURRENCIES, {"currency": "usd", "on": "2026-03-01", "rate": "0.9125"}).status_code == 302
    rate = CurrencyRate.objects.get()
    assert (rate.currency, rate.on, rate.rate) == ("USD", MARCH, Decimal("0.9125"))
    assert "1 USD = 0.9125 EUR" in manager.get(CURRENCIES).content.decode()

    manager.post(f"{CURRENCIES}{rate.pk}/removal/")

    assert not CurrencyRate.objects.exists()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"currency": "EUR"}, "currency"),
        ({"currency": "USD", "on": "2026-03-01"}, "on"),
        ({"rate": "0"}, "rate"),
        ({"currency": "dollars"}, "currency"),
    ],
)
def test_wrong_rate_is_said_at_its_field(manager, sent, field):
    CurrencyRate.objects.create(currency="USD", on=MARCH, rate=1)

    answer = manager.post(CURRENCIES, {"currency": "GBP", "on": "2026-04-01", "rate": "0.9", **sent})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
