"""The attribution ledger: frozen at the close, restated when something is corrected."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from crm.models import Organisation
from crm.outbox import drain
from funnel.attribution import ledger
from funnel.attribution.checking import ledger_differences
from funnel.models import Attribution, Credit, FigureSettings
from leads.converting import convert_lead
from leads.merging import merge_leads, undo_merge
from leads.models import Contact, Opportunity
from leads.opportunities import close_opportunity, edit_opportunity, reopen_opportunity
from leads.opportunity_people import add_person
from leads.touches import record_touch
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_lead, make_opportunity
from tests.leads.test_converting import accepted_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(rob):
    return accepted_lead(rob, company_name="Acme")


@pytest.fixture
def deal(lead, rob):
    """Rob's opportunity of 1,200 euros, made of the lead."""
    return convert_lead(lead, by=rob, at=MONDAY + HOUR, amount=1_200)[0]


def win(deal, by, days=10):
    return close_opportunity(deal, outcome="won", by=by, at=MONDAY + days * DAY)


def settle():
    """What a worker does with every change of the test, whose transaction is not over."""
    ledger.apply_changes({"opportunity": set(Opportunity.objects.values_list("pk", flat=True))})


def touched(lead, days, channel="email", **fields):
    return record_touch(lead, at=MONDAY + days * DAY, **{"channel": channel, "kind": "click", **fields})


def credited(model="linear"):
    """Channel and amount of the versions that count."""
    found = Credit.objects.filter(attribution__superseded_at__isnull=True, model=model).order_by("touch")
    return [(credit.channel, credit.amount) for credit in found]


def history(deal):
    versions = Attribution.objects.filter(opportunity=deal.pk).order_by("version")
    return [(row.cause, row.amount, row.touches, row.superseded_at is None) for row in versions]


def test_won_deal_is_shared_by_the_touches_before_it(lead, deal, rob):
    touched(lead, 1, "email")
    touched(lead, 2, "webinar")
    touched(lead, 11, "search")
    touched(lead, 3, "phone", by="sales")
    win(deal, rob)

    settle()

    assert credited() == [("email", 600), ("webinar", 600)]
    assert credited("first") == [("email", 1_200)]
    assert credited("last") == [("webinar", 1_200)]
    assert history(deal) == [("closed", 1_200, 2, True)]


def test_every_model_adds_up_and_settling_again_changes_nothing(lead, deal, rob):
    for days, channel in enumerate(["email", "webinar", "search", "email", "event", "social", "content"]):
        touched(lead, days, channel)
    win(deal, rob)

    settle()
    settle()
    ledger.rebuild()

    totals = Credit.objects.values_list("model").annotate(total=Sum("amount")).order_by("model")
    assert [total for _model, total in totals] == [1_200] * 8
    assert len(history(deal)) == 1
    assert ledger_differences(limit=10) == []


def test_touches_before_the_look_back_window_get_nothing(lead, deal, rob):
    touched(lead, -300, "event")
    touched(lead, 1, "email")
    win(deal, rob)

    settle()

    assert credited("first") == [("email", 1_200)]


def test_people_of_the_deal_bring_the_touches_of_all_their_leads(lead, deal, rob):
    colleague = Contact.objects.create(first_name="Bea", email="bea@acme.example")
    touched(make_lead(contact=colleague), -5, "event")
    touched(make_lead(contact=deal.contact), 2, "webinar")
    touched(lead, 1, "email")
    add_person(deal, colleague, by=rob, at=MONDAY + 2 * DAY)
    win(deal, rob)

    settle()

    assert sorted(credited()) == [("email", 400), ("event", 400), ("webinar", 400)]


def test_deal_without_a_lead_has_the_touches_of_its_contact(rob):
    contact = Contact.objects.create(first_name="Bea", email="bea@acme.example")
    touched(make_lead(contact=contact), 1, "event")
    deal = make_opportunity(contact=contact, owner=rob, team=rob.team, amount=Decimal("99.99"))
    win(deal, rob)

    settle()

    assert credited() == [("event", Decimal("99.99"))]


def test_deal_nobody_touched_has_a_version_without_credits(deal, rob):
    win(deal, rob)

    settle()

    assert history(deal) == [("closed", 1_200, 0, True)]
    assert not Credit.objects.exists()


def test_deal_without_an_amount_is_counted_with_nothing(lead, deal, rob):
    edit_opportunity(deal, by=rob, at=MONDAY + DAY, amount=None)
    touched(lead, 1)
    win(deal, rob)

    settle()

    assert credited() == [("email", 0)]


def test_corrected_touch_restates_visibly(lead, deal, rob):
    wrong = touched(lead, 1, "email")
    touched(lead, 2, "webinar")
    win(deal, rob)
    settle()

    touched(lead, 1, "event", corrects=wrong)
    settle()

    assert credited() == [("webinar", 600), ("event", 600)]
    assert history(deal) == [("closed", 1_200, 2, False), ("touches", 1_200, 2, True)]


