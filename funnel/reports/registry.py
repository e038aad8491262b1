"""Every report there is. Page, API and CSV look here, so that one number cannot have two meanings."""

from datetime import datetime

from crm.models import Organisation
from funnel.queries import freshness
from funnel.reports.alignment import ALIGNMENT
from funnel.reports.answer import Answer, Report
from funnel.reports.counts import definition_versions
from funnel.reports.funnel import FUNNEL
from funnel.reports.question import Question
from funnel.reports.velocity import VELOCITY

REPORTS: dict[str, Report] = {report.name: report for report in (FUNNEL, VELOCITY, ALIGNMENT)}


def answer(report: Report, question: Question, *, at: datetime) -> Answer:
    """What ``report`` says to ``question``, with how fresh it is and by which versions of the definition."""
    return Answer(
        report=report,
        question=question,
        zone=Organisation.get().time_zone,
        computed_at=freshness(at=at).computed_at,
        definition_versions=definition_versions(question),
        notes=report.notes(question),
        rows=report.rows(question),
    )
