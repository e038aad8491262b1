"""Writing from a record: the tab, a template, undo, the state in the time line, the settings of templates."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.mailing import fail
from crm.models import Mail
from leads.models import Activity, MailTemplate, Task
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def has_server(settings):
    settings.EMAIL_HOST = "mail.test"


@pytest.fixture
def lead(rob):
    return make_lead(owner=rob, first_name="Ada", last_name="Lovelace", company_name="Acme", email="ada@acme.test")


@pytest.fixture
def page(client_for, rob):
    return client_for(rob)


def post(page, lead, **fields):
    sent = {"subject": "Hello", "text": "Hello {first_name}", **fields}
    return page.post(f"/emails/?lead={lead.pk}", sent, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="composer")


def test_a_template_is_filled_from_the_record(page, lead):
    template = MailTemplate.objects.get(name="First contact")
    answer = page.get(f"/emails/?lead={lead.pk}&template={template.pk}", HTTP_HX_REQUEST="true")

    text = answer.content.decode()
    assert 'value="Acme and us"' in text
    assert "Hello Ada," in text
    assert "<html" not in text
    assert "{" not in answer.context["composer"].letter.form["text"].value()


def test_the_page_without_javascript_has_the_same_form(page, lead):
    answer = page.get(f"/emails/?lead={lead.pk}")

    assert answer.status_code == 200
    assert "<html" in answer.content.decode()
    sent = page.post(f"/emails/?lead={lead.pk}", {"subject": "Hello", "text": "Hello {first_name}"})
    assert (sent.status_code, sent["Location"]) == (302, f"/leads/{lead.pk}/")


def test_sending_logs_queues_and_offers_undo(page, lead):
    answer = post(page, lead, next_in="3")

    assert "Goes out in 20 seconds" in answer["HX-Trigger"]
    activity = Activity.objects.get()
    assert f"/activities/{activity.pk}/removal/" in answer["HX-Trigger"]
    assert activity.mail.text == "Hello Ada"
    assert Task.objects.get().title == "Call Ada about the e-mail"

    page.post(f"/activities/{activity.pk}/removal/?step={Task.objects.get().pk}", HTTP_HX_REQUEST="true")
    assert (Mail.objects.count(), Activity.objects.count(), Task.objects.count()) == (0, 0, 0)


def test_sent_twice_is_one_e_mail(page, lead):
    for _ in range(2):
        post(page, lead, idempotency_key="same")

    assert Mail.objects.count() == 1


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(page, lead):
    answer = post(page, lead, text="Hello {vorname}, dear friend")

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no gap {vorname}" in text
    assert "dear friend" in text


def test_the_time_line_says_where_it_is(page, lead, rob):
    post(page, lead)
    mail = Mail.objects.get()
    state = f"/mails/{mail.pk}/state/"
    assert "Waiting to be sent" in page.get(f"/leads/{lead.pk}/").content.decode()
    assert "data-live" in page.get(state).content.decode()

    Mail.objects.update(state="sent", sent_at=timezone.now())
    text = page.get(state).content.decode()
    assert "Sent " in text
    assert "data-live" not in text


def test_a_failed_one_is_sent_again_from_the_time_line(page, lead, rosa, client_for):
    post(page, lead)
    Mail.objects.update(state="sending")
    mail = Mail.objects.get()
    fail([mail.pk], at=timezone.now(), words="550 no such user")

    text = page.get(f"/leads/{lead.pk}/").content.decode()
    assert "Not sent: 550 no such user" in text
    assert f"/mails/{mail.pk}/again/" in text
    assert page.get(f"/mails/{mail.pk}/")["Location"] == f"/leads/{lead.pk}/"
    assert client_for(rosa).post(f"/mails/{mail.pk}/again/").status_code == 403
    page.post(f"/mails/{mail.pk}/again/")
    assert Mail.objects.get().state == "queued"


@pytest.mark.parametrize(
    ("facts", "words"), [({"email": ""}, "No e-mail address"), ({"do_not_mail": True}, "asked not")]
)
def test_who_cannot_be_written_to_is_said(page, lead, facts, words):
    for name, value in facts.items():
        setattr(lead, name, value)
    lead.save()

    text = page.get(f"/leads/{lead.pk}/").content.decode()
    assert words in text
    assert 'action="/emails/' not in text


def test_an_admin_is_led_to_the_mail_server(client_for, ada, lead, settings):
    settings.EMAIL_HOST = ""
    assert 'href="/settings/mail/"' in client_for(ada).get(f"/leads/{lead.pk}/").content.decode()


def test_a_time_line_of_e_mails_costs_the_same(page, lead):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            page.get(f"/leads/{lead.pk}/")
        return len(seen)

    post(page, lead)
    one = queries()
    for _ in range(15):
        post(page, lead)
    assert queries() == one


def test_templates_are_written_on_their_page(page, client_for, max_, rob):
    assert "First contact" in page.get("/settings/templates/").content.decode()
    page.post("/settings/templates/new/", {"name": "Mine", "subject": "Hi", "text": "Hello {first_name}"})
    assert MailTemplate.objects.get(name="Mine").owner == rob
    refused = page.post("/settings/templates/new/", {"name": "Bad", "subject": "Hi", "text": "Hello {x}"})
    assert (refused.status_code, "There is no gap {x}" in refused.content.decode()) == (422, True)
    assert page.get("/settings/templates/new/?for_all=1").status_code == 403
    assert client_for(max_).get("/settings/templates/new/?for_all=1").status_code == 200


def test_a_signature_is_kept_on_the_own_page(page, rob):
    page.post("/settings/me/", {"first_name": "Rob", "last_name": "", "signature": "Rob, sales"})

    rob.refresh_from_db()
    assert rob.signature == "Rob, sales"
    assert MailTemplate.objects.count() == 3
