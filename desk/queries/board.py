"""The board: open opportunities by stage, the most valuable first, with what each stage is worth."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Q, QuerySet, Sum
from django.utils.functional import cached_property

from crm.models import User
from leads.access import may_work_opportunity
from leads.models import Opportunity, PipelineStage, Task
from leads.pipeline import pipeline
from leads.stalled import is_quiet, is_stalled

# So many cards a column; the rest is a link to the list.
CARDS = 50
WORTH = DecimalField(max_digits=20, decimal_places=2)


@dataclass(frozen=True)
class Total:
    """What the opportunities of one stage in one currency come to, and weighted by their probability."""

    currency: str
    count: int
    value: Decimal | None
    weighted: Decimal | None


@dataclass(frozen=True)
class Card:
    deal: Opportunity
    next_step: Task | None
    is_stalled: bool
    is_quiet: bool
    may_work: bool

    @property
    def shows_company(self) -> bool:
        """Many an opportunity is named for its company."""
        company = self.deal.company
        return company is not None and not self.deal.name.startswith(company.name)


@dataclass(frozen=True)
class Column:
    """``totals``: one a currency, the biggest first."""

    stage: PipelineStage
    cards: list[Card]
    totals: list[Total]
    may_be_entered: bool

    @property
    def count(self) -> int:
        return sum(total.count for total in self.totals)

    @property
    def left_out(self) -> int:
        return self.count - len(self.cards)


class Board:
    """The columns over ``rows``, as ``user`` may work them; a few queries however many rows there are."""

    def __init__(self, rows: QuerySet[Opportunity], user: User, *, now: datetime) -> None:
        self.rows = rows.filter(outcome="", archived_at__isnull=True).order_by()
        self.user, self.now = user, now

    @cached_property
    def stages(self) -> dict[str, PipelineStage]:
        return pipeline()

    def columns(self) -> list[Column]:
        """Every open stage; a retired one while something stands in it."""
        totals = totals_of(self.rows)
        shown = [row for row in self.stages.values() if row.is_open and (not row.retired or row.stage in totals)]
        cards = self.cards([row.stage for row in shown if row.stage in totals])
        return [Column(row, cards[row.stage], totals.get(row.stage, []), not row.retired) for row in shown]

    def cards(self, stages: list[str]) -> dict[str, list[Card]]:
        """The first cards of these stages."""
        found: dict[str, list[Card]] = defaultdict(list)
        deals = list(first_of_each(self.rows, stages).select_related("company", "owner"))
        steps = next_steps(deals)
        for deal in deals:
            found[deal.stage].append(self.card(deal, steps.get(deal.pk)))
        return found

    def card(self, deal: Opportunity, next_step: Task | None) -> Card:
        return Card(
            deal,
            next_step,
            bool(is_stalled(deal, self.stages, at=self.now)),
            is_quiet(deal, at=self.now),
            may_work_opportunity(self.user, deal),
        )


def by_value(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    return rows.order_by(F("amount").desc(nulls_last=True), "-id")


def first_of_each(rows: QuerySet[Opportunity], stages: list[str]) -> QuerySet[Opportunity]:
    """The most valuable of each stage: every part of the union is read from its end of the index opportunity_board."""
    if not stages:
        return Opportunity.objects.none()
    first, *others = (by_value(rows.filter(stage=stage)).values("pk")[:CARDS] for stage in stages)
    return by_value(Opportunity.objects.filter(pk__in=first.union(*others, all=True) if others else first))


def totals_of(rows: QuerySet[Opportunity]) -> dict[str, list[Total]]:
    """By stage, one total a currency: amounts in different currencies are never added up."""
    weighted = Sum(F("amount") * F("probability") / Decimal(100), output_field=WORTH)
    sums: Any = rows.values("stage", "currency").annotate(count=Count("pk"), value=Sum("amount"), weighted=weighted)
    totals: dict[str, list[Total]] = defaultdict(list)
    for row in sums:
        totals[row["stage"]].append(Total(row["currency"], row["count"], row["value"], whole(row["weighted"])))
    for one in totals.values():
        one.sort(key=lambda total: (-(total.value or 0), total.currency))
    return totals


def whole(amount: Decimal | None) -> Decimal | None:
    """An estimate needs no cents."""
    return amount and amount.quantize(Decimal(1))


def in_all(columns: list[Column]) -> list[Total]:
    """What all columns come to, one total a currency."""
    by_currency: dict[str, list[Total]] = defaultdict(list)
    for column in columns:
        for total in column.totals:
            by_currency[total.currency].append(total)
    return [added_up(currency, some) for currency, some in by_currency.items()]


def added_up(currency: str, totals: list[Total]) -> Total:
    nothing = Decimal(0)
    value = sum((total.value or nothing for total in totals), nothing)
    weighted = sum((total.weighted or nothing for total in totals), nothing)
    return Total(currency, sum(total.count for total in totals), value, weighted)


def next_steps(deals: list[Opportunity]) -> dict[int, Task]:
    """The open task of each that is due first: its own, or one of its lead that names no opportunity."""
    planned = [deal for deal in deals if deal.next_step_at]
    theirs = Q(opportunity__in=planned) | Q(opportunity__isnull=True, lead__in=[deal.lead_id for deal in planned])
    due = Task.objects.open().filter(theirs, due_at__in={deal.next_step_at for deal in planned})
    own: dict[Any, Task] = {(task.opportunity_id, task.due_at): task for task in due if task.opportunity_id}
    of_lead: dict[Any, Task] = {(task.lead_id, task.due_at): task for task in due if not task.opportunity_id}
    found = {
        deal.pk: own.get((deal.pk, deal.next_step_at)) or of_lead.get((deal.lead_id, deal.next_step_at))
        for deal in planned
    }
    return {pk: task for pk, task in found.items() if task}
