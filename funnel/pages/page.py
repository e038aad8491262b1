"""What the page of one report is made of: the answer, the one it is compared with, its face, table and events."""

from dataclasses import dataclass
from datetime import date, datetime

from crm.models import Cursor
from funnel.facts.freshness import Freshness, freshness
from funnel.pages.annotations import Event, events, marked
from funnel.pages.charts import Chart
from funnel.pages.comparing import Before, before, days_in_words
from funnel.pages.face import Face
from funnel.pages.registry import face_of
from funnel.pages.table import Table, table
from funnel.reports.answer import Answer, Report
from funnel.reports.question import Question
from funnel.reports.registry import answer


@dataclass(frozen=True)
class Asked:
    """What the reader asked beside the question: to compare, an order of the rows, to leave out what happened."""

    compare: bool = False
    ordering: str = ""
    marks: bool = True


@dataclass(frozen=True)
class ReportPage:
    """``mark`` changes when there is something new to show. ``happened``: None where no chart is over time."""

    report: Report
    answer: Answer
    before: Answer | None
    compared: Before | None
    face: Face
    charts: list[Chart]
    table: Table
    happened: list[Event] | None
    freshness: Freshness
    mark: str

    @property
    def asked_words(self) -> str:
        """What a picture of a chart says below it."""
        asked = self.answer.question
        days = days_in_words(asked.start, asked.end)
        return f"{self.report.title}, {days}, counted {self.answer.counted_at:%-d %b %Y %H:%M} UTC"


def report_page(report: Report, question: Question, asked: Asked, *, at: datetime, today: date) -> ReportPage:
    answered = answer(report, question, at=at)
    compared = before(question, today) if asked.compare else None
    earlier = answer(report, compared.question, at=at) if compared else None
    face = face_of(report)(answered, earlier)
    over_time = any(chart.days for chart in face.charts)
    happened = events(question) if over_time and asked.marks else []
    return ReportPage(
        report=report,
        answer=answered,
        before=earlier,
        compared=compared,
        face=face,
        charts=[marked(chart, happened) for chart in face.charts],
        table=table(answered, earlier, face.rows, ordering=asked.ordering, thin=face.thin, names=face.columns),
        happened=happened if over_time else None,
        freshness=freshness(at=at),
        mark=mark(at=at) if answered.counted_at == at else f"counted.{answered.counted_at.timestamp()}",
    )


def mark(*, at: datetime) -> str:
    """Changes when the figures, or what is known of their freshness, changed: an open page asks for no other news."""
    cursor = Cursor.objects.filter(pk="funnel").first()
    place = f"{cursor.xid}.{cursor.position}" if cursor else "none"
    return f"{place}.{'stale' if freshness(at=at).is_stale else 'fresh'}"
