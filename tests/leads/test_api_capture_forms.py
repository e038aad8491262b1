import pytest
from django.utils import timezone

from leads.capture.processing import process_submissions
from leads.capture.receiving import receive
from leads.models import CaptureForm, Contact, Lead, Submission
from tests.api import Caller
from tests.factories import MONDAY, make_campaign, make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(mia):
    return CaptureForm.objects.create(key="demo", name="Ask for a demo", owner=mia)


def test_a_marketer_makes_changes_and_removes_a_form(mia):
    caller, campaign = Caller(mia), make_campaign()
    made = caller.post("capture-forms/", {"name": "Autumn Fair!", "campaign": campaign.pk, "consent": "We mail you."})
    shown = made.json()
    assert (made.status_code, shown["key"], shown["owner"], shown["campaign"], shown["is_active"]) == (
        201, "autumn-fair", mia.pk, campaign.pk, True,
    )  # fmt: skip
    again = caller.post("capture-forms/", {"name": "Autumn Fair!"}).json()
    assert again["key"].startswith("autumn-fair-")
    assert caller.patch(f"capture-forms/{shown['id']}/", {"thanks": "Soon."}).json()["thanks"] == "Soon."
    assert caller.delete(f"capture-forms/{shown['id']}/").status_code == 204
    assert CaptureForm.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": "x", "key": "not a key"}, "key"), ({"name": "x", "key": "demo"}, "key"),
     ({"name": "x", "nonsense": 1}, "nonsense")],
)  # fmt: skip
def test_what_makes_no_form(mia, form, body, field):
    answer = Caller(mia).post("capture-forms/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_who_may(mia, mona, rob, max_, ada, form):
    rows = {
        caller.first_name: (
            Caller(caller).get("capture-forms/").status_code,
            Caller(caller).post("capture-forms/", {"name": caller.first_name}).status_code,
            Caller(caller).patch(f"capture-forms/{form.pk}/", {"source": caller.first_name}).status_code,
            Caller(caller).get("submissions/").status_code,
        )
        for caller in (mia, mona, rob, max_, ada)
    }
    assert rows == {
        "Mia": (200, 201, 200, 200),
        "Mona": (200, 201, 200, 200),
        "Rob": (200, 403, 403, 403),
        "Max": (200, 403, 403, 403),
        "Ada": (200, 201, 200, 200),
    }


def test_a_marketer_writes_forms_of_her_campaigns_and_no_others(mia, mona):
    caller = Caller(mia)
    others = CaptureForm.objects.create(key="a", name="A", owner=mona)
    own = CaptureForm.objects.create(key="b", name="B", owner=mona, campaign=make_campaign(owner=mia))
    assert [caller.patch(f"capture-forms/{form.pk}/", {"source": "x"}).status_code for form in (others, own)] == [
        403,
        200,
    ]
    assert caller.post("capture-forms/", {"name": "Hers", "owner": mona.pk}).status_code == 403


def test_a_form_people_have_sent_is_not_removed(mia, form):
    receive(form, {"email": "a@b.test"}, at=MONDAY, address=None)
    answer = Caller(mia).delete(f"capture-forms/{form.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (422, "form_in_use")


def test_the_log_and_another_attempt(mia, mona, form):
    kept = receive(form, {"email": "a@b.test"}, at=MONDAY, address="10.0.0.1", refused="A bot.")
    receive(form, {"email": "c@d.test"}, at=MONDAY, address=None)
    process_submissions(at=timezone.now())
    caller = Caller(mia)
    [shown] = caller.get("submissions/", status="refused", form=form.pk).json()["results"]
    assert (shown["id"], shown["reason"], shown["payload"], shown["ip_address"], shown["lead"]) == (
        kept.pk, "A bot.", {"email": "a@b.test"}, "10.0.0.1", None,
    )  # fmt: skip
    other = CaptureForm.objects.create(key="x", name="X", owner=mona)
    foreign = receive(other, {"email": "e@f.test"}, at=MONDAY, address=None, refused="A bot.")
    assert caller.post(f"submissions/{foreign.pk}/retry/").status_code == 403

    again = caller.post(f"submissions/{kept.pk}/retry/")
    assert (again.status_code, again.json()["status"]) == (200, "received")
    process_submissions(at=timezone.now())
    assert Submission.objects.get(pk=kept.pk).lead is not None
    assert caller.post(f"submissions/{kept.pk}/retry/").json()["code"] == "cannot_retry"


def test_a_page_costs_the_same_with_one_row_and_fifty(mia, form, django_assert_max_num_queries):
    caller = Caller(mia)
    for _ in range(50):
        receive(form, {"email": "a@b.test"}, at=MONDAY, address=None)
        CaptureForm.objects.create(key=f"f{CaptureForm.objects.count()}", name="F", campaign=make_campaign())
    for path in ("submissions/", "capture-forms/"):
        with django_assert_max_num_queries(4):
            assert len(caller.get(path).json()["results"]) == 50


def test_a_new_lead_comes_with_who_may_be_the_same(mia):
    known = make_lead(email="ada@acme.test", phone="+49 30 1234567")
    contact = Contact.objects.create(email="other@acme.test", phone="+49 30 1234567")
    answer = Caller(mia).post("leads/", {"email": "Ada@acme.test", "phone": "0049 30 1234567"})
    assert (answer.status_code, answer.json()["duplicates"]) == (
        201,
        [
            {"kind": "lead", "id": known.pk, "reasons": ["the same e-mail", "the same phone number"]},
            {"kind": "contact", "id": contact.pk, "reasons": ["the same phone number"]},
        ],
    )
    assert Lead.objects.count() == 2
    assert Caller(mia).post("leads/", {"email": "new@acme.test"}).json()["duplicates"] == []
