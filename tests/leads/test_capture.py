import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campaigns.models import Asset
from crm.models import Change
from leads.capture.processing import blank_submissions, process_submissions, retry_submissions
from leads.capture.receiving import fields, json_fields, receive
from leads.capture.traps import (
    FILLED_HONEYPOT,
    FORGED,
    MOST_SENT,
    NO_STAMP,
    POSTS_A_MINUTE,
    REPLAYED,
    TOO_FAST,
    TOO_OLD,
    new_stamp,
)
from leads.lifecycle import Stage
from leads.models import Activity, CaptureForm, Contact, Lead, Submission, Touch
from leads.transitions import move_lead
from tests.factories import MONDAY, make_campaign, make_lead, make_mql

pytestmark = pytest.mark.django_db
ADA = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@acme.test", "company_name": "Acme"}
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def form(mia):
    return CaptureForm.objects.create(
        key="demo", name="Ask for a demo", owner=mia, campaign=make_campaign("Autumn fair", channel="event"),
        asset=Asset.objects.create(name="Landing page"), source="website", segment="enterprise",
        consent="We use your data to answer you.", thanks="We call you tomorrow.",
    )  # fmt: skip


def send(body=ADA, key="demo", client=None, query="", **headers):
    return (client or Client()).post(f"/capture/{key}/{query}", body, headers=headers)


def send_json(body, **headers):
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post("/capture/demo/", text, content_type="application/json", headers=headers)


def process():
    return process_submissions(at=timezone.now())


def outcome():
    return list(Submission.objects.order_by("id").values_list("status", "reason"))


# From the answer to the lead


def test_an_answer_is_kept_first_and_becomes_a_lead_after(form, mia):
    answer = send({**ADA, "phone": "030 1234567", "country": "Germany", "message": "Call me", "contact_me": "yes"})
    assert (answer.status_code, answer["Location"]) == (303, "/capture/demo/?thanks=1")
    kept = Submission.objects.get()
    assert (kept.status, kept.payload["email"], kept.payload["_consent"], kept.ip_address) == (
        "received",
        "ada@acme.test",
        "We use your data to answer you.",
        "127.0.0.1",
    )
    assert not Lead.objects.exists()

    process()

    lead, kept = Lead.objects.get(), Submission.objects.get()
    assert (kept.status, kept.lead, kept.attempts) == ("processed", lead, 1)
    assert (
        lead.stage, lead.first_name, lead.phone_e164, lead.owner, lead.team, lead.campaign, lead.channel, lead.source,
        lead.segment, lead.sourced_by, lead.captured_at,
    ) == (
        "inquiry", "Ada", "+49301234567", mia, mia.team, form.campaign, "event", "website", "enterprise", "marketing",
        kept.received_at,
    )  # fmt: skip
    touch = Touch.objects.get()
    assert (touch.kind, touch.by, touch.campaign, touch.asset, touch.raised_hand, touch.at) == (
        "form", "buyer", form.campaign, form.asset, True, kept.received_at,
    )  # fmt: skip
    assert list(Activity.objects.values_list("kind", "note", "lead")) == [("note", "Call me", lead.pk)]
    assert Change.objects.filter(topic="lead", object_id=lead.pk).exists()


def test_processing_twice_is_processing_once(form):
    send()
    assert (process(), process(), Lead.objects.count()) == (1, 0, 1)


def test_the_address_says_where_it_came_from(form):
    spring = make_campaign("Spring webinar (EU)", channel="webinar")
    utm = "?utm_source=newsletter&utm_medium=email&utm_campaign=spring-webinar-eu&utm_term=crm&other=1"
    send(query=utm)
    process()
    lead, touch = Lead.objects.get(), Touch.objects.get()
    assert (lead.campaign, lead.channel, lead.source) == (spring, "webinar", "newsletter")
    assert touch.utm == {"source": "newsletter", "medium": "email", "campaign": "spring-webinar-eu", "term": "crm"}
    assert not touch.raised_hand


