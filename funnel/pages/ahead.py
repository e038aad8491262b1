"""Reports that take long at many leads are counted before somebody opens their page."""

from datetime import date, datetime

from funnel.pages.days import with_days
from funnel.reports.answer import Report
from funnel.reports.question import Question
from funnel.reports.registry import REPORTS, answer, question_for

AHEAD = ("velocity", "pipeline", "forecast", "win-loss", "sla", "feedback", "content", "campaigns", "attempts", "plan")


def count_ahead(*, today: date, at: datetime) -> None:
    """What their pages begin with; nothing is counted twice within the time in which it counts as news."""
    for name in AHEAD:
        answer(REPORTS[name], opening(REPORTS[name], today), at=at)


def opening(report: Report, today: date) -> Question:
    """What a page asks when nobody has asked anything."""
    return question_for(report, with_days({"dimension": report.cut}, report.span, today), today=today)
