"""A drill-down in words: what its leads have in common, over which days."""

from datetime import timedelta

from funnel.reports.labels import held_names
from funnel.reports.question import Question
from funnel.reports.velocity import MEASURES, Lasted
from funnel.selection import Selection
from leads.lifecycle import Stage

WAY_WORDS = {
    "lost": "lost",
    "disqualified": "disqualified",
    "nurture": "in nurture",
    "returned": "back for repair",
    "unanswered": "no answer in time",
}


def words_of(question: Question) -> list[str]:
    """The days a drill-down is about, how it counts, and what is held, in words."""
    last = question.end - timedelta(days=1)
    names = held_names(question.held.items())
    days = f"{question.start:%-d %b %Y} to {last:%-d %b %Y}"
    basis = "by start date" if question.basis == "cohort" else "by activity date"
    return [f"{basis}, {days}", "each lead once" if question.first_only else "every time round", *names]


def heading_of(selection: Selection | Lasted) -> str:
    """What the leads of a drill-down have in common."""
    if isinstance(selection, Lasted):
        return f"Counted in “{MEASURES[selection.measure].title}”"
    if not selection.stage:
        return "Leads behind this figure"
    label = Stage(selection.stage).label
    if selection.how:
        return f"Stopped at {label}: {WAY_WORDS.get(selection.how, 'still running')}"
    return {"entered": f"Reached {label}", "converted": f"Went on from {label}", "left": f"Stopped at {label}"}[
        selection.count
    ]
