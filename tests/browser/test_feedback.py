"""Answering sales in place, as a marketer does it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.models import Notification, Role
from feedback.models import Reply
from feedback.verdicts import reject_handoff
from leads.reasons import seed_reasons
from tests.factories import DAY, HOUR, make_handoff, make_team, make_user, reason

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_comment_is_answered_with_a_mention_from_the_keyboard(page_for: Callable[[Any], Page]) -> None:
    seed_reasons()
    north = make_team()
    rob, rosa = make_user("rob", team=north), make_user("rosa", last_name="Jung", team=north)
    mia = make_user("mia", role=Role.MARKETER, team=make_team("Marketing", kind="marketing"))
    at = timezone.now() - DAY
    handoff = make_handoff(to=rob, by=mia, at=at)
    reject_handoff(handoff, by=rob, at=at + HOUR, reason=reason("industry"), comment="They bake bread")
    page = page_for(mia)

    page.goto("/feedback/")
    expect(page.get_by_text("They bake bread")).to_be_visible()
    page.get_by_text("Reply", exact=True).click()
    field = page.locator("textarea[data-mentions]")
    expect(field).to_be_focused()
    page.keyboard.type("Do you know them, @ros")
    expect(page.get_by_role("option", name="Rosa Jung")).to_be_visible()
    page.keyboard.press("Enter")
    expect(field).to_have_value("Do you know them, @Rosa Jung ")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".thread-text")).to_have_text("Do you know them, @Rosa Jung")
    expect(page.locator(".mention")).to_have_text("@Rosa Jung")
    assert list(Reply.objects.get().mentions.all()) == [rosa]
    told = Notification.objects.filter(key__startswith="reply:").values_list("user", "kind")
    assert set(told) == {(rosa.pk, "mention"), (rob.pk, "reply")}


def test_answering_goes_from_comment_to_comment_and_counts_down(page_for: Callable[[Any], Page]) -> None:
    seed_reasons()
    rob, mia = make_user("rob", team=make_team()), make_user("mia", role=Role.MARKETER)
    at = timezone.now() - DAY
    for hours, comment in ((1, "They bake bread"), (2, "They sell bread")):
        handoff = make_handoff(to=rob, by=mia, at=at)
        reject_handoff(handoff, by=rob, at=at + hours * HOUR, reason=reason("industry"), comment=comment)
    page = page_for(mia)
    page.goto("/feedback/")

    page.keyboard.press("a")
    expect(page.locator("li", has_text="They sell bread").locator("textarea")).to_be_focused()
    page.keyboard.type("Bakers are out now")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("link", name="Answer 1 comment")).to_be_visible()
    expect(page.get_by_role("link", name="Unanswered 1")).to_be_visible()
    page.get_by_role("link", name="Answer 1 comment").click()
    expect(page.locator("li", has_text="They bake bread").locator("textarea")).to_be_focused()
