"""feedback/many_verdicts.py: one answer to many hand-offs, the same as one by one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.errors import BusinessError, NotAllowed
from crm.models import Team
from feedback.errors import NoSuchRecipient
from feedback.many_verdicts import accept_handoffs, reject_handoffs, undo_verdicts
from feedback.models import Handoff, HandoffStatus
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict, withdraw_handoff
from leads.lifecycle import Stage
from leads.models import Lead, Task, Transition
from leads.next_steps import add_task
from leads.subjects import Subject
from leads.transitions import move_lead
from tests.factories import HOUR, MONDAY, make_handoff, pass_on, reason

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LATER = MONDAY + HOUR
OWN = {"id", "lead_id", "recorded_at", "created_at", "updated_at", "handoff", "undoes_id", "follows_id", "routing"}


def written(handoff):
    """All that stands in the database about a lead and its hand-offs, what names the rows themselves aside."""
    lead = Lead.objects.values().get(pk=handoff.lead_id)
    rows = [
        [{name: value for name, value in row.items() if name not in OWN} for row in found.values().order_by("id")]
        for found in (Transition.objects.filter(lead=lead["id"]), Handoff.objects.filter(lead=lead["id"]))
    ]
    moved = ("stage", "stage_since", "seq", "version", "episode", "owner_id", "team_id", "revisit_on", "next_step_at")
    return (*rows, {name: lead[name] for name in moved})


REJECTIONS = [
    {"reason": "wrong_data", "comment": "Dead line", "wrong_fields": ["phone"]},
    {"reason": "industry"},
    {"reason": "no_project", "revisit_on": (MONDAY + timedelta(days=40)).date()},
    {"reason": "budget_later"},
    {"reason": "wrong_rep"},
    {"reason": "wrong_rep", "route": "nurture"},
]


def reject_options(options):
    return {**options, "reason": reason(options["reason"])}


def test_accepting_many_is_accepting_each(north, rob, mia):
    one, many = make_handoff(to=rob, by=mia), make_handoff(to=north, by=mia)
    Handoff.objects.filter(pk=one.pk).update(to_user=None, to_team=north)

    accept_handoff(Handoff.objects.get(pk=one.pk), by=rob, at=LATER)
    deed = accept_handoffs([many.pk], by=rob, at=LATER)

    assert deed.changed == [{"id": many.lead_id, "handoff": many.pk}]
    assert deed.refused == []
    assert written(many) == written(one)


@pytest.mark.parametrize("options", REJECTIONS)
def test_rejecting_many_is_rejecting_each(rob, rosa, mia, options):
    one, many = make_handoff(to=rob, by=mia), make_handoff(to=rob, by=mia)
    for handoff in (one, many):
        add_task(Subject(handoff.lead, None, None), by=mia, at=MONDAY, title="Ask", due_at=LATER + HOUR)

    reject_handoff(one, by=rob, at=LATER, **reject_options(options))
    reject_handoffs([many.pk], by=rob, at=LATER, **reject_options(options))

    assert written(many) == written(one)
    assert Task.objects.open().filter(lead=many.lead_id).count() == Task.objects.open().filter(lead=one.lead_id).count()


@pytest.mark.parametrize("options", [None, *REJECTIONS])
def test_taking_many_back_is_taking_each_back(rob, rosa, mia, options):
    one, many = make_handoff(to=rob, by=mia), make_handoff(to=rob, by=mia)
    for handoff in (one, many):
        Lead.objects.filter(pk=handoff.lead_id).update(owner=mia, team=mia.team)
        add_task(Subject(handoff.lead, None, None), by=mia, at=MONDAY, title="Ask", due_at=LATER + HOUR)
        if options:
            reject_handoffs([handoff.pk], by=rob, at=LATER, **reject_options(options))
        else:
            accept_handoffs([handoff.pk], by=rob, at=LATER)

    undo_verdict(Handoff.objects.get(pk=one.pk), by=rob, at=LATER + MINUTE)
    deed = undo_verdicts([many.pk], by=rob, at=LATER + MINUTE)

    assert (deed.changed_ids, deed.refused) == ([many.lead_id], [])
    assert written(many) == written(one)
    assert Task.objects.open().filter(lead=many.lead_id).count() == 1
    assert Handoff.objects.get(pk=many.pk).status == HandoffStatus.OPEN


def test_of_500_of_which_three_moved_exactly_the_right_ones_change(north, rob, rosa, mia):
    waiting = [make_handoff(to=north, by=mia) for _number in range(500)]
    taken, withdrawn, passed_on = waiting[7], waiting[123], waiting[499]
    accept_handoff(taken, by=rosa, at=LATER)
    withdraw_handoff(withdrawn, by=mia, at=LATER)
    pass_on(passed_on, at=LATER)
    before = {handoff.pk: written(handoff) for handoff in (taken, withdrawn, passed_on)}

    deed = reject_handoffs(
        [handoff.pk for handoff in waiting], by=rob, at=LATER, reason=reason("industry"), comment="Schools"
    )

    expected = [handoff.lead_id for handoff in waiting if handoff not in (taken, withdrawn, passed_on)]
    assert deed.changed_ids == expected
    assert len(deed.changed) == 497
    said = {row["id"]: row["why"] for row in deed.refused}
    assert said.keys() == {taken.lead_id, withdrawn.lead_id, passed_on.lead_id}
    assert said[taken.lead_id].startswith("Rosa accepted this at")
    assert said[withdrawn.lead_id].startswith("Mia withdrew this at")
    assert said[passed_on.lead_id].startswith("No answer came in time, so this lead went to")
    assert Lead.objects.filter(stage=Stage.DISQUALIFIED).count() == 497
    assert {handoff.pk: written(handoff) for handoff in (taken, withdrawn, passed_on)} == before

    undone = undo_verdicts([row["handoff"] for row in deed.changed], by=rob, at=LATER + MINUTE)
    assert (len(undone.changed), undone.refused) == (497, [])
    assert Lead.objects.filter(stage=Stage.DISQUALIFIED).count() == 0


def test_the_queries_do_not_grow_with_the_rows(north, rob, rosa, mia):
    def queries(count, deed, **options):
        ids = [make_handoff(to=rob, by=mia).pk for _number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            deed(ids, by=rob, at=LATER, **options)
        with CaptureQueriesContext(connection) as undone:
            undo_verdicts(ids, by=rob, at=LATER + MINUTE)
        return len(asked), len(undone)

    for deed, options in ((accept_handoffs, {}), *((reject_handoffs, reject_options(some)) for some in REJECTIONS)):
        queries(1, deed, **options)  # whose turn it is has a row from now on
        assert queries(1, deed, **options) == queries(12, deed, **options)


def test_what_waits_for_others_is_left_alone(rob, sam, max_, mia):
    own, other = make_handoff(to=rob), make_handoff(to=sam)
    deed = accept_handoffs([own.pk, other.pk], by=rob, at=LATER)
    assert deed.changed_ids == [own.lead_id]
    assert deed.refused == [{"id": other.lead_id, "why": "This lead waits for Sam, not for you."}]
    with pytest.raises(NotAllowed):
        accept_handoffs([other.pk], by=mia, at=LATER)


def test_a_manager_answers_for_the_team(max_, rob):
    handoff = make_handoff(to=rob)
    assert accept_handoffs([handoff.pk], by=max_, at=LATER).changed_ids == [handoff.lead_id]
    assert Lead.objects.get().owner == max_


def test_twice_is_the_same_as_once(rob):
    handoff = make_handoff(to=rob)
    accept_handoffs([handoff.pk, handoff.pk], by=rob, at=LATER)
    again = accept_handoffs([handoff.pk], by=rob, at=LATER)
    assert again.changed == []
    assert again.refused[0]["why"].startswith("Rob accepted this")
    assert Transition.objects.filter(to_stage=Stage.ACCEPTED).count() == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"reason": None}, "reason_required"),
        ({"reason": "other"}, "comment_required"),
        ({"reason": "no_project", "revisit_on": MONDAY.date()}, "revisit_in_past"),
        ({"reason": "wrong_data", "wrong_fields": ["fax"]}, "unknown_field"),
    ],
)
def test_a_broken_rule_changes_nothing(rob, options, code):
    handoff = make_handoff(to=rob)
    options = {**options, "reason": reason(options["reason"]) if options["reason"] else None}
    with pytest.raises(BusinessError) as refused:
        reject_handoffs([handoff.pk], by=rob, at=LATER, **options)
    assert refused.value.code == code
    assert Handoff.objects.get().status == HandoffStatus.OPEN


def test_what_nobody_else_can_get_is_not_passed_on(rob):
    """A lead must never wait for sales without a hand-off."""
    handoffs = [make_handoff(to=rob), make_handoff(to=rob)]
    Team.objects.update(kind="marketing")

    with pytest.raises(NoSuchRecipient):
        reject_handoffs([one.pk for one in handoffs], by=rob, at=LATER, reason=reason("wrong_rep"))

    assert Handoff.objects.open().count() == 2


def test_what_moved_on_since_is_not_taken_back(rob, mia):
    moved, answered, late = make_handoff(to=rob), make_handoff(to=rob), make_handoff(to=rob)
    open_one = make_handoff(to=rob)
    reject_handoffs([moved.pk], by=rob, at=LATER, reason=reason("wrong_data"))
    move_lead(Lead.objects.get(pk=moved.lead_id), Stage.NURTURE, by=mia, at=LATER + MINUTE)
    accept_handoffs([answered.pk], by=rob, at=LATER)
    accept_handoffs([late.pk], by=rob, at=LATER - 20 * MINUTE)

    deed = undo_verdicts([moved.pk, answered.pk, late.pk, open_one.pk], by=rob, at=LATER + 2 * MINUTE)

    assert deed.changed_ids == [answered.lead_id]
    assert [row["why"].split(" on ")[0] for row in deed.refused] == [
        "Mia moved this lead to “In nurture”",
        "A verdict can be undone for ten minutes.",
        "There is no verdict to undo.",
    ]


def test_a_lead_put_away_meanwhile_is_left_alone(rob):
    handoff = make_handoff(to=rob)
    Lead.objects.filter(pk=handoff.lead_id).update(archived_at=LATER)
    deed = accept_handoffs([handoff.pk], by=rob, at=LATER)
    assert deed.refused == [{"id": handoff.lead_id, "why": "It is archived."}]
