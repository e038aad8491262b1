"""Money in several currencies (METRICS 1.6)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.currencies import add_rate, convert, converted, remove_rate, without_rate
from crm.errors import BusinessError, NotAllowed
from crm.fetching import fetch_rows
from crm.models import CurrencyRate, Organisation
from tests.factories import make_user

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def rate(currency: str, on: date, value: str) -> CurrencyRate:
    return CurrencyRate.objects.create(currency=currency, on=on, rate=Decimal(value))


def in_sql(amount: Decimal | None, currency: str, day: date) -> Decimal | None:
    statement = f"SELECT {converted('%(amount)s::numeric', '%(of)s', '%(day)s::date')}"
    own = Organisation.get().currency
    return fetch_rows(statement, {"amount": amount, "of": currency, "day": day, "currency": own})[0][0]


@pytest.mark.django_db
class TestConverted:
    def test_1_6_amount_takes_the_rate_of_its_day_and_later_rates_restate_nothing(self) -> None:
        rate("USD", MARCH, "0.90")
        before = convert(Decimal("100.00"), "USD", date(2026, 3, 31))

        rate("USD", APRIL, "0.80")

        assert before == convert(Decimal("100.00"), "USD", date(2026, 3, 31)) == Decimal("90.00")
        assert convert(Decimal("100.00"), "USD", APRIL) == Decimal("80.00")

    def test_day_before_the_first_rate_has_none(self) -> None:
        rate("USD", MARCH, "0.90")

        assert convert(Decimal(100), "USD", date(2026, 2, 28)) is None
        assert in_sql(Decimal(100), "USD", date(2026, 2, 28)) is None

    def test_own_currency_stays_to_the_cent_whatever_the_table_says(self) -> None:
        rate("EUR", MARCH, "2")

        assert convert(Decimal("12.34"), "EUR", APRIL) == in_sql(Decimal("12.34"), "EUR", APRIL) == Decimal("12.34")

    def test_no_amount_is_none_in_any_currency(self) -> None:
        rate("USD", MARCH, "0.90")

        assert in_sql(None, "USD", APRIL) is None
        assert in_sql(None, "EUR", APRIL) is None


class TestBothWays(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(
        amount=st.decimals(0, 10**9, places=2),
        rates=st.dictionaries(st.dates(MARCH, APRIL), st.decimals("0.0001", 1000, places=8), max_size=5),
        day=st.dates(MARCH, APRIL),
    )
    def test_sql_and_python_say_the_same(self, amount: Decimal, rates: dict[date, Decimal], day: date) -> None:
        CurrencyRate.objects.all().delete()
        for on, value in rates.items():
            rate("BRL", on, str(value))

        assert in_sql(amount, "BRL", day) == convert(amount, "BRL", day)


def test_what_has_no_rate_is_said_by_currency() -> None:
    assert without_rate({"USD": 12, "GBP": 1, "SEK": 0}) == [
        "1 amount in GBP has no rate on its day and is left out.",
        "12 amounts in USD have no rate on their day and are left out.",
    ]


@pytest.mark.django_db
class TestRates:
    def test_managers_add_and_remove_rates_others_do_not(self) -> None:
        max_, mia = make_user("max", "manager"), make_user("mia", "marketer")

        with pytest.raises(NotAllowed):
            add_rate(by=mia, currency="USD", on=MARCH, rate=Decimal("0.9"))
        added = add_rate(by=max_, currency="USD", on=MARCH, rate=Decimal("0.9"))
        with pytest.raises(NotAllowed):
            remove_rate(added, by=mia)
        remove_rate(added, by=max_)

        assert not CurrencyRate.objects.exists()

    @pytest.mark.parametrize(("currency", "code"), [("USD", "rate_there"), ("EUR", "own_currency")])
    def test_rate_that_says_nothing_new_is_refused(self, currency: str, code: str) -> None:
        admin = make_user("ada", "admin")
        rate("USD", MARCH, "0.90")

        with pytest.raises(BusinessError) as refused:
            add_rate(by=admin, currency=currency, on=MARCH, rate=Decimal("0.9"))

        assert refused.value.code == code
