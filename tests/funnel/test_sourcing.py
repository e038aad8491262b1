"""Marketing-sourced in three senses, and influenced (METRICS T13, T14)."""

from datetime import date
from decimal import Decimal

import pytest

from funnel.attribution.returns import Revenue, asked, revenue
from funnel.models import FigureSettings
from leads.models import Activity, Contact
from leads.touches import record_touch
from tests.factories import DAY, MONDAY, make_campaign, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def won(amount, lead=None, **fields):
    return make_opportunity(
        lead=lead, amount=Decimal(amount), stage="won", outcome="won", closed_at=MONDAY + 9 * DAY, **fields
    )


def called(lead, by, at):
    Activity.objects.create(lead=lead, by=by, at=at, kind="call", direction="outbound", outcome="reached")


def found(groups=None) -> Revenue:
    return revenue(asked(groups or {}, MARCH, APRIL, APRIL))


def shares(told: Revenue) -> list[float]:
    return [float(told.sourced_in_all(which) / told.won) for which in ("source", "first_touch", "before_sales")]


def test_t13_37_5_percent_sourced_and_t14_75_percent_influenced(rob):
    fair = make_campaign("Fair", channel="event")
    won(100, make_lead(campaign=fair))
    won(50, make_lead(campaign=fair))
    own = make_lead(sourced_by="sales", at=MONDAY - DAY)
    called(own, rob, at=MONDAY)
    record_touch(own, at=MONDAY - DAY / 2, by="sales", kind="meeting", channel="phone")
    record_touch(own, at=MONDAY + DAY, campaign=fair, kind="attend")
    won(150, own)
    won(100)

    told = found({fair.pk: str(fair.pk)})

    assert told.won == 400
    assert shares(told) == [0.375, 0.375, 0.375]
    assert told.all_influenced / told.won == Decimal("0.75")
    assert told.influenced == {str(fair.pk): Decimal(300)}


def test_the_three_senses_differ(rob):
    """Found by sales, but somebody of the deal had met marketing before; and the reverse."""
    contact = Contact.objects.create(first_name="Bea", email="bea@acme.example")
    record_touch(make_lead(contact=contact, at=MONDAY - 9 * DAY), at=MONDAY - 9 * DAY, kind="attend", channel="event")
    won(100, make_lead(sourced_by="sales", contact=contact), contact=contact)
    late = make_lead(source="Website", at=MONDAY)
    called(late, rob, at=MONDAY - DAY)
    won(300, late)

    told = found()

    assert {which: told.sourced_in_all(which) for which in ("source", "first_touch", "before_sales")} == {
        "source": 300,
        "first_touch": 400,
        "before_sales": 100,
    }


def test_what_is_sourced_is_influenced_even_without_a_touch():
    fair = make_campaign("Fair")
    FigureSettings.objects.update_or_create(pk=1, defaults={"marketing_sourced": "source"})
    lead = make_lead()
    lead.campaign = fair
    lead.save()
    won(100, lead)

    told = found({fair.pk: "fair"})

    assert told.sourced["source", "fair"] == told.influenced["fair"] == told.all_influenced == 100


def test_two_campaigns_influence_one_deal_but_it_counts_once_in_all():
    fair, mail = make_campaign("Fair"), make_campaign("Mail", channel="email")
    lead = make_lead(campaign=fair)
    record_touch(lead, at=MONDAY + DAY, campaign=mail, kind="click")
    record_touch(lead, at=MONDAY + 2 * DAY, campaign=mail, kind="click")
    won(100, lead)

    told = found({fair.pk: "fair", mail.pk: "mail"})

    assert told.influenced == {"fair": 100, "mail": 100}
    assert told.all_influenced == told.won == 100
    assert found({fair.pk: "both", mail.pk: "both"}).influenced == {"both": 100}


def test_touches_after_the_close_and_corrected_ones_influence_nothing():
    fair = make_campaign("Fair")
    lead = make_lead()
    wrong = record_touch(lead, at=MONDAY, campaign=fair, kind="attend")
    record_touch(lead, at=MONDAY, kind="visit", channel="search", corrects=wrong)
    record_touch(lead, at=MONDAY + 10 * DAY, campaign=fair, kind="attend")
    won(100, lead)

    assert found({fair.pk: "fair"}).influenced == {}
