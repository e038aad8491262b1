"""E-mail and its templates by the API."""

import pytest

from crm.models import Mail
from leads.models import MailTemplate
from tests.api import Caller
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def has_server(settings):
    settings.EMAIL_HOST = "mail.test"


@pytest.fixture
def lead(rob):
    return make_lead(owner=rob, first_name="Ada", company_name="Acme", email="ada@acme.test")


def test_an_e_mail_is_sent_with_a_template(lead, rob):
    template = MailTemplate.objects.get(name="After no answer")
    answer = Caller(rob).post(
        "activities/email/", {"lead": lead.pk, "template": template.pk, "text": "Hi {first_name}"}
    )

    body = answer.json()
    assert answer.status_code == 201
    assert (body["kind"], body["note"], body["lead"]) == ("email", "Hi Ada", lead.pk)
    assert body["mail"] == {
        "to": "ada@acme.test", "subject": "Shall we talk, Ada?", "state": "queued", "sent_at": None, "error": "",
    }  # fmt: skip


def test_it_is_taken_back_by_deleting_its_activity(lead, rob):
    api = Caller(rob)
    pk = api.post("activities/email/", {"lead": lead.pk, "subject": "Hi", "text": "Hello"}).json()["id"]
    assert api.delete(f"activities/{pk}/").status_code == 204
    assert Mail.objects.count() == 0

    pk = api.post("activities/email/", {"lead": lead.pk, "subject": "Hi", "text": "Hello"}).json()["id"]
    Mail.objects.update(state="sent")
    refused = api.delete(f"activities/{pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "mail_sent")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"subject": "Hi", "text": "{x}"}, 422, "unknown_gap"),
        ({"subject": "Hi"}, 400, None),
        ({"subject": "Hi", "text": "Hi", "state": "sent"}, 400, None),
    ],
)
def test_a_wrong_body_is_a_problem(lead, rob, body, status, code):
    answer = Caller(rob).post("activities/email/", {"lead": lead.pk, **body})

    assert (answer.status_code, code is None or answer.json()["code"] == code) == (status, True)
    assert Mail.objects.count() == 0


def test_nobody_reads_or_writes_anothers_templates(rob, rosa, max_):
    api = Caller(rob)
    mine = {"name": "Mine", "subject": "Hi", "text": "Hello {first_name}"}
    pk = api.post("mail-templates/", mine).json()["id"]

    assert [row["name"] for row in api.get("mail-templates/").json()["results"]].count("Mine") == 1
    assert Caller(rosa).get(f"mail-templates/{pk}/").status_code == 404
    assert api.post("mail-templates/", {**mine, "for_all": True}).status_code == 403
    assert Caller(max_).post("mail-templates/", {**mine, "for_all": True}).json()["owner"] is None
    assert api.patch(f"mail-templates/{pk}/", {"retired": True}).json()["retired"] is True
