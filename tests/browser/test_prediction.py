"""Why a lead has its score, and the pages of prediction, in a browser."""

from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from feedback.models import SignedStatus
from leads.models import LeadPrediction
from leads.touches import record_touch
from scoring.models import Definition, TrainedModel
from tests.factories import DAY, make_mql
from tests.scoring.cards import did, fit
from tests.scoring.test_model_pages import check, make_model

pytestmark = pytest.mark.django_db(transaction=True)


def test_all_rules_open_beside_the_lead_and_add_up(page_for, rob):
    rules = [fit("country", "Sweden", 12), did("form", 20)]
    Definition.objects.create(
        name="Ours", version=4, status=SignedStatus.ACTIVE, effective_from=date(2025, 1, 1), rules=rules
    )
    lead = make_mql(country="Sweden", first_name="Ada", at=timezone.now() - 60 * DAY)
    record_touch(lead, kind="form", at=timezone.now() - 30 * DAY)
    LeadPrediction.objects.create(lead=lead, win=0.14, predicted_at=timezone.now())
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")

    card = page.locator("#lead-score")
    # No model is published any more: the reasons cannot be told, and the rail says so.
    expect(card).to_contain_text("no model is published")
    card.get_by_role("link", name="All rules").focus()
    page.keyboard.press("Enter")

    panel = page.locator("#panel")
    expect(panel.locator(".score-sum tfoot")).to_contain_text("22")
    expect(panel.locator(".score-sum")).to_contain_text("20 points when it happened")
    expect(panel.locator(".chart canvas")).to_be_visible()
    panel.get_by_text("Show as table").click()
    expect(panel.locator(".chart-table")).to_contain_text("became MQL")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_page_of_prediction_reads_itself_again_when_a_training_ends(page_for, max_):
    model = TrainedModel.objects.create(target="win", status="training", asked_by=max_, asked_at=timezone.now())
    page = page_for(max_)
    page.goto("/scoring/model/")
    expect(page.get_by_role("status").filter(has_text="In training since")).to_be_visible()

    TrainedModel.objects.filter(pk=model.pk).update(status="shadow", verdict="No better than the rules.")

    expect(page.locator("#models")).to_contain_text("No better than the rules.", timeout=10_000)
    expect(page.locator("#models")).not_to_have_attribute("data-live", "/scoring/model/")


def test_the_card_of_a_model_draws_its_curves_on_a_phone_too(page_for, mia):
    model = make_model("win")
    for days in (1, 2):
        check(model, days)
    page = page_for(mia)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/scoring/model/")
    page.get_by_role("link", name="Model").click()

    expect(page.locator(".chart canvas")).to_have_count(4)
    page.locator(".chart-table summary").first.click()
    expect(page.locator(".chart-table").first).to_contain_text("43–57 %")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
