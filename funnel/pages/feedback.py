"""The page of the report on feedback: what sales said, why not, how soon, and what came of it."""

from collections.abc import Sequence
from typing import Any

from crm.intervals import ENOUGH
from crm.words import interval, number, percent
from feedback.agreement import active_agreement
from funnel.pages.charts import RATIO, Chart, Series
from funnel.pages.face import Face
from funnel.pages.sla import response_curve
from funnel.reports.answer import Answer
from funnel.reports.feedback import FEWEST, Known, Page, address

MOST_REASONS = 9
LATENCY = ("Until sales answers", "have their answer", "Hours of work since the hand-off")


def face(answer: Answer, before: Answer | None) -> Face:
    page: Page = answer.told.page
    judged = page.whole.figures.judged
    return Face(
        sentence=sentence(page.whole) if judged >= ENOUGH else "",
        missing="" if judged >= ENOUGH else f"{judged} of {ENOUGH} leads that sales judged.",
        charts=list(charts(answer, before)),
        thin="judged",
        more={
            "reasons": reasons(answer, page),
            "rejected": page.whole.figures.rejected,
            "heard": page.heard,
            "facts": list(facts(page.whole)),
            "fewest": FEWEST,
        },
    )


def sentence(whole: Known) -> str:
    """ "Sales answered 84 of 92 that were due and accepted 41 % (likely 31–52 %); main reason to reject: …"."""
    figures, share = whole.figures, whole.figures.acceptance.share
    said = f"Sales answered {number(figures.answered)} of {number(figures.due)} that were due"
    said += f" and accepted {percent(share.rate)} of those judged"
    if share.low is not None:
        said += f" ({interval(share.low, share.high)})"
    if whole.reasons:
        label = whole.reasons[0].reason.label
        said += f"; main reason to reject: {label[:1].lower()}{label[1:]} ({number(whole.reasons[0].count)})"
    return f"{said}."


def charts(answer: Answer, before: Answer | None) -> list[Chart]:
    """How soon answers come; by month also how much was accepted."""
    page: Page = answer.told.page
    agreed = active_agreement().hours_to_verdict
    found = []
    if answer.question.dimension == "month" and len(answer.rows) > 1:
        found.append(by_month(answer))
    if sum(one.many for one in page.waited) >= ENOUGH:
        earlier: Page | None = before.told.page if before else None
        found.append(response_curve("latency", *LATENCY, agreed, page.waited, earlier.waited if earlier else []))
    return found


def by_month(answer: Answer) -> Chart:
    rows = answer.rows
    thin = next((index for index, row in enumerate(rows) if all(one["judged"] < ENOUGH for one in rows[index:])), None)
    return Chart(
        id="acceptance",
        title="Accepted of those judged",
        says="The share of judged leads that sales accepted, month by month.",
        categories=[row["label"] for row in rows],
        series=[
            Series(
                "Accepted",
                [row["acceptance_rate"] if row["judged"] >= ENOUGH else None for row in rows],
                "var(--stage-accepted)",
                low=[row["acceptance_low"] if row["judged"] >= ENOUGH else None for row in rows],
                high=[row["acceptance_high"] if row["judged"] >= ENOUGH else None for row in rows],
                thin_from=thin,
            )
        ],
        kind="line",
        unit=RATIO,
    )


def reasons(answer: Answer, page: Page) -> Sequence[dict[str, Any]]:
    """The Pareto of reasons, each with the address of the hand-offs behind it."""
    return [
        {
            "label": one.reason.label,
            "family": one.family,
            "count": one.count,
            "share": one.share.share,
            "running": one.running.rate,
            "href": address(answer.question.at_key(answer.question.key), None, reason=str(one.reason.pk)),
        }
        for one in page.whole.reasons[:MOST_REASONS]
    ]


def facts(whole: Known) -> list[tuple[str, str, str]]:
    """Label, figure and what stands behind it."""
    said, figures, loop = whole.quality, whole.figures, whole.closed_loop
    told = [
        ("Answers one can learn from", said.covered, f"of {number(said.covered.whole)} answers"),
        ("Decided", figures.decided, f"of {number(figures.due)} due"),
    ]
    if loop is not None:
        told.append(("Rejections acted on", loop, f"of {number(loop.whole)} due; within 30 days, or said why not"))
    return [
        (
            label,
            percent(counted.rate) if counted.whole >= ENOUGH else "–",
            note if counted.whole >= ENOUGH else missing(counted.whole),
        )
        for label, counted, note in told
    ]


def missing(whole: int) -> str:
    return f"{whole} of {ENOUGH} to tell a rate"
