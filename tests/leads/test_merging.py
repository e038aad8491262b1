"""leads/merging.py: two leads read as one, and taken apart again."""

import pytest

from crm.errors import NotAllowed
from crm.models import Change
from feedback.verdicts import accept_handoff
from leads.activities import log_activity
from leads.attempts import attempts_of
from leads.converting import convert_lead
from leads.errors import Archived, CannotUndo, MergedLead
from leads.lifecycle import Stage
from leads.merging import CannotMerge, MovedSince, merge_leads, undo_merge
from leads.models import Company, Lead, Merge, Opportunity
from leads.next_steps import add_task, complete_task
from leads.opportunities import close_opportunity, opportunities_of, reopen_opportunity
from leads.subjects import Subject, subject_of
from leads.transitions import move_lead
from leads.united import united, united_ids
from tests.factories import (
    DAY,
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_opportunity,
    reason,
)

pytestmark = pytest.mark.django_db
TUESDAY = MONDAY + DAY


def again(record):
    return type(record).objects.get(pk=record.pk)


def merge(survivor, duplicate, by, **options):
    return merge_leads(survivor, duplicate, by=by, at=TUESDAY, **options)


def test_what_the_survivor_leaves_empty_is_filled_and_what_is_taken_replaced(mia, rob):
    fair = make_campaign("Fair")
    survivor = make_lead(last_name="Bee", phone="1", country="", tags=["hot"], custom={"size": 1})
    duplicate = make_lead(
        last_name="Bea", phone="2", country="Italy", owner=rob, team=rob.team, campaign=fair, tags=["fair", "hot"],
        custom={"size": 2, "site": "Turin"}, do_not_mail=True,
    )  # fmt: skip

    row = merge(survivor, duplicate, mia, take=["last_name"])

    one = again(survivor)
    assert (one.last_name, one.phone, one.country, one.owner, one.team, one.campaign) == (
        "Bea", "1", "Italy", rob, rob.team, fair,
    )  # fmt: skip
    assert (one.tags, one.custom, one.do_not_mail) == (["hot", "fair"], {"size": 1, "site": "Turin"}, True)
    assert row.replaced == {
        "last_name": "Bee", "country": "", "owner": None, "team": None, "campaign": None, "tags": ["hot"],
        "custom": {"size": 1}, "do_not_mail": False,
    }  # fmt: skip
    assert (again(duplicate).merged_into, again(duplicate).last_name) == (survivor, "Bea")


def test_what_belongs_together_is_not_mixed_from_two_leads(mia):
    acme, fair = Company.objects.create(name="Acme"), make_campaign("Fair")
    survivor = make_lead(company_name="Bolt", source="google")
    duplicate = make_lead(company_name="Acme", company=acme, campaign=fair, source="booth")

    row = merge(survivor, duplicate, mia)
    one = again(survivor)
    assert (one.company_name, one.company, one.source, one.campaign) == ("Bolt", None, "google", None)
    undo_merge(row, by=mia, at=TUESDAY)

    merge(survivor, duplicate, mia, take=["company_name", "source"])
    one = again(survivor)
    assert (one.company_name, one.company, one.source, one.campaign) == ("Acme", acme, "booth", fair)


def test_undo_brings_back_every_field_but_those_written_since(mia, rob):
    survivor = make_lead(phone="1", country="", title="")
    duplicate = make_lead(phone="2", country="Italy", title="Buyer", owner=rob, team=rob.team, tags=["fair"])
    before = Lead.objects.values().get(pk=survivor.pk)
    row = merge(survivor, duplicate, mia, take=["phone"])
    Lead.objects.filter(pk=survivor.pk).update(title="Head of buying")

    undo_merge(row, by=mia, at=TUESDAY)

    after = Lead.objects.values().get(pk=survivor.pk)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"title", "version", "updated_at", "search"}
    assert (after["title"], again(duplicate).merged_into, again(row).undone_by) == ("Head of buying", None, mia)


def test_merges_that_wrote_the_same_fields_are_undone_in_any_order(mia):
    survivor = make_lead(title="Buyer", phone="", tags=["hot"])
    first = make_lead(title="Head", phone="1", tags=["fair"], do_not_call=True)
    second = make_lead(title="Chief", phone="2", tags=["web"], do_not_call=True)

    def told():
        one = again(survivor)
        return one.title, one.phone, one.tags, one.do_not_call

    rows = [merge(survivor, other, mia, take=["title"]) for other in (first, second)]
    assert told() == ("Chief", "1", ["hot", "fair", "web"], True)

    undo_merge(rows[0], by=mia, at=TUESDAY)
    # What the second one says holds on, a wish not to be called before all.
    assert told() == ("Chief", "", ["hot", "web"], True)
    undo_merge(rows[1], by=mia, at=TUESDAY)
    assert told() == ("Buyer", "", ["hot"], False)

    rows = [merge(survivor, other, mia, take=["title"]) for other in (first, second)]
    for row in reversed(rows):
        undo_merge(row, by=mia, at=TUESDAY)
    assert told() == ("Buyer", "", ["hot"], False)


