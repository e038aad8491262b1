"""How many entered each stage and how many went on: from the counted cells where they can tell, else from facts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from django.db.models import Case, CharField, Count, F, Func, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce

from crm.periods import add_months, start_of_month
from funnel.facts.regions import in_region, region
from funnel.models import LeadFact, StageMetric
from funnel.reports.question import DIMENSIONS, Question
from funnel.selection import facts_of, in_cohort, passed_on, with_passage, within
from leads.lifecycle import RANK, SUCCESS


class Step(NamedTuple):
    entered: int
    converted: int


# For each key (None without a dimension) one step a success stage, in their order.
Steps = dict[str | None, list[Step]]


def steps(question: Question) -> Steps:
    """Entered and converted of each stage, by key; "" is a missing value, a month is "2026-03".

    Without a dimension there is always one answer; with one, only keys with something to count.
    """
    found = from_cells(question) if cells_suffice(question) else from_facts(question)
    if not question.dimension:
        return found or {None: [Step(0, 0) for _stage in SUCCESS]}
    if question.key is not None:
        return {key: counted for key, counted in found.items() if key == question.key}
    return found


def cells_suffice(question: Question) -> bool:
    """Cells know one dimension at a time and cohorts by the day the episode began; all else is read from facts."""
    return not question.cohort and len(dimensions_of(question)) <= 1


def dimensions_of(question: Question) -> set[str]:
    """Every dimension that must be told apart to answer, `month` aside."""
    return {*question.held, question.dimension} & set(DIMENSIONS)


def from_cells(question: Question) -> Steps:
    [dimension] = dimensions_of(question) or {"all"}
    counted = "team" if dimension == "region" else dimension
    cells = StageMetric.objects.filter(in_days(question.start, question.end), dimension=counted)
    if question.held:
        key = question.held[dimension]
        cells = cells.filter(in_region("key", key) if dimension == "region" else Q(key=key))
    suffix = "_first" if question.first_only else ""
    grouped = cells.annotate(of=cell_key(question)).values_list("of", "stage").order_by()
    if question.basis == "period":
        return sums(grouped.annotate(Sum(f"entered{suffix}"), Sum(f"advanced{suffix}")))
    return cohort_steps(grouped.annotate(Sum(f"reached{suffix}")))


def in_days(start: date, end: date) -> Q:
    """Cells that make up these days: whole months where they fit, single days at both edges."""
    first_month = start if start.day == 1 else add_months(start, 1)
    last_month = start_of_month(end)
    if first_month >= last_month:
        return Q(grain="day", day__gte=start, day__lt=end)
    return (
        Q(grain="month", day__gte=first_month, day__lt=last_month)
        | Q(grain="day", day__gte=start, day__lt=first_month)
        | Q(grain="day", day__gte=last_month, day__lt=end)
    )


def cell_key(question: Question) -> "Case | F | Func | Value":
    if question.dimension == "month":
        return month("day")
    if question.dimension == "region":
        return region("key")
    return F("key") if question.dimension else Value(None, output_field=CharField(null=True))


def month(day: str) -> Func:
    return Func(F(day), Value("YYYY-MM"), function="to_char", output_field=CharField())


def from_facts(question: Question) -> Steps:
    """The same by counting facts, which know every dimension at once but must all be read."""
    facts = facts_of(question)
    if question.basis == "period":
        return sums(period_counts(question, facts))
    day = f"{question.cohort}_on" if question.cohort else "began_on"
    keyed = facts.filter(in_cohort(question)).annotate(of=fact_key(question, day))
    counted = keyed.values_list("of", "furthest").order_by().annotate(Count("lead_id"))
    return cohort_steps((key, rank, count) for key, furthest, count in counted for rank in range(1, furthest + 1))


def period_counts(question: Question, facts: QuerySet[LeadFact]) -> Iterator[tuple[str | None, int, int, int]]:
    """(key, stage, entered, converted), each stage's entries and passages counted on their own days."""
    if question.dimension == "month":
        yield from counts_by_own_day(question, facts)
        return
    days = {f"passed_{stage}": passed_on(stage) for stage in SUCCESS}
    counted = {f"entered_{rank}": in_days_of(question, f"{stage}_on") for stage, rank in RANK.items()} | {
        f"converted_{rank}": in_days_of(question, f"passed_{stage}") for stage, rank in RANK.items()
    }
    keyed = facts.alias(**days).annotate(of=fact_key(question, "began_on")).values("of").order_by()
    for key, *figures in keyed.annotate(**counted).values_list("of", *counted):
        for rank, entered, converted in zip(RANK.values(), figures[: len(RANK)], figures[len(RANK) :], strict=True):
            yield key, rank, entered, converted


def in_days_of(question: Question, day: str) -> Count:
    return Count("lead_id", filter=within(question, day))


def counts_by_own_day(question: Question, facts: QuerySet[LeadFact]) -> Iterator[tuple[str | None, int, int, int]]:
    """The same where the key is told by the day itself: once through all facts for each."""
    for stage, rank in RANK.items():
        for key, count in count_by_key(question, facts, f"{stage}_on"):
            yield key, rank, count, 0
    for stage in SUCCESS[:-1]:
        for key, count in count_by_key(question, with_passage(facts, stage), "passed_on"):
            yield key, RANK[stage], 0, count


def count_by_key(question: Question, facts: QuerySet[LeadFact], day: str) -> Iterable[tuple[str | None, int]]:
    """How many facts have this ``day`` in the question's days, by key."""
    keyed = facts.filter(within(question, day)).annotate(of=fact_key(question, day))
    return keyed.values_list("of").order_by().annotate(Count("lead_id"))


def fact_key(question: Question, day: str) -> "Case | Coalesce | Func | Value":
    if question.dimension == "month":
        return month(day)
    if not question.dimension:
        return Value(None, output_field=CharField(null=True))
    if question.dimension == "region":
        return region("team")
    return Coalesce(Cast(question.dimension, CharField()), Value(""))


def cohort_steps(reached: Iterable[tuple[str | None, int, int]]) -> Steps:
    """(key, stage, how many got that far) as steps: who got one stage further converted."""
    got_there = sums((key, rank, count, 0) for key, rank, count in reached)
    return {
        key: [Step(now.entered, next_.entered) for now, next_ in pairs(counted)] for key, counted in got_there.items()
    }


def pairs(counted: list[Step]) -> Iterator[tuple[Step, Step]]:
    """Each stage with the one after it; nobody gets beyond the last."""
    return zip(counted, [*counted[1:], Step(0, 0)], strict=True)


def sums(counted: Iterable[tuple[str | None, int, int, int]]) -> Steps:
    """(key, stage, entered, converted) added up, a step for every stage; keys with nothing are left out."""
    totals: Steps = defaultdict(lambda: [Step(0, 0) for _stage in SUCCESS])
    for key, rank, entered, converted in counted:
        if entered or converted:
            before = totals[key][rank - 1]
            totals[key][rank - 1] = Step(before.entered + entered, before.converted + converted)
    return dict(totals)


def definition_versions(question: Question) -> list[int]:
    """Versions of the lead definition that stamped the MQLs of these days, whatever the dimension."""
    cells = StageMetric.objects.filter(in_days(question.start, question.end), dimension="definition_version")
    return sorted(int(key) for key in cells.exclude(key="").values_list("key", flat=True).distinct())
