"""The report *win-loss*: what was won of what was decided, by whom, against whom, and why the rest was lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm.intervals import Share, share
from crm.models import Organisation
from crm.periods import own_day
from crm.words import number
from funnel.deals.chosen import Chosen
from funnel.deals.connected import Connected, connected
from funnel.deals.relation import (
    DEAL,
    IS_CLOSED,
    IS_LOST,
    IS_OPEN,
    IS_WON,
    Values,
    all_of,
    held,
    in_days,
    key_of,
    last_day,
    money_notes,
    quarter_starts,
    source,
    values_of,
)
from funnel.deals.relation import rows as found_rows
from funnel.models import FigureSettings
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DEAL_DIMENSIONS, MISSING, QUARTER, Question
from funnel.reports.rows import key_of_row, money, with_bounds

# Words of the opportunity itself, and whether its field is one its rep is a specialist of.
REASON, COMPETITOR, KIND, SPECIALISM = "reason", "competitor", "kind", "specialism"
WORDS = (REASON, COMPETITOR, KIND)
SPANS = ("month", QUARTER)
PEOPLE = ("owner", "manager")
# A loss of a class of its own: the buyer bought nothing at all.
NO_DECISION = "no_decision"
OWN, OTHER = "own", "other"
SPECIALISMS = {OWN: "Within the rep’s specialisms", OTHER: "Outside them", "": "Rep without specialisms"}
UNNAMED = {REASON: "No reason given", COMPETITOR: "No competitor named"}
# What CLOSED and OPEN find, by key.
Closed = dict[str | None, Mapping[str, Any]]
Open = dict[str | None, int]
# More bars than these months tell nothing any more: then quarters do.
MOST_MONTHS = 24

# A specialism is one of the rep's when the opportunity's product, segment or industry is called so, whatever its case.
SPECIALISM_OF = f"""
    coalesce((
        SELECT CASE WHEN rep.specialisms = '{{{{}}}}' OR concat(d.product, d.segment, d.industry) = '' THEN ''
            WHEN lower(rep.specialisms::text)::text[] && ARRAY[lower(d.product), lower(d.segment), lower(d.industry)]
            THEN '{OWN}' ELSE '{OTHER}' END
        FROM crm_user rep WHERE rep.id = d.owner
    ), '')
"""
WITH_SPECIALISM = f"(SELECT d.*, {SPECIALISM_OF} AS specialism FROM {{deals}} d)"
LASTED = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY d.days_to_close)"
CLOSED = f"""
    SELECT {{key}} AS key,
        count(*) FILTER (WHERE {IS_WON}) AS won, count(*) FILTER (WHERE {IS_LOST}) AS lost,
        count(*) FILTER (WHERE {IS_LOST} AND d.reason = '{NO_DECISION}') AS no_decision,
        coalesce(sum(d.amount) FILTER (WHERE {IS_WON}), 0) AS won_value,
        count(d.amount) FILTER (WHERE {IS_WON}) AS won_valued,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY d.amount) FILTER (WHERE {IS_WON}) AS median_won,
        coalesce(sum(d.amount) FILTER (WHERE {IS_LOST}), 0) AS lost_value,
        count(d.amount) FILTER (WHERE {IS_LOST}) AS lost_valued,
        avg(d.days_to_close)::float8 AS days_all, {LASTED} AS lasted_all,
        avg(d.days_to_close) FILTER (WHERE {IS_WON})::float8 AS days_won,
        {LASTED} FILTER (WHERE {IS_WON}) AS lasted_won,
        avg(d.days_to_close) FILTER (WHERE {IS_LOST})::float8 AS days_lost,
        {LASTED} FILTER (WHERE {IS_LOST}) AS lasted_lost,
        count(*) FILTER (WHERE {IS_WON} AND d.days_to_close IS NULL) AS undated,
        count(*) FILTER (WHERE d.days_to_close < 0) AS backwards
    FROM {{deals}} d WHERE {{where}} GROUP BY 1
