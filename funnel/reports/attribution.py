"""The report *attribution*: what was won, credited to the touches before it by several models side by side."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal

from campaigns.models import Channel
from crm.currencies import CENT
from crm.models import Organisation
from funnel.deals.relation import DEAL, WON_IN_DAYS, Values, all_of, last_day, money_notes, rows, values_of
from funnel.models import AttributionCause, AttributionModel, FigureSettings
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import MISSING, Parameter, Question
from funnel.reports.rows import key_of_row, money

# What a touch itself says; the source is that of the lead it was made on.
DIMENSIONS = ("campaign", "channel", "content", "source")
WINS = [WON_IN_DAYS]
NO_TOUCH = "(no touch)"
MODELS = Parameter(
    "models",
    "Models",
    (
        ("all", "all"),
        ("single", "first and last touch"),
        ("shared", "linear, time decay, first and last"),
        ("milestones", "U, W, full path"),
    ),
)
CHOSEN: dict[str, tuple[AttributionModel, ...]] = {
    "all": tuple(AttributionModel),
    "single": (AttributionModel.FIRST, AttributionModel.LAST),
    "shared": (AttributionModel.LINEAR, AttributionModel.TIME_DECAY, AttributionModel.POSITION),
    "milestones": (AttributionModel.U_SHAPED, AttributionModel.W_SHAPED, AttributionModel.FULL_PATH),
}
MOST_RESTATED = 8

WON = f"""
    WITH won AS MATERIALIZED (
        SELECT d.id, d.name, d.amount, d.closed_on, v.id AS version, v.touches, v.lookback_days, v.half_life_days,
        -- What is not in the organisation's currency is shared as it is converted.
        d.amount / nullif(v.amount, 0) AS factor
        FROM {DEAL} d LEFT JOIN funnel_attribution v ON v.opportunity = d.id AND v.superseded_at IS NULL
        WHERE {{won}}
    )"""
CREDITED = """
    {won}
    SELECT c.model, {key} AS key, sum(c.share) AS conversions, coalesce(sum(c.amount * won.factor), 0) AS value
    FROM won JOIN funnel_credit c ON c.attribution_id = won.version {joined}
    WHERE c.model = ANY(%(models)s) AND {where} GROUP BY 1, 2
"""
TOTALS = """
    {won}
    SELECT {month} AS key, count(*) AS deals, coalesce(sum(amount), 0) AS value,
        count(*) FILTER (WHERE coalesce(touches, 0) = 0) AS untouched,
        coalesce(sum(amount) FILTER (WHERE coalesce(touches, 0) = 0), 0) AS untouched_value,
        coalesce(array_agg(DISTINCT lookback_days) FILTER (WHERE touches > 0), '{{}}') AS windows,
        coalesce(array_agg(DISTINCT half_life_days) FILTER (WHERE touches > 0), '{{}}') AS half_lives
    FROM won GROUP BY 1
"""
KEY = {
    "": "NULL::text",
    "campaign": "coalesce(c.campaign::text, '')",
    "channel": "c.channel",
    "content": "coalesce(c.asset::text, '')",
    "source": "l.source",
    "month": "to_char(won.closed_on, 'YYYY-MM')",
}
OF_LEAD = """
    JOIN leads_touch t ON t.id = c.touch JOIN leads_lead named ON named.id = t.lead_id
    JOIN leads_lead l ON l.id = coalesce(named.merged_into_id, named.id)"""
RESTATED = """
    SELECT v.id, v.opportunity, v.version, v.cause, v.at, v.amount, v.currency, o.name, count(*) OVER () AS many
    FROM funnel_attribution v JOIN leads_opportunity o ON o.id = v.opportunity
    WHERE v.cause <> 'closed' AND v.closed_on >= %(start)s AND v.closed_on < %(end)s
    ORDER BY v.at DESC, v.id DESC LIMIT %(most)s
"""
# Of a restatement by channel: what linear gave before, and what it gives since.
SHIFTED = """
    SELECT new.id, c.channel, sum(c.amount) FILTER (WHERE c.attribution_id = old.id) AS before,
        sum(c.amount) FILTER (WHERE c.attribution_id = new.id) AS after
    FROM funnel_attribution new
    JOIN funnel_attribution old ON old.opportunity = new.opportunity AND old.version = new.version - 1
    JOIN funnel_credit c ON c.attribution_id IN (new.id, old.id) AND c.model = 'linear'
    WHERE new.id = ANY(%(versions)s) GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Shift:
    """What a channel had of a deal, and has since it was restated, in the deal's currency."""

    channel: str
    before: Decimal
    after: Decimal

    @property
    def label(self) -> str:
        return str(Channel(self.channel).label) if self.channel else "no channel"


