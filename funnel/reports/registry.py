"""Every report there is. Page, API and CSV look here, so that one number cannot have two meanings."""

from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256

from crm.models import Organisation
from funnel.facts.freshness import freshness
from funnel.keeping import Kept, kept
from funnel.reports.alignment import ALIGNMENT
from funnel.reports.answer import Answer, Report, Told
from funnel.reports.attempts import ATTEMPTS
from funnel.reports.attribution import ATTRIBUTION
from funnel.reports.campaigns import CAMPAIGNS
from funnel.reports.cohorts import COHORTS
from funnel.reports.content import CONTENT
from funnel.reports.counts import definition_versions
from funnel.reports.feedback import FEEDBACK
from funnel.reports.forecast import FORECAST
from funnel.reports.funnel import FUNNEL
from funnel.reports.pipeline import PIPELINE
from funnel.reports.plan import PLAN
from funnel.reports.question import MONTH, PARAMETERS, BadQuestion, Question, read
from funnel.reports.sla import SLA
from funnel.reports.velocity import VELOCITY
from funnel.reports.waves import WAVES
from funnel.reports.win_loss import WIN_LOSS

# In the order in which tabs and documents have them.
REPORTS: dict[str, Report] = {
    report.name: report
    for report in (
        FUNNEL,
        VELOCITY,
        COHORTS,
        PIPELINE,
        FORECAST,
        WIN_LOSS,
        WAVES,
        PLAN,
        SLA,
        FEEDBACK,
        ATTEMPTS,
        CONTENT,
        CAMPAIGNS,
        ATTRIBUTION,
        ALIGNMENT,
    )
}


def question_for(report: Report, parameters: Mapping[str, str], *, today: date) -> Question:
    """What these parameters ask of this report. Raises BadQuestion, also where it cannot answer them."""
    basis = parameters.get("basis", "")
    if basis and report.bases and basis not in report.bases:
        raise BadQuestion("basis", f"“{report.title}” counts by {' or '.join(report.bases)} only.")
    for name in PARAMETERS[PARAMETERS.index("key") + 1 :]:
        if parameters.get(name) and name not in report.dimensions:
            raise BadQuestion(name, f"“{report.title}” is not told apart by {name.replace('_', ' ')}.")
    if parameters.get("dimension") == MONTH and not report.by_month:
        raise BadQuestion("dimension", f"“{report.title}” is not cut by month; choose the days instead.")
    return read(
        parameters,
        today=today,
        basis=report.bases[0] if report.bases else "period",
        dimensions=report.dimensions,
        own=report.parameters,
    )


def answer(report: Report, question: Question, *, at: datetime) -> Answer:
    """What ``report`` says to ``question``, with how fresh it is and by which versions of the definition.

    What takes long to count is shown again for a while, with the time at which it was counted (funnel/keeping.py).
    """
    told: Kept[Told] = kept(f"report:{fingerprint(report, question)}", tell, report.name, question, at=at)
    return Answer(
        report=report,
        question=question,
        zone=Organisation.get().time_zone,
        computed_at=freshness(at=at).computed_at,
        counted_at=told.at,
        definition_versions=definition_versions(question),
        told=told.value,
        is_recounted=at >= told.fresh_until,
    )


def tell(name: str, question: Question, *, at: datetime) -> Told:
    return REPORTS[name].tell(question, at)


def fingerprint(report: Report, question: Question) -> str:
    return sha256(f"{report.name}?{question!r}".encode()).hexdigest()
