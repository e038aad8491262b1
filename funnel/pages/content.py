"""The page of the report on content: what moves leads on, how sure that is, what nobody meets any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from crm.words import number, percent
from funnel.pages.face import Face
from funnel.reports.answer import Answer, Row
from funnel.reports.content import Page
from funnel.times.lift import NOT_ENOUGH, NOT_PROVEN, PROVEN

# The scale of lifts: a quarter to four times as often, even in the middle.
WIDEST = 4.0
MOST_LIFTS = 12
ORDER = {PROVEN: 0, NOT_PROVEN: 1, NOT_ENOUGH: 2}


@dataclass(frozen=True)
class Whisker:
    """A lift and its interval on a scale from a quarter to four times; lengths of an SVG."""

    row: Row

    @property
    def at(self) -> str:
        return place(self.row["lift"])

    @property
    def low(self) -> str:
        return place(self.row["lift_low"])

    @property
    def high(self) -> str:
        return place(self.row["lift_high"])

    @property
    def is_proven(self) -> bool:
        return bool(self.row["verdict"] == PROVEN)

    @property
    def words(self) -> str:
        return lift_words(self.row)


def place(value: float) -> str:
    inside = min(max(value, 1 / WIDEST), WIDEST)
    return f"{(log(inside) / log(WIDEST) + 1) / 2:.2%}"


def lift_words(row: Row) -> str:
    """ "deals that saw this moved on 1.7x as often, not proven"."""
    noun = "deals" if row["stage"] == "opportunity" else "leads"
    often = f"{row['lift']:.1f}x as often"
    return f"{noun} that saw this moved on {often}, {row['verdict']}"


def face(answer: Answer, before: Answer | None) -> Face:
    told = [row for row in answer.rows if row["verdict"] != NOT_ENOUGH and row["lift_low"] is not None]
    told.sort(key=telling)
    page: Page = answer.told.page
    return Face(
        sentence=sentence(answer, told, page),
        missing="" if told else missing(answer),
        rows=most_telling(answer.rows),
        thin="at_risk",
        more={
            "every_stage": answer.rows,
            "lifts": [Whisker(row) for row in told[:MOST_LIFTS]],
            "stale": page.stale[:MOST_LIFTS],
            "stale_count": len(page.stale),
        },
    )


def most_telling(rows: Sequence[Row]) -> list[Row]:
    """One row a piece of content and key: what is surest, then what most were watched in."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=telling):
        found.setdefault((row["key"], row["asset"]), row)
    return list(found.values())


def telling(row: Row) -> tuple[Any, ...]:
    return ORDER[row["verdict"]], -row["at_risk"], -row["uses"], row["name"]


def sentence(answer: Answer, told: list[Row], page: Page) -> str:
    """What is proven, else what looks best; and how much nobody meets."""
    if not told:
        return ""
    proven = [row for row in told if row["verdict"] == PROVEN]
    best = max(proven or told, key=lambda row: abs(log(row["lift"])))
    rates = f"{percent(best['rate'])} against {percent(best['others_rate'])}, before sources are made equal"
    said = f"“{best['name']}” in the stage {best['stage_name']}: {lift_words(best)} ({rates})"
    if not proven:
        said = f"Nothing is proven yet. {said}"
    if page.stale:
        some = "1 piece was" if len(page.stale) == 1 else f"{number(len(page.stale))} pieces were"
        said += f"; {some} met by nobody for 90 days"
    return f"{said}."


def missing(answer: Answer) -> str:
    """How far the content that is nearest to telling something has come."""
    nearest = max(answer.rows, key=lambda row: (row["at_risk"], row["others_at_risk"]), default=None)
    if nearest is None:
        return "No content yet, or none that a lead of these days has met."
    if not nearest["missing"]:
        return f"“{nearest['name']}” moved nobody on yet, with it or without."
    return f"{nearest['missing']}: “{nearest['name']}” in the stage {nearest['stage_name'] or 'of nobody'}."
