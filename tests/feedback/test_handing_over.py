import pytest

from crm.errors import NotAllowed
from crm.models import Role
from feedback.errors import NoSuchRecipient
from feedback.handing_over import MOST_AT_ONCE, hand_over_leads
from feedback.models import Handoff
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead
from tests.factories import DAY, MONDAY, make_handoff, make_lead, make_mql, make_team, make_user

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
    assert MOST_AT_ONCE == 200
