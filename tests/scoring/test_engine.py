"""scoring/engine.py: one statement for one lead and for many."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.outbox import drain
from feedback.models import SignedStatus
from leads.merging import merge_leads, undo_merge
from leads.models import Company, Contact, LeadScore, Touch
from leads.touches import record_touch
from scoring.engine import (
    chunks_of_leads,
    ranges_of_leads,
    round_due_scores,
    score_leads,
    scores_at,
)
from scoring.models import Definition
from scoring.rescoring import apply_changes, rebuild
from scoring.rules import NO_CARD
from tests.factories import DAY, MONDAY, make_campaign, make_lead
from tests.scoring.cards import card_with, did, fit

pytestmark = pytest.mark.django_db


def score(lead, card, *, at=MONDAY):
    score_leads([lead.pk], card=card, at=at)
    return LeadScore.objects.get(pk=lead.pk)


def in_force(*rules, **more):
    return Definition.objects.create(
        name="Test", version=1, status=SignedStatus.ACTIVE, rules=list(rules), **{"thresholds": {}, **more}
    )


def test_twenty_points_of_45_days_ago_read_7_0711():
    lead = make_lead()
    record_touch(lead, kind="download", at=MONDAY)

    row = score(lead, card_with(did("download", 20)), at=MONDAY + 45 * DAY)

    assert (row.engagement, row.engagement_at, row.shown) == (20.0, MONDAY, 7)
    assert row.engagement * 0.5 ** (45 / 30) == pytest.approx(7.0711, abs=1e-4)


def test_fit_looks_at_lead_and_company():
    company = Company.objects.create(name="Kaiser Guss", industry="Metal processing", employees=180)
    lead = make_lead(company=company, country="Germany", title="Head of Production Planning", phone="")

    row = score(
        lead,
        card_with(
            fit("country", ["Germany", "Austria"], 5, operator="in"),
            fit("title", "PRODUCTION", 7, operator="contains"),
            fit("company_industry", "metal processing", 11),
            fit("company_employees", 100, 13, operator="at_least"),
            fit("company_employees", 100, 17, operator="at_most"),
            fit("has_phone", True, 19),
            fit("has_email", True, 23),
            fit("segment", "Enterprise", -2, operator="is_not"),
        ),
    )

    assert (row.fit, row.engagement, row.engagement_at) == (5 + 7 + 11 + 13 + 23 - 2, 0, None)


def test_a_lead_without_company_matches_no_rule_about_one():
    rules = [fit("company_employees", 0, 5, operator="at_least"), fit("company_industry", "Food", 5)]
    assert score(make_lead(), card_with(*rules)).fit == 0


def test_a_group_gives_at_most_its_largest_points():
    company = Company.objects.create(name="Kaiser Guss", employees=500)
    sizes = [fit("company_employees", least, points, operator="at_least", group="size") for least, points in
             ((50, 10), (200, 20))]  # fmt: skip
    assert score(make_lead(company=company), card_with(*sizes)).fit == 20


def test_each_rule_is_capped_at_the_latest_touch_and_then_decays():
    """Three downloads of 20 today and a month ago: 20 + 20 + 10 would be 50, capped 30; a month later 15."""
    lead = make_lead()
    for at in (MONDAY, MONDAY, MONDAY - 30 * DAY):
        record_touch(lead, kind="download", at=at)
    card = card_with(did("download", 20, cap=30))

    assert score(lead, card).engagement == 30
    assert score(lead, card, at=MONDAY + 30 * DAY).shown == 15


def test_a_group_of_engagement_rules_has_one_ceiling():
    lead = make_lead()
    for kind in ("open", "click"):
        record_touch(lead, kind=kind, at=MONDAY)
    rules = [did("open", 8, cap=10, group="mail"), did("click", 9, cap=12, group="mail")]
    assert score(lead, card_with(*rules)).engagement == 12


def test_only_what_the_buyer_did_counts_and_corrected_touches_do_not():
    lead = make_lead()
    record_touch(lead, kind="mailed", by="marketing", at=MONDAY)
    wrong = record_touch(lead, kind="attend", at=MONDAY)
    record_touch(lead, kind="open", at=MONDAY - 3 * DAY, corrects=wrong)

    row = score(lead, card_with(did("mailed", 10), did("attend", 10), did("open", 4)))

    assert (row.engagement, row.engagement_at) == (4, MONDAY - 3 * DAY)


def test_touches_of_a_campaign_are_told_apart():
    webinar, fair = make_campaign("Webinar"), make_campaign("Fair", channel="event")
    lead = make_lead()
    record_touch(lead, kind="attend", campaign=webinar, channel="webinar", at=MONDAY)
    record_touch(lead, kind="attend", campaign=fair, channel="event", at=MONDAY)
    by_campaign = {"axis": "engagement", "field": "campaign", "operator": "is", "value": fair.pk, "points": 5}
    by_channel = {"axis": "engagement", "field": "channel", "operator": "in", "value": ["webinar"], "points": 3}
    assert score(lead, card_with(by_campaign, by_channel)).engagement == 8


@pytest.mark.parametrize(
    ("points", "touches", "grade"),
    [(35, 3, "A1"), (20, 2, "B2"), (10, 1, "C3"), (9, 0, "D4")],
)
def test_grades_combine_both_axes(points, touches, grade):
    thresholds = {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 24, "2": 16, "3": 8}}
    lead = make_lead(country="Sweden")
    for _ in range(touches):
        record_touch(lead, kind="visit", at=MONDAY)
    rules = [fit("country", "Sweden", points), fit("has_phone", True, 30), did("visit", 8)]
    assert score(lead, card_with(*rules, thresholds=thresholds)).grade == grade


def test_a_score_stays_between_0_and_100():
    lead = make_lead(country="Sweden")
    assert score(lead, card_with(fit("country", "Sweden", -50))).shown == 0
    assert score(lead, card_with(*[fit("country", "Sweden", 60)] * 2)).shown == 100


def test_without_a_definition_everything_scores_0_without_grade():
    lead = make_lead()
    record_touch(lead, kind="form", at=MONDAY)
    row = score(lead, NO_CARD)
    assert (row.shown, row.grade, row.fit, row.engagement, row.definition_version) == (0, "", 0, 0, None)


def test_touches_after_the_moment_asked_about_have_not_happened():
    lead = make_lead()
    record_touch(lead, kind="form", at=MONDAY + DAY)
    card = card_with(did("form", 20))
    moments = [(lead.pk, MONDAY), (lead.pk, MONDAY + DAY)]
    assert scores_at(moments, card=card) == {moments[0]: 0, moments[1]: 20}


def test_many_moments_are_asked_in_portions(monkeypatch, django_assert_num_queries):
    """All at once they would be joined in a nested loop: seconds become minutes."""
    monkeypatch.setattr("scoring.engine.PAIRS_AT_A_TIME", 2)
    moments = [(make_lead(country="DE" if number % 2 else "FR").pk, MONDAY) for number in range(5)]

    with django_assert_num_queries(3):
        found = scores_at(moments, card=card_with(fit("country", "DE", 7)))

    assert [found[moment] for moment in moments] == [0, 7, 0, 7, 0]


def test_a_very_old_touch_is_nothing_and_no_error():
    lead = make_lead()
    record_touch(lead, kind="form", at=MONDAY - 90 * 365 * DAY)
    record_touch(lead, kind="form", at=MONDAY)
    row = score(lead, card_with(did("form", 20), half_life_days=7), at=MONDAY + 90 * 365 * DAY)
    assert (row.engagement, row.shown) == (0, 0)


def test_the_same_score_again_writes_nothing():
    lead = make_lead(country="Sweden")
    card = card_with(fit("country", "Sweden", 10))
    score(lead, card)
    assert score(lead, card, at=MONDAY + DAY).scored_at == MONDAY


def test_the_rounded_figure_changes_when_the_row_says_so():
    lead = make_lead(country="Sweden")
    record_touch(lead, kind="form", at=MONDAY)
    card = card_with(fit("country", "Sweden", 10), did("form", 20))
    row = score(lead, card)
    shown = []
    while due := row.rounds_at:
        assert score(lead, card, at=due - timedelta(seconds=2)).shown == row.shown
        row = score(lead, card, at=due)
        shown.append(row.shown)
        assert row.rounds_at != due
    assert shown == list(range(29, 9, -1))


def test_due_scores_are_rounded_again_by_the_same_engine():
    in_force(did("form", 20))
    lead = make_lead()
    record_touch(lead, kind="form", at=MONDAY)
    score_leads([lead.pk], card=card_with(did("form", 20)), at=MONDAY)

    assert round_due_scores(at=MONDAY + timedelta(minutes=1)) == 0
    assert round_due_scores(at=MONDAY + 45 * DAY) == 1
    assert LeadScore.objects.get().shown == 7


def test_changes_of_leads_and_companies_are_scored():
    in_force(fit("company_employees", 50, 10, operator="at_least"), fit("country", "Sweden", 5))
    company = Company.objects.create(name="Kaiser Guss", employees=80)
    of_company, changed, other = make_lead(company=company), make_lead(country="Sweden"), make_lead(country="Sweden")

    apply_changes({"lead": {changed.pk}, "company": {company.pk}, "handoff": {other.pk}})

    assert dict(LeadScore.objects.values_list("lead", "shown")) == {of_company.pk: 10, changed.pk: 5}


def test_a_change_of_a_contact_is_scored_on_its_leads():
    in_force(fit("do_not_mail", True, 10), fit("country", "Sweden", 5))
    contact = Contact.objects.create(first_name="Karl", last_name="Kaiser", do_not_mail=True)
    lead, other = make_lead(contact=contact), make_lead()
    apply_changes({"contact": {contact.pk}})
    assert dict(LeadScore.objects.values_list("lead", "shown")) == {lead.pk: 10}
    assert other.pk not in LeadScore.objects.values_list("lead", flat=True)


def test_leads_are_walked_in_ranges_whatever_ids_they_have(monkeypatch):
    monkeypatch.setattr("scoring.engine.CHUNK", 2)
    far = [make_lead(pk=pk).pk for pk in (10**12, 10**12 + 5, 10**15)]
    near = make_lead().pk
    assert list(ranges_of_leads()) == [(near, far[0]), (far[1], far[2])]
    assert list(chunks_of_leads()) == [[near, far[0]], [far[1], far[2]]]


def test_many_leads_are_scored_with_as_many_statements_as_one():
    card = card_with(did("form", 20))
    counts = []
    for many in (1, 7):
        leads = [make_lead().pk for _ in range(many)]
        with CaptureQueriesContext(connection) as asked:
            score_leads(leads, card=card, at=MONDAY)
        counts.append(len(asked))
    assert counts == [1, 1]


def test_a_change_of_a_lead_that_is_gone_is_no_error():
    apply_changes({"lead": {10**12}})
    assert not LeadScore.objects.exists()


def test_rebuild_scores_everybody_in_chunks(monkeypatch):
    monkeypatch.setattr("scoring.engine.CHUNK", 2)
    in_force(fit("country", "Sweden", 5))
    leads = [make_lead(country="Sweden").pk for _ in range(5)]

    assert list(chunks_of_leads()) == [leads[:2], leads[2:4], leads[4:]]
    rebuild()
    assert list(LeadScore.objects.order_by("lead").values_list("lead", "shown")) == [(pk, 5) for pk in leads]


@pytest.mark.django_db(transaction=True)
def test_the_outbox_brings_a_new_touch_to_the_score():
    in_force(did("form", 20))
    lead = make_lead()
    drain("scoring")
    record_touch(lead, kind="form", at=lead.captured_at)
    while drain("scoring"):
        pass
    assert LeadScore.objects.get().engagement == 20


TOUCHES = st.lists(
    st.tuples(st.sampled_from(["form", "open", "click", "attend"]), st.integers(0, 400 * 86_400)), max_size=12
)
CARD_RULES = [
    did("form", 20, cap=35),
    did("open", 3, cap=10, group="mail"),
    did("click", 6, cap=15, group="mail"),
    did("attend", -7),
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(TOUCHES, min_size=1, max_size=4), data=st.data())
def test_one_lead_alone_or_among_many_and_in_any_order_scores_the_same(lives, data):
    card = card_with(*CARD_RULES, thresholds={"engagement": {"1": 30, "2": 12, "3": 4}})
    forwards, backwards = [], []
    for life in lives:
        forwards.append(lead_with(life))
        backwards.append(lead_with(data.draw(st.permutations(life))))
    score_leads(forwards + backwards, card=card, at=MONDAY)
    together = rows_of_scores()
    assert [together[pk] for pk in forwards] == [together[pk] for pk in backwards]

    LeadScore.objects.all().delete()
    for pk in forwards:
        score_leads([pk], card=card, at=MONDAY)
    assert rows_of_scores() == {pk: together[pk] for pk in forwards}


def lead_with(life):
    lead = make_lead()
    Touch.objects.bulk_create(Touch(lead=lead, kind=kind, at=MONDAY - timedelta(seconds=ago)) for kind, ago in life)
    return lead.pk


def rows_of_scores():
    columns = ("fit", "engagement", "engagement_at", "shown", "grade", "rounds_at")
    return {pk: row for pk, *row in LeadScore.objects.values_list("pk", *columns)}


def test_touches_of_merged_leads_are_united_before_caps_hold(mia):
    """Two downloads of 20 on each of two leads, capped at 30: 30 for the one that stays, not 60."""
    survivor, duplicate = make_lead(), make_lead()
    card = card_with(did("download", 20, cap=30))
    for lead in (survivor, duplicate, survivor, duplicate):
        record_touch(lead, kind="download", at=MONDAY)
    alone = score(survivor, card).engagement
    merge = merge_leads(survivor, duplicate, by=mia, at=MONDAY)
    assert (alone, score(survivor, card).engagement) == (30, 30)
    assert score(survivor, card_with(did("download", 20))).engagement == 80
    undo_merge(merge, by=mia, at=MONDAY)
    assert score(survivor, card_with(did("download", 20))).engagement == 40


def test_a_touch_of_a_merged_lead_is_scored_on_its_survivor(mia):
    in_force(did("download", 20))
    survivor, duplicate = make_lead(), make_lead()
    record_touch(duplicate, kind="download", at=MONDAY)
    merge_leads(survivor, duplicate, by=mia, at=MONDAY)
    apply_changes({"lead": {duplicate.pk}})
    assert LeadScore.objects.get(pk=survivor.pk).engagement == 20
