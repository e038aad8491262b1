"""scoring/history.py: the line of one lead, by the definitions in force then."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Organisation
from crm.periods import zone
from feedback.models import SignedStatus
from leads.lifecycle import Stage
from leads.models import Lead
from leads.touches import record_touch
from leads.transitions import move_lead, undo_move
from scoring.history import MOST_POINTS, Break, Mark, Point, ends_of_months, history_of, thinned
from scoring.models import Definition
from tests.factories import DAY, MONDAY, make_lead
from tests.scoring.cards import did, fit

pytestmark = pytest.mark.django_db
UTC = MONDAY.tzinfo
INSTANT = timedelta(microseconds=1)


def definition(version, *rules, since, status=SignedStatus.RETIRED, **more):
    return Definition.objects.create(
        name="Test", version=version, status=status, effective_from=since, rules=list(rules), **more
    )


def line(history):
    return [(point.at, point.score, point.version) for point in history.points]


def test_a_point_at_each_touch_month_and_definition_each_by_the_one_in_force(mia):
    """Two hundred days of one lead: a form, a month's decay, a definition that takes half of it away."""
    definition(1, did("form", 40), fit("country", "Sweden", 10), since=date(2026, 1, 1))
    definition(2, did("form", 20), since=date(2026, 4, 10), status=SignedStatus.ACTIVE)
    lead = make_lead(country="Sweden", at=MONDAY - DAY)
    record_touch(lead, kind="form", at=MONDAY)
    move_lead(lead, Stage.MQL, by=mia, at=MONDAY + DAY)

    history = history_of(lead, at=MONDAY + 60 * DAY)

    change, month = datetime(2026, 4, 10, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    assert line(history) == [
        (MONDAY - DAY, 10, 1),
        (MONDAY, 50, 1),
        (month - INSTANT, 30, 1),  # 40 halved in 29.6 days
        (change - INSTANT, 26, 1),
        (change, 8, 2),
        (datetime(2026, 5, 1, tzinfo=UTC) - INSTANT, 5, 2),
        (MONDAY + 60 * DAY, 5, 2),
    ]
    assert history.breaks == [Break(change, 2)]
    assert [(mark.at, mark.stage) for mark in history.marks] == [(MONDAY - DAY, "inquiry"), (MONDAY + DAY, "mql")]


def test_before_the_first_definition_there_is_no_score():
    lead = make_lead(at=MONDAY)
    assert history_of(lead, at=MONDAY + DAY).points == []

    definition(1, did("form", 40), since=date(2026, 3, 20), status=SignedStatus.ACTIVE)
    assert history_of(lead, at=MONDAY + DAY).points == []
    assert line(history_of(lead, at=MONDAY + 20 * DAY)) == [
        (datetime(2026, 3, 20, tzinfo=UTC), 0, 1),
        (MONDAY + 20 * DAY, 0, 1),
    ]


def test_drafts_and_proposals_were_never_in_force():
    definition(1, did("form", 40), since=date(2026, 1, 1), status=SignedStatus.ACTIVE)
    definition(2, did("form", 1), since=None, status=SignedStatus.DRAFT)
    definition(3, did("form", 1), since=date(2026, 2, 1), status=SignedStatus.PROPOSED)
    lead = make_lead(at=MONDAY)
    assert {point.version for point in history_of(lead, at=MONDAY + DAY).points} == {1}


def test_of_two_definitions_of_one_day_only_the_later_was_in_force():
    definition(1, did("form", 40), since=date(2026, 3, 10))
    definition(2, did("form", 20), since=date(2026, 3, 10), status=SignedStatus.ACTIVE)
    history = history_of(make_lead(at=MONDAY), at=MONDAY + 20 * DAY)
    assert {point.version for point in history.points} == {2}


def test_what_was_merged_into_it_is_part_of_the_line():
    definition(1, did("form", 40), since=date(2026, 1, 1), status=SignedStatus.ACTIVE)
    survivor, duplicate = make_lead(at=MONDAY), make_lead(at=MONDAY)
    record_touch(duplicate, kind="form", at=MONDAY + DAY)
    Lead.objects.filter(pk=duplicate.pk).update(merged_into=survivor)
    assert (MONDAY + DAY, 40, 1) in line(history_of(survivor, at=MONDAY + 2 * DAY))


def test_an_undone_move_leaves_no_mark(mia):
    lead = make_lead(at=MONDAY)
    row = move_lead(lead, Stage.MQL, by=mia, at=MONDAY + DAY)
    undo_move(lead, row, by=mia, at=MONDAY + DAY + timedelta(minutes=1))
    assert history_of(lead, at=MONDAY + 2 * DAY).marks == [Mark(MONDAY, "inquiry", None, None)]


def test_the_line_is_bounded_and_costs_the_same_however_much_happened():
    definition(1, did("open", 1), since=date(2020, 1, 1), status=SignedStatus.ACTIVE)
    quiet, busy = make_lead(at=MONDAY), make_lead(at=MONDAY)
    for minute in range(MOST_POINTS + 50):
        record_touch(busy, kind="open", at=MONDAY + timedelta(minutes=minute))
    counts = []
    for lead in (quiet, quiet, busy):
        with CaptureQueriesContext(connection) as asked:
            history = history_of(lead, at=MONDAY + 2 * DAY)
        counts.append(len(asked))
    assert counts[1] == counts[2]
    assert len(history.points) == MOST_POINTS
    assert [history.points[0].at, history.points[-1].at] == [MONDAY, MONDAY + 2 * DAY]
    assert history.points == sorted(history.points, key=lambda point: point.at)


def test_months_end_where_the_organisation_is():
    Organisation.get()
    Organisation.objects.update(time_zone="Europe/Berlin")
    ends = list(ends_of_months(datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC)))
    assert [end.astimezone(zone()).isoformat() for end in ends] == [
        "2026-02-28T23:59:59.999999+01:00",
        "2026-03-31T23:59:59.999999+02:00",
    ]


def test_thinning_keeps_evenly_spread_moments():
    days = [MONDAY + number * DAY for number in range(10)]
    assert list(thinned(days, 5)) == days[::2]
    assert list(thinned(days, 10)) == days
    assert list(thinned(days, 0)) == []


def test_a_point_says_all_that_a_score_says():
    definition(
        1, did("form", 40), since=date(2026, 1, 1), status=SignedStatus.ACTIVE, thresholds={"mql": 40},
        exclusions=[{"field": "country", "operator": "is", "value": "Norway"}],
    )  # fmt: skip
    leads = [make_lead(at=MONDAY, country=country) for country in ("Sweden", "Norway")]
    for lead in leads:
        record_touch(lead, kind="form", at=MONDAY)
    assert [history_of(lead, at=MONDAY).points for lead in leads] == [
        [Point(MONDAY, 40, "", False, True, 1)],
        [Point(MONDAY, 0, "", True, False, 1)],
    ]