def test_what_was_written_between_two_merges_stays(mia):
    survivor = make_lead(title="Buyer")
    first = merge(survivor, make_lead(title="Head"), mia, take=["title"])
    Lead.objects.filter(pk=survivor.pk).update(title="By hand")
    second = merge(survivor, make_lead(title="Chief"), mia, take=["title"])

    undo_merge(first, by=mia, at=TUESDAY)
    assert again(survivor).title == "Chief"
    undo_merge(second, by=mia, at=TUESDAY)
    assert again(survivor).title == "By hand"


def test_a_merged_lead_names_the_last_survivor_and_undo_restores_who_named_whom(mia):
    a, b, c, d = (make_lead() for _ in range(4))
    merge(b, a, mia)
    merge(b, d, mia)
    last = merge(c, b, mia)
    assert {pk: united_ids(lead) for pk, lead in enumerate((a, b, c))} == {
        0: [a.pk], 1: [b.pk], 2: [c.pk, a.pk, b.pk, d.pk],
    }  # fmt: skip
    assert united([c.pk]) == {c.pk: c.pk, a.pk: c.pk, b.pk: c.pk, d.pk: c.pk}

    undo_merge(last, by=mia, at=TUESDAY)

    assert [again(lead).merged_into for lead in (a, b, c, d)] == [b, None, None, b]


def test_what_was_merged_is_undone_from_the_outside_in(mia):
    a, b, c = (make_lead() for _ in range(3))
    inner, outer = merge(b, a, mia), merge(c, b, mia)
    with pytest.raises(CannotUndo, match="merged itself"):
        undo_merge(inner, by=mia, at=TUESDAY)
    undo_merge(outer, by=mia, at=TUESDAY)
    undo_merge(inner, by=mia, at=TUESDAY)
    assert [again(lead).merged_into for lead in (a, b, c)] == [None, None, None]
    with pytest.raises(CannotUndo, match="already"):
        undo_merge(inner, by=mia, at=TUESDAY)


def test_a_lead_that_waits_for_sales_is_no_duplicate_but_may_be_the_survivor(mia, rob):
    waiting, other = make_handoff(to=rob).lead, make_lead()
    with pytest.raises(CannotMerge) as refused:
        merge(other, waiting, mia)
    assert refused.value.code == "lead_offered"
    merge(waiting, other, mia)
    assert again(other).merged_into == waiting


def test_what_is_refused(mia):
    one, other, third = make_lead(), make_lead(), make_lead()
    put_away = make_lead(archived_at=MONDAY)
    with pytest.raises(CannotMerge):
        merge(one, one, mia)
    with pytest.raises(CannotMerge):
        merge(one, other, mia, take=["stage"])
    for pair in ((one, put_away), (put_away, one)):
        with pytest.raises(Archived):
            merge(*pair, mia)
    merge(one, other, mia)
    for pair in ((third, other), (other, third)):
        with pytest.raises(MergedLead) as refused:
            merge(*pair, mia)
        assert refused.value.extra == {"survivor": one.pk}
    assert Merge.objects.count() == 1


def test_reps_merge_their_own_leads_marketers_and_managers_any(mia, rob, rosa, max_):
    own, own_too, other = make_lead(owner=rob), make_lead(owner=rob), make_lead(owner=rosa)
    with pytest.raises(NotAllowed):
        merge(own, other, rob)
    row = merge(own, own_too, rob)
    with pytest.raises(NotAllowed):
        undo_merge(row, by=rosa, at=TUESDAY)
    merge(own, other, max_)
    merge(own, make_lead(), mia)


def test_undo_is_refused_once_the_survivor_has_moved(mia):
    survivor, duplicate = make_lead(), make_lead()
    row = merge(survivor, duplicate, mia)
    move_lead(again(survivor), Stage.MQL, by=mia, at=TUESDAY)
    with pytest.raises(MovedSince):
        undo_merge(row, by=mia, at=TUESDAY)


def test_a_merged_lead_moves_no_more_even_for_who_read_it_before(mia):
    survivor, duplicate = make_lead(), make_lead()
    as_mia_saw_it = again(duplicate)
    merge(survivor, duplicate, mia)
    with pytest.raises(MergedLead):
        move_lead(as_mia_saw_it, Stage.MQL, by=mia, at=TUESDAY)


