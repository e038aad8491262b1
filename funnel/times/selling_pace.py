"""What the open pipeline brings a day, and how fast the number of qualified leads grows (METRICS V7, V8)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crm.intervals import ENOUGH
from crm.models import Organisation
from crm.periods import add_months, own_day, start_of_month
from crm.words import money, number, percent
from funnel.deals.relation import IS_LOST, IS_OPEN, IS_WON, all_of, held, rows, source, values_of
from funnel.reports.counts import steps
from funnel.reports.question import Question
from funnel.statistics.pace import lead_velocity_rate, pipeline_velocity
from leads.lifecycle import RANK, Stage

# Closed deals of so many days before tell the win rate, and at least so many must have been won.
OVER = timedelta(days=365)
LATELY = "d.closed_on > %(since)s"
WON_LATELY = f"{IS_WON} AND {LATELY}"
# The average and the days are those of won deals; the win rate is of those that closed (METRICS P1).
PACE = f"""
    SELECT count(*) FILTER (WHERE {IS_OPEN}) AS open,
    count(*) FILTER (WHERE {WON_LATELY}) AS won,
    count(*) FILTER (WHERE {IS_LOST} AND {LATELY}) AS lost,
    avg(d.amount) FILTER (WHERE {WON_LATELY}) AS average,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY d.days_to_close) FILTER (WHERE {WON_LATELY}) AS days
    FROM {{deals}} d WHERE {{where}}
"""


@dataclass(frozen=True)
class PipelinePace:
    """Open opportunities, and of those closed in the last year: share won, average won, median days to win."""

    opportunities: int
    won: int
    win_rate: float | None
    average: float | None
    days: float | None
    currency: str

    @property
    def a_day(self) -> float | None:
        """None until enough were won."""
        if self.won < ENOUGH or self.win_rate is None or self.average is None or self.days is None:
            return None
        return pipeline_velocity(self.opportunities, self.win_rate, self.average, self.days)

    @property
    def said(self) -> str:
        if self.a_day is None:
            return f"Pipeline velocity: not enough data, {self.won} of {ENOUGH} won opportunities in a year."
        return (
            f"Pipeline velocity: {money(round(self.a_day), self.currency)} a day = {number(self.opportunities)} open "
            f"opportunities × {percent(self.win_rate)} won × {money(round(self.average or 0), self.currency)} ÷ "
            f"{number(self.days)} days."
        )


def pipeline_pace(question: Question, *, at: datetime) -> PipelinePace:
    """At ``at``, of the deals that the question's filters let through, whatever its days."""
    today = own_day(at)
    conditions, values = held(question.held)
    statement = PACE.format(deals=source(today, at=at), where=all_of(conditions))
    [row] = rows(statement, {**values_of(today), **values, "since": today - OVER})
    closed = row["won"] + row["lost"]
    return PipelinePace(
        row["open"],
        row["won"],
        row["won"] / closed if closed else None,
        None if row["average"] is None else float(row["average"]),
        row["days"],
        Organisation.get().currency,
    )


@dataclass(frozen=True)
class LeadPace:
    """How many leads became MQL in the last whole month and in the one before."""

    month: date
    this: int
    last: int

    @property
    def rate(self) -> float | None:
        return lead_velocity_rate(self.last, self.this)

    @property
    def said(self) -> str:
        before = add_months(self.month, -1)
        counts = f"{number(self.this)} MQLs in {self.month:%B} after {number(self.last)} in {before:%B}"
        if self.rate is None:
            return f"Lead velocity: {counts}."
        return f"Lead velocity: {'−' if self.rate < 0 else '+'}{percent(abs(self.rate))}, {counts}."


def lead_pace(question: Question, *, at: datetime) -> LeadPace:
    """Of the leads that the question's filters let through, whatever its days."""
    this = add_months(start_of_month(own_day(at)), -1)
    counts = []
    for month in (this, add_months(this, -1)):
        asked = Question(
            start=month,
            end=add_months(month, 1),
            basis="period",
            unit=question.unit,
            filters=tuple(question.held.items()),
        )
        [found] = steps(asked).values()
        counts.append(found[RANK[Stage.MQL] - 1].entered)
    return LeadPace(this, *counts)