@dataclass(frozen=True)
class Restated:
    """A deal whose credits were written anew after it was closed."""

    opportunity: int
    name: str
    at: datetime
    cause: str
    currency: str
    shifts: list[Shift]

    @property
    def words(self) -> str:
        return str(AttributionCause(self.cause).label).lower()


@dataclass(frozen=True)
class Ledger:
    """What stands beside the rows: closed-won of these days, and the part that no touch is known of."""

    currency: str
    deals: int
    value: Decimal
    untouched: int
    untouched_value: Decimal
    windows: list[int]
    half_lives: list[int]
    restated: list[Restated]
    restated_count: int


def tell(question: Question, at: datetime) -> Told:
    values: Values = {
        **values_of(last_day(question, at=at)),
        "start": question.start,
        "end": question.end,
        "models": list(CHOSEN[question.option("models")]),
    }
    totals = read_totals(question, values)
    ledger = ledger_of(list(totals.values()), values)
    return Told(credit_rows(question, values, totals), [*notes(ledger), *money_notes(DEAL, WINS, values)], ledger)


def read_totals(question: Question, values: Values) -> dict[str | None, Row]:
    """Closed-won of these days; by month where that is the dimension."""
    month = "to_char(closed_on, 'YYYY-MM')" if question.dimension == "month" else "NULL::text"
    return {row["key"]: row for row in rows(TOTALS.format(won=won_by(WINS), month=month), values)}


def credit_rows(question: Question, values: Values, totals: Mapping[str | None, Row]) -> list[Row]:
    """By model the rows of every key, then what no touch is known of; the values of a model add up to closed-won.

    A dimension held at one key keeps only the touches of that key, so that nothing adds up to all any more.
    """
    conditions = [f"{KEY[name]} = %(of_{name})s" for name, _key in question.filters]
    by_lead = "source" in {question.dimension, *dict(question.filters)}
    statement = CREDITED.format(
        won=won_by(WINS), key=KEY[question.dimension], joined=OF_LEAD if by_lead else "", where=all_of(conditions)
    )
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows(statement, {**values, **{f"of_{name}": key for name, key in question.filters}}):
        found[row["model"]].append(row)
    names = labels(question.dimension, {row["key"] for of_model in found.values() for row in of_model})
    all_won = AllWon(Organisation.get().currency, sum((row["value"] for row in totals.values()), Decimal(0)))
    untouched = [] if question.filters else list(totals.values())
    credited = all_won.whole - sum((row["untouched_value"] for row in untouched), Decimal(0))
    return [
        row
        for model in values["models"]
        for row in [
            *model_rows(model, found[model], names, all_won, None if question.filters else credited),
            *untouched_rows(model, all_won, untouched),
        ]
        if question.key is None or row["key"] == (question.key or MISSING)
    ]


def credited_by_campaign(model: str, wins: Sequence[str], values: Values) -> dict[int, Decimal]:
    """What a model gives each campaign of the deals that fulfil ``wins``."""
    statement = CREDITED.format(won=won_by(wins), key="c.campaign", joined="", where="c.campaign IS NOT NULL")
    return {row["key"]: row["value"] for row in rows(statement, {**values, "models": [model]})}


def won_by(wins: Sequence[str]) -> str:
    return WON.format(won=all_of(wins))


@dataclass(frozen=True)
class AllWon:
    """What a share is of."""

    currency: str
    whole: Decimal

    def share(self, value: Decimal) -> float | None:
        return float(value / self.whole) if self.whole else None


def model_rows(
    model: str, found: Sequence[Row], names: Mapping[str | None, str], all_won: AllWon, total: Decimal | None
) -> list[Row]:
    """The keys of a model, those with most credit first; together they are ``total``, if given."""
    values = [row["value"] for row in found]
    cut = [value.quantize(CENT) for value in values] if total is None else to_cents(values, total)
    ordered = sorted(zip(found, cut, strict=True), key=lambda pair: (-pair[1], str(pair[0]["key"])))
    return [row_of(model, row["key"], names[row["key"]], row["conversions"], value, all_won) for row, value in ordered]