def test_the_medium_tells_the_channel_of_a_form_without_a_campaign(form):
    CaptureForm.objects.update(campaign=None)
    send({**ADA, "utm_medium": "CPC", "utm_campaign": "nobody knows"})
    process()
    assert list(Lead.objects.values_list("campaign", "channel", "source")) == [(None, "search", "website")]


@pytest.mark.parametrize(
    ("ticked", "raised"), [("yes", True), ("on", True), (True, True), ("no", False), (False, False), ("", False)]
)
def test_please_contact_me_is_a_raised_hand(form, ticked, raised):
    send_json({**ADA, "contact_me": ticked})
    process()
    assert Touch.objects.get().raised_hand is raised


def test_a_second_answer_is_a_touch_on_the_open_lead_and_fills_its_gaps(form):
    lead = make_lead(first_name="Augusta", last_name="", email="ADA@acme.test")
    send({**ADA, "message": "Again"})
    process()
    lead.refresh_from_db()
    assert Lead.objects.count() == 1
    assert (lead.first_name, lead.last_name, lead.company_name, lead.version) == ("Augusta", "Lovelace", "Acme", 2)
    assert list(Touch.objects.values_list("lead", "kind", "campaign")) == [(lead.pk, "form", form.campaign_id)]
    assert outcome() == [("duplicate", "Added to the lead that is there.")]
    assert Submission.objects.get().lead == lead


def test_the_same_answer_sent_twice_is_one_touch(form):
    for _ in range(2):
        send()
    process()
    assert (Lead.objects.count(), Touch.objects.count()) == (1, 1)
    assert [status for status, _reason in outcome()] == ["processed", "duplicate"]


def test_who_was_a_customer_is_a_new_lead_of_the_same_contact(form, mia):
    contact = Contact.objects.create(last_name="Lovelace", email="ada@acme.test")
    old = make_mql(email="ada@acme.test", contact=contact)
    move_lead(old, Stage.DISQUALIFIED, by=mia, at=datetime.now(UTC))
    send()
    process()
    assert list(Lead.objects.order_by("id").values_list("stage", "contact")) == [
        ("disqualified", contact.pk),
        ("inquiry", contact.pk),
    ]
    assert outcome() == [("processed", "")]


def test_leads_of_an_owner_who_left_are_nobodys(form, mia):
    mia.is_active = False
    mia.save()
    send()
    process()
    assert Lead.objects.get().owner is None


# What goes wrong


def test_what_fails_is_tried_three_times_then_shown_and_can_be_tried_again(form, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("a bug")

    send()
    with monkeypatch.context() as patch:
        patch.setattr("leads.capture.processing.capture_lead", broken)
        states = []
        for _ in range(4):
            process()
            states.append(Submission.objects.values_list("status", "attempts").get())
    assert states == [("received", 1), ("received", 2), ("failed", 3), ("failed", 3)]
    assert "failed 3 times" in Submission.objects.get().reason

    assert retry_submissions(Submission.objects.all()) == 1
    process()
    assert (Submission.objects.get().status, Lead.objects.count()) == ("processed", 1)


def test_one_that_fails_holds_up_no_other(form, monkeypatch):
    from leads.transitions import capture_lead

    def breaks_for_ada(**fields):
        if fields["email"] == "ada@acme.test":
            raise RuntimeError("a bug")
        return capture_lead(**fields)

    monkeypatch.setattr("leads.capture.processing.capture_lead", breaks_for_ada)
    send()
    send({"email": "bob@acme.test"})
    process()
    assert [status for status, _reason in outcome()] == ["received", "processed"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"email": "ada"}, "E-mail: Enter a valid email address."),
        ({"first_name": "Ada"}, "E-mail: Please give an e-mail address or a phone number, so that we can answer."),
        ({"email": "ada@acme.test", "first_name": "x" * 121},
         "First name: Ensure this value has at most 120 characters (it has 121)."),
    ],
)  # fmt: skip
def test_a_person_is_told_what_is_wrong_and_the_log_keeps_it(form, body, text):
    page = send(body)
    assert (page.status_code, text.partition(": ")[2] in page.content.decode()) == (422, True)
    assert send_json(body).json()["text"] == text
    assert outcome() == [("refused", text)] * 2
    assert process() == 0


