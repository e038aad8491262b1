"""A manager tries a definition on own history: watches it run, moves the threshold, writes it into the draft."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Touch
from scoring.backtesting import last_quarter, run_backtest
from scoring.models import Backtest
from tests.factories import DAY, HOUR, MONDAY, make_lead
from tests.scoring.cards import did
from tests.scoring.test_backtesting import LATER, WEEKS, make_definition

pytestmark = pytest.mark.django_db(transaction=True)


def definition_with_history(weeks):
    """Two leads with a form, two with a visit, in the first of these weeks; the draft asks for 50 points."""
    make_definition(1, did("form", 60), did("visit", 20), status="active")
    draft = make_definition(2, did("form", 60), did("visit", 55))
    for number in range(4):
        lead = make_lead(at=weeks)
        Touch.objects.create(lead=lead, kind="form" if number < 2 else "visit", at=weeks + (number + 1) * HOUR)
    return draft


def test_the_threshold_is_moved_by_hand_and_used(page_for, max_):
    draft = definition_with_history(MONDAY)
    backtest = run_backtest(draft, by=None, at=LATER, **WEEKS)
    page = page_for(max_)
    asked = []
    page.goto(f"/scoring/backtests/{backtest.pk}/")
    page.on("request", lambda request: "/static/" in request.url or asked.append(request.url))

    figures = page.locator("#what-if .figure")
    expect(figures.first).to_contain_text("4 in 4 weeks")
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(6):
        slider.press("ArrowRight")
    expect(figures.first).to_contain_text("2 in 4 weeks")
    expect(page.locator("[data-what-if-sentence]")).to_contain_text("From 56 points on: 0.5 MQLs a week")
    page.get_by_label("Threshold in points").fill("61")
    expect(figures.first).to_contain_text("0 in 4 weeks")
    assert asked == []

    page.get_by_label("Threshold in points").fill("57")
    page.get_by_role("button", name="Use this threshold").click()
    page.wait_for_url(f"**/scoring/definitions/{draft.pk}/")
    draft.refresh_from_db()
    assert draft.thresholds == {"mql": 57}
    page.goto(f"/scoring/backtests/{backtest.pk}/?threshold=57")
    expect(page.get_by_text("The definition was changed since")).to_be_visible()


def test_a_number_opens_the_leads_at_the_threshold_that_was_tried(page_for, mia):
    backtest = run_backtest(definition_with_history(MONDAY), by=None, at=LATER, **WEEKS)
    page = page_for(mia)
    page.goto(f"/scoring/backtests/{backtest.pk}/")
    page.get_by_label("Threshold in points").fill("58")
    page.locator("#what-if .figure").first.click()
    expect(page.get_by_text("2 leads · MQL with a threshold of 58")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Threshold in points")).to_have_value("58")
    expect(page.get_by_role("button", name="Use this threshold")).to_have_count(0)


def test_it_runs_while_the_manager_watches(page_for, max_, worker):
    first, _ = last_quarter(timezone.now())
    began = timezone.now().replace(year=first.year, month=first.month, day=first.day, hour=9) + DAY
    draft = definition_with_history(began)
    page = page_for(max_)
    page.goto(f"/scoring/definitions/{draft.pk}/")
    page.get_by_role("button", name="Back-test it").click()
    expect(page.get_by_text("v2 would have given")).to_be_visible(timeout=30_000)
    assert Backtest.objects.get().status == "done"
