"""scoring/backtesting.py, backtest_histories.py: hand-written histories with known answers, and what holds of all."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.errors import NotAllowed
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff
from leads.lifecycle import Stage
from leads.merging import merge_leads
from leads.models import Lead, Touch
from leads.transitions import move_lead
from scoring import tasks
from scoring.backtest_figures import FLIPS, mqls_at
from scoring.backtesting import (
    INTERRUPTED,
    BadWeeks,
    ask_for_backtest,
    begin,
    is_void,
    last_quarter,
    run,
    run_backtest,
    start_backtest,
    take_up_interrupted,
)
from scoring.drafting import edit_definition
from scoring.models import Backtest, BacktestLead, Definition, Fate
from tests.factories import DAY, HOUR, MONDAY, make_lead, reason
from tests.scoring.cards import did, fit, when

pytestmark = pytest.mark.django_db

# Four weeks from MONDAY on, looked at long after.
WEEKS = {"starts_on": MONDAY.date(), "ends_on": MONDAY.date() + timedelta(days=28)}
LATER = MONDAY + 200 * DAY
FORM, VISIT = did("form", 60), did("visit", 20)


@pytest.fixture
def queued(monkeypatch):
    found = []
    monkeypatch.setattr(tasks.run_backtest, "apply_async", lambda arguments, **_: found.append(*arguments))
    return found


def make_definition(version, *rules, mql=50, status="draft", **fields):
    return Definition.objects.create(
        version=version, name="Qualified", status=status, rules=list(rules), thresholds={"mql": mql},
        effective_from=MONDAY.date() if status != "draft" else None, **fields,
    )  # fmt: skip


@pytest.fixture
def strict(db):
    """In force: only a form reaches 50."""
    return make_definition(1, FORM, VISIT, status="active")


@pytest.fixture
def loose(strict):
    """The draft: two visits do, too."""
    return make_definition(2, FORM, did("visit", 30))


def touch(lead, kind, at, **fields):
    return Touch.objects.create(lead=lead, kind=kind, at=at, **fields)


def row(backtest, lead):
    return BacktestLead.objects.get(backtest=backtest, lead=lead)


def hand_over(lead, rob, at):
    move_lead(lead, Stage.MQL, by=rob, at=at)
    return offer_lead(lead, by=None, at=at, to_user=rob)


def test_each_lead_becomes_an_mql_at_the_first_moment_that_is_enough(strict, loose):
    lead = make_lead(at=MONDAY)
    for hours in (24, 48, 72):
        touch(lead, "visit", MONDAY + hours * HOUR)
    asked = make_lead(at=MONDAY + 8 * DAY)
    touch(asked, "form", MONDAY + 8 * DAY)
    idle = make_lead(at=MONDAY + DAY)

    backtest = run_backtest(loose, by=None, at=LATER, **WEEKS)

    assert backtest.status == "done", backtest.error
    assert backtest.against == strict
    found = {
        r.lead_id: (r.qualified_at, r.qualified_before_at, r.score, r.score_before, r.reach, r.fate)
        for r in backtest.leads.all()
    }
    assert found == {
        # 30 at first; the second visit makes 30 + 30 x 2^(-1/30) = 59; the third 88. By the old rules 59 at most: late.
        lead.pk: (MONDAY + 48 * HOUR, MONDAY + 72 * HOUR, 88, 59, 88, "untried"),
        asked.pk: (MONDAY + 8 * DAY, MONDAY + 8 * DAY, 60, 60, 60, "untried"),
        idle.pk: (None, None, 0, 0, 0, "untried"),
    }
    assert backtest.result["weeks"] == [
        {"on": "2026-03-02", "after": 1, "before": 1},
        {"on": "2026-03-09", "after": 1, "before": 1},
        {"on": "2026-03-16", "after": 0, "before": 0},
        {"on": "2026-03-23", "after": 0, "before": 0},
    ]


def test_fates_teams_and_flips_by_hand(strict, loose, rob, north, south):
    won, lost, taken, refused, unrepaired, waiting, unanswered = (make_lead(at=MONDAY) for _ in range(7))
    for lead in (won, lost, taken, refused, unrepaired, waiting):
        for hours in (1, 2):
            touch(lead, "visit", MONDAY + hours * HOUR)
        handoff = hand_over(lead, rob, MONDAY + DAY)
        if lead in (won, lost, taken):
            accept_handoff(handoff, by=rob, at=MONDAY + 2 * DAY)
        elif lead is refused:
            reject_handoff(handoff, by=rob, at=MONDAY + 2 * DAY, reason=reason("industry"))
        elif lead is unrepaired:
            reject_handoff(handoff, by=rob, at=MONDAY + 2 * DAY, reason=reason("wrong_data"), wrong_fields=["phone"])
    for lead, end in ((won, Stage.CUSTOMER), (lost, Stage.LOST)):
        lead.refresh_from_db()
        move_lead(lead, Stage.OPPORTUNITY, by=rob, at=MONDAY + 3 * DAY)
        move_lead(lead, end, by=rob, at=MONDAY + 40 * DAY)
    Lead.objects.filter(pk=unanswered.pk).update(team=south)

    backtest = run_backtest(loose, by=None, at=LATER, **WEEKS)

    assert {r.lead_id: (r.fate, r.team_id) for r in backtest.leads.all()} == {
        won.pk: ("won", north.pk),
        lost.pk: ("lost", north.pk),
        taken.pk: ("accepted", north.pk),
        refused.pk: ("rejected", north.pk),
        unrepaired.pk: ("untried", north.pk),
        waiting.pk: ("waiting", north.pk),
        unanswered.pk: ("untried", south.pk),
    }
    none = dict.fromkeys(FLIPS, 0)
    assert backtest.result["fates"] == {
        **{fate: {**none, "added": 1} for fate in ("won", "lost", "accepted", "rejected", "waiting")},
        "untried": {**none, "added": 1, "neither": 1},
    }


def test_features_are_those_of_then(strict, rob):
    """What the lead became later does not count; a rule about its country sees the one it had."""
    draft = make_definition(2, fit("country", "Germany", 70))
    lead = make_lead(at=MONDAY, country="Germany")
    with connection.cursor() as cursor:
        # As if it had been written on that Monday, and its country changed a month later.
        cursor.execute("UPDATE leads_lead SET created_at = %s WHERE id = %s", [MONDAY, lead.pk])
        cursor.execute("UPDATE leads_lead SET country = 'France' WHERE id = %s", [lead.pk])

    backtest = run_backtest(draft, by=None, at=LATER, **WEEKS)

    assert (row(backtest, lead).score, row(backtest, lead).qualified_at) == (70, MONDAY)


def test_a_touch_that_was_written_down_later_counts_from_then(strict, loose):
    lead = make_lead(at=MONDAY)
    Lead.objects.filter(pk=lead.pk).update(created_at=MONDAY)
    touch(lead, "form", MONDAY + DAY)

    assert (row(run_backtest(loose, by=None, at=LATER, **WEEKS), lead).score) == 0


def test_a_lead_that_sales_had_already_is_not_qualified_again_until_it_comes_back(strict, loose, rob):
    lead = make_lead(at=MONDAY - 20 * DAY)
    accept_handoff(hand_over(lead, rob, MONDAY - 10 * DAY), by=rob, at=MONDAY - 9 * DAY)
    touch(lead, "form", MONDAY + DAY)
    back = make_lead(at=MONDAY - 20 * DAY)
    accept_handoff(hand_over(back, rob, MONDAY - 10 * DAY), by=rob, at=MONDAY - 9 * DAY)
    back.refresh_from_db()
    touch(back, "form", MONDAY + DAY)
    move_lead(back, Stage.NURTURE, by=rob, at=MONDAY + 5 * DAY, reason=reason("no_answer", "return"))
    touch(back, "visit", MONDAY + 10 * DAY)

    backtest = run_backtest(loose, by=None, at=LATER, **WEEKS)

    assert not backtest.leads.filter(lead=lead).exists()
    assert row(backtest, back).qualified_at == MONDAY + 10 * DAY


def test_nothing_qualifies_after_an_opportunity_was_opened(strict, loose, rob):
    lead = make_lead(at=MONDAY)
    accept_handoff(hand_over(lead, rob, MONDAY + DAY), by=rob, at=MONDAY + DAY)
    lead.refresh_from_db()
    move_lead(lead, Stage.OPPORTUNITY, by=rob, at=MONDAY + 2 * DAY)
    touch(lead, "form", MONDAY + 3 * DAY)

    assert row(run_backtest(loose, by=None, at=LATER, **WEEKS), lead).qualified_at is None


def test_a_raised_hand_reaches_every_threshold_and_an_exclusion_none(strict):
    draft = make_definition(
        2, VISIT, hand_raises=[when("raised_hand", True)], exclusions=[when("country", "Norway")], mql=90
    )
    raised = make_lead(at=MONDAY)
    touch(raised, "visit", MONDAY + HOUR, raised_hand=True)
    excluded = make_lead(at=MONDAY, country="Norway")
    touch(excluded, "visit", MONDAY + HOUR, raised_hand=True)

    backtest = run_backtest(draft, by=None, at=LATER, **WEEKS)

    assert (row(backtest, raised).reach, row(backtest, raised).qualified_at) == (100, MONDAY + HOUR)
    assert (row(backtest, excluded).reach, row(backtest, excluded).qualified_at) == (None, None)
    assert [backtest.result["reach"]["untried"][at] for at in (0, 50, 100)] == [1, 1, 1]


def test_without_a_definition_before_nothing_was_an_mql(rob):
    draft = make_definition(1, FORM)
    lead = make_lead(at=MONDAY)
    touch(lead, "form", MONDAY + HOUR)

    backtest = run_backtest(draft, by=None, at=LATER, **WEEKS)

    assert (backtest.against, row(backtest, lead).qualified_before_at) == (None, None)
    assert backtest.result["fates"]["untried"]["added"] == 1


def test_an_own_definition_in_force_is_compared_with_the_one_before(strict):
    newer = make_definition(3, VISIT, status="retired")
    assert ask_for_backtest(newer, by=None, at=LATER, **WEEKS).against == strict
    assert ask_for_backtest(strict, by=None, at=LATER, **WEEKS).against is None


def test_only_managers_start_one(loose, mia, max_):
    with pytest.raises(NotAllowed):
        start_backtest(loose, by=mia, at=LATER)
    assert start_backtest(loose, by=max_, at=LATER).status == "waiting"


def test_the_same_question_twice_gives_the_one_at_work(loose, queued, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = start_backtest(loose, by=None, at=LATER, **WEEKS)
        again = start_backtest(loose, by=None, at=LATER, **WEEKS)
        other = start_backtest(loose, by=None, at=LATER)

    assert first == again != other
    assert set(queued) == {first.pk, other.pk}


def test_the_last_full_quarter_in_whole_weeks(db):
    assert last_quarter(datetime(2026, 11, 23, tzinfo=UTC)) == (date(2026, 6, 29), date(2026, 9, 28))


@pytest.mark.parametrize(
    ("first", "before"),
    [
        (MONDAY.date() + DAY, MONDAY.date() + 8 * DAY),
        (MONDAY.date(), MONDAY.date()),
        (MONDAY.date(), MONDAY.date() + 27 * 7 * DAY),
        (LATER.date() + 3 * DAY, LATER.date() + 10 * DAY),
        (MONDAY.date(), None),
        (date.min, date(1, 1, 8)),
    ],
    ids=["not a Monday", "no week", "too long", "not over", "half", "before anybody"],
)
def test_weeks_that_make_no_sense_are_refused(loose, first, before):
    with pytest.raises(BadWeeks):
        ask_for_backtest(loose, by=None, at=LATER, starts_on=first, ends_on=before)


def test_an_edited_draft_makes_the_result_void(loose, max_):
    backtest = run_backtest(loose, by=None, at=LATER, **WEEKS)
    assert not is_void(backtest)

    edit_definition(loose, by=max_, at=LATER, name="Only the name")
    backtest = Backtest.objects.get(pk=backtest.pk)
    assert not is_void(backtest)

    edit_definition(loose, by=max_, at=LATER, thresholds={"mql": 70})
    assert is_void(Backtest.objects.get(pk=backtest.pk))


def test_one_changed_before_it_began_fails_and_says_so(loose, max_):
    backtest = ask_for_backtest(loose, by=None, at=LATER, **WEEKS)
    edit_definition(loose, by=max_, at=LATER, thresholds={"mql": 70})

    assert run(backtest).status == "failed"
    assert "changed" in backtest.error


def test_a_killed_worker_is_found_by_the_sweep_and_it_can_be_started_again(strict, loose):
    lead = make_lead(at=MONDAY)
    touch(lead, "form", MONDAY + HOUR)
    broken = ask_for_backtest(loose, by=None, at=LATER, **WEEKS)
    assert begin(broken)
    BacktestLead.objects.create(backtest=broken, lead=lead, score=1, score_before=1, fate=Fate.WON)

    assert take_up_interrupted(at=LATER) == 1

    broken.refresh_from_db()
    assert (broken.status, broken.error, broken.leads.count()) == ("failed", INTERRUPTED, 0)
    assert run(broken).status == "failed"
    again = run_backtest(loose, by=None, at=LATER, **WEEKS)
    assert (again.status, again.leads.count()) == ("done", 1)
    assert again != broken


def test_one_delivered_again_after_its_worker_died_fails(loose):
    backtest = ask_for_backtest(loose, by=None, at=LATER, **WEEKS)
    begin(backtest)
    assert run(backtest).error == INTERRUPTED


def test_what_the_queue_lost_is_handed_to_a_worker_again(loose, queued):
    lost = ask_for_backtest(loose, by=None, at=LATER, **WEEKS)
    assert take_up_interrupted(at=LATER + timedelta(minutes=1)) == 0
    assert take_up_interrupted(at=LATER + timedelta(minutes=3)) == 1
    assert queued == [lost.pk]


def test_a_failure_is_told_and_leaves_no_rows(strict, loose, monkeypatch):
    make_lead(at=MONDAY)
    monkeypatch.setattr("scoring.backtesting.capacities", lambda *_, **__: 1 / 0)
    backtest = run_backtest(loose, by=None, at=LATER, **WEEKS)
    assert (backtest.status, backtest.error) == ("failed", "It failed: division by zero")
    assert not backtest.leads.exists()


def test_only_the_newest_ten_are_kept(loose):
    kept = [run_backtest(loose, by=None, at=LATER, **WEEKS) for _ in range(12)]
    assert list(Backtest.objects.order_by("id")) == kept[2:]


def test_a_merged_family_is_one_lead(strict, loose, max_):
    stays, goes = make_lead(at=MONDAY), make_lead(at=MONDAY + DAY)
    touch(stays, "visit", MONDAY + HOUR)
    touch(goes, "visit", MONDAY + 2 * DAY)
    merge_leads(stays, goes, by=max_, at=MONDAY + 30 * DAY)

    backtest = run_backtest(loose, by=None, at=LATER, **WEEKS)

    [only] = backtest.leads.all()
    assert (only.lead_id, only.qualified_at) == (stays.pk, MONDAY + 2 * DAY)


STEPS = st.lists(
    st.tuples(st.integers(0, 27 * 24), st.sampled_from(["form", "visit", "click"]), st.booleans()), max_size=6
)
POINTS = st.integers(1, 60)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    histories=st.lists(STEPS, min_size=1, max_size=5), one=st.tuples(POINTS, POINTS), two=st.tuples(POINTS, POINTS),
    mql=st.integers(1, 100),
)  # fmt: skip
def test_flips_are_symmetric_and_totals_are_the_lists_behind_them(histories, one, two, mql, rob):
    """A definition against itself flips nothing, turned round added is left out, and curves only fall."""
    Backtest.objects.all().delete()
    Definition.objects.all().delete()
    raised = [when("raised_hand", True)]
    first, second = (
        make_definition(version, did("form", form), did("visit", visit), mql=mql, hand_raises=raised)
        for version, (form, visit) in enumerate((one, two), start=1)
    )
    for steps in histories:
        lead = make_lead(at=MONDAY)
        for hours, kind, hand in steps:
            touch(lead, kind, MONDAY + hours * HOUR, raised_hand=hand)

    there = run_backtest(first, against=second, by=None, at=LATER, **WEEKS)
    back = run_backtest(second, against=first, by=None, at=LATER, **WEEKS)

    for fate, flips in there.result["fates"].items():
        turned = back.result["fates"][fate]
        assert (flips["both"], flips["added"], flips["left_out"], flips["neither"]) == (
            turned["both"], turned["left_out"], turned["added"], turned["neither"],
        )  # fmt: skip
        assert sum(flips.values()) == there.leads.filter(fate=fate).count()
    assert sum(week["after"] for week in there.result["weeks"]) == there.leads.exclude(qualified_at=None).count()
    for points in (0, 1, mql, 100):
        assert mqls_at(there.result, points) == there.leads.filter(reach__gte=points).count()
    assert mqls_at(there.result, mql) == there.leads.exclude(qualified_at=None).count()
    for reach in there.result["reach"].values():
        assert reach == sorted(reach, reverse=True)
    assert {row.lead_id for row in there.leads.all() if row.reach is not None and row.reach >= mql} == {
        row.lead_id for row in there.leads.all() if row.qualified_at
    }

    itself = make_definition(3, *first.rules, mql=mql, hand_raises=raised)
    same = run_backtest(itself, against=first, by=None, at=LATER, **WEEKS)
    assert not any(flips["added"] or flips["left_out"] for flips in same.result["fates"].values())
