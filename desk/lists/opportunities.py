"""The list of opportunities."""

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, DateField, DateTimeField, DecimalField, Q
from django.db.models.functions import Lower

from crm.fiscal import fiscal_quarter
from crm.keyset import Order
from crm.periods import add_months, start_of_month
from desk.lists.asker import Asker
from desk.lists.definition import Action, Column, Fact, ListDefinition, Sort, Tab
from desk.lists.filters import Choice, Days, Numbers, Option, anything, is_in, lies_in, of_choices
from desk.lists.people import with_company
from desk.lists.standard_filters import (
    activity_filter,
    archived_filter,
    next_step_filter,
    owner_filter,
    record_filter,
    state_filter,
)
from leads.access import may_create_opportunities
from leads.models import Company, Contact, DealKind, ForecastCategory, Opportunity, Outcome, PickList
from leads.pick_values import offered_values
from leads.pipeline import pipeline
from leads.stalled import is_stalled, quiet, stalled

IS_OPEN = Q(outcome="")


def stage_options() -> list[Option]:
    return [Option(stage, row.label) for stage, row in pipeline().items()]


def product_options() -> list[Option]:
    return [Option(value, value) for value in offered_values(PickList.PRODUCT)]


def close_filter() -> Days:
    """When it is expected to close; "overdue" are open ones whose day has passed."""

    def ready(values: Any, asker: Asker) -> Q:
        day = asker.today
        month, quarter = start_of_month(day), fiscal_quarter(day)
        spans = {
            "overdue": IS_OPEN & Q(expected_close__lt=day),
            "month": Q(expected_close__gte=month, expected_close__lt=add_months(month, 1)),
            "quarter": Q(expected_close__gte=quarter.start, expected_close__lt=quarter.end),
            "none": Q(expected_close__isnull=True),
        }
        found = Q()
        for value in values:
            found |= spans[value]
        return found

    presets = (
        Option("overdue", "overdue"),
        Option("month", "this month"),
        Option("quarter", "this quarter"),
        Option("none", "no date"),
    )
    return Days(key="close", label="Expected close", presets=presets, preset=ready, test=lies_in("expected_close"))


def pace_filter() -> Choice:
    """What stands still (METRICS V9), and what nobody has heard of."""
    options = [Option("stalled", "stalled"), Option("quiet", "gone quiet")]

    def test(values: Sequence[str], asker: Asker) -> Q:
        found = Q()
        if "stalled" in values:
            found |= stalled(pipeline(), at=asker.at)
        return found | quiet(at=asker.at) if "quiet" in values else found

    return Choice(key="pace", label="Pace", options=lambda: options, test=test)


def complete(rows: Sequence[Any], asker: Asker) -> None:
    """``stalled``: whether it stands longer in its stage than those that were won."""
    stages = pipeline()
    for row in rows:
        row.stalled = is_stalled(row, stages, at=asker.at)


OPPORTUNITIES = ListDefinition(
    key="opportunities",
    title="Opportunities",
    noun="opportunity",
    nouns="opportunities",
    icon="briefcase",
    model=Opportunity,
    rows=Opportunity.objects.all,
    shown=lambda rows: rows.select_related("company", "owner", "reason"),
    complete=complete,
    search=with_company,
    placeholder="Name, company, product",
    filters=(
        Choice(key="stage", label="Stage", options=stage_options, test=is_in("stage")),
        state_filter(IS_OPEN),
        owner_filter(),
        Numbers(key="amount", label="Amount", test=lies_in("amount")),
        close_filter(),
        Choice(key="forecast", label="Forecast", options=of_choices(ForecastCategory), test=is_in("forecast_category")),
        Choice(key="kind", label="Kind", options=of_choices(DealKind), test=is_in("kind")),
        Choice(key="product", label="Product", options=product_options, test=is_in("product"), takes=anything),
        pace_filter(),
        next_step_filter(IS_OPEN),
        activity_filter(),
        record_filter("company", "Company", Company),
        record_filter("contact", "Contact", Contact),
        archived_filter(),
    ),
    columns=(
        Column("name", "Opportunity", sort="name", phone=""),
        Column("stage", "Stage", sort="stage_since", phone="end"),
        Column("amount", "Amount", sort="amount", css="num", phone=""),
        Column("close", "Expected close", sort="close", phone="end"),
        Column("forecast", "Forecast"),
        Column("activity", "Last activity", sort="activity"),
        Column("next", "Next step", sort="next", phone="", is_named=True),
        Column("owner", "Owner"),
        Column("kind", "Kind", spare=True),
        Column("product", "Product", spare=True),
        Column("competitor", "Competitor", spare=True),
    ),
    sorts=(
        Sort("name", "Name", Order(Lower("name"), CharField()), descending=False),
        Sort("amount", "Amount", Order("amount", DecimalField(max_digits=14, decimal_places=2), can_miss=True)),
        Sort("close", "Expected close", Order("expected_close", DateField(), can_miss=True), descending=False),
        Sort("stage_since", "Time in stage", Order("stage_since", DateTimeField(), can_miss=True), descending=False),
        Sort("activity", "Last activity", Order("last_activity_at", DateTimeField(), can_miss=True)),
        Sort("next", "Next step", Order("next_step_at", DateTimeField(), can_miss=True), descending=False),
    ),
    tabs=(
        Tab(
            "mine", "My open", lambda rows, asker: rows.filter(IS_OPEN, owner=asker.user),
            "No open opportunity is yours", "A qualified lead that you convert stands here.",
        ),
        Tab(
            "open", "Open", lambda rows, asker: rows.filter(IS_OPEN),
            "No open opportunity", "A qualified lead that sales converts stands here.",
        ),
        Tab(
            "won", "Won", lambda rows, asker: rows.filter(outcome=Outcome.WON),
            "Nothing won yet", "Won opportunities stay here for good.",
        ),
        Tab(
            "lost", "Lost", lambda rows, asker: rows.filter(outcome=Outcome.LOST),
            "Nothing lost", "Lost opportunities stand here with the reason.",
        ),
        Tab(
            "all", "All", lambda rows, asker: rows,
            "No opportunities yet", "A qualified lead becomes an opportunity when sales converts it.",
        ),
    ),
    first_tab=lambda user: "mine" if user.is_rep else "open",
    facts=(
        Fact("open", "tab=open"),
        Fact("past their closing day", "tab=open&close=overdue"),
        Fact("stalled", "tab=open&pace=stalled"),
        Fact("without next step", "tab=open&next=none"),
    ),
    actions=(
        Action("New opportunity", "desk:opportunity-new", key="n", panel=True, allowed=may_create_opportunities),
    ),
    switch="desk/list/board_link.html",
)  # fmt: skip