def test_what_was_sent_is_forgotten_in_time(form):
    send()
    process()
    send({"email": "bob@acme.test"})
    assert blank_submissions(before=timezone.now() - timedelta(days=90)) == 0
    Submission.objects.update(received_at=timezone.now() - timedelta(days=91))
    # One that waits is not forgotten before it is a lead.
    assert blank_submissions(before=timezone.now() - timedelta(days=90)) == 1
    blanked = Submission.objects.order_by("id").first()
    assert (blanked.payload, blanked.ip_address, blanked.user_agent, blanked.lead_id) == (
        {}, None, "", Lead.objects.get().pk,
    )  # fmt: skip
    assert retry_submissions(Submission.objects.filter(pk=blanked.pk)) == 0


# Bots


def opened(form, ago):
    return new_stamp(form, at=timezone.now() - ago)


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"homepage": "https://spam.test"}, FILLED_HONEYPOT),
        ({"stamp": "0"}, TOO_FAST),
        ({"stamp": "90000"}, TOO_OLD),
        ({"stamp": "forged"}, FORGED),
    ],
)
def test_a_bot_is_thanked_and_refused(form, extra, reason):
    if extra.get("stamp", "").isdigit():
        extra = {"stamp": opened(form, int(extra["stamp"]) * SECOND)}
    answer = send({**ADA, **extra})
    assert (answer.status_code, answer["Location"]) == (303, "/capture/demo/?thanks=1")
    assert outcome() == [("refused", reason)]
    assert (process(), Lead.objects.count()) == (0, 0)


def test_a_stamp_of_another_form_is_forged(form):
    other = CaptureForm.objects.create(key="other", name="Other")
    send({**ADA, "stamp": opened(other, 10 * SECOND)})
    assert outcome() == [("refused", FORGED)]


def test_a_person_sends_a_page_again_and_a_replay_stops(form):
    stamp = opened(form, 10 * SECOND)
    for number in range(MOST_SENT + 1):
        send({**ADA, "email": f"a{number}@acme.test", "stamp": stamp})
    assert outcome() == [("received", "")] * MOST_SENT + [("refused", REPLAYED)]


def test_our_own_page_always_carries_its_stamp(form):
    send(Origin="http://testserver")
    send(Origin="https://www.acme.test")
    assert outcome() == [("refused", NO_STAMP), ("received", "")]


@pytest.fixture
def within_a_minute(monkeypatch):
    """The limit counts by the minute of the clock: what a test sends lies in one."""
    moment = timezone.now().replace(second=5)
    monkeypatch.setattr(timezone, "now", lambda: moment)