def untouched_rows(model: str, all_won: AllWon, totals: Sequence[Row]) -> list[Row]:
    many = sum(row["untouched"] for row in totals)
    value = sum((row["untouched_value"] for row in totals), Decimal(0))
    return [row_of(model, NO_TOUCH, "No touch known", many, value, all_won)] if many else []


def row_of(model: str, key: str | None, label: str, conversions: float, value: Decimal, all_won: AllWon) -> Row:
    return {
        "model": model,
        "key": key_of_row(key),
        "label": label,
        "conversions": round(float(conversions), 4),
        "value": money(value, all_won.currency),
        "share": all_won.share(value),
    }


def to_cents(values: Sequence[Decimal], total: Decimal) -> list[Decimal]:
    """Values cut to the cent so that they add up to ``total``: who lost most by the cut gets a cent first."""
    cut = [value.quantize(CENT, ROUND_FLOOR) for value in values]
    left = int((total - sum(cut, Decimal(0))) / CENT)
    by_loss = sorted(range(len(values)), key=lambda place: cut[place] - values[place])
    for place in by_loss[: max(left, 0)]:
        cut[place] += CENT
    return cut


def ledger_of(totals: Sequence[Row], values: Values) -> Ledger:
    restated = rows(RESTATED, {**values, "most": MOST_RESTATED})
    shifts: dict[int, list[Shift]] = defaultdict(list)
    for row in rows(SHIFTED, {"versions": [row["id"] for row in restated]}) if restated else ():
        before, after = row["before"] or Decimal(0), row["after"] or Decimal(0)
        if before != after:
            shifts[row["id"]].append(Shift(row["channel"], before, after))
    return Ledger(
        currency=Organisation.get().currency,
        deals=sum(row["deals"] for row in totals),
        value=sum((row["value"] for row in totals), Decimal(0)),
        untouched=sum(row["untouched"] for row in totals),
        untouched_value=sum((row["untouched_value"] for row in totals), Decimal(0)),
        windows=sorted({days for row in totals for days in row["windows"]}),
        half_lives=sorted({days for row in totals for days in row["half_lives"]}),
        restated=[
            Restated(row["opportunity"], row["name"], row["at"], row["cause"], row["currency"], shifts[row["id"]])
            for row in restated
        ],
        restated_count=restated[0]["many"] if restated else 0,
    )


def notes(ledger: Ledger) -> list[str]:
    """By which rules it was counted (METRICS T12)."""
    settled = FigureSettings.get()
    windows, half_lives = ledger.windows or [settled.lookback_days], ledger.half_lives or [settled.half_life_days]
    counted = f"Touches of the {or_words(windows)} days before the close count; time decay halves every "
    return [
        f"{counted}{or_words(half_lives)} days. Models share out what happened together; none proves what caused a win."
    ]


def or_words(numbers: Sequence[int | date]) -> str:
    return " or ".join(map(str, numbers))


ATTRIBUTION = Report(
    name="attribution",
    title="Attribution",
    how=(
        "Every opportunity won in these days is shared among the touches of its people before the close: those of its "
        "lead, of leads that joined it and of all leads of its contacts, merged ones as one. Touches by buyers and by "
        "marketing count, those by sales do not; of several in one channel within 30 minutes the first. First and last "
        "touch take all; linear shares evenly; time decay halves with age; first and last take 40 % each; U-shaped "
        "gives 40 % to the first touch and 40 % to the one that made the lead; W-shaped 30 % each to first, lead and "
        "opportunity; full path 22.5 % each to these and the last; what is left goes to the others. Credits are frozen "
        "at the close, add up to the value to the cent, and are written anew, visibly, when touches or amounts are "
        "corrected."
    ),
    columns=(
        Column("model", "Model", "text", "first, last, linear, time_decay, position, u_shaped, w_shaped, full_path"),
        Column("key", "Key", "text", f"{NO_TOUCH}: won without any touch we know of."),
        Column("label", "Name", "text"),
        Column("conversions", "Won", "number", "The shares of opportunities won, added up."),
        Column("value", "Value", "money", "What they were worth, each at the rate of the day it was closed."),
        Column("share", "Share", "ratio", "Of all that was won in these days, with and without touches."),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=("period",),
    parameters=(MODELS,),
    identity=("model", "key"),
    span="year",
    cut="campaign",
)