def test_touch_that_came_to_light_later_restates_and_one_after_the_close_does_not(lead, deal, rob):
    touched(lead, 1, "email")
    win(deal, rob)
    settle()

    touched(lead, 12, "webinar")
    settle()
    assert len(history(deal)) == 1

    touched(lead, 2, "webinar")
    settle()
    assert history(deal)[-1] == ("touches", 1_200, 2, True)


def test_merge_unites_touches_and_its_undo_parts_them_again(lead, deal, rob, mia):
    touched(lead, 1, "email")
    other = make_lead()
    touched(other, 2, "webinar")
    win(deal, rob)
    settle()

    merge = merge_leads(lead, other, by=mia, at=MONDAY + 12 * DAY)
    settle()
    assert credited() == [("email", 600), ("webinar", 600)]

    undo_merge(merge, by=mia, at=MONDAY + 13 * DAY)
    settle()
    assert credited() == [("email", 1_200)]
    assert [cause for cause, *_ in history(deal)] == ["closed", "touches", "touches"]


def test_corrected_amount_restates(lead, deal, rob):
    touched(lead, 1)
    win(deal, rob)
    settle()

    edit_opportunity(deal, by=rob, at=MONDAY + 11 * DAY, amount=Decimal(900))
    settle()

    assert history(deal) == [("closed", 1_200, 1, False), ("value", 900, 1, True)]
    assert credited() == [("email", 900)]


def test_reopened_deal_counts_nowhere_until_it_is_won_again(lead, deal, rob):
    touched(lead, 1)
    win(deal, rob)
    settle()

    reopen_opportunity(deal, by=rob, at=MONDAY + 11 * DAY)
    settle()
    assert credited() == []
    assert history(deal) == [("closed", 1_200, 1, False), ("reopened", 0, 0, False)]

    win(deal, rob, days=12)
    settle()
    assert history(deal)[-1] == ("closed", 1_200, 1, True)
    assert ledger_differences(limit=10) == []


def test_another_window_counts_from_then_on_and_restates_nothing(lead, deal, rob):
    touched(lead, -20, "event")
    touched(lead, 1, "email")
    win(deal, rob)
    settle()

    FigureSettings.objects.update_or_create(pk=1, defaults={"lookback_days": 15, "half_life_days": 7})
    touched(lead, 2, "webinar")
    settle()
    later = make_opportunity(lead=lead, owner=rob, team=rob.team, amount=100)
    win(later, rob)
    settle()

    assert [row.lookback_days for row in Attribution.objects.order_by("opportunity", "version")] == [180, 180, 15]
    assert len(credited()) == 3 + 2


def test_another_time_zone_moves_the_day_without_a_restatement(lead, deal, rob):
    touched(lead, 1)
    win(deal, rob)
    settle()

    Organisation.objects.filter(pk=1).update(time_zone="Pacific/Auckland")
    Opportunity.objects.filter(pk=deal.pk).update(closed_at=MONDAY + 10 * DAY)
    settle()
    [version] = Attribution.objects.all()
    assert version.closed_on == (MONDAY + 10 * DAY).date()

    Opportunity.objects.filter(pk=deal.pk).update(closed_at=MONDAY + 10 * DAY + timedelta(hours=10))
    settle()
    assert [row.closed_on - (MONDAY + 10 * DAY).date() for row in Attribution.objects.order_by("version")] == [
        timedelta(0),
        DAY,
    ]


def test_deal_that_is_removed_for_good_leaves_nothing(lead, deal, rob):
    touched(lead, 1)
    win(deal, rob)
    settle()
    pk = deal.pk

    Opportunity.objects.filter(pk=pk).delete()
    ledger.apply_changes({"opportunity": {pk}})

    assert not Attribution.objects.exists()
    assert not Credit.objects.exists()


def test_check_finds_what_is_missing_tampered_with_or_too_much(lead, deal, rob):
    touched(lead, 1)
    touched(lead, 2, "webinar")
    win(deal, rob)
    [(wanted, stands)] = ledger_differences(limit=10)
    assert (wanted["opportunity"], stands) == (deal.pk, None)
    settle()

    Credit.objects.filter(model="first").update(amount=5)

    assert [wanted["amount"] for wanted, _stands in ledger_differences(limit=10)] == ["1200.00", "1200.00"]
    ledger.rebuild()
    assert ledger_differences(limit=10) == [
        (
            {"opportunity": deal.pk, "version": 1, "model": "first", "amount": "1200.00", "share": 1.0},
            {"opportunity": deal.pk, "version": 1, "model": "first", "amount": "5.00", "share": 1.0},
        )
    ]


@pytest.mark.django_db(transaction=True)
def test_consumer_keeps_up_with_touches_of_every_lead_of_the_path(rob, mia):
    lead = accepted_lead(rob, company_name="Acme")
    deal = convert_lead(lead, by=rob, at=MONDAY + HOUR, amount=1_200)[0]
    win(deal, rob)
    while drain("attribution"):
        pass
    assert history(deal) == [("closed", 1_200, 0, True)]

    colleague = make_lead(contact=deal.contact, campaign=make_campaign())
    while drain("attribution"):
        pass
    assert credited() == [("webinar", 1_200)]

    colleague.contact = None
    colleague.save()
    ledger.apply_changes({"lead": {colleague.pk}})
    assert credited() == []
