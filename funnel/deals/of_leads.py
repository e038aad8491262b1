"""Which deals are whose: those of the leads that became MQL on some days, by how far they came."""

from datetime import date
from typing import Any

from crm.fiscal import fiscal_quarter
from funnel.deals.relation import Values
from funnel.reports.question import DIMENSIONS, NUMBERED, Question

# The leads of a question that became MQL on its days, each the first time round.
MQLS = """SELECT f.lead_id FROM funnel_leadfact f LEFT JOIN crm_team whose ON whose.id = f.team
    WHERE f.episode = 1 AND f.mql_on >= %(start)s AND f.mql_on < %(end)s AND {where}"""
# These leads with the deals they were made into or joined; of merged ones the lead that stays.
DEALS_OF = """
    SELECT coalesce(l.merged_into_id, l.id) AS lead_id, made.id
    FROM leads_opportunity made JOIN leads_lead l ON l.id = made.lead_id
    WHERE coalesce(l.merged_into_id, l.id) IN ({leads})
    UNION SELECT coalesce(l.merged_into_id, l.id), part.opportunity_id
    FROM leads_opportunityperson part JOIN leads_lead l ON l.id = part.lead_id
    WHERE coalesce(l.merged_into_id, l.id) IN ({leads})"""
# In which of the three official reports a deal stands: each takes from the one before.
REACHED = {
    "pipeline": "true",
    "forecast": "(d.outcome <> '' OR d.forecast_category <> 'omitted' AND d.expected_close < %(quarter_ends)s)",
    "win-loss": "d.outcome <> ''",
}


def mqls(question: Question) -> tuple[str, Values]:
    """The statement that finds them, and the values it takes beside %(start)s and %(end)s."""
    conditions, values = ["true"], {}
    for dimension, key in question.held.items():
        column = "coalesce(whose.region, '')" if dimension == "region" else f"f.{dimension}"
        if dimension in NUMBERED and not key:
            conditions.append(f"{column} IS NULL")
        else:
            conditions.append(f"{column} = %(lead_{dimension})s")
            values[f"lead_{dimension}"] = int(key) if dimension in NUMBERED else key
    return MQLS.format(where=" AND ".join(conditions)), values


def are_known(dimensions: dict[str, Any]) -> bool:
    """Whether leads know all of these, which deals do."""
    return set(dimensions) <= set(DIMENSIONS)


def reached(question: Question, report: str, on: date) -> tuple[str, Values]:
    """The condition on deals ``d`` that they stand in this report, and are of the question's MQLs."""
    found, values = mqls(question)
    ids = f"SELECT theirs.id FROM ({DEALS_OF.format(leads=found)}) theirs"
    return f"d.id IN ({ids}) AND {REACHED[report]}", values | {"quarter_ends": fiscal_quarter(on).end}
