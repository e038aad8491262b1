"""Tasks: made, changed, done, put off; what leads and opportunities show of them; the reminder."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.errors import BusinessError, NotAllowed
from crm.models import Notification
from leads.models import Task
from leads.next_steps import (
    add_task,
    close_tasks,
    complete_task,
    due_in,
    edit_task,
    postpone_overdue,
    reassign_task,
    release_opportunity,
    remove_task,
    reopen_task,
    revive_tasks,
    snooze_task,
)
from leads.reminders import remind
from leads.subjects import Subject, subject_of
from tests.factories import DAY, HOUR, MONDAY, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def lead(rob):
    return make_lead(first_name="Ada", last_name="Lovelace", owner=rob, team=rob.team)


def plan(about, by, *, due_at=MONDAY + DAY, **facts):
    subject = about if isinstance(about, Subject) else Subject(about)
    return add_task(subject, by=by, at=MONDAY, due_at=due_at, **{"title": "Call back", **facts})


def next_step(record):
    record.refresh_from_db()
    return record.next_step_at


def refusal(act, *args, **facts):
    with pytest.raises(BusinessError) as error:
        act(*args, **facts)
    assert error.value.status == 422
    return error.value.code


def test_the_first_open_task_is_the_next_step(lead, rob):
    later, first = plan(lead, rob, due_at=MONDAY + 3 * DAY), plan(lead, rob)
    assert next_step(lead) == MONDAY + DAY

    complete_task(first, by=rob, at=MONDAY)
    assert next_step(lead) == MONDAY + 3 * DAY

    edit_task(later, by=rob, at=MONDAY, due_at=MONDAY + 2 * DAY)
    assert next_step(lead) == MONDAY + 2 * DAY

    reopen_task(first, by=rob)
    assert next_step(lead) == MONDAY + DAY

    remove_task(first, by=rob)
    remove_task(later, by=rob)
    remove_task(later, by=rob)
    assert next_step(lead) is None


def test_an_opportunity_shows_its_own_and_its_leads_tasks(lead, rob):
    deal, other = (make_opportunity(lead=lead, owner=rob, team=rob.team) for _ in range(2))

    plan(subject_of(opportunity=deal), rob, due_at=MONDAY + 2 * DAY)
    assert (next_step(deal), next_step(other), next_step(lead)) == (MONDAY + 2 * DAY, None, MONDAY + 2 * DAY)

    plan(lead, rob, due_at=MONDAY + DAY)
    assert (next_step(deal), next_step(other)) == (MONDAY + DAY, MONDAY + DAY)


def test_1970_is_a_slip_and_this_morning_is_not(lead, rob):
    assert refusal(plan, lead, rob, due_at=datetime(1970, 1, 1, tzinfo=UTC)) == "due_in_past"
    assert refusal(plan, lead, rob, due_at=datetime(9999, 12, 31, tzinfo=UTC)) == "due_too_far"
    task = plan(lead, rob, due_at=MONDAY - HOUR)

    assert refusal(edit_task, task, by=rob, at=MONDAY, due_at=MONDAY - 2 * DAY) == "due_in_past"
    edit_task(task, by=rob, at=MONDAY + 9 * DAY, title="Long overdue, still renamed")


def test_nobody_plans_to_call_who_does_not_want_it(lead, rob):
    lead.do_not_call = True
    lead.save()

    assert refusal(plan, lead, rob, kind="call") == "do_not_call"
    plan(lead, rob, kind="email")


def test_a_task_for_somebody_who_left_is_refused(lead, rob, rosa):
    rosa.is_active = False
    rosa.save()
    task = plan(lead, rob)

    assert refusal(plan, lead, rob, owner=rosa) == "owner_left"
    assert refusal(reassign_task, task, to=rosa, by=rob, at=MONDAY) == "owner_left"


def test_who_is_given_a_task_is_told_once_and_may_change_it(lead, rob, rosa, mia):
    task = plan(lead, mia, owner=rob)
    told = Notification.objects.get()
    assert (told.user, told.kind, told.title, told.text) == (
        rob,
        "assigned",
        "Call back",
        "Mia asks you, for Ada Lovelace",
    )
    assert told.url == f"/leads/{lead.pk}/"

    reassign_task(task, to=rosa, by=rob, at=MONDAY + HOUR)
    assert list(Notification.objects.order_by("id").values_list("user", flat=True)) == [rob.pk, rosa.pk]


def test_who_may_change_a_task(lead, rob, rosa, mia, max_):
    task = plan(lead, mia, owner=rob)

    for person in (rob, mia, max_):
        edit_task(task, by=person, at=MONDAY, title=f"By {person}")
    for act in (complete_task, edit_task):
        with pytest.raises(NotAllowed):
            act(task, by=rosa, at=MONDAY)
    with pytest.raises(NotAllowed):
        remove_task(task, by=rosa)


def test_done_twice_is_done_once(lead, rob, max_):
    task = plan(lead, rob)

    complete_task(task, by=rob, at=MONDAY)
    complete_task(task, by=max_, at=MONDAY + HOUR, follow_up={"title": "Again", "due_at": MONDAY + DAY})

    assert list(Task.objects.values_list("done_by", "done_at")) == [(rob.pk, MONDAY)]


def test_what_follows_is_about_the_same_and_of_the_same_owner(lead, rob, max_):
    complete_task(plan(lead, rob), by=max_, at=MONDAY, follow_up={"title": "Send offer", "due_at": MONDAY + 3 * DAY})

    following = Task.objects.open().get()
    assert (following.title, following.lead, following.owner) == ("Send offer", lead, rob)
    assert next_step(lead) == MONDAY + 3 * DAY


def test_snoozing_takes_the_reminder_along(lead, rob):
    task = plan(lead, rob, remind_at=MONDAY + DAY - HOUR)
    task = snooze_task(task, days=3, by=rob, at=MONDAY, zone=BERLIN)

    thursday = datetime(2026, 3, 5, 9, tzinfo=BERLIN)
    assert (task.due_at, task.remind_at) == (thursday, thursday - HOUR)


def test_a_weekend_is_no_time_to_work():
    assert due_in(5, at=MONDAY, zone=BERLIN) == datetime(2026, 3, 9, 9, tzinfo=BERLIN)
    assert due_in(6, at=MONDAY, zone=BERLIN) == datetime(2026, 3, 9, 9, tzinfo=BERLIN)
    assert due_in(1, at=MONDAY, zone=BERLIN) == datetime(2026, 3, 3, 9, tzinfo=BERLIN)


def test_a_wall_of_overdue_tasks_is_postponed_at_once(lead, rob, rosa):
    for about in (lead, make_lead(owner=rob)):
        plan(about, rob, due_at=MONDAY)
    hers = plan(lead, rosa, due_at=MONDAY)
    monday = MONDAY + 7 * DAY

    assert postpone_overdue(rob, due_at=monday, at=MONDAY + 3 * DAY) == 2

    assert set(Task.objects.filter(owner=rob).values_list("due_at", "remind_at")) == {(monday, monday)}
    hers.refresh_from_db()
    assert (hers.due_at, next_step(lead)) == (MONDAY, MONDAY)


def test_what_is_lost_needs_no_next_step_until_that_is_undone(lead, rob):
    deal = make_opportunity(lead=lead, owner=rob, team=rob.team)
    plan(lead, rob), plan(subject_of(opportunity=deal), rob)

    close_tasks(lead=lead, at=MONDAY + HOUR)
    assert list(Task.objects.open().values_list("opportunity", flat=True)) == [deal.pk]
    assert list(Task.objects.exclude(done_at=None).values_list("done_by", flat=True)) == [None]

    revive_tasks(lead=lead, closed_at=MONDAY + HOUR)
    assert Task.objects.open().count() == 2


def test_an_opportunity_that_goes_leaves_its_tasks_to_the_lead(lead, rob):
    deal = make_opportunity(lead=lead, owner=rob, team=rob.team)
    plan(subject_of(opportunity=deal), rob)

    release_opportunity(deal)
    deal.delete()

    assert next_step(lead) == MONDAY + DAY


def test_the_bell_rings_once_when_it_is_time(lead, rob):
    plan(lead, rob, remind_at=MONDAY + HOUR)
    done = plan(lead, rob, remind_at=MONDAY + HOUR)
    complete_task(done, by=rob, at=MONDAY)
    plan(Subject(), rob, remind_at=MONDAY + DAY)

    assert remind(at=MONDAY + HOUR - timedelta(seconds=1)) == 0
    assert remind(at=MONDAY + HOUR) == 1
    assert remind(at=MONDAY + HOUR) == 0

    told = Notification.objects.get()
    assert (told.user, told.kind, told.title, told.text) == (rob, "task_due", "Call back", "Ada Lovelace")
    assert (told.url, told.at, told.read_at) == (f"/leads/{lead.pk}/", MONDAY + HOUR, None)


def test_a_reminder_that_is_moved_rings_again(lead, rob):
    task = plan(lead, rob, remind_at=MONDAY + HOUR)
    remind(at=MONDAY + HOUR)

    edit_task(task, by=rob, at=MONDAY + HOUR, remind_at=MONDAY + 2 * HOUR)

    assert remind(at=MONDAY + 2 * HOUR) == 1
