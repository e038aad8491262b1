from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, transaction

from crm.errors import BusinessError, NotAllowed
from crm.models import Change
from leads.errors import BeforeLastMove, CannotUndo, IllegalMove, StaleLead
from leads.lifecycle import Stage
from leads.models import Lead, Touch, Transition
from leads.transitions import capture_lead, last_effective, move_lead, transition_lead, undo_move
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_lead, make_mql, reason

pytestmark = pytest.mark.django_db


def log_of(lead):
    return list(lead.transitions.order_by("seq").values_list("seq", "episode", "kind", "from_stage", "to_stage"))


def test_capture_writes_lead_log_touch_and_change(mia):
    campaign = make_campaign()

    lead = capture_lead(by=mia, at=MONDAY, email="a@b.example", campaign=campaign, channel="webinar")

    assert log_of(lead) == [(1, 1, "move", "", "inquiry")]
    assert list(Touch.objects.values_list("lead", "campaign", "channel", "at")) == [
        (lead.pk, campaign.pk, "webinar", MONDAY)
    ]
    assert set(Change.objects.values_list("topic", "object_id")) == {("lead", lead.pk)}


def test_capture_without_campaign_or_source_makes_no_touch(mia):
    capture_lead(by=mia, at=MONDAY, email="a@b.example")
    assert not Touch.objects.exists()


def test_capture_refuses_a_bad_email_and_writes_nothing(mia):
    with pytest.raises(ValidationError):
        capture_lead(by=mia, at=MONDAY, email="not an address")
    assert not Lead.objects.exists()


def test_mark_mql_stamps_the_definition_in_force(mia):
    from crm.models import Organisation

    Organisation.get()
    Organisation.objects.update(definition_version=3)
    lead = make_lead()

    row = transition_lead(lead, "mql", by=mia, at=MONDAY + HOUR)

    assert (row.definition_version, row.from_stage, row.to_stage, row.by) == (3, "inquiry", "mql", mia)
    assert (lead.stage, lead.stage_since, lead.seq) == ("mql", MONDAY + HOUR, 2)


def test_present_stage_again_writes_nothing(mia):
    lead = make_mql()
    assert transition_lead(lead, "mql", by=mia, at=MONDAY + HOUR) is None
    assert lead.transitions.count() == 2


@pytest.mark.parametrize("to", ["offered", "opportunity", "customer", "lost"])
def test_stages_with_their_own_action_are_refused(mia, to):
    with pytest.raises(IllegalMove) as error:
        transition_lead(make_mql(), to, by=mia, at=MONDAY)
    assert error.value.code == "use_action"


def test_a_move_outside_the_table_names_the_allowed_ones(mia):
    with pytest.raises(IllegalMove) as error:
        transition_lead(make_lead(), "qualified", by=mia, at=MONDAY)
    assert error.value.extra == {"stage": "inquiry", "allowed": ["mql", "nurture", "disqualified", "accepted"]}


def test_reps_do_not_mark_mqls(rob):
    with pytest.raises(NotAllowed):
        transition_lead(make_lead(), "mql", by=rob, at=MONDAY)


def test_two_people_move_one_lead_and_the_second_is_told(mia, mona):
    lead = make_lead()
    as_mona_sees_it = Lead.objects.get(pk=lead.pk)
    transition_lead(lead, "mql", by=mia, at=MONDAY)

    with pytest.raises(StaleLead) as error:
        transition_lead(as_mona_sees_it, "nurture", by=mona, at=MONDAY + HOUR)

    assert "Mia moved this lead to “MQL”" in str(error.value)
    assert error.value.extra["by"] == mia.pk
    assert [row[-1] for row in log_of(lead)] == ["inquiry", "mql"]


def test_nobody_moves_a_lead_before_its_last_move(mia):
    lead = make_lead(at=MONDAY)
    with pytest.raises(BeforeLastMove):
        transition_lead(lead, "mql", by=mia, at=MONDAY - HOUR)
    lead.refresh_from_db()
    assert (lead.stage, lead.seq) == ("inquiry", 1)


def test_discard_demands_a_reason_of_its_kind(mia):
    lead = make_lead()
    for given in (None, reason("no_project")):
        with pytest.raises(BusinessError, match="Choose a reason"):
            transition_lead(lead, "disqualified", by=mia, at=MONDAY, reason=given)
    transition_lead(lead, "disqualified", by=mia, at=MONDAY, reason=reason("spam", "discard"))
    assert lead.side == "closed"


