"""Logging and planning on a record: composer, next step, verbs of tasks, the bell's pages."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Asset
from crm.models import Notification, Organisation
from crm.notifications import notify
from desk.queries.work import work_context
from desk.templatetags.work import due_words
from leads.models import Activity, Task
from leads.next_steps import add_task
from leads.subjects import Subject
from tests.factories import DAY, HOUR, MONDAY, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "composer"}


@pytest.fixture
def lead(rob):
    return make_lead(first_name="Ada", last_name="Lovelace", phone="+4930123", owner=rob, team=rob.team)


@pytest.fixture
def page(client_for, rob):
    return client_for(rob)


def plan(lead, by, **facts):
    due_at = facts.pop("due_at", timezone.now() + DAY)
    return add_task(Subject(lead), by=by, at=timezone.now(), **{"title": "Call Ada", "due_at": due_at, **facts})


def log(page, lead, headers=HTMX, **fields):
    return page.post(f"/activities/?lead={lead.pk}", {"kind": "call", "outcome": "reached", **fields}, headers=headers)


def test_a_call_with_its_next_step_is_one_save(page, lead):
    answer = log(page, lead, note="Likes it", next_in="3")

    activity, step = Activity.objects.get(), Task.objects.get()
    assert (activity.kind, activity.outcome, activity.note) == ("call", "reached", "Likes it")
    assert (step.title, step.kind, step.lead, step.remind_at) == ("Call Ada back", "call", lead, step.due_at)
    assert step.due_at > timezone.now() + timedelta(days=2)
    assert answer.status_code == 200
    assert "Call logged, next step planned." in answer["HX-Trigger"]
    assert '"record:changed"' in answer["HX-Trigger"]
    assert b'id="composer"' in answer.content


def test_undo_takes_back_all_that_was_saved_with_it(page, lead, rob):
    was = plan(lead, rob)
    answer = log(page, lead, next_in="1", completes=str(was.pk))
    was.refresh_from_db()
    assert was.done_at is not None

    undo = answer["HX-Trigger"].split('"undo_url": "')[1].split('"')[0]
    page.post(undo, headers={"HX-Request": "true"})

    assert not Activity.objects.exists()
    assert list(Task.objects.values_list("pk", "done_at")) == [(was.pk, None)]


def test_what_is_missing_stands_beside_its_field_and_nothing_is_lost(page, lead):
    long = "ä" * 20_001

    for fields, words in [({"outcome": ""}, "Say how the call ended."), ({"note": long}, "at most 20,000 fit")]:
        answer = log(page, lead, **{"note": "Kept", **fields})
        html = answer.content.decode()
        assert answer.status_code == 422
        assert words in html
        assert fields.get("note", "Kept") in html
    assert not Activity.objects.exists()


def test_sent_twice_is_logged_once(page, lead):
    for _ in range(2):
        assert log(page, lead, idempotency_key="one").status_code == 200

    assert Activity.objects.count() == 1


def test_without_javascript_it_leads_back_to_the_record(page, lead):
    answer = log(page, lead, headers={})
    refused = log(page, lead, headers={}, outcome="")

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{lead.pk}/")
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()


def test_the_strip_only_wants_the_news(page, lead):
    headers = {"HX-Request": "true"}

    assert log(page, lead, headers=headers).status_code == 204
    lead.do_not_call = True
    lead.save()
    refused = log(page, lead, headers=headers)
    assert (refused.status_code, "asked not to be called" in refused["HX-Trigger"]) == (422, True)


def test_a_meeting_has_its_people_content_and_length(page, lead, mia):
    asset = Asset.objects.create(name="White paper")

    log(page, lead, kind="meeting", outcome="held", participants=[mia.pk], asset=asset.pk, minutes="45")

    meeting = Activity.objects.get()
    assert (list(meeting.participants.all()), meeting.asset, meeting.duration) == ([mia], asset, timedelta(minutes=45))


def test_they_called_us(page, lead):
    log(page, lead, inbound="on")

    assert Activity.objects.get().direction == "inbound"


def test_what_makes_no_sense_is_refused(page, lead, client_for, rosa):
    assert log(page, lead, kind="telepathy").status_code == 422
    assert page.post("/activities/", {"kind": "note", "note": "x"}).status_code == 422
    assert page.post("/activities/?lead=99999", {"kind": "note", "note": "x"}).status_code == 404
    assert log(client_for(rosa), lead).status_code == 403


def test_script_is_shown_as_text(page, lead, rob):
    plan(lead, rob, title="<script>alert(1)</script>")

    assert "<script>alert(1)" not in page.get(f"/leads/{lead.pk}/").content.decode()


def test_an_entry_is_corrected_and_removed_by_who_made_it(page, lead, client_for, rosa):
    log(page, lead)
    activity = Activity.objects.get()
    address = f"/activities/{activity.pk}/"

    assert client_for(rosa).get(address).status_code == 403
    assert b"Remove this entry" in page.get(address).content
    page.post(address, {"outcome": "voicemail", "note": "No, voicemail", "at": "2026-03-02T10:00"})
    activity.refresh_from_db()
    assert (activity.outcome, activity.note, activity.at) == ("voicemail", "No, voicemail", MONDAY + HOUR)

    page.post(f"{address}removal/")
    page.post(f"{address}removal/")
    assert not Activity.objects.exists()


def test_who_may_not_log_may_still_ask_for_something(lead, rosa):
    context = work_context(lead, rosa, timezone.now())

    assert [tab.kind for tab in context["composer"].tabs] == ["task"]


def test_an_open_record_without_a_next_step_says_so(page, lead, rob):
    assert b"No next step" in page.get(f"/leads/{lead.pk}/").content

    plan(lead, rob)
    html = page.get(f"/leads/{lead.pk}/").content.decode()
    assert "No next step" not in html
    assert "Call Ada" in html


def test_an_opportunity_shows_what_is_planned_for_its_lead(lead, rob):
    deal = make_opportunity(lead=lead, owner=rob)
    plan(lead, rob)

    context = work_context(deal, rob, timezone.now())
    assert [task.title for task in context["steps"]] == ["Call Ada"]
    assert context["needs_step"] is False


def test_the_card_costs_the_same_with_one_task_and_with_fifty(lead, rob):
    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            work_context(lead, rob, timezone.now())
        return len(queries)

    plan(lead, rob)
    one = cost()
    for _ in range(49):
        plan(lead, rob)
    assert cost() == one


def test_planning_from_the_composer(page, lead, rosa):
    body = {"title": "Send offer", "kind": "email", "due_in": "7", "owner": rosa.pk, "remind": "60"}
    answer = page.post(f"/tasks/new/?lead={lead.pk}", body, headers=HTMX)

    task = Task.objects.get()
    assert (task.title, task.owner, task.remind_at) == ("Send offer", rosa, task.due_at - HOUR)
    assert answer.status_code == 200
    assert Notification.objects.get().user == rosa


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": ""}, "This field is required"),
        ({"due_in": "other", "due_at": "1970-01-01T09:00"}, "01 Jan 1970 has passed"),
        ({"due_in": "other"}, "Say by when."),
        ({"due_in": "99"}, "Say by when."),
    ],
)
def test_a_plan_that_is_wrong_says_why(page, lead, rob, fields, words):
    body = {"title": "Call", "kind": "todo", "due_in": "1", "owner": rob.pk, **fields}
    answer = page.post(f"/tasks/new/?lead={lead.pk}", body, headers=HTMX)

    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not Task.objects.exists()


def test_done_and_open_again(page, lead, rob, client_for, rosa):
    task = plan(lead, rob)

    assert client_for(rosa).post(f"/tasks/{task.pk}/done/", headers={"HX-Request": "true"}).status_code == 403
    answer = page.post(f"/tasks/{task.pk}/done/", headers={"HX-Request": "true"})
    assert f"/tasks/{task.pk}/reopening/" in answer["HX-Trigger"]
    assert not Task.objects.open().exists()

    page.post(f"/tasks/{task.pk}/reopening/")
    assert Task.objects.open().get() == task


def test_put_off_and_back(page, lead, rob):
    due_at = timezone.now().replace(microsecond=0) - 3 * DAY
    task = plan(lead, rob)
    Task.objects.update(due_at=due_at)

    answer = page.post(f"/tasks/{task.pk}/snooze/", {"days": "3"}, headers={"HX-Request": "true"})
    assert Task.objects.get().due_at > timezone.now() + DAY
    page.post(answer["HX-Trigger"].split('"undo_url": "')[1].split('"')[0])
    assert Task.objects.get().due_at == due_at
    assert page.post(f"/tasks/{task.pk}/snooze/", {"days": "400"}).status_code == 422


def test_edit_reassign_and_remove(page, lead, rob, rosa):
    task = plan(lead, rob)
    body = {"title": "Ring", "kind": "call", "due_at": "2099-01-01T09:00", "owner": rob.pk, "remind": ""}

    assert b"Call Ada" in page.get(f"/tasks/{task.pk}/").content
    page.post(f"/tasks/{task.pk}/", body)
    page.post(f"/tasks/{task.pk}/owner/", {"owner": rosa.pk})
    task.refresh_from_db()
    assert (task.title, task.owner, task.remind_at) == ("Ring", rosa, None)

    page.post(f"/tasks/{task.pk}/removal/")
    assert not Task.objects.exists()


def test_a_form_never_leads_out_of_the_product(page, lead, rob):
    task = plan(lead, rob)

    answers = [
        page.post(f"/tasks/{task.pk}/done/", {"next": address}) for address in ("/", "//evil.test", "https://evil.test")
    ]

    assert [answer["Location"] for answer in answers] == ["/", f"/leads/{lead.pk}/", f"/leads/{lead.pk}/"]


def test_due_in_words():
    said = {hours: due_words(MONDAY + hours * HOUR, MONDAY) for hours in (-49, -24, -1, 2, 24, 72, 24 * 30)}

    assert said == {
        -49: "2 d overdue", -24: "1 d overdue", -1: "since 08:00", 2: "today, 11:00", 24: "tomorrow, 09:00",
        72: "Thursday", 24 * 30: "1 April",
    }  # fmt: skip


def test_the_bell_counts_opens_and_is_silenced(page, rob, lead, client_for, rosa):
    notify([rob], kind="task_due", key="a", title="Call Ada", url=f"/leads/{lead.pk}/", at=timezone.now())
    told = Notification.objects.get()

    assert page.get("/notifications/bell/?seen=1").status_code == 204
    assert b">1<" in page.get("/notifications/bell/?seen=0").content
    assert b"Call Ada" in page.get("/notifications/").content
    assert client_for(rosa).get(f"/notifications/{told.pk}/").status_code == 404

    opened = page.get(f"/notifications/{told.pk}/")
    assert opened["Location"] == f"/leads/{lead.pk}/"
    assert page.get("/notifications/bell/?seen=0").status_code == 204

    notify([rob], kind="task_due", key="b", title="Call Bob", at=timezone.now())
    answer = page.post("/notifications/reading/", headers={"HX-Request": "true", "HX-Target": "panel-body"})
    assert 'hx-swap-oob="true"' in answer.content.decode()
    assert not Notification.objects.filter(read_at=None).exists()


@pytest.mark.parametrize("due", ["999999999999999999", "99999999999"])
def test_an_undo_that_names_no_moment_changes_nothing(rob, lead, client_for, due):
    task = add_task(Subject(lead), by=rob, at=timezone.now(), title="Call", due_at=timezone.now() + timedelta(days=1))

    assert client_for(rob).post(f"/tasks/{task.pk}/snooze/undo/?due={due}").status_code in (404, 422)
    assert Task.objects.get().due_at == task.due_at


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize("when", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_first_and_the_last_of_years_are_refused_beside_their_field(rob, lead, client_for, zone, when):
    Organisation.objects.update(time_zone=zone)
    page, day, hour = client_for(rob), *when.split("T")

    task = {"title": "Call", "kind": "todo", "due_in": "other", "due_at": when, "owner": rob.pk, "remind": "1440"}
    assert page.post(f"/tasks/new/?lead={lead.pk}", task).status_code == 422
    call = {"kind": "call", "outcome": "reached", "at": when}
    assert page.post(f"/activities/?lead={lead.pk}", call).status_code == 422
    touch = {"kind": "click", "by": "buyer", "at_0": day, "at_1": hour}
    assert page.post(f"/leads/{lead.pk}/touches/", touch).status_code == 422
    assert page.get(f"/leads/{lead.pk}/").status_code == 200
