"""Who waits for sales now."""

from datetime import date

import pytest

from feedback.verdicts import accept_handoff
from funnel.handoffs.waiting import Waiting, waiting_now
from funnel.queries import left_path
from funnel.reports.question import Question
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_team, make_user
from tests.funnel.histories import count_figures

pytestmark = pytest.mark.django_db
YEAR = Question(date(2026, 1, 1), date(2027, 1, 1))


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
