"""The three official reports connected: how many of marketing's leads stand in the pipeline, the forecast, win/loss.

Of the leads that became MQL in twelve months, each the first time round: those with an opportunity, made of the lead or
joined by it, stand in the pipeline report. Of these stand in the forecast those with one that has closed, or that is
open, not omitted and due by the end of the quarter; of these in win/loss those with one that has closed.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from crm.fiscal import fiscal_quarter
from crm.words import number
from funnel.deals.chosen import Chosen
from funnel.deals.of_leads import DEALS_OF, REACHED, are_known, mqls
from funnel.deals.relation import is_past, last_day, rows, source, values_of
from funnel.reports.question import Question
from funnel.selection import DRILLDOWN, Selection
from leads.lifecycle import Stage
from leads.models.lead import SourcedBy

YEAR = timedelta(days=365)
TITLES = {"pipeline": "Pipeline", "forecast": "Forecast", "win-loss": "Win/loss"}
COUNTS = ",\n".join(
    f'count(DISTINCT theirs.lead_id) FILTER (WHERE {test}) AS "leads {name}",'
    f'count(DISTINCT theirs.id) FILTER (WHERE {test}) AS "deals {name}"'
    for name, test in REACHED.items()
)
COUNTED = f"""
    WITH mql AS MATERIALIZED ({{mqls}}), theirs AS ({DEALS_OF.format(leads="SELECT lead_id FROM mql")})
    SELECT (SELECT count(*) FROM mql) AS mqls, {COUNTS} FROM theirs JOIN {{deals}} d ON d.id = theirs.id"""


@dataclass(frozen=True)
class Step:
    """One report: of ``of`` leads so many stand in it, with so many opportunities, which stand at ``href``."""

    name: str
    title: str
    leads: int
    deals: int
    of: int
    href: str

    @property
    def share(self) -> float | None:
        return self.leads / self.of if self.of else None


@dataclass(frozen=True)
class Connected:
    """MQLs of the days ``start`` to ``end`` (not included), which stand at ``href``, and how far they came."""

    start: date
    end: date
    mqls: int
    href: str
    steps: list[Step]

    @property
    def sentence(self) -> str:
        pipeline, forecast, closed = (number(step.leads) for step in self.steps)
        return (
            f"Of {number(self.mqls)} MQLs of marketing in twelve months, {pipeline} stand in the pipeline report; "
            f"of those {forecast} in the forecast; of those {closed} in win/loss."
        )


def connected(question: Question, *, at: datetime) -> Connected | None:
    """The MQLs of the twelve months up to the report's day; None where it is held at what leads do not know.

    They are marketing's unless the question is held at another origin.
    """
    if not are_known(question.held):
        return None
    on = last_day(question, at=at)
    asked = asked_of_leads(question, on)
    statement, values = mqls(asked)
    values |= {**values_of(on), "start": asked.start, "end": asked.end, "quarter_ends": fiscal_quarter(on).end}
    [found] = rows(COUNTED.format(mqls=statement, deals=source(on, at=at)), values)
    then = on if is_past(on, at=at) else None
    of = [found["mqls"], *(found[f"leads {name}"] for name in TITLES)]
    steps = [
        Step(
            name,
            title,
            found[f"leads {name}"],
            found[f"deals {name}"],
            before,
            Chosen(asked, on=then, of_mqls=name).address,
        )
        for (name, title), before in zip(TITLES.items(), of, strict=False)
    ]
    entered = Selection(replace(asked, basis="cohort", cohort=Stage.MQL.value), Stage.MQL.value)
    return Connected(asked.start, asked.end, found["mqls"], f"{DRILLDOWN}?{entered.query()}", steps)


def asked_of_leads(question: Question, on: date) -> Question:
    held = {"origin": SourcedBy.MARKETING.value, **question.held}
    return Question(on - YEAR + timedelta(days=1), on + timedelta(days=1), basis="period", filters=tuple(held.items()))
