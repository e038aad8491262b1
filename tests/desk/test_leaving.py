"""Somebody leaves: desk/leaving.py and its page."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Asset
from crm.editing import present
from crm.errors import BusinessError, NotAllowed
from crm.models import Change, Notification, Team, User
from desk.leaving import leave, open_work, require_nothing_open
from feedback.models import Handoff, Request
from feedback.requests import accept_request, ask_marketing, fulfil_request
from feedback.verdicts import accept_handoff
from leads.assigning import assign_leads, take_back_leads
from leads.converting import convert_lead
from leads.editing import edit_lead
from leads.lifecycle import Stage
from leads.models import CaptureForm, Lead, Opportunity, Task
from leads.next_steps import add_task
from leads.opportunities import close_opportunity
from leads.subjects import Subject
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_opportunity, make_user
from tests.leads.test_at_once import overlap
from tests.leads.test_converting import accepted_lead

pytestmark = pytest.mark.django_db


def worked_lead(owner):
    handoff = make_handoff(to=owner)
    accept_handoff(handoff, by=owner, at=MONDAY + HOUR)
    return handoff.lead


@pytest.fixture
def robs_work(rob):
    lead = worked_lead(rob)
    return {
        "worked": lead,
        "handoffs": make_handoff(to=rob),
        "opportunities": make_opportunity(owner=rob, team=rob.team, lead=make_lead()),
        "tasks": Task.objects.create(title="Call", due_at=MONDAY + DAY, owner=rob, lead=lead),
    }


def counts(person):
    return {kind.key: count for kind, count in open_work(person)}


def test_open_work_counts_what_is_open_alone(rob, rosa):
    worked_lead(rob)
    make_handoff(to=rosa)
    make_opportunity(owner=rob, stage="won", outcome="won", closed_at=MONDAY)
    Task.objects.create(title="Done", due_at=MONDAY, owner=rob, done_at=MONDAY)
    make_campaign(owner=rob, status="ended")
    make_lead(owner=rob, archived_at=MONDAY)

    assert counts(rob) == {"worked": 1}


def test_leave_gives_each_kind_to_its_heir_with_history(robs_work, rob, rosa, ada, north):
    heirs = {"handoffs": north, "worked": rosa, "opportunities": rosa, "tasks": rosa}
    Change.objects.all().delete()

    leave(rob, heirs, by=ada, at=MONDAY + DAY)

    rob.refresh_from_db()
    assert (rob.is_active, counts(rob)) == (False, {})
    lead = Lead.objects.get(pk=robs_work["worked"].pk)
    assert (lead.owner, lead.team, lead.stage) == (rosa, north, Stage.ACCEPTED)
    assert lead.events.latest("pgh_id").owner_id == rob.pk
    assert Opportunity.objects.get(pk=robs_work["opportunities"].pk).owner == rosa
    assert Task.objects.get(pk=robs_work["tasks"].pk).owner == rosa
    assert {"lead", "opportunity", "handoff"} <= set(Change.objects.values_list("topic", flat=True))


def test_waiting_handoffs_go_on_with_the_clock_of_the_lead(robs_work, rob, rosa, ada, north):
    leave(rob, {"handoffs": north, "worked": rosa, "opportunities": rosa, "tasks": rosa}, by=ada, at=MONDAY + DAY)

    old = Handoff.objects.get(pk=robs_work["handoffs"].pk)
    fresh = old.followed_by
    assert (old.status, old.decided_by, old.decided_at) == ("withdrawn", ada, MONDAY + DAY)
    assert (fresh.status, fresh.to_team, fresh.to_user, fresh.team) == ("open", north, None, north)
    assert (fresh.waiting_since, fresh.due_at) == (old.waiting_since, MONDAY + 2 * DAY)
    assert fresh.lead.stage == Stage.OFFERED
    accept_handoff(fresh, by=rosa, at=MONDAY + DAY + HOUR)


def test_each_heir_reads_it_once_at_the_bell(robs_work, rob, rosa, ada, north):
    leave(rob, {"handoffs": north, "worked": rosa, "opportunities": rosa, "tasks": rosa}, by=ada, at=MONDAY + DAY)

    told = Notification.objects.get(kind="assigned")
    assert (told.user, told.title) == (rosa, "You take over from Rob")
    assert told.text == "1 open opportunity, 1 lead in work with sales, 1 open task"


def test_no_open_work_is_left_behind_silently(robs_work, rob, rosa, mia, ada):
    complete = {"handoffs": rosa, "worked": rosa, "opportunities": rosa, "tasks": rosa}
    wrong = [
        {**complete, "tasks": None},
        {**complete, "worked": mia},
        {**complete, "worked": rob},
        {**complete, "opportunities": rob.team},
        {name: heir for name, heir in complete.items() if name != "handoffs"},
    ]

    for heirs in wrong:
        with pytest.raises(BusinessError):
            leave(rob, heirs, by=ada, at=MONDAY + DAY)

    rob.refresh_from_db()
    assert rob.is_active
    assert counts(rob) == {"handoffs": 1, "worked": 1, "opportunities": 1, "tasks": 1}


def test_only_admins_and_never_the_last_one(rob, ada, max_):
    with pytest.raises(NotAllowed):
        leave(rob, {}, by=max_, at=MONDAY)
    with pytest.raises(BusinessError, match="the last admin"):
        leave(ada, {}, by=ada, at=MONDAY)

    assert User.objects.get(pk=ada.pk).is_active


def test_marketers_leave_leads_campaigns_forms_and_managers_their_team(mia, mona, max_, north, ada):
    lead, campaign = make_lead(owner=mia, team=mia.team), make_campaign(owner=mia)
    form = CaptureForm.objects.create(key="webinar", name="Webinar", owner=mia)

    leave(mia, {"leads": None, "campaigns": mona, "forms": mona}, by=ada, at=MONDAY)
    leave(max_, {"teams": None}, by=ada, at=MONDAY)

    lead.refresh_from_db(), campaign.refresh_from_db(), form.refresh_from_db()
    assert (lead.owner, lead.team, campaign.owner, form.owner) == (None, mia.team, mona, mona)
    assert Team.objects.get(pk=north.pk).manager is None


def test_content_and_promised_requests_go_to_somebody_in_marketing(mia, mona, rob, ada):
    sheet, old = (Asset.objects.create(name=name, owner=mia) for name in ("Data sheet", "Old"))
    Asset.objects.filter(pk=old.pk).update(archived_at=MONDAY)
    asked = [ask_marketing(by=rob, at=MONDAY, kind="case_study", text=text) for text in ("A case", "Another")]
    for request in asked:
        accept_request(request, by=mia, at=MONDAY, promised_on=date(2026, 6, 1))
    fulfil_request(asked[1], by=mia, at=MONDAY, answer="Sent")
    assert counts(mia) == {"content": 1, "requests": 1}

    for heir in (rob, None):
        with pytest.raises(BusinessError):
            leave(mia, {"content": mona, "requests": heir}, by=ada, at=MONDAY)
    leave(mia, {"content": mona, "requests": mona}, by=ada, at=MONDAY)

    sheet.refresh_from_db(), old.refresh_from_db()
    assert (sheet.owner, old.owner) == (mona, mia)
    assert [Request.objects.get(pk=request.pk).answered_by for request in asked] == [mona, mia]
    assert Change.objects.filter(topic="asset", object_id=sheet.pk).exists()
    assert Notification.objects.get(kind="assigned").text == "1 piece of content, 1 promised request"


def test_leave_costs_the_same_for_one_and_for_fifty(rosa, ada, north):
    def queries(count):
        person = make_user(f"p{count}", team=north)
        for _number in range(count):
            lead = make_lead(owner=person)
            Lead.objects.filter(pk=lead.pk).update(stage=Stage.ACCEPTED)
            make_handoff(to=person)
            make_opportunity(owner=person, lead=lead)
        with CaptureQueriesContext(connection) as asked:
            leave(person, dict.fromkeys(("worked", "handoffs", "opportunities"), rosa), by=ada, at=MONDAY + DAY)
        return len(asked)

    assert queries(1) == queries(50)


def test_the_page_asks_for_each_kind_and_does_it(client_for, robs_work, rob, rosa, ada, north):
    client, address = client_for(ada), f"/settings/people/{rob.pk}/leaving/"

    asked = client.get(address).content.decode()
    sent = {
        "sure": "1",
        "handoffs": f"team:{north.pk}",
        **dict.fromkeys(("worked", "opportunities", "tasks"), f"user:{rosa.pk}"),
    }
    incomplete = client.post(address, {**sent, "tasks": ""})
    done = client.post(address, sent, follow=True).content.decode()

    assert "1 lead in work with sales" in asked
    assert "1 hand-off waits" in asked
    assert "Choose who takes over." in incomplete.content.decode()
    assert incomplete.status_code == 422
    assert "Rob is switched off. Their open work is handed over." in done
    assert counts(rosa) == {"worked": 1, "opportunities": 1, "tasks": 1}


def test_what_came_in_after_the_page_was_shown_is_asked_for(client_for, rob, rosa, ada):
    task = Task.objects.create(title="Late", due_at=MONDAY, owner=rob)

    answer = client_for(ada).post(f"/settings/people/{rob.pk}/leaving/", {"sure": "1"})

    assert answer.status_code == 422
    assert Task.objects.get(pk=task.pk).owner == rob


def test_who_has_nothing_open_is_switched_off_and_let_back_in(client_for, rob, ada):
    client = client_for(ada)

    client.post(f"/settings/people/{rob.pk}/leaving/", {"sure": "1"})
    assert not User.objects.get(pk=rob.pk).is_active
    client.post(f"/settings/people/{rob.pk}/return/")

    assert User.objects.get(pk=rob.pk).is_active


@pytest.mark.parametrize("who", ["mia", "rob", "max_"])
def test_the_page_is_for_admins(client_for, request, who, rosa):
    assert client_for(request.getfixturevalue(who)).get(f"/settings/people/{rosa.pk}/leaving/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_who_leaves_meanwhile_gets_no_more_work(rob, mona, ada):
    lead = make_lead(owner=mona)
    gifts = (
        lambda: assign_leads([lead.pk], to=rob, by=mona, at=MONDAY),
        lambda: add_task(Subject(lead), by=mona, at=MONDAY, title="Call", due_at=MONDAY + DAY, owner=rob),
        lambda: edit_lead(lead, by=mona, at=MONDAY, owner=rob),
    )
    for give in gifts:
        rob.is_active = True
        rob.save()
        refused = overlap(lambda: leave(rob, {}, by=ada, at=MONDAY), give)
        assert refused.code in ("no_recipient", "owner_left")
        require_nothing_open(rob)


@pytest.mark.django_db(transaction=True)
def test_somebody_leaves_while_an_opportunity_is_won(rob, rosa, ada):
    deal, _ = convert_lead(accepted_lead(rob), by=rob, at=MONDAY + HOUR)

    refused = overlap(
        lambda: present(deal),
        lambda: leave(rob, {"opportunities": rosa, "worked": rosa}, by=ada, at=MONDAY),
        then=lambda: close_opportunity(deal, outcome="won", by=rob, at=MONDAY + DAY),
    )
    assert refused is None
    require_nothing_open(rob)


def test_what_was_given_away_does_not_come_back_to_who_left(rob, rosa, mona, ada):
    lead, at = make_lead(owner=rob, team=rob.team), timezone.now()
    deed = assign_leads([lead.pk], to=rosa, by=mona, at=at)
    leave(rob, {}, by=ada, at=at)

    undone = take_back_leads(deed, by=mona, at=at)
    lead.refresh_from_db()
    assert lead.owner == rosa
    assert undone.refused == [{"id": lead.pk, "why": "Who had it before is no longer here."}]
