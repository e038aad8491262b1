import pytest
from django.utils import timezone

from leads.capture.processing import process_submissions
from leads.capture.receiving import receive
from leads.models import CaptureForm, Submission
from tests.factories import MONDAY, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(mia):
    return CaptureForm.objects.create(key="demo", name="Ask for a demo", owner=mia)


def sent(form, number=0, **extra):
    return receive(form, {"email": f"a{number}@acme.test"}, at=MONDAY, address="10.0.0.1", **extra)


def text_of(answer):
    return answer.content.decode()


def test_making_a_form_leads_to_its_page_with_link_and_snippet(client_for, mia):
    campaign = make_campaign()
    client = client_for(mia)
    body = {"name": "Autumn fair", "campaign": campaign.pk, "owner": mia.pk, "is_active": "on", "idempotency_key": "k"}
    made = client.post("/capture-forms/new/", body)
    form = CaptureForm.objects.get()
    assert (made["Location"], form.key, form.owner, form.campaign) == (
        f"/capture-forms/{form.pk}/", "autumn-fair", mia, campaign,
    )  # fmt: skip
    client.post("/capture-forms/new/", body)
    assert CaptureForm.objects.count() == 1
    page = text_of(client.get(made["Location"]))
    assert "http://testserver/capture/autumn-fair/" in page
    assert "&lt;form method=&quot;post&quot; action=&quot;http://testserver/capture/autumn-fair/&quot;&gt;" in page
    assert "Nobody has sent it yet" in page


def test_the_snippet_that_is_copied_works(client_for, client, mia, form):
    page = client_for(mia).get(f"/capture-forms/{form.pk}/")
    snippet = page.context["snippet"]
    for name in ("first_name", "email", "contact_me", "homepage", "utm_source"):
        assert f'name="{name}"' in snippet
    answer = client.post("/capture/demo/", {"email": "ada@acme.test", "homepage": "", "utm_source": ""})
    assert (answer.status_code, Submission.objects.get().status) == (303, "received")


def test_the_log_says_what_became_of_each(client_for, mia, form):
    for number in range(3):
        sent(form, number)
    sent(form, 3, refused="A bot: it filled in the field that people do not see.")
    process_submissions(at=timezone.now())
    sent(form, 4)
    client = client_for(mia)
    page = client.get(f"/capture-forms/{form.pk}/")
    assert [(chip["label"], chip["count"]) for chip in page.context["chips"]] == [
        ("All", "5"), ("Received", "1"), ("Became a lead", "3"), ("Refused", "1"),
    ]  # fmt: skip
    refused = text_of(client.get(f"/capture-forms/{form.pk}/?status=refused"))
    assert "A bot: it filled in the field" in refused
    assert "a0@acme.test" not in refused
    assert client.get(f"/capture-forms/{form.pk}/?status=nonsense").status_code == 200


def test_what_was_sent_is_shown_as_text(client_for, mia, form):
    kept = receive(form, {"email": "a@b.test", "first_name": "<script>alert(1)</script>"}, at=MONDAY, address=None)
    client = client_for(mia)
    for page in (
        client.get(f"/submissions/{kept.pk}/"),
        client.get(f"/submissions/{kept.pk}/", headers={"HX-Request": "true"}),
        client.get(f"/capture-forms/{form.pk}/"),
    ):
        assert "<script>alert(1)" not in text_of(page)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text_of(page)


def test_retrying_one_and_all(client_for, mia, form):
    for number in range(3):
        sent(form, number)
    Submission.objects.update(status="failed", attempts=3)
    refused = sent(form, 9, refused="A bot.")
    client = client_for(mia)
    assert "Try 3 failed again" in text_of(client.get(f"/capture-forms/{form.pk}/"))
    client.post(f"/capture-forms/{form.pk}/retry/")
    assert list(Submission.objects.order_by("id").values_list("status", "attempts")) == [
        *[("received", 0)] * 3,
        ("refused", 0),
    ]
    assert "It was a person: take it" in text_of(client.get(f"/submissions/{refused.pk}/"))
    client.post(f"/submissions/{refused.pk}/retry/")
    assert Submission.objects.get(pk=refused.pk).status == "received"


def test_who_may(client_for, mia, mona, rob, form):
    others = CaptureForm.objects.create(key="other", name="Other", owner=mona)
    kept = sent(others, refused="A bot.")
    addresses = ["/capture-forms/", "/capture-forms/new/", f"/capture-forms/{form.pk}/", f"/submissions/{kept.pk}/"]
    assert [client_for(rob).get(address).status_code for address in addresses] == [403] * 4
    client = client_for(mia)
    assert [client.get(address).status_code for address in addresses] == [200] * 4
    assert "It was a person" not in text_of(client.get(f"/submissions/{kept.pk}/"))
    refused = [
        client.get(f"/capture-forms/{others.pk}/edit/"),
        client.post(f"/capture-forms/{others.pk}/retry/"),
        client.post(f"/capture-forms/{others.pk}/removal/"),
        client.post(f"/submissions/{kept.pk}/retry/"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert client_for(mona).get(f"/capture-forms/{form.pk}/edit/").status_code == 200


def test_changing_and_removing(client_for, mia, form):
    client = client_for(mia)
    body = {"name": "Ask us", "key": "demo", "owner": mia.pk}
    assert client.post(f"/capture-forms/{form.pk}/edit/", body).status_code == 302
    form.refresh_from_db()
    assert (form.name, form.is_active) == ("Ask us", False)
    CaptureForm.objects.create(key="taken", name="T")
    assert client.post(f"/capture-forms/{form.pk}/edit/", {**body, "key": "taken"}).status_code == 422
    client.post(f"/capture-forms/{form.pk}/removal/")
    assert not CaptureForm.objects.filter(pk=form.pk).exists()


def test_pages_cost_the_same_with_one_row_and_fifty(client_for, mia, form, django_assert_max_num_queries):
    client = client_for(mia)
    sent(form)
    client.get("/capture-forms/")

    def cost(address, rows):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as asked:
            page = client.get(address)
        assert len(page.context["rows"]) == rows
        return len(asked)

    addresses = {"/capture-forms/": 1, f"/capture-forms/{form.pk}/": 1}
    with_one = {address: cost(address, rows) for address, rows in addresses.items()}
    for number in range(1, 60):
        sent(form, number)
        CaptureForm.objects.create(key=f"f{number}", name="F", owner=mia, campaign=make_campaign())
    process_submissions(at=timezone.now())
    assert {address: cost(address, 50) for address in addresses} == with_one
    assert max(with_one.values()) <= 12


def test_an_empty_product(client_for, mia):
    assert "No form yet" in text_of(client_for(mia).get("/capture-forms/"))
