"""funnel/queries.py: who is behind a number, who waits, how fresh the figures are."""

from datetime import date, timedelta

import pytest

from crm import outbox
from crm.models import Cursor
from crm.outbox import record_change
from feedback.verdicts import accept_handoff
from funnel.queries import Freshness, Waiting, freshness, leads_behind, left_path, waiting_now
from funnel.reports.question import Question
from funnel.selection import Selection
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_team, make_user
from tests.funnel.histories import count_figures, day, drain_all, keep_up, make_history

pytestmark = pytest.mark.django_db
YEAR = Question(date(2026, 1, 1), date(2027, 1, 1))


def test_leads_behind_come_in_pages_newest_first():
    leads = [make_history(("inquiry", day(1)), ("mql", day(2))) for _ in range(5)]
    make_history(("inquiry", day(1)))
    count_figures()
    seen, after = [], ""
    for rest in (2, 2, 1):
        page = leads_behind(Selection(YEAR, "mql"), at=MONDAY, after=after, size=2)
        assert (page.total, len(page.rows)) == (5, rest)
        seen += [lead for lead, _fact in page.rows]
        after = page.next
    assert (seen, after) == (leads[::-1], "")


@pytest.mark.parametrize("many", [1, 3])
def test_a_page_of_leads_costs_the_same_queries_however_many_it_shows(many, django_assert_num_queries):
    for _ in range(many):
        make_history(("inquiry", day(1)))
    count_figures()
    with django_assert_num_queries(3):
        for lead, fact in leads_behind(Selection(YEAR, "inquiry"), at=MONDAY).rows:
            assert [str(lead), lead.owner, lead.team, lead.campaign, lead.score, fact.way][-1] == "open"


def test_who_waits_now_by_recipient_longest_first():
    north = make_team()
    rob, rosa = make_user("rob", team=north), make_user("rosa", team=north)
    make_handoff(to=rob, at=MONDAY)
    make_handoff(to=rob, at=MONDAY + DAY)
    make_handoff(to=north, at=MONDAY - DAY)
    accept_handoff(make_handoff(to=rosa), by=rosa, at=MONDAY)
    every, by_recipient = waiting_now(at=MONDAY + DAY + HOUR)
    assert every == Waiting("all", None, "", 3, 2, MONDAY - DAY)
    assert by_recipient == [
        Waiting("team", north.pk, "Team North", 1, 1, MONDAY - DAY),
        Waiting("rep", rob.pk, "Rob", 2, 1, MONDAY),
    ]
    assert left_path(YEAR, at=MONDAY)["offered"]["open"] == 0
    count_figures()
    waiting = left_path(YEAR, at=MONDAY + DAY + HOUR)["offered"]
    assert (waiting["unanswered"], waiting["open"]) == (2, 1)


def test_nobody_waits():
    assert waiting_now(at=MONDAY) == (Waiting("all", None, "", 0, 0, None), [])


@pytest.mark.django_db(transaction=True)
def test_figures_are_fresh_until_nobody_looked_for_half_a_minute():
    assert freshness(at=MONDAY) == Freshness(None, True)
    keep_up()
    computed_at = Cursor.objects.get(pk="funnel").current_at
    assert freshness(at=computed_at + timedelta(seconds=20)) == Freshness(computed_at, False)
    assert freshness(at=computed_at + timedelta(seconds=40)).is_stale


@pytest.mark.django_db(transaction=True)
def test_figures_are_current_up_to_the_oldest_change_not_read():
    lead = make_lead()
    keep_up()
    record_change("lead", [lead.pk])
    record_change("lead", [lead.pk])
    outbox.drain("funnel", limit=1)
    behind = Cursor.objects.get(pk="funnel").current_at
    drain_all()
    assert Cursor.objects.get(pk="funnel").current_at > behind