"""
OPEN = "SELECT {key} AS key, count(*) AS open FROM {deals} d WHERE {where} GROUP BY 1"
# What was open at the end of each of some spans of days.
OPEN_THEN = """
    SELECT span.key, count(*) AS open
    FROM unnest(%(keys)s::text[], %(ends)s::date[]) AS span(key, ends)
    JOIN {deals} d ON coalesce(d.opened_on, (d.created_at AT TIME ZONE %(zone)s)::date) < span.ends
        AND coalesce(d.closed_on >= span.ends, true)
    WHERE {where} GROUP BY 1
"""
COUNTS = ("won", "lost", "no_decision", "won_valued", "lost_valued", "undated", "backwards")
NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(COUNTS, 0),
    **dict.fromkeys(("won_value", "lost_value"), Decimal(0)),
    **dict.fromkeys(("median_won", "days_all", "days_won", "days_lost", "lasted_all", "lasted_won", "lasted_lost")),
}


@dataclass(frozen=True)
class Parts:
    """What the page shows beside the rows: what was decided over time, why it was lost, against whom, and by whom."""

    over_time: list[Row]
    reasons: list[Row]
    competitors: list[Row]
    specialisms: list[Row]
    connected: Connected | None


def tell(question: Question, at: datetime) -> Told:
    """Rows a key, the notes on them, and what only the page shows."""
    known = Known(at, own_day(at), last_day(question, at=at), Organisation.get().currency)
    cut = Cut(question, question.dimension, known)
    closed = cut.closed()
    own = told_rows(cut, closed, cut.open(closed))

    def part(dimension: str) -> list[Row]:
        if dimension == question.dimension:
            return own
        other = Cut(settled(question), dimension, known)
        return told_rows(other, other.closed(), {})

    span = "month" if (question.end - question.start).days <= MOST_MONTHS * 31 else QUARTER
    page = Parts(
        over_time=part(span) if not question.dimension else [],
        reasons=part(REASON),
        competitors=[row for row in part(COMPETITOR) if row["key"] != MISSING],
        specialisms=part(SPECIALISM),
        connected=connected(question, at=at),
    )
    return Told(own, notes(cut, closed), page)


def settled(question: Question) -> Question:
    """The same question, held at the one key it is about, if any, and told apart by nothing."""
    if question.key is None:
        return replace(question, dimension="")
    if question.dimension in SPANS:
        return question.at_key(question.key)
    return replace(question, dimension="", key=None, filters=(*question.filters, (question.dimension, question.key)))


@dataclass(frozen=True)
class Known:
    """What holds for the whole answer. ``last_day``: the last of the days asked for that has begun."""

    at: datetime
    today: date
    last_day: date
    currency: str


@dataclass(frozen=True)
class Cut:
    """The question, told apart by ``dimension``: a dimension of opportunities, a span of days or a word of theirs."""

    question: Question
    dimension: str
    known: Known

    def closed(self) -> Closed:
        """What was decided in these days, by key. A reason is of the lost ones only."""
        deals, conditions, values = self.decided()
        only = [IS_LOST] if self.dimension == REASON else []
        statement = CLOSED.format(key=key_of(self.dimension), deals=deals, where=all_of([*conditions, *only]))
        return {row["key"]: row for row in found_rows(statement, values)}

    def decided(self) -> tuple[str, list[str], Values]:
        """The relation of deals as they stand now, the conditions of those closed in these days, and their values."""
        conditions, values = held(self.question.held)
        values |= values_of(self.known.today) | self.days
        return with_specialism(DEAL), [*conditions, IS_CLOSED, in_days("closed_on")], values

    @property
    def days(self) -> Values:
        asked = self.question
        quarters = {"quarters": quarter_starts(asked.start, asked.end)} if self.dimension == QUARTER else {}
        return {"start": asked.start, "end": asked.end, **quarters}

    def open(self, closed: Closed) -> Open:
        """What was open at the end of the last of these days, by key; of a span of days, at its end."""
        if self.dimension == REASON:
            return {}
        conditions, values = held(self.question.held)
        if self.dimension in SPANS:
            keys = [key for key in closed if key]
            values |= values_of(self.known.today) | {"keys": keys}
            values["ends"] = [self.at_key(key).end for key in keys]
            statement = OPEN_THEN.format(deals=with_specialism(DEAL), where=all_of(conditions))
        else:
            on = self.known.last_day
            values |= values_of(on)
            deals, is_open = with_specialism(source(on, at=self.known.at)), all_of([*conditions, IS_OPEN])
            statement = OPEN.format(key=key_of(self.dimension), deals=deals, where=is_open)
        return {row["key"]: row["open"] for row in found_rows(statement, values)}

    def at_key(self, key: str | None) -> Question:
        """The question about one row."""
        held_at = tuple(self.question.held.items())
        by = "" if self.dimension in (*WORDS, SPECIALISM) else self.dimension
        return replace(self.question, dimension=by, key=None, filters=held_at).at_key(key)

    def address(self, key: str | None, state: str) -> str:
        """The opportunities behind a figure of one row; "" where no address can name them."""
        if SPECIALISM in (self.dimension, *self.question.held):
            return ""
        words = ((self.dimension, key or ""),) if self.dimension in WORDS else ()
        if state != "open":
            return Chosen(self.at_key(key), state=state, by="closed", words=words).address
        if self.dimension in (*SPANS, REASON):
            return ""
        on = self.known.last_day if self.known.last_day < self.known.today else None
        return Chosen(self.at_key(key), state=state, on=on, words=words).address


def with_specialism(deals: str) -> str:
    return WITH_SPECIALISM.format(deals=deals)


def told_rows(cut: Cut, closed: Closed, open_: Open) -> list[Row]:
    """A row a key. People stand in the order of their names unless a manager ranks them, spans of days in time."""
    keys = {*closed, *open_} if cut.dimension else {None}
    one = cut.question.key if cut.dimension == cut.question.dimension else None
    wanted = [key for key in keys if one is None or key == one]
    names = names_of(cut.dimension, wanted)
    lost = sum(row["lost"] for row in closed.values())
    rows = [row_of(cut, key, names[key], closed.get(key, NOTHING), open_.get(key, 0), lost) for key in wanted]
    return in_order(rows, cut.dimension)


def names_of(dimension: str, keys: Sequence[str | None]) -> dict[str | None, str]:
    """What the keys are called."""
    names = labels(dimension, keys)
    if dimension == SPECIALISM:
        names |= {key: SPECIALISMS[key or ""] for key in keys}
    if dimension in UNNAMED:
        names[""] = UNNAMED[dimension]
    return names


def in_order(rows: list[Row], dimension: str) -> list[Row]:
    if dimension in SPANS:
        return sorted(rows, key=lambda row: str(row["key"]))
    if dimension in PEOPLE and not FigureSettings.get().ranks_people:
        return sorted(rows, key=lambda row: (row["key"] == MISSING, row["label"].casefold()))
    return sorted(rows, key=lambda row: (-row["closed"], -row["open"], row["label"].casefold()))


def row_of(cut: Cut, key: str | None, label: str, found: Mapping[str, Any], open_: int, all_lost: int) -> Row:
    won, lost = found["won"], found["lost"]
    is_reason = cut.dimension == REASON
    rate = Share(None, None, None) if is_reason else share(won, won + lost)
    currency = cut.known.currency
    return {
        "key": key_of_row(key), "label": label,
        "won": won, "lost": lost, "closed": won + lost, "open": open_,
        **with_bounds("win_rate", rate),
        "value_win_rate": None if is_reason else value_win_rate(found),
        "won_value": money(found["won_value"], currency), "lost_value": money(found["lost_value"], currency),
        "mean_won_value": money(found["won_value"] / found["won_valued"], currency) if found["won_valued"] else None,
        "median_won_value": money(found["median_won"], currency),
        **days("win", found["days_won"], found["lasted_won"]), **days("lose", found["days_lost"], found["lasted_lost"]),
        **days("close", found["days_all"], found["lasted_all"]),
        "no_decision": found["no_decision"],
        **with_bounds("share_of_lost", share(lost, all_lost)),
        "won_url": cut.address(key, "won"), "lost_url": cut.address(key, "lost"), "open_url": cut.address(key, "open"),
    }  # fmt: skip


def days(goal: str, mean: float | None, lasted: Sequence[float | None] | None) -> Row:
    """How long it took from the opening to the close, in local days."""
    median, p90 = lasted or (None, None)
    return {f"mean_days_to_{goal}": mean, f"median_days_to_{goal}": median, f"p90_days_to_{goal}": p90}


def value_win_rate(found: Mapping[str, Any]) -> float | None:
    """Won over decided, by value; None where it is not known of one of the two what it was worth."""
    if (found["won"] and not found["won_valued"]) or (found["lost"] and not found["lost_valued"]):
        return None
    total = found["won_value"] + found["lost_value"]
    return float(found["won_value"] / total) if total else None


def notes(cut: Cut, closed: Closed) -> list[str]:
    """What the figures leave out."""
    total = {name: sum(row[name] for row in closed.values()) for name in COUNTS}
    said = money_notes(*cut.decided())
    if total["lost"] and not total["lost_valued"]:
        said.append("No lost opportunity has an amount, so the win rate by value cannot be told.")
    if total["undated"]:
        said.append(f"{number(total['undated'])} won without a day of opening: left out of the days to win.")
    if total["backwards"]:
        said.append(f"{number(total['backwards'])} closed before the day of opening: counted with negative days.")
    return said


WIN_LOSS = Report(
    name="win-loss",
    title="Win and loss",
    how=(
        "Of the opportunities closed in these days, won / (won + lost); open ones are left out and stand beside it as "
        "of the last of the days. By value it is the money won of the money decided. An amount in another currency "
        "counts by the rate of the day of the close. “No decision” is a loss where the buyer bought nothing at all. "
        "Days run from the opening to the close. A rep’s specialism counts where the opportunity’s product, segment "
        "or industry is called so. How the wins of leads that began together grow with age stands in the report "
        "“cohorts”."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("won", "Won", "count", "Closed in these days.", "won_url"),
        Column("lost", "Lost", "count", "Closed in these days.", "lost_url"),
        Column("closed", "Closed", "count", "Won and lost.", shown=False),
        Column("open", "Open", "count", "At the end of the last day.", "open_url"),
        Column("win_rate", "Win rate", "ratio", "Won / (won + lost)."),
        Column("win_rate_low", "Low", "ratio", "Lower bound of the 95 % Wilson interval.", shown=False),
        Column("win_rate_high", "High", "ratio", "Upper bound of the 95 % Wilson interval.", shown=False),
        Column("value_win_rate", "By value", "ratio", "Value won / value won and lost; empty if amounts lack."),
        Column("won_value", "Won value", "money"),
        Column("lost_value", "Lost value", "money", shown=False),
        Column("mean_won_value", "Average won", "money", "Of those with an amount."),
        Column("median_won_value", "Median won", "money", "Of those with an amount.", shown=False),
        Column("mean_days_to_win", "Days to win", "days", "Mean; from the opening to the close."),
        Column("median_days_to_win", "Median days to win", "days", "Half of the wins took less."),
        Column("p90_days_to_win", "P90 days to win", "days", "Nine in ten wins took less.", shown=False),
        Column("mean_days_to_lose", "Days to lose", "days", "Mean.", shown=False),
        Column("median_days_to_lose", "Median days to lose", "days", shown=False),
        Column("p90_days_to_lose", "P90 days to lose", "days", shown=False),
        Column("mean_days_to_close", "Days to close", "days", "Mean of won and lost.", shown=False),
        Column("median_days_to_close", "Median days to close", "days", shown=False),
        Column("p90_days_to_close", "P90 days to close", "days", shown=False),
        Column("no_decision", "No decision", "count", "Lost because the buyer bought nothing.", shown=False),
        Column("share_of_lost", "Share of the lost", "ratio", "This row’s lost of all lost in the table.", shown=False),
        Column("share_of_lost_low", "Low", "ratio", "Lower bound of its 95 % Wilson interval.", shown=False),
        Column("share_of_lost_high", "High", "ratio", "Upper bound of its 95 % Wilson interval.", shown=False),
        Column("won_url", "Won behind it", "text", shown=False),
        Column("lost_url", "Lost behind it", "text", shown=False),
        Column("open_url", "Open behind it", "text", shown=False),
    ),
    tell=tell,
    dimensions=(*DEAL_DIMENSIONS, QUARTER, *WORDS, SPECIALISM),
    bases=("period",),
    identity=("key",),
    span="year",
)