@pytest.mark.usefixtures("within_a_minute")
def test_too_many_of_one_address_wait_and_others_do_not(form):
    answers = [send() for _ in range(POSTS_A_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [303] * POSTS_A_MINUTE + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert send(client=Client(REMOTE_ADDR="10.0.0.7")).status_code == 303
    assert Submission.objects.count() == POSTS_A_MINUTE + 1


@pytest.mark.usefixtures("within_a_minute")
def test_a_network_of_ipv6_is_one_sender(form):
    answers = [send(client=Client(REMOTE_ADDR=f"2001:db8::{number:x}")) for number in range(1, 32)]
    assert [answer.status_code for answer in answers] == [303] * POSTS_A_MINUTE + [429]
    assert send(client=Client(REMOTE_ADDR="2001:db8:0:1::1")).status_code == 303
    assert send(client=Client(REMOTE_ADDR="fe80::1%eth0")).status_code == 303


def test_a_claimed_address_counts_only_behind_a_proxy(form, settings):
    send(**{"X-Forwarded-For": "6.6.6.6"})
    settings.BEHIND_PROXY = True
    send(**{"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    send(**{"X-Forwarded-For": "nonsense"})
    assert list(Submission.objects.order_by("id").values_list("ip_address", flat=True)) == [
        "127.0.0.1", "203.0.113.9", None,
    ]  # fmt: skip


# What may be sent


def test_json_from_a_page_of_marketings(form):
    answer = send_json(ADA, Origin="https://www.acme.test")
    assert (answer.status_code, answer.json(), answer["Access-Control-Allow-Origin"]) == (
        200, {"status": "received", "text": "We call you tomorrow."}, "*",
    )  # fmt: skip
    asked = Client().options("/capture/demo/")
    assert (asked.status_code, asked["Access-Control-Allow-Methods"], asked["Access-Control-Allow-Headers"]) == (
        204, "POST, OPTIONS", "Content-Type, Accept",
    )  # fmt: skip
    assert not answer.cookies
    assert not asked.cookies


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"email": {"a": 1}}', "application/json", 400),
        (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, "application/json", 400),
        (json.dumps({f"field{n}": 1 for n in range(51)}).encode(), "application/json", 400),
        (json.dumps({"email": "a@b.test", "message": "x" * 100_000}).encode(), "application/json", 413),
        (b"<x/>", "application/xml", 415),
        (b"", "", 415),
        (b"no boundary", "multipart/form-data", 400),
        (b"&".join(b"f%d=1" % n for n in range(51)), "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % n for n in range(2000)), "application/x-www-form-urlencoded", 400),
        (b"message=" + b"x" * 100_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_cannot_be_read_is_said_and_breaks_nothing(form, body, content_type, status):
    answer = Client().post("/capture/demo/", body, content_type=content_type)
    assert (answer.status_code, Submission.objects.count()) == (status, 0)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\0\0", "🦊 عادة " * 3, "\ud800", "%s'\";--", "../../etc"]
)
def test_anything_in_any_field_is_a_text(form, text):
    names = (
        "first_name",
        "last_name",
        "company_name",
        "title",
        "country",
        "message",
        "utm_source",
        "utm_campaign",
        "x",
    )
    answer = send_json({**dict.fromkeys(names, text), "email": "ada@acme.test", "phone": "12"})
    assert answer.status_code == 200
    process()
    lead = Lead.objects.get()
    assert lead.last_name == text.strip().replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    typed = text.replace("\0", "").replace("\ud800", "")
    page = Client().get("/capture/demo/", {"first_name": typed, "utm_source": typed})
    assert "<script>alert" not in page.content.decode()


def test_names_and_values_as_they_are_kept():
    assert fields([("_own", ["x"]), ("a" * 200, [" b ", 1, None]), ("empty", [""])]) == {
        "own": "x",
        "a" * 100: "b , 1,",
    }
    assert json_fields(b'{"a": [1, "b"], "b": true, "c": false, "d": null, "e": 1.5}') == {
        "a": "1, b", "b": "yes", "e": "1.5",
    }  # fmt: skip


# The page


def test_the_hosted_page_asks_and_thanks_without_cookies(form):
    client = Client()
    page = client.get("/capture/demo/?utm_source=fair&email=ada@acme.test")
    text = page.content.decode()
    assert page.status_code == 200
    assert 'value="fair"' in text
    assert 'value="ada@acme.test"' in text
    assert "We use your data" in text
    assert "<script" not in text
    assert not page.cookies
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert client.head("/capture/demo/").status_code == 200
    assert "We call you tomorrow." in client.get("/capture/demo/?thanks=1").content.decode()


def test_an_unknown_form_and_a_closed_one(form):
    assert [Client().get("/capture/none/").status_code, send(key="none").status_code] == [404, 404]
    CaptureForm.objects.update(is_active=False)
    assert [Client().get("/capture/demo/").status_code, send().status_code, send_json(ADA).status_code] == [410] * 3
    assert not Submission.objects.exists()
    assert Client().put("/capture/demo/").status_code == 405


def test_answers_are_kept_while_redis_is_away(form, settings, stop_redis):
    stop_redis()
    assert [send(ADA | {"email": f"a{n}@acme.test"}).status_code for n in range(2)] == [303, 303]
    process()
    assert Lead.objects.count() == 2


def test_receiving_costs_the_same_few_queries(form, django_assert_num_queries):
    with django_assert_num_queries(4):  # the form, and the answer between savepoints
        send()
    for number in range(50):
        receive(form, {"email": f"a{number}@acme.test"}, at=MONDAY, address=None)
    with django_assert_num_queries(4):
        send()
