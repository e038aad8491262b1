"""The strip that asks sales for one tap: after which deeds, which question comes next, who sees it."""

import pytest

from campaigns.models import Asset
from desk.queries.impressions import tap_for
from feedback.models import Impression
from feedback.verdicts import accept_handoff
from leads.lifecycle import Stage
from leads.merging import merge_leads
from leads.models import Lead, PickList, PickValue
from leads.pick_values import FIRST_THEMES
from leads.touches import record_touch
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
IN_STRIP = {**HTMX, "HX-Target": "tap"}


@pytest.fixture
def lead(rob, mia):
    return accept_handoff(make_handoff(to=rob, by=mia), by=rob, at=MONDAY + HOUR).lead


def qualified(lead, rob):
    move_lead(lead, Stage.QUALIFIED, by=rob, at=MONDAY + DAY)
    return lead


def tap(page, lead, question, value, **more):
    sent = {"moment": "qualify", "question": question, "value": value, **more}
    return page.post(f"/leads/{lead.pk}/impression/", sent, headers=IN_STRIP)


def test_qualify_asks_one_question_after_another(client_for, lead, rob):
    met = Asset.objects.create(name="White paper")
    record_touch(lead, at=MONDAY, kind="download", asset=met)
    page = client_for(rob)

    answer = page.post(
        f"/leads/{lead.pk}/move/", {"to": "qualified", "seq": lead.seq, "need": "Planning"}, headers=HTMX
    )
    assert "How good was this lead?" in answer.content.decode()

    second = tap(page, lead, "quality", "3").content.decode()
    assert "Which content helped?" in second
    assert "White paper" in second
    assert "data-tap" in second
    third = tap(page, lead, "content", met.pk).content.decode()
    assert "What did they ask about?" in third
    assert FIRST_THEMES[0] in third
    last = tap(page, lead, "theme", "Integration").content.decode()
    assert "Thank you" in last

    rows = Impression.objects.order_by("pk").values_list("question", "quality", "asset", "theme")
    assert list(rows) == [("quality", 3, None, ""), ("content", None, met.pk, ""), ("theme", None, None, "Integration")]
    assert tap_for(lead, "qualify", rob) is None
    shown = page.get(f"/leads/{lead.pk}/").content.decode()
    assert "Sales found it good" in shown
    assert "They asked about “Integration”" in shown
    assert "How good was" not in shown


def test_content_that_a_merged_lead_met_is_offered_too(lead, rob, mona):
    twin, met = make_lead(), Asset.objects.create(name="White paper")
    record_touch(twin, at=MONDAY, kind="download", asset=met)
    merge_leads(lead, twin, by=mona, at=MONDAY + DAY)
    qualified(Lead.objects.get(pk=lead.pk), rob)

    asked = tap_for(Lead.objects.get(pk=lead.pk), "qualify", rob, question="content")
    assert [chip.label for chip in asked.chips] == ["White paper"]


def test_return_asks_and_a_page_asked_later_does_not(client_for, lead, rob):
    page = client_for(rob)
    assert "data-tap" not in page.get(f"/leads/{lead.pk}/").content.decode()
    move_lead(lead, Stage.NURTURE, by=rob, at=MONDAY + DAY)

    assert "data-tap " not in page.get(f"/leads/{lead.pk}/").content.decode()
    asked = page.get(f"/leads/{lead.pk}/?tap=return").content.decode()
    assert "How good was this lead?" in asked
    assert "Say how good it was" in asked
    later = page.get(f"/leads/{lead.pk}/impression/?moment=return", headers=IN_STRIP).content.decode()
    assert "How good was this lead?" in later
    assert "<html" not in later


def test_a_close_asks_on_the_page_and_on_the_board(client_for, lead, rob):
    qualified(lead, rob)
    deal = make_opportunity(lead=lead, owner=rob, stage="proof", name="Acme")
    page = client_for(rob)

    on_board = {**HTMX, "HX-Current-URL": "http://testserver/board/"}
    answer = page.post(f"/opportunities/{deal.pk}/closing/", {"outcome": "won"}, headers=on_board)
    assert f"/opportunities/{deal.pk}/?tap=close" in answer["HX-Trigger"]

    assert "How good was this lead?" in page.get(f"/opportunities/{deal.pk}/?tap=close").content.decode()
    tap(page, lead, "quality", "1", moment="close", opportunity=deal.pk)
    assert list(Impression.objects.values_list("moment", "opportunity", "quality")) == [("close", deal.pk, 1)]


def test_others_are_not_asked_and_may_not_say(client_for, lead, rob, rosa, mia):
    qualified(lead, rob)
    for other in (rosa, mia):
        page = client_for(other)
        assert "How good was" not in page.get(f"/leads/{lead.pk}/?tap=qualify").content.decode()
        assert tap(page, lead, "quality", "3").status_code == 403


def test_without_javascript_the_next_question_stands_on_the_page(client_for, lead, rob):
    qualified(lead, rob)
    sent = {"moment": "qualify", "question": "quality", "value": "2"}
    page = client_for(rob).post(f"/leads/{lead.pk}/impression/", sent, follow=True)
    assert page.redirect_chain[-1][0] == f"/leads/{lead.pk}/?tap=qualify"
    assert "Which content helped?" in page.content.decode()


@pytest.mark.parametrize("value", ["", "9", "x"])
def test_a_tap_that_means_nothing_is_asked_again(client_for, lead, rob, value):
    qualified(lead, rob)
    answer = tap(client_for(rob), lead, "quality", value)
    assert (answer.status_code, Impression.objects.count()) == (422, 0)
    assert "How good was this lead?" in answer.content.decode()


def test_without_a_list_of_themes_nobody_is_asked_for_one(lead, rob):
    qualified(lead, rob)
    PickValue.objects.filter(list=PickList.THEME).delete()
    assert tap_for(lead, "qualify", rob, question="theme") is None
