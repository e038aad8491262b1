"""The first page of the reports: the questions that each role asks first, each answered by a report, not anew.

A report that is not in the registry has no tile. What cannot be counted within a moment comes by itself after the page.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

from django.db.models import Q
from django.urls import reverse

from campaigns.models import Campaign
from crm.intervals import ENOUGH
from crm.models import Role, Side, User
from crm.words import listed, number, since
from feedback.effects import Effect, effects_on
from feedback.models import Improvement, ImprovementKind
from funnel.handoffs.waiting import waiting_now
from funnel.pages.charts import Chart
from funnel.pages.days import with_days
from funnel.pages.figures import Figure
from funnel.pages.funnel import bars, sentence
from funnel.pages.registry import OWN_PAGES, face_of
from funnel.pages.table import Table, table
from funnel.queries import left_path
from funnel.reports.answer import Answer, Row
from funnel.reports.funnel import FUNNEL
from funnel.reports.question import Question
from funnel.reports.registry import REPORTS, answer, question_for

logger = logging.getLogger(__name__)
# So long the page waits for its figures; the tiles that come later are asked for by the open page.
PATIENCE_SECONDS = 1.0
MOST_ROWS = 5
MOST_FIGURES = 4
# Changes of so many days are looked at, and what cut their days before.
NEWS = timedelta(days=92)
CUTTING = timedelta(days=184)


@dataclass(frozen=True)
class Reader:
    """Who asks, and when."""

    user: User
    at: datetime
    today: date


@dataclass(frozen=True)
class Shown:
    """What a tile says. ``address``: the report behind it; ``part``: a template that draws ``more``."""

    address: str
    sentence: str = ""
    missing: str = ""
    figures: Sequence[Figure] = ()
    chart: Chart | None = None
    table: Table | None = None
    part: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True)
class Tile:
    """A question in the words of who asks it. ``show`` answers it; ``report``: the one it leads to."""

    key: str
    question: str
    report: str
    show: "Callable[[Tile, Reader], Shown]"

    @property
    def title(self) -> str:
        return REPORTS[self.report].title


@dataclass(frozen=True)
class Placed:
    """A tile at its place, from 1, with what it shows; None: it comes later."""

    tile: Tile
    place: int
    shown: Shown | None


@dataclass(frozen=True)
class Told:
    """Answers with the page of a report: its sentence, its figures, one chart, the rows that matter most.

    ``mine``: the dimension held at the reader, or `campaigns`: only rows of campaigns that are the reader's.
    ``only``: rows with these values; ``charts``: the first of these that there is, else
    the report's first; ``part``: a template for what else
    the face of the report gives.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    mine: str = ""
    charts: Sequence[str] = ()
    columns: Sequence[str] = ()
    ordering: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    part: str = ""

    def __call__(self, tile: Tile, reader: Reader) -> Shown:
        told = answer(REPORTS[tile.report], self.asked(tile, reader), at=reader.at)
        told = replace(told, told=replace(told.told, rows=self.chosen(told.rows, reader)))
        face = face_of(told.report)(told, None)
        rows = face.rows if face.rows is not None else told.rows
        return Shown(
            address=address_of(told),
            sentence=face.sentence,
            missing=face.missing,
            figures=list(face.more.get("figures", ()))[:MOST_FIGURES],
            chart=self.chart_of(tile, face.charts),
            table=self.rows_of(told, rows, face.thin) if self.columns and rows else None,
            part=self.part,
            more=face.more,
        )

    def asked(self, tile: Tile, reader: Reader) -> Question:
        report = REPORTS[tile.report]
        held = {self.mine: str(reader.user.pk)} if self.mine in report.dimensions else {}
        parameters = with_days({**self.parameters, **held}, report.span, reader.today)
        return question_for(report, {"dimension": report.cut, **parameters}, today=reader.today)

    def chosen(self, rows: Sequence[Row], reader: Reader) -> list[Row]:
        found = own(rows, reader) if self.mine == "campaigns" else rows
        return [row for row in found if all(row.get(name) == value for name, value in self.only.items())]

    def chart_of(self, tile: Tile, charts: Sequence[Chart]) -> Chart | None:
        """With a name of its own, as charts of several reports stand on the page."""
        there = {chart.id: chart for chart in charts}
        chosen = next((there[name] for name in self.charts if name in there), charts[0] if charts else None)
        return replace(chosen, id=f"{tile.key}-{chosen.id}") if chosen and self.charts else None

    def rows_of(self, told: Answer, rows: Sequence[Row], thin: str) -> Table:
        return table(told, None, rows, ordering=self.ordering, thin=thin, names=self.columns, most=MOST_ROWS)


