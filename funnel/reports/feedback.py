"""The report *feedback*: what sales answered, why not, how soon, and whether anything came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crm.intervals import Counted
from feedback.closed_loop import closed_loop_by_campaign, closed_loop_rate
from feedback.impressions import Heard, impressions_of
from feedback.models import Impression
from feedback.models import Quality as LeadQuality
from feedback.verdict_figures import (
    FEWEST,
    Asked,
    Figures,
    Quality,
    ReasonShare,
    by_dimension,
    handoffs_asked,
    heard_by,
    pareto,
    quality,
    quality_by,
    reasons_by,
    totals,
)
from funnel.handoffs.days import Days
from funnel.handoffs.service_levels import Lasted, Promised, lasted
from funnel.models import FigureSettings
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DIMENSIONS, Question
from funnel.reports.rows import key_of_row

# The page that lists the hand-offs behind a number.
BEHIND = "/dashboards/feedback/leads/"
MOST_KEYS = 1_000
NOTHING = Counted(0, 0)


@dataclass(frozen=True)
class Known:
    """What is known of one key."""

    figures: Figures
    reasons: list[ReasonShare] = field(default_factory=list)
    quality: Quality = field(default_factory=Quality)
    heard: Mapping[int, int] = field(default_factory=dict)
    closed_loop: Counted | None = None


@dataclass(frozen=True)
class Page:
    """What the page shows beside the rows: of the question as it is held, whatever it is cut by."""

    whole: Known
    heard: Heard
    waited: list[Lasted]


def tell(question: Question, at: datetime) -> Told:
    asked, whole = asked_of(question), whole_of(question, at)
    found: dict[str | None, Known] = by_key(question, at) if question.dimension else {None: whole}
    names = labels(question.dimension, found)
    rows = [row_of(question, key, str(names[key]), found[key]) for key in in_order(question, found, names)]
    days = Days(question.start, question.end, at)
    page = Page(
        whole=whole,
        heard=impressions_of(Impression.objects.filter(lead__in=handoffs_asked(asked, at=at).values("lead"))),
        waited=lasted("verdict", Promised(days, "cohort", tuple(question.held.items()))),
    )
    return Told(rows, notes(found), page)


def asked_of(question: Question) -> Asked:
    return Asked(question.start, question.end, question.held)


def whole_of(question: Question, at: datetime) -> Known:
    """Without a cut: as the page of feedback tells it."""
    asked = asked_of(question)
    heard = heard_by(asked, "origin", at=at)
    return Known(
        figures=totals(asked, at=at),
        reasons=pareto(asked, at=at),
        quality=quality(asked, at=at),
        heard={rated: sum(of_key.get(rated, 0) for of_key in heard.values()) for rated in LeadQuality},
        closed_loop=None if question.held else closed_loop_rate(question.start, question.end, at=at),
    )


def by_key(question: Question, at: datetime) -> dict[str | None, Known]:
    asked, dimension = asked_of(question), question.dimension
    reasons = reasons_by(asked, dimension, at=at)
    said = quality_by(asked, dimension, at=at)
    heard = heard_by(asked, dimension, at=at)
    answered = {} if dimension != "campaign" else closed_loop_by_campaign(question.start, question.end, at=at)
    loops = {"" if campaign is None else str(campaign): counted for campaign, counted in answered.items()}
    return {
        row.key: Known(
            row,
            reasons.get(row.key, []),
            said.get(row.key, Quality()),
            heard.get(row.key, {}),
            loops.get(row.key, NOTHING) if dimension == "campaign" else None,
        )
        for row in by_dimension(asked, dimension, at=at, most=MOST_KEYS)
        if question.key in (None, row.key)
    }


def in_order(
    question: Question, found: Mapping[str | None, Known], names: Mapping[str | None, str]
) -> Iterable[str | None]:
    """Months as they come, people by name unless a manager chose otherwise, else where most was handed over on top."""
    if question.dimension == "month":
        return sorted(found, key=str)
    if question.dimension == "owner" and not FigureSettings.get().ranks_people:
        return sorted(found, key=lambda key: (key == "", names[key].casefold(), str(key)))
    return list(found)


def row_of(question: Question, key: str | None, label: str, told: Known) -> Row:
    figures, said = told.figures, told.quality
    decided, accepted = figures.decided.share, figures.acceptance.share
    loop = told.closed_loop
    return {
        "key": key_of_row(key),
        "label": label,
        "offered": figures.offered,
        "due": figures.due,
        "answered": figures.answered,
        "accepted": figures.accepted,
        "rejected": figures.rejected,
        "expired": figures.expired,
        "judged": figures.judged,
        "decision_rate": decided.rate,
        "acceptance_rate": accepted.rate,
        "acceptance_low": accepted.low,
        "acceptance_high": accepted.high,
        "rejection_rate": Counted(figures.rejected, figures.offered).rate,
        "leak_rate": Counted(figures.late, figures.offered).rate,
        "coverage": said.covered.rate,
        "median_hours": in_hours(said.median),
        "p90_hours": in_hours(said.p90),
        "reasons": [reason_row(one) for one in told.reasons],
        "main_reason": f"{told.reasons[0].reason.label} ({told.reasons[0].count})" if told.reasons else "",
        "closed_loop": None if loop is None else loop.rate,
        "good": told.heard.get(LeadQuality.GOOD, 0),
        "fair": told.heard.get(LeadQuality.FAIR, 0),
        "poor": told.heard.get(LeadQuality.POOR, 0),
        "leads_url": address(question, key),
        "accepted_url": address(question, key, status="accepted") if figures.accepted else "",
        "rejected_url": address(question, key, status="rejected") if figures.rejected else "",
    }


def in_hours(length: timedelta | None) -> float | None:
    return None if length is None else round(length / timedelta(hours=1), 4)


def reason_row(one: ReasonShare) -> dict[str, Any]:
    """F3: how much of the rejections, with the bounds of its 95 % Wilson interval."""
    share = one.share.share
    return {
        "code": one.reason.code, "label": one.reason.label, "family": one.reason.family, "count": one.count,
        "share": share.rate, "low": share.low, "high": share.high,
    }  # fmt: skip


def address(question: Question, key: str | None, **more: str) -> str:
    """The page of the hand-offs behind a number."""
    narrowed = question.at_key(key) if question.dimension else question
    return f"{BEHIND}?{narrowed.query(**more)}"


def notes(found: Mapping[str | None, Known]) -> list[str]:
    thin = sum(0 < one.figures.judged < FEWEST for one in found.values())
    if not thin or len(found) == 1:
        return []
    return [f"{thin} of {len(found)} rows have fewer than {FEWEST} judged leads: too few for a rate to go by."]


FEEDBACK = Report(
    name="feedback",
    title="Feedback",
    how=(
        "Hand-offs offered on these days, each person asked counted once; withdrawn ones were never asked. Accepted of "
        "those judged: accepted, or rejected as bad data, not a fit or not now; “not mine” says nothing about the "
        "lead. The page of feedback shows the same numbers of its days."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("offered", "Handed over", "count", "Offered on these days, withdrawn ones left out.", link="leads_url"),
        Column("due", "Due", "count", "Answered, run out, or past their time.", shown=False),
        Column("answered", "Answered", "count", "Accepted or rejected."),
        Column("accepted", "Accepted", "count", link="accepted_url"),
        Column("rejected", "Rejected", "count", "For any reason.", link="rejected_url"),
        Column("expired", "No answer", "count", "Passed on to somebody else because the time was over."),
        Column("judged", "Judged", "count", "Accepted, or rejected for what the lead is.", shown=False),
        Column("decision_rate", "Decided", "ratio", "Answered / due (METRICS C6)."),
        Column("acceptance_rate", "Of those judged", "ratio", "Accepted / judged (METRICS C6)."),
        Column("acceptance_low", "Low", "ratio", "Lower bound of its 95 % Wilson interval.", shown=False),
        Column("acceptance_high", "High", "ratio", "Upper bound of its 95 % Wilson interval.", shown=False),
        Column("rejection_rate", "Rejected of all", "ratio", "Rejected / handed over, as others count.", shown=False),
        Column("leak_rate", "Leaked", "ratio", "Past their time without an answer / handed over (C7).", shown=False),
        Column(
            "coverage", "Learnt from", "ratio",
            "F1: of the answers, a yes with an impression of the lead or a no; of bad data only with the wrong field.",
        ),
        Column("median_hours", "Median", "hours", "F2: hand-off to verdict, in working hours of who was asked."),
        Column("p90_hours", "P90", "hours", "F2: nine in ten answers took no longer.", shown=False),
        Column(
            "reasons", "Reasons", "text",
            "F3: code, label, family, count, share of all rejections, and its 95 % Wilson bounds.", shown=False,
        ),
        Column("main_reason", "Main reason", "text", "The most frequent reason to reject."),
        Column(
            "closed_loop", "Acted on", "ratio",
            "F4: rejections about the lead, decided on these days, after which marketing changed something within 30 "
            "days or said why not, of those that are due. Told of the whole and by campaign.",
        ),
        Column("good", "Good", "count", "Taps of sales once the lead was worked: good.", shown=False),
        Column("fair", "Fair", "count", "Taps of sales once the lead was worked: fair.", shown=False),
        Column("poor", "Poor", "count", "Taps of sales once the lead was worked: poor.", shown=False),
        Column("leads_url", "Leads", "text", "What is behind “handed over”."),
        Column("accepted_url", "Accepted leads", "text", "What is behind “accepted”.", shown=False),
        Column("rejected_url", "Rejected leads", "text", "What is behind “rejected”.", shown=False),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=("period",),
    identity=("key",),
    span="quarter",
)  # fmt: skip
