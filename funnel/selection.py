"""The leads behind a figure: the same conditions that count it, told of facts instead of cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, CharField, DateField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Least

from feedback.models import Handoff
from funnel.facts.regions import in_region
from funnel.models import LeadFact
from funnel.reports.question import NUMBERED, Question, choice, read
from leads.lifecycle import RANK, SUCCESS, Stage

# The page that shows them.
DRILLDOWN = "/dashboards/funnel/leads/"
COUNTS = ("entered", "converted", "left")
OFF_PATH = ("lost", "disqualified", "nurture")
# What became of an episode that got no further. Off the path; or still on it: `returned` to an earlier stage for
# repair, `unanswered` by sales past its time, `open` where it got to.
WAYS = (*OFF_PATH, "returned", "unanswered", "open")


@dataclass(frozen=True)
class Selection:
    """What stands behind one figure: ``question`` narrowed to a stage and to those that entered, converted or left.

    ``how`` (one of WAYS) narrows `left` further. Without a stage: every episode of the question.
    """

    question: Question
    stage: str = ""
    count: str = "entered"
    how: str = ""

    def query(self) -> str:
        return self.question.query(stage=self.stage, count=self.count if self.stage else "", how=self.how)

    def facts(self, *, at: datetime) -> QuerySet[LeadFact]:
        """The episodes behind the figure; ``at`` tells which hand-offs are past their time."""
        facts = with_way(facts_of(self.question), at=at)
        if self.how:
            facts = facts.filter(Q(way=self.how))
        if not self.stage:
            return facts.filter(in_cohort(self.question))
        return self._in_period(facts) if self.question.basis == "period" else self._in_cohort(facts)

    def _in_cohort(self, facts: QuerySet[LeadFact]) -> QuerySet[LeadFact]:
        compared = {"entered": "gte", "converted": "gt", "left": "exact"}[self.count]
        furthest = Q(**{f"furthest__{compared}": RANK[Stage(self.stage)]})
        # Nobody leaves the last stage: customers are not lost from the path.
        gone = ~Q(outcome="customer") if self.count == "left" else Q()
        return facts.filter(in_cohort(self.question), furthest, gone)

    def _in_period(self, facts: QuerySet[LeadFact]) -> QuerySet[LeadFact]:
        stage = Stage(self.stage)
        if self.count == "entered":
            return facts.filter(within(self.question, f"{stage}_on"))
        if self.count == "converted":
            return with_passage(facts, stage).filter(within(self.question, "passed_on"))
        return facts.filter(within(self.question, "outcome_on"), furthest=RANK[stage], outcome__in=OFF_PATH)


def read_selection(parameters: Mapping[str, str], *, today: date) -> Selection:
    """The selection that a drill-down address names. Raises BadQuestion."""
    question = read(parameters, today=today)
    return Selection(
        question=question.at_key(question.key),
        stage=choice(parameters, "stage", ("", *(stage.value for stage in SUCCESS))),
        count=choice(parameters, "count", COUNTS, default="entered"),
        how=choice(parameters, "how", ("", *WAYS)),
    )


def facts_of(question: Question) -> QuerySet[LeadFact]:
    """Facts of every day that the question's dimensions and unit let through."""
    facts = LeadFact.objects.filter(*(holds(dimension, key) for dimension, key in question.held.items()))
    return facts.filter(episode=1) if question.first_only else facts


def holds(dimension: str, key: str) -> Q:
    """That ``dimension`` has this key; "" is a missing value, however it is stored."""
    if dimension == "region":
        return in_region("team", key)
    if dimension not in NUMBERED:
        return Q(**{dimension: key})
    return Q(**{dimension: int(key)}) if key else Q(**{f"{dimension}__isnull": True})


def in_cohort(question: Question) -> Q:
    """That the episode began, or first entered the stage ``cohort``, on one of the question's days."""
    return within(question, f"{question.cohort}_on" if question.cohort else "began_on")


def within(question: Question, day: str) -> Q:
    return Q(**{f"{day}__gte": question.start, f"{day}__lt": question.end})


def with_passage(facts: QuerySet[LeadFact], stage: Stage) -> QuerySet[LeadFact]:
    """Each fact with ``passed_on``: the day it first got beyond ``stage``."""
    return facts.annotate(passed_on=passed_on(stage))


def passed_on(stage: Stage) -> Combinable:
    """The day a fact first got beyond ``stage``, skipping or not; nothing beyond the last."""
    later = [F(f"{beyond}_on") for beyond in SUCCESS[RANK[stage] :]]
    nothing = Value(None, output_field=DateField())
    return Least(*later) if len(later) > 1 else later[0] if later else nothing


def with_way(facts: QuerySet[LeadFact], *, at: datetime) -> QuerySet[LeadFact]:
    """Each fact with ``way``: one of WAYS, or `customer`."""
    overdue = Handoff.objects.open().filter(lead=OuterRef("lead_id"), due_at__lt=at)
    sent_back = Q()
    for stage, rank in RANK.items():
        sent_back |= Q(stage=stage, furthest__gt=rank)
    way = Case(
        When(~Q(outcome=""), then=F("outcome")),
        When(Q(stage=Stage.OFFERED) & Exists(overdue), then=Value("unanswered")),
        When(sent_back, then=Value("returned")),
        default=Value("open"),
        output_field=CharField(),
    )
    return facts.annotate(way=way)
