"""The report *funnel*: how many got to each stage, and which share went on."""

from datetime import datetime

from django.db.models import F

from crm.intervals import share
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.counts import Step, steps
from funnel.reports.labels import labels
from funnel.reports.question import BASES, DIMENSIONS, UNITS, Question
from funnel.reports.rows import key_of_row, with_bounds
from funnel.selection import DRILLDOWN, Selection, facts_of, in_cohort
from leads.lifecycle import RANK, SUCCESS, Stage


def tell(question: Question, at: datetime) -> Told:
    return Told(rows(question), notes(question))


def rows(question: Question) -> list[Row]:
    """A row a key and stage, keys with most leads first (months in order), stages in life-cycle order."""
    counted = steps(question)
    names = labels(question.dimension, counted)
    by_size = sorted(counted, key=lambda key: (-counted[key][0].entered, str(key)))
    keys = sorted(counted, key=str) if question.dimension == "month" else by_size
    return [
        {"key": key_of_row(key), "label": names[key], **figures(question.at_key(key), stage, step)}
        for key in keys
        for stage, step in zip(SUCCESS, counted[key], strict=True)
        if not before_cohort(stage, question)
    ]


def before_cohort(stage: Stage, question: Question) -> bool:
    """Cohorts taken at a later stage say nothing of the stages before it."""
    return bool(question.cohort) and RANK[stage] < RANK[Stage(question.cohort)]


def figures(question: Question, stage: Stage, step: Step) -> Row:
    """The last stage has nowhere to go on to, hence no rate."""
    rate = share(step.converted, 0 if stage == SUCCESS[-1] else step.entered)
    return {
        "stage": stage.value,
        "entered": step.entered,
        "converted": step.converted,
        **with_bounds("rate", rate),
        "leads_url": f"{DRILLDOWN}?{Selection(question, stage.value).query()}",
    }


def notes(question: Question) -> list[str]:
    """Findings in the data behind the figures, never mended silently."""
    backwards = facts_of(question).filter(in_cohort(question), customer_at__lt=F("began_at")).count()
    if not backwards:
        return []
    if backwards == 1:
        return ["1 won lead is dated before its first contact."]
    return [f"{backwards} won leads are dated before their first contact."]


FUNNEL = Report(
    name="funnel",
    title="Funnel",
    how=(
        "By cohort, a stage counts the leads that began in these days and ever got to it or beyond, so a stage that "
        "was skipped counts as reached; converted are those of them that got one stage further. By period, entered are "
        "first entries on these days and converted all that passed from this stage or an earlier one to a later one "
        "on these days, so the rate may exceed 100 %. Leads count once, in their first time round; “episodes” counts "
        "every time round. Undone moves leave no trace."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("stage", "Stage", "text", "inquiry, mql, offered, accepted, qualified, opportunity, customer"),
        Column("entered", "Entered", "count", "Leads (or episodes) that got to the stage."),
        Column("converted", "Converted", "count", "Of these, by cohort: got to the next stage or beyond."),
        Column("rate", "Rate", "ratio", "converted / entered; empty when nothing entered."),
        Column("rate_low", "Low", "ratio", "Lower bound of the 95 % Wilson interval."),
        Column("rate_high", "High", "ratio", "Upper bound of the 95 % Wilson interval."),
        Column("leads_url", "Leads", "text", "The leads behind “entered”."),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=BASES,
    units=UNITS,
    identity=("key", "stage"),
)