def test_values_that_changed_since_they_were_compared_are_not_taken(mia):
    survivor, duplicate = make_lead(), make_lead(phone="2")
    with pytest.raises(Exception, match="changed one of these leads"):
        merge(survivor, duplicate, mia, take=["phone"], versions=(survivor.version, duplicate.version + 1))
    merge(survivor, duplicate, mia, take=["phone"], versions=(survivor.version, duplicate.version))


def test_both_leads_are_announced_and_what_was_merged_before(mia):
    a, b, c = (make_lead() for _ in range(3))
    merge(b, a, mia)
    Change.objects.all().delete()
    merge(c, b, mia)
    assert set(Change.objects.values_list("topic", "object_id")) == {("lead", lead.pk) for lead in (a, b, c)}


def test_work_of_both_is_the_survivors_and_goes_back_on_undo(mia, rob):
    survivor, duplicate = (make_lead(owner=rob, team=rob.team) for _ in range(2))
    log_activity(Subject(duplicate), by=rob, at=MONDAY + HOUR, kind="call", outcome="voicemail")
    task = add_task(Subject(duplicate), by=rob, at=MONDAY, title="Call again", due_at=TUESDAY)

    row = merge(survivor, duplicate, mia)
    assert (again(survivor).last_activity_at, again(survivor).next_step_at) == (MONDAY + HOUR, TUESDAY)

    undo_merge(row, by=mia, at=TUESDAY)
    assert (again(survivor).last_activity_at, again(survivor).next_step_at) == (None, None)
    assert (again(duplicate).last_activity_at, again(duplicate).next_step_at) == (MONDAY + HOUR, TUESDAY)

    merge(survivor, duplicate, mia)
    complete_task(again(task), by=rob, at=TUESDAY, follow_up={"title": "Offer", "due_at": TUESDAY + DAY})
    assert (again(survivor).next_step_at, survivor.tasks.get().title) == (TUESDAY + DAY, "Offer")


def test_tries_on_either_count_since_the_survivor_was_accepted(mia, rob):
    handoff = make_handoff(to=rob)
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR)
    survivor, duplicate = again(handoff.lead), make_lead(owner=rob)
    for at in (MONDAY, MONDAY + 2 * HOUR):
        log_activity(Subject(duplicate), by=rob, at=at, kind="call", outcome="reached")
    merge(survivor, duplicate, mia)
    assert [(pk, tried.count, tried.first_at) for pk, tried in attempts_of([survivor.pk]).items()] == [
        (survivor.pk, 1, MONDAY + 2 * HOUR)
    ]


def with_opportunity(rob):
    lead = make_mql(owner=rob, team=rob.team)
    for stage in (Stage.OFFERED, Stage.ACCEPTED, Stage.QUALIFIED):
        move_lead(lead, stage, by=rob, at=MONDAY)
    return lead, convert_lead(lead, by=rob, at=MONDAY)[0]


def test_the_survivor_closes_with_the_opportunities_of_both(mia, rob):
    (survivor, own), (duplicate, theirs) = with_opportunity(rob), with_opportunity(rob)
    merge(survivor, duplicate, mia)
    assert set(opportunities_of(survivor)) == {own, theirs}
    lost = {"outcome": "lost", "by": rob, "at": TUESDAY, "reason": reason("price", "loss")}

    close_opportunity(own, **lost)
    assert again(survivor).stage == Stage.OPPORTUNITY
    close_opportunity(theirs, **lost)
    assert (again(survivor).stage, again(duplicate).stage) == (Stage.LOST, Stage.OPPORTUNITY)
    reopen_opportunity(theirs, by=rob, at=TUESDAY + HOUR)
    assert again(survivor).stage == Stage.OPPORTUNITY


def test_an_opportunity_of_the_duplicate_is_worked_on_whatever_the_survivors_stage(mia, rob):
    survivor, (duplicate, deal) = make_lead(), with_opportunity(rob)
    merge(survivor, duplicate, mia)
    log_activity(subject_of(opportunity=again(deal)), by=rob, at=TUESDAY, kind="call", outcome="reached")
    assert again(survivor).last_activity_at == again(deal).last_activity_at == TUESDAY
    close_opportunity(again(deal), outcome="won", by=rob, at=TUESDAY)
    reopen_opportunity(again(deal), by=rob, at=TUESDAY)
    assert (again(survivor).stage, Opportunity.objects.get().outcome) == (Stage.INQUIRY, "")


def test_an_opportunity_without_a_lead_stays_without(rob):
    assert subject_of(opportunity=make_opportunity(owner=rob)).lead is None