def own(rows: Sequence[Row], reader: Reader) -> list[Row]:
    ids = {str(pk) for pk in Campaign.objects.filter(owner=reader.user).values_list("pk", flat=True)}
    return [row for row in rows if str(row.get("campaign")) in ids]


def address_of(told: Answer) -> str:
    return f"{reverse('funnel:report', args=[told.report.name])}?{told.question.query()}"


# Questions that no single report answers in a sentence


def where_leads_die(tile: Tile, reader: Reader) -> Shown:
    parameters = with_days({}, "year", reader.today)
    told = answer(FUNNEL, question_for(FUNNEL, parameters, today=reader.today), at=reader.at)
    left = left_path(told.question, at=reader.at)
    shown = Shown(f"{reverse('funnel:funnel')}?{told.question.query()}", sentence(told.rows, left, []))
    entered = told.rows[0]["entered"]
    if entered < ENOUGH:
        return replace(shown, missing=f"{entered} of {ENOUGH} leads in the last twelve months.")
    drawn = bars(told.question, told.rows, left, [])
    return replace(shown, part="funnel/tile_funnel.html", more={"bars": drawn})


def who_waits(tile: Tile, reader: Reader) -> Shown:
    every, by = waiting_now(at=reader.at)
    late = sorted((one for one in by if one.overdue), key=lambda one: -one.overdue)
    said = ""
    if every.overdue:
        most = listed([f"{one.label} ({number(one.overdue)})" for one in late[:3]])
        said = f"{number(every.overdue)} of {number(every.count)} hand-offs wait past their time, most for {most}."
    elif every.count:
        said = f"{number(every.count)} hand-offs wait, none past its time; the oldest {since(every.oldest, reader.at)}."
    more = {"waiting": every, "by": [*late, *(one for one in by if not one.overdue)][:MOST_ROWS], "now": reader.at}
    return Shown(reverse("funnel:waiting"), said, part="funnel/tile_waiting.html", more=more)


def did_changes_help(tile: Tile, reader: Reader) -> Shown:
    """The newest changes because of what sales said, with acceptance before and after."""
    changes = recent_changes(reader)
    effects = effects_of({change.campaign_id for change in changes}, reader)
    rows = [(change, effects.get(change.pk)) for change in changes]
    shown = Shown(reverse("desk:feedback"), part="funnel/tile_changes.html", more={"rows": rows})
    if not rows:
        return replace(shown, missing="No change was written down in the last three months.")
    return replace(shown, sentence=verdict_on(rows))


def recent_changes(reader: Reader) -> list[Improvement]:
    found = Improvement.objects.exclude(kind=ImprovementKind.NONE).filter(on__gte=reader.today - NEWS)
    if reader.user.role == Role.MARKETER:
        found = found.filter(campaign__owner=reader.user)
    return list(found.select_related("campaign").order_by("-on", "-id")[:MOST_ROWS])


def effects_of(campaigns: set[int | None], reader: Reader) -> dict[int, Effect]:
    """By change, for the few campaigns of the newest ones (None: what was changed for all); other changes of the same
    cut the days looked at."""
    by_campaign: dict[int | None, list[Improvement]] = {campaign: [] for campaign in campaigns}
    of_these = Q(campaign__in=campaigns - {None}) | Q(campaign__isnull=True)
    for change in Improvement.objects.filter(of_these, on__gte=reader.today - NEWS - CUTTING):
        by_campaign.setdefault(change.campaign_id, []).append(change)
    found: dict[int, Effect] = {}
    for campaign in campaigns:
        found |= effects_on(campaign, by_campaign[campaign], today=reader.today)
    return found


def verdict_on(rows: Sequence[tuple[Improvement, Effect | None]]) -> str:
    """ "The change on Prize draw helped: better, likely by 4–21 points."."""
    proven = next(((change, effect) for change, effect in rows if effect and effect.tone), None)
    if proven is None:
        return "Of no change of the last three months is it proven yet that it helped."
    change, effect = proven
    helped = "helped" if effect.tone == "good" else "made it worse"
    where = f"on {change.campaign}" if change.campaign else f"of {change.on:%-d %b}"
    return f"The change {where} {helped}: acceptance is {effect.words}."


# The questions of each role, the first one first