def test_other_needs_words(rob, north):
    lead = make_lead(owner=rob, team=north, sourced_by="sales")
    transition_lead(lead, "accepted", by=rob, at=MONDAY)
    with pytest.raises(BusinessError, match="few words"):
        transition_lead(lead, "nurture", by=rob, at=MONDAY, reason=reason("other", "return"), note="  ")


def test_park_sets_the_day_to_look_again(mia):
    lead = make_mql()
    transition_lead(lead, "nurture", by=mia, at=MONDAY)
    assert lead.revisit_on == date(2026, 5, 31)


def test_a_rep_claims_only_an_own_find(rob, rosa, north):
    found = make_lead(owner=rob, team=north, sourced_by="sales")
    with pytest.raises(NotAllowed):
        transition_lead(found, "accepted", by=rosa, at=MONDAY)
    with pytest.raises(NotAllowed):
        transition_lead(make_lead(owner=rob, team=north), "accepted", by=rob, at=MONDAY)
    transition_lead(found, "accepted", by=rob, at=MONDAY)
    assert (found.stage, found.owner) == ("accepted", rob)


def test_mql_again_from_nurture_opens_the_second_time_round(mia):
    lead = make_mql()
    transition_lead(lead, "nurture", by=mia, at=MONDAY + DAY)
    transition_lead(lead, "mql", by=mia, at=MONDAY + 9 * DAY)
    assert log_of(lead)[2:] == [(3, 1, "move", "mql", "nurture"), (4, 2, "move", "nurture", "mql")]
    assert last_effective(lead).opens_episode


def test_inquiry_nurture_mql_stays_one_time_round(mia):
    lead = make_lead()
    transition_lead(lead, "nurture", by=mia, at=MONDAY + DAY)
    transition_lead(lead, "mql", by=mia, at=MONDAY + 9 * DAY)
    assert lead.episode == 1


def test_undo_counters_the_last_row_and_restores_stage_episode_and_since(mia):
    lead = make_mql()
    transition_lead(lead, "nurture", by=mia, at=MONDAY + DAY)
    row = transition_lead(lead, "mql", by=mia, at=MONDAY + 2 * DAY)

    undo_move(lead, row, by=mia, at=MONDAY + 2 * DAY)

    assert (lead.stage, lead.episode, lead.stage_since) == ("nurture", 1, MONDAY + DAY)
    assert [row.seq for row in Transition.objects.effective().filter(lead=lead)] == [1, 2, 3]
    assert log_of(lead)[-1] == (5, 1, "undo", "mql", "nurture")


def test_undo_of_an_undone_or_older_row_is_refused(mia):
    lead = make_lead()
    first = lead.transitions.get(seq=1)
    row = transition_lead(lead, "mql", by=mia, at=MONDAY)
    with pytest.raises(CannotUndo):
        undo_move(lead, first, by=mia, at=MONDAY)
    undo_move(lead, row, by=mia, at=MONDAY)
    with pytest.raises(CannotUndo):
        undo_move(lead, row, by=mia, at=MONDAY)


def test_the_log_refuses_to_be_edited(mia):
    lead = make_lead()
    for deed in (
        lambda: lead.transitions.update(note="better"),
        lambda: lead.transitions.all().delete(),
        lambda: Touch.objects.update(kind="form"),
    ):
        with pytest.raises((IntegrityError, InternalError), match="append-only"), transaction.atomic():
            deed()


@pytest.mark.parametrize(
    ("seq", "from_stage", "to_stage"),
    [(3, "inquiry", "mql"), (2, "mql", "offered"), (2, "", "mql"), (2, "inquiry", "inquiry"), (2, "inquiry", "sold")],
)
def test_the_database_refuses_a_row_that_does_not_follow(mia, seq, from_stage, to_stage):
    lead = make_lead()
    with pytest.raises(IntegrityError), transaction.atomic():
        Transition.objects.create(lead=lead, seq=seq, episode=1, from_stage=from_stage, to_stage=to_stage, at=MONDAY)


def test_moves_outside_a_person_have_no_author():
    lead = make_lead()
    assert move_lead(lead, Stage.MQL, by=None, at=MONDAY).by is None
