"""The report *content*: whether leads that met it moved on more often, where it is used, what is stale."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from campaigns.models import Asset
from crm.currencies import converted
from crm.fetching import fetch_rows
from crm.intervals import ENOUGH
from crm.models import Organisation
from crm.periods import own_day
from funnel.handoffs.days import Days
from funnel.models import AttributionModel
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DIMENSIONS, Parameter, Question
from funnel.reports.rows import key_of_row, money, with_bounds
from funnel.times.lift import STAGES, STALE_AFTER, Asked, Lift, Place, last_used, lifts, uses
from leads.lifecycle import Stage

MOST_ASSETS = 500
NOBODY = Lift()
LANDMARK = Parameter("landmark", "Looked at after", [("14", "14 days"), ("7", "7 days"), ("30", "30 days")])
WITHIN = Parameter("within", "Moved on within", [("60", "60 days"), ("30", "30 days"), ("90", "90 days")])
MODEL = Parameter(
    "model", "Influence by",
    [(model.value, str(model.label)) for model in sorted(AttributionModel, key=lambda m: m != AttributionModel.LINEAR)],
)  # fmt: skip
# What won deals owe to each piece of content, by one model, in the organisation's currency.
INFLUENCE = """
    SELECT credit.asset, sum({amount}) FROM funnel_credit credit
    JOIN funnel_attribution attribution ON attribution.id = credit.attribution_id
    WHERE attribution.superseded_at IS NULL AND credit.model = %(model)s AND credit.asset IS NOT NULL
        AND attribution.closed_on >= %(first_day)s AND attribution.closed_on < %(end_day)s
    GROUP BY 1"""


@dataclass(frozen=True)
class Known:
    """What is known of each piece of content, whatever the stage. ``names`` in the order of the alphabet."""

    names: Mapping[int, str]
    used: Mapping[int, datetime | None]
    influence: Mapping[int, Decimal]
    at: datetime

    def is_stale(self, asset: int) -> bool:
        """X3; what was put away is not asked for any more."""
        used = self.used.get(asset)
        return asset in self.used and (used is None or used < self.at - STALE_AFTER)


@dataclass(frozen=True)
class Page:
    """``stale``: id, name and last day of what nobody has met for long."""

    stale: list[tuple[int, str, datetime | None]]
    places: int


def tell(question: Question, at: datetime) -> Told:
    asked = asked_of(question, at)
    moved, used = lifts(asked), uses(asked)
    places = {place for place in {*moved, *used} if question.key in (None, place[0])}
    known = known_of(question, places, at)
    rows = list(rows_of(question, places, moved, used, known))
    stale = [(asset, name, known.used[asset]) for asset, name in known.names.items() if known.is_stale(asset)]
    return Told(rows, notes(places, known), Page(stale, len(places)))


def asked_of(question: Question, at: datetime) -> Asked:
    return Asked(
        days=Days(question.start, question.end, at),
        landmark=timedelta(days=int(question.option("landmark"))),
        within=timedelta(days=int(question.option("within"))),
        held=tuple(question.held.items()),
        dimension=question.dimension,
    )


def known_of(question: Question, places: set[Place], at: datetime) -> Known:
    used = last_used(at)
    found = Asset.objects.filter(pk__in={*used, *(asset for _key, asset, _stage in places)})
    names = dict(found.order_by("name", "pk").values_list("pk", "name")[:MOST_ASSETS])
    return Known(names, used, influence(question), at)


def influence(question: Question) -> dict[int, Decimal]:
    """X2: by the chosen model of attribution, of deals won in these days; amounts without a rate are left out."""
    amount = converted("credit.amount", "attribution.currency", "attribution.closed_on")
    parameters = {
        "model": question.option("model"),
        "first_day": question.start,
        "end_day": question.end,
        "currency": Organisation.get().currency,
    }
    return {asset: value for asset, value in fetch_rows(INFLUENCE.format(amount=amount), parameters) if value}


def rows_of(
    question: Question, places: set[Place], moved: Mapping[Place, Lift], used: Mapping[Place, int], known: Known
) -> Iterator[Row]:
    """Content by name, stages in life-cycle order; what was met by nobody has one row without a stage."""
    names = labels(question.dimension, {key for key, _asset, _stage in places})
    order = {stage.value: rank for rank, stage in enumerate(STAGES)}
    rank = {asset: number for number, asset in enumerate(known.names)}
    shown = (place for place in places if place[1] in rank)
    met = set()
    for key, asset, stage in sorted(shown, key=lambda place: (rank[place[1]], place[0], order[place[2]])):
        met.add(asset)
        label = str(names[key]) if question.dimension else "All"
        own = key if question.dimension else None
        place = (key, asset, stage)
        yield row_of(own, label, asset, stage, moved.get(place, NOBODY), used.get(place, 0), known)
    if not question.dimension and not question.held:
        for asset in known.names:
            if asset not in met:
                yield row_of(None, "All", asset, None, NOBODY, 0, known)


def row_of(key: str | None, label: str, asset: int, stage: str | None, found: Lift, used: int, known: Known) -> Row:
    last = known.used.get(asset)
    others = found.others.share
    return {
        "key": key_of_row(key),
        "label": label,
        "asset": asset,
        "name": known.names[asset],
        "stage": stage,
        "stage_name": str(Stage(stage).label) if stage else "",
        "uses": used,
        "at_risk": found.touched.whole,
        "advanced": found.touched.part,
        "compared": found.compared.whole,
        **with_bounds("rate", found.compared.share),
        "others_at_risk": found.others.whole,
        "others_advanced": found.others.part,
        "others_rate": others.rate,
        "others_low": others.low,
        "others_high": others.high,
        "lift": rounded(found.ratio),
        "lift_low": rounded(found.low),
        "lift_high": rounded(found.high),
        "verdict": found.verdict,
        "missing": missing(found),
        "influence": money(known.influence.get(asset, Decimal(0)), Organisation.get().currency),
        "last_used_on": own_day(last).isoformat() if last else None,
        "is_stale": known.is_stale(asset),
        "asset_url": f"/content/{asset}/",
    }


def rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 4)


def missing(found: Lift) -> str:
    """What it takes until something can be said: "4 of 10 that met it"."""
    told = (
        (found.touched, "that met it"),
        (found.compared, "that met it in sources with others"),
        (found.others, "that did not"),
    )
    for counted, words in told:
        if counted.whole < ENOUGH:
            return f"{counted.whole} of {ENOUGH} {words}"
    return ""


def notes(places: set[Place], known: Known) -> list[str]:
    left_out = len({asset for _key, asset, _stage in places} - set(known.names))
    return [f"{left_out} further pieces of content are left out."] if left_out else []


CONTENT = Report(
    name="content",
    title="Content",
    how=(
        "A landmark comparison, stratified by stage and source: of the leads that came to a stage on these days and "
        "were still in it at the landmark, did those that had met the content before move on more often than those "
        "that had not? Left out are those whose time after the landmark has not passed. It shows who moves on, not "
        "why: whoever downloads may be keener anyway. Every time round counts."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("asset", "Id", "text", shown=False),
        Column("name", "Content", "text", link="asset_url"),
        Column("stage", "Stage code", "text", shown=False),
        Column("stage_name", "Stage", "text", "The stage a lead had come to; empty: nobody met it in these days."),
        Column("uses", "Leads that met it", "count", "On these days, in this stage, whatever became of them."),
        Column("at_risk", "Watched", "count", "Met it before the landmark and were still in the stage."),
        Column("advanced", "Moved on", "count", "Of these, within the time after the landmark."),
        Column("compared", "Compared", "count", "Of these, in sources that have others.", shown=False),
        Column("rate", "Share", "ratio", "Moved on / watched, in sources that have others to compare with."),
        Column("rate_low", "Low", "ratio", "Lower bound of its 95 % Wilson interval.", shown=False),
        Column("rate_high", "High", "ratio", "Upper bound of its 95 % Wilson interval.", shown=False),
        Column("others_at_risk", "Others", "count", "Of the same sources, in the stage without it.", shown=False),
        Column("others_advanced", "Others that moved on", "count", shown=False),
        Column("others_rate", "Of the others", "ratio", "The same share of those that had not met it."),
        Column("others_low", "Low", "ratio", "Lower bound of its 95 % Wilson interval.", shown=False),
        Column("others_high", "High", "ratio", "Upper bound of its 95 % Wilson interval.", shown=False),
        Column("lift", "Lift", "number", "The ratio of both shares over sources (Mantel-Haenszel; METRICS X1)."),
        Column("lift_low", "Low", "number", "Lower bound of its 95 % interval (Greenland and Robins).", shown=False),
        Column("lift_high", "High", "number", "Upper bound of its 95 % interval (Greenland and Robins).", shown=False),
        Column(
            "verdict", "Verdict", "text",
            "Proven: the intervals of both shares are apart, and that of the ratio lies beyond 1.",
        ),
        Column("missing", "Missing", "text", "What it takes until something can be said.", shown=False),
        Column("influence", "Influenced", "money", "X2: what deals won on these days owe to it, by the chosen model."),
        Column("last_used_on", "Last met", "text", "The last day a buyer met it or sales showed it.", shown=False),
        Column("is_stale", "Stale", "text", "X3: nobody has met it for 90 days.", shown=False),
        Column("asset_url", "Page", "text", shown=False),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=("cohort",),
    parameters=(LANDMARK, WITHIN, MODEL),
    identity=("key", "asset", "stage"),
    span="year",
)  # fmt: skip
