"""What somebody new does first: each step knows by itself whether it is done."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Organisation, User
from desk.queries.first_steps import first_steps
from feedback.models import Agreement
from feedback.verdicts import accept_handoff, reject_handoff
from leads.models import Activity, Import, PickValue, Reason, Task
from leads.models.imports import ImportKind
from tests.factories import HOUR, MONDAY, make_campaign, make_handoff, make_user

pytestmark = pytest.mark.django_db


def done(user: User) -> list[str]:
    """The keys of the steps that are done, read anew."""
    checklist = first_steps(User.objects.get(pk=user.pk))
    return [step.key for step, is_done in checklist.steps if is_done] if checklist else ["all"]


def test_marketer_s_steps(mia, rob):
    assert done(mia) == []

    make_campaign(owner=mia)
    assert done(mia) == ["campaign"]
    Import.objects.create(kind=ImportKind.LEADS, by=mia, file_name="fair.csv", path="fair.csv")
    assert done(mia) == ["campaign", "leads"]
    handoff = make_handoff(to=rob, by=mia)
    assert done(mia) == ["campaign", "leads", "handing"]
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR)
    assert done(mia) == ["all"]


def test_rep_s_steps(mia, rob):
    assert done(rob) == []

    User.objects.filter(pk=rob.pk).update(time_zone="Europe/Berlin")
    assert done(rob) == ["profile"]
    lead = accept_handoff(make_handoff(to=rob, by=mia), by=rob, at=MONDAY + HOUR).lead
    assert done(rob) == ["profile", "verdict"]
    Activity.objects.create(kind="call", direction="outbound", outcome="reached", lead=lead, by=rob, at=MONDAY)
    assert done(rob) == ["profile", "verdict", "call"]
    Task.objects.create(lead=lead, title="Call again", owner=rob, due_at=MONDAY)
    assert done(rob) == ["all"]


def test_manager_s_steps(max_, mia, rob):
    assert done(max_) == ["people"]

    Agreement.objects.update(status="retired")
    Agreement.objects.create(version=77, status="active")
    assert done(max_) == ["people", "agreement"]
    handoff = make_handoff(to=rob, by=mia)
    assert done(max_) == ["people", "agreement", "funnel"]
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=Reason.objects.filter(use="verdict").first())
    assert done(max_) == ["all"]


def test_manager_without_a_team_waits_for_an_admin_and_does_the_rest_meanwhile(db):
    checklist = first_steps(make_user("max", "manager"))

    assert checklist is not None
    assert checklist.next is not None
    assert checklist.next.page != ""
    assert not checklist.steps[0][1]


def test_admin_s_steps(ada, rob):
    User.objects.filter(pk=rob.pk).update(is_sample=True)
    Organisation.objects.update_or_create(pk=1, defaults={"name": "My organisation"})
    assert done(ada) == []

    Organisation.objects.update(name="Acme")
    assert done(ada) == ["organisation"]
    make_user("rosa")
    assert done(ada) == ["organisation", "people"]
    PickValue.objects.create(list="source", value="Fair")
    assert done(ada) == ["organisation", "people", "lists"]
    User.objects.filter(is_sample=True).update(is_sample=False)
    assert done(ada) == ["all"]


def test_nobody_but_admins_is_given_steps_while_the_sample_data_are_here(mia, rob, ada):
    User.objects.filter(pk=rob.pk).update(is_sample=True)

    assert first_steps(mia) is None
    assert first_steps(ada) is not None


def test_one_next_action_stands_out(mia, client_for):
    html = client_for(mia).get("/").content.decode()

    [_before, steps] = html.split('class="step-list"')
    assert steps.split("</ol>")[0].count('class="btn ') == 1


def test_put_away_for_good_and_brought_back_by_undo(mia, rob, client_for):
    client = client_for(mia)

    answer = client.post(reverse("desk:first-steps-putting-away"), follow=True)
    html = answer.content.decode()
    assert "The first steps are put away." in html
    assert 'id="first-steps-title"' not in html
    assert 'id="first-steps-title"' in client_for(rob).get("/").content.decode()

    client.post(reverse("desk:first-steps-return"))
    assert 'id="first-steps-title"' in client.get("/").content.decode()


def test_page_is_not_changed_by_looking(mia, client_for):
    assert client_for(mia).get(reverse("desk:first-steps-putting-away")).status_code == 405


@pytest.mark.parametrize(("role", "count"), [("marketer", 1), ("rep", 1), ("manager", 3), ("admin", 1)])
def test_all_steps_are_asked_in_one_query_beside_those_for_a_manager_s_teams(role: str, count: int, north: Any):
    user = make_user("new", role, north)

    with CaptureQueriesContext(connection) as queries:
        first_steps(user)

    assert len(queries) == count


@pytest.mark.parametrize("role", ["marketer", "rep", "manager", "admin"])
def test_every_step_leads_to_a_page_the_person_may_see(role: str, north: Any, client_for):
    user = make_user("new", role, north)
    checklist = first_steps(user)

    assert checklist is not None
    assert len(checklist.steps) == 4
    for step, _is_done in checklist.steps:
        assert not step.page or client_for(user).get(step.url).status_code == 200
