"""funnel/times/rounds.py: how leads do the second time round."""

from datetime import timedelta

import pytest

from crm.intervals import Counted, share
from feedback.recycling import bring_back
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff
from funnel.facts import recompute
from funnel.times.rounds import Round, recycle_yield, times_round
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, reason

pytestmark = pytest.mark.django_db
YEAR = (MONDAY - 30 * DAY).date(), (MONDAY + 335 * DAY).date()


def recycled(rob, at=MONDAY):
    handoff = make_handoff(to=rob, at=at)
    return reject_handoff(handoff, by=rob, at=at + HOUR, reason=reason("no_project")).lead


def again(lead, rob, at, *, accepts):
    bring_back([lead.pk], at=at, why="")
    handoff = offer_lead(Lead.objects.get(pk=lead.pk), by=None, at=at, to_user=rob)
    if accepts:
        accept_handoff(handoff, by=rob, at=at + HOUR)
    else:
        reject_handoff(handoff, by=rob, at=at + HOUR, reason=reason("no_project"))


def win(lead, at):
    lead = Lead.objects.get(pk=lead.pk)
    for stage in (Stage.OPPORTUNITY, Stage.CUSTOMER):
        move_lead(lead, stage, by=None, at=at)


def test_each_time_round_by_itself(rob):
    leads = [recycled(rob) for _number in range(4)]
    accepted = make_handoff(to=rob)
    accept_handoff(accepted, by=rob, at=MONDAY + HOUR)
    make_lead()
    again(leads[0], rob, MONDAY + 10 * DAY, accepts=True)
    win(leads[0], MONDAY + 20 * DAY)
    again(leads[1], rob, MONDAY + 10 * DAY, accepts=False)
    again(leads[2], rob, MONDAY + 10 * DAY, accepts=False)
    again(leads[2], rob, MONDAY + 30 * DAY, accepts=True)
    recompute.rebuild()

    assert times_round(*YEAR) == [Round(1, 5, 1, 0), Round(2, 3, 1, 1), Round(3, 1, 1, 0)]
    second = times_round(*YEAR)[1]
    assert (second.label, second.acceptance, second.win) == ("2nd time", share(1, 3), share(1, 3))


def test_nothing_to_divide_by_is_no_rate(db):
    assert [(one.handed_over, one.acceptance.rate) for one in times_round(*YEAR)] == [(0, None)] * 3


def test_c7_of_50_recycled_10_were_back_with_sales_within_180_days(rob):
    """The known answer of METRICS C7: 20 %."""
    leads = [recycled(rob) for _number in range(50)]
    for number, lead in enumerate(leads[:14]):
        in_time = number < 10
        again(lead, rob, MONDAY + (90 if in_time else 185) * DAY, accepts=in_time or number < 12)
    recompute.rebuild()

    found = recycle_yield(at=MONDAY + 190 * DAY)

    assert (found, found.rate) == (Counted(10, 50), 0.2)
    assert recycle_yield(at=MONDAY + 100 * DAY) == Counted(0, 0)


def test_what_marketing_parked_before_it_was_mql_was_never_recycled(rob):
    move_lead(make_lead(), Stage.NURTURE, by=None, at=MONDAY + HOUR)
    recompute.rebuild()
    assert recycle_yield(at=MONDAY + 200 * DAY, within=timedelta(days=180)) == Counted(0, 0)
