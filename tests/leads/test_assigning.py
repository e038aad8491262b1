import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.errors import BusinessError
from crm.models import Change
from leads.assigning import (
    assign_leads,
    assign_opportunities,
    assign_tasks,
    take_back_leads,
    take_back_opportunities,
    take_back_tasks,
)
from leads.lifecycle import Stage
from leads.models import Lead, Opportunity, Task
from tests.factories import DAY, HOUR, MONDAY, make_lead, make_opportunity, make_user

pytestmark = pytest.mark.django_db


def make_task(owner, **fields):
    return Task.objects.create(title="Call back", due_at=MONDAY + DAY, owner=owner, **fields)


def test_assign_leads_brings_the_team_and_names_what_was_left_alone(mia, rob, rosa, max_):
    free, robs, rosas = make_lead(), make_lead(owner=rob, team=rob.team), make_lead(owner=rosa)
    archived = make_lead(archived_at=MONDAY)
    Change.objects.all().delete()

    deed = assign_leads([free.pk, robs.pk, rosas.pk, archived.pk, 999_999], to=rosa, by=max_, at=MONDAY + HOUR)

    north = rosa.team_id
    assert deed.changed == [
        {"id": free.pk, "owner": [None, rosa.pk], "team": [None, north]},
        {"id": robs.pk, "owner": [rob.pk, rosa.pk], "team": [north, north]},
    ]
    assert deed.refused == [
        {"id": rosas.pk, "why": "Rosa has it already."},
        {"id": archived.pk, "why": "It is archived."},
    ]
    assert set(Lead.objects.filter(owner=rosa, team=north).values_list("pk", "version")) == {
        (free.pk, 2), (robs.pk, 2),
    }  # fmt: skip
    assert sorted(Change.objects.values_list("topic", "object_id")) == [("lead", free.pk), ("lead", robs.pk)]


def test_assign_leads_keeps_history(rob, max_, rosa):
    lead = make_lead(owner=rob)

    assign_leads([lead.pk], to=rosa, by=max_, at=MONDAY)

    assert [event.owner_id for event in lead.events.all()] == [rob.pk]


def test_everybody_gives_away_what_they_may_edit(mia, rob, rosa):
    marketings, sales = make_lead(), make_lead(owner=rosa)
    Lead.objects.filter(pk=sales.pk).update(stage=Stage.ACCEPTED)
    both = [marketings.pk, sales.pk]

    given = {person: assign_leads(both, to=rob, by=person, at=MONDAY).changed_ids for person in (mia, rosa)}

    assert given == {mia: [marketings.pk], rosa: [sales.pk]}


def test_nobody_gets_work_who_is_gone(max_):
    gone = make_user("gone", is_active=False)

    with pytest.raises(BusinessError, match="Gone is no longer here"):
        assign_leads([make_lead().pk], to=gone, by=max_, at=MONDAY)


def test_take_back_leads_spares_what_was_given_on_since(rob, rosa, sam, max_):
    kept, given_on = make_lead(owner=rob, team=rob.team), make_lead()
    deed = assign_leads([kept.pk, given_on.pk], to=rosa, by=max_, at=MONDAY)
    assign_leads([given_on.pk], to=sam, by=max_, at=MONDAY + HOUR)

    undone = take_back_leads(deed, by=max_, at=MONDAY + 2 * HOUR)

    assert undone.changed_ids == [kept.pk]
    assert undone.refused == [{"id": given_on.pk, "why": "It is Sam’s since."}]
    assert Lead.objects.get(pk=kept.pk).owner == rob
    assert Lead.objects.get(pk=given_on.pk).owner == sam


def test_opportunities_go_to_sales_alone_and_closed_ones_stay(mia, rob, rosa, max_):
    lead = make_lead()
    open_one = make_opportunity(owner=rob, team=rob.team, lead=lead)
    won = make_opportunity(owner=rob, team=rob.team, stage="won", outcome="won", closed_at=MONDAY)
    Change.objects.all().delete()

    with pytest.raises(BusinessError, match="Mia does not work opportunities"):
        assign_opportunities([open_one.pk], to=mia, by=max_, at=MONDAY)
    deed = assign_opportunities([open_one.pk, won.pk], to=rosa, by=max_, at=MONDAY)

    assert (deed.changed_ids, deed.refused) == ([open_one.pk], [{"id": won.pk, "why": "It is closed: won."}])
    assert sorted(Change.objects.values_list("topic", "object_id")) == [
        ("lead", lead.pk), ("opportunity", open_one.pk),
    ]  # fmt: skip
    take_back_opportunities(deed, by=max_, at=MONDAY)
    assert Opportunity.objects.get(pk=open_one.pk).owner == rob


def test_tasks_go_from_their_owner_maker_or_manager(rob, rosa, sam, max_):
    robs, made, done = make_task(rob), make_task(sam, made_by=rob), make_task(rob, done_at=MONDAY)
    tasks = [robs.pk, made.pk, done.pk]

    assert assign_tasks(tasks, to=rosa, by=sam, at=MONDAY).changed_ids == [made.pk]
    deed = assign_tasks(tasks, to=rosa, by=max_, at=MONDAY)

    assert deed.changed == [{"id": robs.pk, "owner": [rob.pk, rosa.pk]}]
    assert [row["why"] for row in deed.refused] == ["Rosa has it already.", "It is done."]
    take_back_tasks(deed, by=max_, at=MONDAY)
    assert Task.objects.get(pk=robs.pk).owner == rob


def test_assigning_costs_the_same_for_one_and_for_fifty(rob, rosa, max_):
    def queries(count):
        leads = [make_lead(owner=rob, team=rob.team).pk for _number in range(count)]
        deals = [make_opportunity(owner=rob, team=rob.team, lead=make_lead()).pk for _number in range(count)]
        tasks = [make_task(make_user(f"p{count}-{number}", team=rob.team)).pk for number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            given = assign_leads(leads, to=rosa, by=max_, at=MONDAY)
            take_back_leads(given, by=max_, at=MONDAY)
            assign_opportunities(deals, to=rosa, by=max_, at=MONDAY)
            assert len(assign_tasks(tasks, to=rosa, by=max_, at=MONDAY).changed) == count
        return len(asked)

    queries(1)  # whom Max manages is asked once
    assert queries(2) == queries(50)
