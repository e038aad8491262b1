import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.errors import NotAllowed
from crm.models import Role
from feedback.errors import NoSuchRecipient
from feedback.handing_over import hand_over_leads, take_back_handoffs
from feedback.models import Handoff
from feedback.verdicts import accept_handoff, offer_lead
from leads.lifecycle import Stage
from leads.models import Lead, Transition
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_mql, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia():
    return make_user("mia", role=Role.MARKETER)


@pytest.fixture
def north():
    return make_team()


def test_hand_over_leads_hands_each_over_and_tells_of_those_that_moved(mia, north):
    ready, inquiry, waiting = make_mql(), make_lead(), make_handoff(to=north, by=mia).lead
    parked = make_mql()
    move_lead(parked, Stage.NURTURE, by=mia, at=MONDAY + DAY)

    result = hand_over_leads(
        [ready.pk, inquiry.pk, waiting.pk, parked.pk, 999_999], by=mia, at=MONDAY + 2 * DAY, to_team=north
    )

    assert result.handed == 1
    assert [(lead.pk, why) for lead, why in result.moved] == [
        (inquiry.pk, "The system moved this lead to “Inquiry” on 02 Mar at 09:00."),
        (waiting.pk, "Mia moved this lead to “Waiting for sales” on 02 Mar at 09:00."),
        (parked.pk, "Mia moved this lead to “In nurture” on 03 Mar at 09:00."),
    ]
    assert Lead.objects.get(pk=ready.pk).stage == Stage.OFFERED


def test_many_at_once_are_handed_over_as_one_by_one(mia, north):
    one, many = make_mql(), make_mql()
    rob = make_user("rob", team=north)

    offer_lead(one, by=mia, at=MONDAY + HOUR, to_user=rob, promised="A call")
    hand_over_leads([many.pk], by=mia, at=MONDAY + HOUR, to_user=rob, promised="A call")

    def written(lead):
        lead = Lead.objects.get(pk=lead.pk)
        move = Transition.objects.filter(lead=lead).values().latest("seq")
        handoff = Handoff.objects.filter(lead=lead).values().get()
        own = {"id", "lead_id", "recorded_at", "created_at", "updated_at"}
        rows = [{name: value for name, value in row.items() if name not in own} for row in (move, handoff)]
        return (*rows, lead.stage, lead.stage_since, lead.seq, lead.version, lead.episode)

    assert written(many) == written(one)


def test_hand_over_leads_costs_the_same_for_one_and_for_fifty(mia, north):
    def queries(count):
        ids = [make_mql().pk for _number in range(count)] + [make_lead().pk for _number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            result = hand_over_leads(ids, by=mia, at=MONDAY + HOUR, to_team=north)
        with CaptureQueriesContext(connection) as undone:
            take_back_handoffs([handoff.pk for handoff in result.handoffs], by=mia, at=MONDAY + 2 * HOUR)
        return len(asked), len(undone)

    assert queries(1) == queries(50)


def test_hand_over_leads_twice_is_the_same_as_once(mia, north):
    lead = make_mql()

    first = hand_over_leads([lead.pk, lead.pk], by=mia, at=MONDAY, to_team=north)
    second = hand_over_leads([lead.pk], by=mia, at=MONDAY, to_team=north)

    assert (first.handed, second.handed, len(second.moved), Handoff.objects.count()) == (1, 0, 1, 1)


def test_hand_over_leads_wants_the_right_and_a_recipient(mia, north):
    lead, rob = make_mql(), make_user("rob", team=north)

    with pytest.raises(NotAllowed):
        hand_over_leads([lead.pk], by=rob, at=MONDAY, to_team=north)
    with pytest.raises(NoSuchRecipient):
        hand_over_leads([lead.pk], by=mia, at=MONDAY, to_user=mia)

    assert not Handoff.objects.exists()


def test_hand_over_leads_takes_so_many_at_once(mia, north, monkeypatch):
    monkeypatch.setattr("feedback.handing_over.MOST_AT_ONCE", 2)
    leads = [make_mql().pk for _number in range(3)]

    assert hand_over_leads(leads, by=mia, at=MONDAY, to_team=north).handed == 2


def test_archived_and_merged_leads_are_handed_to_nobody(mia, north):
    archived, survivor, merged = make_mql(), make_mql(), make_mql()
    Lead.objects.filter(pk=archived.pk).update(archived_at=MONDAY)
    Lead.objects.filter(pk=merged.pk).update(merged_into=survivor)

    result = hand_over_leads([archived.pk, merged.pk], by=mia, at=MONDAY, to_team=north)

    assert [why for _lead, why in result.moved] == ["It is archived.", "It was merged into another lead."]


def test_take_back_handoffs_withdraws_what_nobody_answered(mia, north):
    rob = make_user("rob", team=north)
    waiting, taken = make_mql(), make_mql()
    result = hand_over_leads([waiting.pk, taken.pk], by=mia, at=MONDAY, to_team=north)
    accept_handoff(Handoff.objects.get(lead=taken), by=rob, at=MONDAY + HOUR)

    deed = take_back_handoffs([handoff.pk for handoff in result.handoffs], by=mia, at=MONDAY + 2 * HOUR)

    assert deed.changed == [{"id": waiting.pk}]
    assert deed.refused == [{"id": taken.pk, "why": "Rob accepted this at 10:00 on 02 Mar."}]
    stages = dict(Lead.objects.values_list("pk", "stage"))
    assert stages == {waiting.pk: Stage.MQL, taken.pk: Stage.ACCEPTED}
    last = Transition.objects.filter(lead=waiting).latest("seq")
    assert (last.to_stage, last.handoff) == (Stage.MQL, Handoff.objects.get(lead=waiting).pk)