QUARTER = Tile("quarter", "Will we make the quarter?", "forecast", Told(charts=("track", "categories")))
WAITS = Tile("waits", "Who waits?", "sla", who_waits)
DIE = Tile("die", "Where do leads die?", "funnel", where_leads_die)
HELPED = Tile("helped", "Did last month’s change help?", "feedback", did_changes_help)
STOP = Tile(
    "stop", "Which campaign should we stop?", "campaigns",
    Told(columns=("name", "cost", "acceptance", "cost_per_accepted", "expected_return"), ordering="expected_return"),
)  # fmt: skip
KEPT = Tile("kept", "Do both sides keep their word?", "sla", Told(columns=("title", "side", "due", "compliance")))
LOSE = Tile("lose", "Why do we lose?", "win-loss", Told(charts=("reasons",)))
COVERED = Tile("covered", "Is there enough in the pipeline?", "pipeline", Told(charts=("open",)))
GOAL = Tile("goal", "What does the goal ask of marketing?", "plan", Told(columns=("label", "needed", "have", "gap")))
CREDIT = Tile("credit", "Which campaigns bring revenue?", "attribution", Told(charts=("models",)))

MINE = Told(
    mine="campaigns",
    columns=("name", "mqls", "accepted", "acceptance", "cost_per_accepted"),
    ordering="-mqls",
)
MY_CAMPAIGNS = Tile("my-campaigns", "How do my campaigns do?", "campaigns", MINE)
SALES_SAYS = Tile("sales-says", "What does sales say, and why not?", "feedback", Told(part="funnel/tile_reasons.html"))
MY_HELPED = Tile("my-helped", "Did my changes help?", "feedback", did_changes_help)
MOVES = Tile("moves", "Which content moves leads on?", "content", Told(columns=("name", "stage_name", "rate", "lift")))

MY_QUARTER = Tile(
    "my-quarter", "Will I make my quarter?", "forecast", Told(mine="owner", charts=("track", "categories"))
)
MY_PIPELINE = Tile("my-pipeline", "What is in my pipeline?", "pipeline", Told(mine="owner", charts=("open",)))
KEPT_BY_ME = Told(mine="owner", columns=("title", "due", "compliance"), only={"side": "sales"})
MY_ANSWERS = Tile("my-answers", "Do I answer in time?", "sla", KEPT_BY_ME)
MY_ACCEPTANCE = Tile(
    "my-acceptance", "What do I accept?", "feedback", Told(mine="owner", part="funnel/tile_reasons.html")
)
MY_ATTEMPTS = Tile("my-attempts", "Is another call worth it?", "attempts", Told(mine="owner", charts=("hazard",)))
MY_WINS = Tile("my-wins", "What do I win, what do I lose?", "win-loss", Told(mine="owner", charts=("reasons",)))

SALES = (QUARTER, WAITS, DIE, HELPED, STOP, LOSE, COVERED, KEPT)
MARKETING = (STOP, DIE, HELPED, WAITS, QUARTER, GOAL, CREDIT, KEPT)
MARKETER = (MY_CAMPAIGNS, SALES_SAYS, MY_HELPED, DIE, MOVES, CREDIT)
REP = (MY_QUARTER, MY_PIPELINE, MY_ANSWERS, MY_ACCEPTANCE, MY_ATTEMPTS, MY_WINS)


def tiles_of(user: User) -> list[Tile]:
    """The tiles of this person's role whose reports there are."""
    heads_marketing = user.team is not None and user.team.kind == Side.MARKETING
    asked = {
        Role.REP: REP,
        Role.MARKETER: MARKETER,
        Role.MANAGER: MARKETING if heads_marketing else SALES,
        Role.ADMIN: SALES,
    }[Role(user.role)]
    return [tile for tile in asked if tile.report in REPORTS]


def overview(reader: Reader, *, patience: float = PATIENCE_SECONDS) -> list[Placed]:
    began = monotonic()
    return [
        Placed(tile, place, drawn(tile, reader) if monotonic() - began < patience else None)
        for place, tile in enumerate(tiles_of(reader.user), start=1)
    ]


def one_of(reader: Reader, key: str) -> Placed | None:
    """The tile of this key, counted; None where this role has none."""
    places = enumerate(tiles_of(reader.user), start=1)
    return next((Placed(tile, place, drawn(tile, reader)) for place, tile in places if tile.key == key), None)


def drawn(tile: Tile, reader: Reader) -> Shown:
    """What the tile shows; one that cannot be counted does not take the others down."""
    try:
        return tile.show(tile, reader)
    except Exception:
        logger.exception("The tile %s could not be counted", tile.key)
        name = "funnel:report" if tile.report not in OWN_PAGES else f"funnel:{tile.report}"
        return Shown(reverse(name, args=[tile.report] if name == "funnel:report" else []), failed=True)
