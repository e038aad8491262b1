"""What happened while figures were counted: definitions that came into force, changes made, campaigns that began.

Drawn as thin lines on every chart over time and told as a list below it; `?marks=off` takes them away.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.urls import reverse

from funnel.deals.relation import rows
from funnel.pages.charts import Chart, Mark
from funnel.reports.question import Question

# Where there is no room for all, breaks stay first.
MOST = 24
LONGEST = 120
# The first version of the definition breaks nothing.
EVENTS = """
    SELECT * FROM (
        SELECT 'definition' AS kind, effective_from AS day, id, version AS number, '' AS text
        FROM scoring_definition
        WHERE effective_from >= %(start)s AND effective_from < %(end)s AND status IN ('active', 'retired')
            AND version > (SELECT min(version) FROM scoring_definition WHERE effective_from IS NOT NULL)
        UNION ALL
        SELECT 'change', i.on, i.campaign_id, 0, i.text FROM feedback_improvement i
        WHERE i.on >= %(start)s AND i.on < %(end)s AND i.kind <> 'none'
            AND (%(campaign)s::bigint IS NULL OR i.campaign_id IS NULL OR i.campaign_id = %(campaign)s)
        UNION ALL
        SELECT 'campaign', starts_on, id, 0, name FROM campaigns_campaign
        WHERE starts_on >= %(start)s AND starts_on < %(end)s AND archived_at IS NULL
            AND (%(campaign)s::bigint IS NULL OR id = %(campaign)s)
    ) happened
    ORDER BY array_position(ARRAY['definition', 'change', 'campaign'], kind), day DESC, id
    LIMIT %(most)s
"""


@dataclass(frozen=True)
class Event:
    """Something that happened on ``day``: a definition (``number``: its version), a change (maybe of the campaign
    ``id``) or a campaign's start. ``label``: what its line is called on the charts."""

    kind: str
    day: date
    id: int | None
    number: int
    text: str
    label: str = ""

    @property
    def is_break(self) -> bool:
        """What is counted before and after it is not the same."""
        return self.kind == "definition"

    @property
    def words(self) -> str:
        match self.kind:
            case "definition":
                return f"Definition v{self.number} in force: figures before and after it count different things"
            case "campaign":
                return f"Campaign began: {self.text}"
        return f"Marketing changed: {shortened(self.text)}"

    @property
    def href(self) -> str:
        if self.is_break:
            return reverse("scoring:definition", args=[self.id])
        return reverse("desk:campaign", args=[self.id]) if self.id else reverse("desk:feedback")


def events(question: Question) -> list[Event]:
    """Those of the question's days, of its campaign where one is held, in their order; at most MOST, breaks first."""
    held = question.held.get("campaign")
    asked = {"start": question.start, "end": question.end, "campaign": int(held) if held else None, "most": MOST}
    return labelled(sorted((Event(**row) for row in rows(EVENTS, asked)), key=lambda event: event.day))


def labelled(happened: list[Event]) -> list[Event]:
    """A definition is labelled by its version, everything else by its number in the list."""
    others = iter(range(1, len(happened) + 1))
    return [replace(event, label=f"v{event.number}" if event.is_break else str(next(others))) for event in happened]


def marked(chart: Chart, happened: Sequence[Event]) -> Chart:
    """The chart with a line for each event of its days, one for all that share a category."""
    if not chart.days or not happened:
        return chart
    places: dict[int, list[Event]] = defaultdict(list)
    for event in happened:
        if (place := bisect_right(chart.days, event.day) - 1) >= 0:
            places[place].append(event)
    lines = [
        Mark(chart.categories[place], label_of(there), any(event.is_break for event in there))
        for place, there in sorted(places.items())
    ]
    return replace(chart, marks=(*chart.marks, *lines))


def label_of(there: Sequence[Event]) -> str:
    """ "v2, 4–7": numbers of one category follow one another."""
    versions, others = [e.label for e in there if e.is_break], [e.label for e in there if not e.is_break]
    return ", ".join([*versions, *(others if len(others) < 3 else [f"{others[0]}–{others[-1]}"])])


def shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
