"""feedback/request_figures.py: promises kept, and how long an answer took."""

from datetime import date, timedelta

import pytest

from feedback.models import Request, RequestKind
from feedback.request_figures import answer_time, promises_kept
from feedback.requests import accept_request, ask_marketing
from tests.factories import DAY, HOUR, MONDAY

pytestmark = pytest.mark.django_db

TODAY = MONDAY.date()
FRIDAY = date(2026, 3, 6)


def ask(by):
    return ask_marketing(by=by, at=MONDAY, kind=RequestKind.DATA_SHEET, text="One page on the interface")


def promised(by, to, on, *, status="accepted", closed=None, asked_at=MONDAY):
    return Request.objects.create(
        kind="other", text="x", asked_by=to, asked_at=asked_at, status=status, answered_by=by, answered_at=asked_at,
        promised_on=on, closed_at=closed, answer="x",
    )  # fmt: skip


def test_promises_are_counted_on_the_day_they_are_due(rob, mia):
    """METRICS S2: met 1, late 2 (one declined after all), overdue 1; not yet due and taken back do not count."""
    promised(mia, rob, TODAY, status="fulfilled", closed=MONDAY + 10 * HOUR)
    promised(mia, rob, TODAY, status="fulfilled", closed=MONDAY + DAY)
    promised(mia, rob, TODAY, status="declined", closed=MONDAY)
    promised(mia, rob, TODAY)
    promised(mia, rob, FRIDAY)
    promised(mia, rob, TODAY, status="withdrawn", closed=MONDAY)
    promised(mia, rob, TODAY - timedelta(days=40))

    kept = promises_kept(TODAY, date(2026, 4, 1), today=TODAY + timedelta(days=1))

    assert (kept.met, kept.late, kept.overdue, kept.rate) == (1, 2, 1, 0.25)
    assert promises_kept(date(2025, 1, 1), date(2025, 2, 1), today=TODAY).rate is None


def test_how_long_an_answer_took(rob, mia):
    for hours in (1, 2, 30):
        accept_request(ask(rob), by=mia, at=MONDAY + hours * HOUR, promised_on=FRIDAY)
    ask(rob)

    answers = answer_time(TODAY, FRIDAY)

    assert (answers.asked, answers.answered, answers.time) == (4, 3, 2 * HOUR)
    assert answer_time(FRIDAY, FRIDAY).time is None
