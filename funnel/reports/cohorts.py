"""The report *cohorts*: of the leads that began together, what share is won and lost by each age."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from crm.fiscal import fiscal_quarter
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DIMENSIONS, UNITS, Parameter, Question
from funnel.reports.rows import key_of_row
from funnel.selection import DRILLDOWN, Selection
from funnel.statistics.survival import OPEN, WON
from funnel.times.cohorts import ALL, MONTH, QUARTER, Cohort, cohorts
from leads.lifecycle import Stage

# The ages that are told, in days.
AGES = (0, 7, 14, 30, 60, 90, 120, 150, 180, 270, 365, 540, 730, 1095)
# Of a dimension with more keys the smallest cohorts are left out.
MOST = 50
CUT = Parameter("cut", "Cohorts", ((QUARTER, "by quarter"), (MONTH, "by month"), (ALL, "all as one")))


def tell(question: Question, at: datetime) -> Told:
    found = cohorts(question, by=question.option("cut"), at=at)
    shown = found if in_time(question) else found[:MOST]
    named = cohort_labels(question, shown)
    rows = [row for one in shown for row in rows_of(question, one, named[one.key])]
    left_out = len(found) - len(shown)
    return Told(rows, [f"The {MOST} largest of {len(found)} cohorts are told."] if left_out else [], page=shown)


def in_time(question: Question) -> bool:
    return question.dimension in ("", "month")


def cohort_labels(question: Question, found: Sequence[Cohort]) -> dict[str | None, str]:
    """What each cohort is called; all as one has no name of its own."""
    keys = {one.key for one in found}
    if question.dimension and question.dimension != "month":
        return labels(question.dimension, keys)
    return {key: span_label(key) for key in keys}


def span_label(key: str | None) -> str:
    """ "Q3 2026", "Mar 2026"."""
    if key is None:
        return "All"
    if len(key) == len("2026-03"):
        return f"{date.fromisoformat(f'{key}-01'):%b %Y}"
    return fiscal_quarter(date.fromisoformat(key)).label


def rows_of(question: Question, one: Cohort, label: str) -> list[Row]:
    """A row an age that some member has had."""
    behind = f"{DRILLDOWN}?{Selection(members(question, one.key), Stage.CUSTOMER.value).query()}"
    end = one.in_the_end
    told = {
        "key": key_of_row(one.key) if question.dimension else None,
        "label": label,
        "cohort": key_of_row(one.key) or ALL,
        "size": one.size,
        "won_so_far": one.number(WON),
        "running": one.number(OPEN) / one.size,
        "eventually": end.share if end else None,
        "eventually_low": end.low if end else None,
        "eventually_high": end.high if end else None,
        "leads_url": behind,
    }
    return [{**told, **at_age(one, age)} for age in AGES if age <= one.oldest]


def at_age(one: Cohort, age: int) -> Row:
    point, fixed = one.at(age), one.within(age)
    return {
        "age_days": age,
        "at_risk": point.at_risk,
        "won": point.won,
        "won_low": point.low,
        "won_high": point.high,
        "lost": point.lost,
        "won_by_then": one.won_within(age),
        "won_within": fixed.rate if fixed else None,
    }


def members(question: Question, key: str | None) -> Question:
    """The question whose leads are the members of a cohort."""
    if question.dimension:
        return question.at_key(key)
    if key is None:
        return question
    if len(key) == len("2026-03"):
        return replace(question, dimension=MONTH).at_key(key)
    return replace(question, dimension=QUARTER).at_key(key)


COHORTS = Report(
    name="cohorts",
    title="Cohorts",
    how=(
        "Of the leads that began in the same quarter, month or under the same key, the share won and lost by each age "
        "in calendar days. Leads that are still open count up to the age they have and never as failures "
        "(Aalen–Johansen estimator of the cumulative incidence, lost and won excluding each other), so young cohorts "
        "can be compared with old ones at the same age. Nothing is told of fewer than 10 leads, nor of an age at which "
        "fewer than 10 are left, unless every member has had that age. Bounds are 95 %, by log(-log). “In the end” is "
        "the plateau of a curve c · (1 - e^(-t/τ)) fitted by maximum likelihood: told from 30 wins on, when the oldest "
        "lead is at least twice as old as the median won lead was, and where the curve fits what was seen."
    ),
    columns=(
        Column("key", "Key", "text", shown=False),
        Column("label", "Name", "text"),
        Column("cohort", "Cohort", "text", "A month (2026-03), the first day of a quarter, or the key of the cut."),
        Column("size", "Leads", "count", "How many began."),
        Column("age_days", "Age", "days", "Calendar days since they began."),
        Column("at_risk", "At risk", "count", "Neither won nor lost before this age, and as old."),
        Column("won", "Won", "ratio", "Share won by this age; empty where too few are left to tell."),
        Column("won_low", "Low", "ratio", "Lower bound of its 95 % interval."),
        Column("won_high", "High", "ratio", "Upper bound of its 95 % interval."),
        Column("lost", "Lost", "ratio", "Share lost or disqualified by this age."),
        Column("won_by_then", "Won within", "count", "Won within so many calendar days, counted."),
        Column(
            "won_within", "Of all", "ratio", "The same as a share of all that began; only once the youngest is as old."
        ),
        Column("won_so_far", "Won so far", "count", "At any age.", link="leads_url"),
        Column("running", "Still running", "ratio", "Share that is neither won nor lost yet."),
        Column("eventually", "In the end", "ratio", "Share that will have been won in the end, where it can be told."),
        Column("eventually_low", "In the end, low", "ratio", "Lower bound of its 95 % interval."),
        Column("eventually_high", "In the end, high", "ratio", "Upper bound of its 95 % interval."),
        Column("leads_url", "Leads", "text", "The leads behind “won so far”."),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=("cohort",),
    units=UNITS,
    parameters=(CUT,),
    identity=("cohort", "age_days"),
    span="year",
)
