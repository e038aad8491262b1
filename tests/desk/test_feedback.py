"""The page /feedback/, the talk about hand-offs, and what marketing changed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Notification
from feedback.impressions import record_impression
from feedback.models import Handoff, Improvement, Reply
from feedback.recycling import bring_back
from feedback.replies import reply_to
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff
from funnel.facts import recompute
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, make_campaign, make_handoff, make_mql, make_user, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def webinar(mia):
    return make_campaign("Spring webinar", owner=mia)


def answered(rob, campaign=None, code="", comment="", *, days=1, **lead):
    at = timezone.now() - days * DAY
    handoff = make_handoff(to=rob, lead=make_mql(campaign=campaign, at=at, **lead), at=at)
    if code:
        return reject_handoff(handoff, by=rob, at=at + HOUR, reason=reason(code), comment=comment)
    return accept_handoff(handoff, by=rob, at=at + HOUR, comment=comment)


def shown(client, path="/feedback/"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer


def test_the_sentence_and_the_table_say_what_sales_answered(client_for, mia, rob, webinar):
    for code in ("", "company_size", "company_size", "wrong_rep"):
        Handoff.objects.filter(follows=answered(rob, webinar, code)).delete()
    answered(rob, make_campaign("Old"), "industry", days=40)

    page = shown(client_for(mia)).content.decode()
    said = "Sales answered 4 of 4 in the last 30 days and accepted 33 % (likely 6–79 %); main reason: not a fit, "
    label = reason("company_size").label
    assert f"{said}{label[:1].lower()}{label[1:]} (2)." in page
    assert "Spring webinar" in page
    assert "Old" not in page
    assert "5 of 5" in shown(client_for(mia), "/feedback/?days=90").content.decode()


def test_verdicts_without_an_open_comment_are_called_answered(client_for, mia, rob, webinar):
    answered(rob, webinar, "industry")
    assert "Every comment is answered" in shown(client_for(mia)).content.decode()


def test_nothing_handed_over_is_said(client_for, mia):
    page = shown(client_for(mia)).content.decode()
    assert "Nothing was handed to sales in the last 30 days." in page
    assert "No comment on these days" in page
    assert "Nothing to repair" in page
    assert "Leads ready for sales" in page


def test_who_hands_nothing_over_is_not_sent_to_do_it(client_for, rob):
    page = shown(client_for(rob)).content.decode()
    assert "Nothing was handed over on these days" in page
    assert "Leads ready for sales" not in page


@pytest.mark.parametrize("by", ["campaign", "content", "source", "segment", "team", "nonsense"])
def test_every_cut_and_order_is_shown(client_for, mia, rob, webinar, by):
    answered(rob, webinar, source="google", segment="SMB")
    for order in ("-acceptance", "decided", "magic"):
        page = shown(client_for(mia), f"/feedback/?by={by}&ordering={order}&days=soon&campaign=x&team=0&after=z")
        assert "1 of 1" in page.content.decode()


def test_a_row_holds_the_page_at_its_key(client_for, mia, rob, webinar):
    answered(rob, webinar)
    answered(rob, None, "industry")
    page = shown(client_for(mia), f"/feedback/?campaign={webinar.pk}").content.decode()
    assert "Campaign: Spring webinar" in page
    assert "1 of 1" in page
    assert "1 of 1" in shown(client_for(mia), "/feedback/?campaign=(none)").content.decode()


def test_comments_wait_until_somebody_else_replied(client_for, mia, rob, webinar):
    handoff = answered(rob, webinar, "industry", "They bake bread")
    answered(rob, webinar, "industry")
    client = client_for(mia)
    reply_to(handoff, by=rob, at=timezone.now(), text="A bakery in fact")
    assert [row.pk for row in shown(client).context["comments"].rows] == [handoff.pk]
    assert shown(client).context["unanswered"] == 1

    reply_to(handoff, by=mia, at=timezone.now(), text="We leave bakers out")
    assert shown(client).context["comments"].rows == []
    assert [row.pk for row in shown(client, "/feedback/?show=all").context["comments"].rows] == [handoff.pk]


def test_a_reason_leads_to_all_who_were_rejected_for_it(client_for, mia, rob, webinar):
    one, two = answered(rob, webinar, "industry"), answered(rob, webinar, "industry", "Bread")
    answered(rob, webinar, "company_size", "Two people")
    rows = shown(client_for(mia), f"/feedback/?reason={reason('industry').pk}").context["comments"].rows
    assert {row.pk for row in rows} == {one.pk, two.pk}


def test_repairs_name_what_is_wrong_and_who_said_so(client_for, mia, rob, webinar):
    handoff = make_handoff(to=rob, lead=make_mql(campaign=webinar))
    reject_handoff(
        handoff, by=rob, at=timezone.now(), reason=reason("wrong_data"), comment="Rings at a bakery",
        wrong_fields=["phone"],
    )  # fmt: skip
    page = shown(client_for(mia)).content.decode()
    assert "Wrong or missing: phone" in page
    assert "Rings at a bakery" in page


def test_the_second_time_round_stands_beside_the_first(client_for, mia, rob, webinar):
    lead, now = answered(rob, webinar, "no_project", days=200).lead, timezone.now()
    bring_back([lead.pk], at=now - 150 * DAY, why="")
    again = offer_lead(Lead.objects.get(pk=lead.pk), by=None, at=now - 150 * DAY, to_user=rob)
    accept_handoff(again, by=rob, at=now - 149 * DAY)
    recompute.rebuild()

    page = shown(client_for(mia))

    assert [(r.label, r.handed_over, r.accepted) for r in page.context["rounds"]] == [
        ("1st time", 1, 0), ("2nd time", 1, 1), ("3rd time or later", 0, 0),
    ]  # fmt: skip
    assert "1 of 1 recycled were back with sales within 180 days" in page.content.decode()


def test_what_sales_says_after_acceptance_stands_there(client_for, mia, rob, webinar):
    assert "After acceptance" not in shown(client_for(mia)).content.decode()
    for campaign, theme in ((webinar, "Integration"), (make_campaign("Old"), "Price")):
        lead = Lead.objects.get(pk=answered(rob, campaign).lead_id)
        move_lead(lead, Stage.QUALIFIED, by=rob, at=timezone.now())
        for said in ({"question": "quality", "quality": 3}, {"question": "theme", "theme": theme}):
            record_impression(lead, by=rob, at=timezone.now(), moment="qualify", **said)

    page = shown(client_for(mia)).content.decode()
    assert "After acceptance" in page
    assert "2 good, 0 fair, 0 poor" in page
    held = shown(client_for(mia), f"/feedback/?campaign={webinar.pk}").content.decode()
    assert "1 good, 0 fair, 0 poor" in held
    assert "Integration (1)" in held
    assert "Price (1)" not in held


def test_the_nurture_list_leads_to_the_second_time_round(client_for, mia):
    client = client_for(mia)
    assert 'href="/feedback/#second-time"' in client.get("/leads/?tab=nurture").content.decode()
    assert 'href="/feedback/#second-time"' not in client.get("/leads/?tab=all").content.decode()
    assert 'id="second-time"' in shown(client).content.decode()


def test_rejections_wait_for_an_answer_in_two_clicks(client_for, mia, rob, webinar):
    answered(rob, webinar, "industry")
    answered(rob, make_campaign("Of somebody else"), "industry")
    client = client_for(mia)
    page = shown(client).content.decode()
    assert "1 rejection waits for an answer of marketing" in page

    address = f"/improvements/new/?campaign={webinar.pk}&reason={reason('industry').pk}&kind=none"
    form = client.get(address).context["form"]
    sent = {"kind": "none", "reason": reason("industry").pk, "on": form["on"].value(), "text": "We want bakers"}
    assert client.post(address, sent).status_code == 302

    entry = Improvement.objects.get()
    assert (entry.kind, entry.campaign, entry.reason, entry.by) == ("none", webinar, reason("industry"), mia)
    assert Notification.objects.filter(user=rob, kind="improvement").count() == 1
    assert "of marketing" not in shown(client).content.decode()


def test_a_change_that_was_refused_is_written_once_it_is_right(client_for, mia, webinar):
    calls, address = client_for(mia), f"/improvements/new/?campaign={webinar.pk}"
    sent = {"kind": "targeting", "text": "Fewer students", "idempotency_key": "one"}

    ahead = calls.post(address, {**sent, "on": (timezone.localdate() + 2 * DAY).isoformat()})
    for _click in range(2):
        calls.post(address, {**sent, "on": timezone.localdate().isoformat()})

    assert ahead.status_code == 422
    assert Improvement.objects.get().text == "Fewer students"


def test_a_change_is_corrected_and_taken_out(client_for, mia, rob, webinar):
    entry = Improvement.objects.create(campaign=webinar, kind="form", on="2026-03-01", text="Shorter", by=mia)
    address = f"/improvements/{entry.pk}/"
    sent = {"kind": "form", "reason": "", "on": "2026-03-02", "text": "Two fields less", "seen_text": "Shorter"}
    assert client_for(rob).post(address, sent).status_code == 403
    assert client_for(mia).post(address, sent).status_code == 302
    entry.refresh_from_db()
    assert (entry.text, entry.on.day) == ("Two fields less", 2)
    assert client_for(mia).post(address, {**sent, "text": "Mine", "seen_text": "Shorter"}).status_code == 409
    assert (
        client_for(mia).post(address, {**sent, "on": "2999-01-01", "seen_text": "Two fields less"}).status_code == 422
    )
    assert client_for(rob).post(f"{address}removal/").status_code == 403
    assert client_for(mia).post(f"{address}removal/").status_code == 302
    assert not Improvement.objects.exists()


def test_a_reply_without_javascript_comes_back_to_its_page(client_for, mia, rob, rosa, webinar):
    handoff = answered(rob, webinar, "industry", "Bread")
    client, address = client_for(mia), f"/handoffs/{handoff.pk}/replies/"
    sent = {"text": "@Rosa? <b>", "next": "/feedback/?show=all", "idempotency_key": "k1"}
    for _time in range(2):
        answer = client.post(address, sent)
        assert (answer.status_code, answer["Location"]) == (302, "/feedback/?show=all")
    assert list(Reply.objects.get().mentions.all()) == [rosa]
    page = client.get(address).content.decode()
    assert '<b class="mention">@Rosa</b>? &lt;b&gt;' in page
    assert client.post(address, {"text": "x", "next": "https://evil.test/"})["Location"] == address


def test_a_reply_in_place_answers_with_the_talk(client_for, mia, rob, webinar):
    handoff = answered(rob, webinar, "industry", "Bread")
    headers = {"HX-Request": "true"}
    client, address = client_for(mia), f"/handoffs/{handoff.pk}/replies/"
    answer = client.post(address, {"text": "Thank you"}, headers=headers)
    assert (answer.status_code, "record:changed" in answer["HX-Trigger"]) == (200, True)
    assert "Thank you" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    for name in ("Jones", "Smith"):
        make_user("tom", last_name=name, email=f"{name}@demo.test")
    refused = client.post(address, {"text": "Ask @Tom"}, headers=headers)
    assert refused.status_code == 422
    assert "Who is @Tom?" in refused.content.decode()
    assert "Ask @Tom" in refused.content.decode()
    assert Reply.objects.count() == 1


def test_replies_stand_below_the_verdict_in_the_time_line(client_for, mia, rob, webinar):
    handoff = answered(rob, webinar, "industry", "Bread")
    reply_to(handoff, by=mia, at=timezone.now(), text="Noted, thank you")
    page = shown(client_for(mia), f"/leads/{handoff.lead_id}/?show=verdicts").content.decode()
    assert page.count("Noted, thank you") == 2  # in the box on top, and in the time line


def test_the_page_costs_the_same_with_one_and_fifty(client_for, mia, rob, webinar):
    def make(count):
        for number in range(count):
            handoff = answered(rob, make_campaign(f"C {number}", owner=mia), "wrong_data", f"Words {number}")
            Handoff.objects.filter(pk=handoff.pk).update(wrong_fields=["phone"])
            reply_to(handoff, by=rob, at=timezone.now(), text="@Mia?")
            Improvement.objects.create(campaign=webinar, kind="form", on="2026-03-01", text="Shorter", by=mia)

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            shown(client)
        return len(asked)

    client = client_for(mia)
    make(1)
    shown(client)
    first = cost()
    make(49)
    assert cost() <= first


def test_whom_a_comment_names_stands_out(client_for, mia, rob, webinar):
    answered(rob, webinar, "industry", "They <b>bake</b>, ask @rob or @nobody")
    page = shown(client_for(mia)).content.decode()

    assert '“They &lt;b&gt;bake&lt;/b&gt;, ask <b class="mention">@rob</b> or @nobody”' in page
