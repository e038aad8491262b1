"""What stands still: leads/stalled.py. The known answer is the list of METRICS V2, P90 = 36.1 days."""

from datetime import timedelta

import pytest
from django.db import connection

from leads.models import Opportunity, PipelineStage
from leads.pipeline import pipeline
from leads.stalled import is_quiet, is_stalled, measure_stays, quiet, stalled
from tests.factories import DAY, MONDAY, make_opportunity

pytestmark = pytest.mark.django_db

DAYS = (1, 2, 2, 3, 5, 8, 13, 21, 34, 55)


def lived(*stays, opened_at=MONDAY, outcome="won"):
    """An opportunity that stood so many days in each stage, told by its history as the product writes it."""
    deal = make_opportunity(opened_at=opened_at)
    moment = opened_at
    following = [stage for stage, _days in stays[1:]] + [outcome]
    Opportunity.objects.filter(pk=deal.pk).update(stage=stays[0][0])
    deal.events.all().delete()
    for (_stage, days), then in zip(stays, following, strict=True):
        moment += timedelta(days=days)
        closes = {"outcome": then, "closed_at": moment} if then in ("won", "lost") else {}
        Opportunity.objects.filter(pk=deal.pk).update(stage=then, stage_since=moment, **closes)
        dated(deal, moment)
    return deal


def dated(deal, moment):
    """The newest event of ``deal`` happened then."""
    with connection.cursor() as sql:
        sql.execute(
            "UPDATE leads_opportunityevent SET pgh_created_at = %s"
            " WHERE pgh_id = (SELECT max(pgh_id) FROM leads_opportunityevent WHERE pgh_obj_id = %s)",
            [moment, deal.pk],
        )


def measured():
    measure_stays()
    rows = PipelineStage.objects.exclude(won_stays=0)
    return {row.stage: (row.won_stays, row.stay_p90 and row.stay_p90 / DAY) for row in rows}


def test_p90_of_the_stays_of_won_ones():
    for days in DAYS:
        lived(("discovery", days), ("proof", 2 * days))
    lived(("discovery", 900), outcome="lost")
    make_opportunity(stage_since=MONDAY)

    assert measured() == {"discovery": (10, pytest.approx(36.1)), "proof": (10, pytest.approx(72.2))}


def test_visits_of_one_stage_are_added_up():
    for days in DAYS:
        lived(("discovery", days / 2), ("proof", 1), ("discovery", days / 2))
    assert measured()["discovery"] == (10, pytest.approx(36.1))


def test_an_edit_of_something_else_ends_no_stay():
    for days in DAYS:
        deal = lived(("discovery", days))
        deal.refresh_from_db()
        Opportunity.objects.filter(pk=deal.pk).update(competitor="Bolt")
    assert measured() == {"discovery": (10, pytest.approx(36.1))}


def test_below_ten_won_there_is_no_verdict():
    for days in DAYS[1:]:
        lived(("discovery", days))
    assert measured() == {"discovery": (9, None)}
    assert is_stalled(make_opportunity(), pipeline(), at=MONDAY + 1000 * DAY) is None


def test_a_stay_counted_no_more_is_forgotten():
    for days in DAYS:
        lived(("discovery", days))
    measured()
    Opportunity.objects.update(outcome="", closed_at=None, stage="discovery")
    assert measured() == {}


def test_longer_than_p90_is_stalled():
    PipelineStage.objects.filter(stage="discovery").update(stay_p90=timedelta(days=36.1))
    deal, stages = make_opportunity(stage_since=MONDAY), pipeline()
    elsewhere = make_opportunity(stage="proof", stage_since=MONDAY)
    won = make_opportunity(stage="won", outcome="won", closed_at=MONDAY)
    for days, verdict in ((36.0, False), (36.2, True)):
        at = MONDAY + timedelta(days=days)
        assert is_stalled(deal, stages, at=at) is verdict
        assert list(Opportunity.objects.filter(stalled(stages, at=at))) == ([deal] if verdict else [])
        assert is_stalled(elsewhere, stages, at=at) is None
        assert is_stalled(won, stages, at=at) is None


def test_quiet_is_nothing_done_for_14_days_and_nothing_planned():
    now, early, late = MONDAY + 20 * DAY, MONDAY + 5 * DAY, MONDAY + 7 * DAY
    cases = [
        ({"last_activity_at": early}, True),
        ({"last_activity_at": late}, False),
        ({"last_activity_at": early, "next_step_at": now}, False),
        ({}, True),
        ({"opened_at": late}, False),
        ({"stage": "won", "outcome": "won", "closed_at": MONDAY}, False),
    ]
    deals = []
    for fields, verdict in cases:
        deal = make_opportunity()
        Opportunity.objects.filter(pk=deal.pk).update(**fields)
        deal.refresh_from_db()
        deals.append(deal)
        assert is_quiet(deal, at=now) is verdict
    wanted = [deal for deal, (_fields, verdict) in zip(deals, cases, strict=True) if verdict]
    assert list(Opportunity.objects.filter(quiet(at=now)).order_by("id")) == wanted
