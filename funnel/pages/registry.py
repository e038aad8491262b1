"""Which tab a report stands under, and who draws its page."""

from funnel.pages import (
    attempts,
    attribution,
    campaigns,
    cohorts,
    content,
    feedback,
    forecast,
    pipeline,
    plan,
    sla,
    velocity,
    waves,
    win_loss,
)
from funnel.pages.face import Draw, plain
from funnel.reports.answer import Report
from funnel.reports.registry import REPORTS

TABS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Funnel", ("funnel", "velocity", "cohorts")),
    ("Pipeline", ("pipeline", "forecast", "win-loss", "waves", "plan")),
    ("Campaigns", ("campaigns", "attribution", "content")),
    ("Hand-off", ("sla", "feedback", "attempts")),
    ("Alignment", ("alignment",)),
)
# Reports with a page of their own (funnel/views/reports.py).
OWN_PAGES = ("funnel", "alignment")
# A report that is not here has a table alone.
FACES: dict[str, Draw] = {
    "velocity": velocity.face,
    "cohorts": cohorts.face,
    "attempts": attempts.face,
    "campaigns": campaigns.face,
    "attribution": attribution.face,
    "sla": sla.face,
    "feedback": feedback.face,
    "content": content.face,
    "pipeline": pipeline.face,
    "forecast": forecast.face,
    "waves": waves.face,
    "plan": plan.face,
    "win-loss": win_loss.face,
}


def face_of(report: Report) -> Draw:
    return FACES.get(report.name, plain)


def tabs(current: str) -> tuple[list[tuple[str, str, bool]], list[tuple[str, str, bool]]]:
    """The five tabs, and the reports under the present one: (label, name of the report it leads to, is current)."""
    there = [(label, [name for name in names if name in REPORTS]) for label, names in TABS]
    upper = [(label, names[0], current in names) for label, names in there if names]
    lower = next((names for _label, names in there if current in names), [])
    return upper, [(REPORTS[name].title, name, name == current) for name in lower] if len(lower) > 1 else []
