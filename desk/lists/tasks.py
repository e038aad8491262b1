"""The list of tasks: what is to be done, by when."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import CharField, DateTimeField, Q
from django.db.models.functions import Lower

from crm.access import own_team_ids
from crm.keyset import Order
from crm.search import every_word
from desk.lists.asker import Asker
from desk.lists.definition import Action, Column, Fact, ListDefinition, Sort, Tab
from desk.lists.filters import Choice, Days, Option, happened_in, is_in, of_choices
from desk.lists.standard_filters import owner_filter, record_filter
from leads.addresses import record_address
from leads.models import Contact, Lead, Opportunity, Task, TaskKind

IS_OPEN = Q(done_at__isnull=True)
SOONEST = Sort("due", "Due first", Order("due_at", DateTimeField(), descending=False), descending=False)
EMPTY = ("Nothing to do", "Plan a next step on a lead or an opportunity; it stands here when it is due.")


def due_filter() -> Days:
    def ready(values: Sequence[str], asker: Asker) -> Q:
        spans = {
            "overdue": IS_OPEN & Q(due_at__lt=asker.at),
            "today": Q(due_at__gte=asker.day_in(0), due_at__lt=asker.day_in(1)),
            "week": Q(due_at__gte=asker.at, due_at__lt=asker.day_in(8)),
        }
        return reduce(or_, (spans[value] for value in values))

    presets = (Option("overdue", "overdue"), Option("today", "today"), Option("week", "in the next 7 days"))
    return Days(key="due", label="Due", presets=presets, preset=ready, test=happened_in("due_at"))


def about_filter() -> Choice:
    options = [Option("lead", "a lead"), Option("opportunity", "an opportunity"), Option("contact", "a contact")]

    def test(values: Sequence[str], asker: Asker) -> Q:
        return reduce(or_, (Q(**{f"{value}__isnull": False}) for value in values))

    return Choice(key="about", label="About", options=lambda: options, test=test)


def tab(key: str, label: str, condition: Any, *empty: str) -> Tab:
    return Tab(key, label, lambda rows, asker: rows.filter(condition(asker)), *(empty or EMPTY))


def complete(rows: Sequence[Any], asker: Asker) -> None:
    """``home``: the page of the record that a task is about, "" for none."""
    for row in rows:
        row.home = record_address(row)


TASKS = ListDefinition(
    key="tasks",
    title="Tasks",
    noun="task",
    nouns="tasks",
    icon="checkbox",
    model=Task,
    rows=Task.objects.all,
    shown=lambda rows: rows.select_related(
        "owner", "lead__company", "opportunity", "contact", "done_by"
    ),
    complete=complete,
    search=lambda text: every_word(text, "title__icontains"),
    placeholder="Words of the task",
    filters=(
        owner_filter(team="owner__team"),
        due_filter(),
        Choice(key="kind", label="Kind", options=of_choices(TaskKind), test=is_in("kind")),
        about_filter(),
        record_filter("lead", "Lead", Lead),
        record_filter("opportunity", "Opportunity", Opportunity),
        record_filter("contact", "Contact", Contact),
    ),
    columns=(
        Column("title", "Task", phone=""),
        Column("about", "About", phone="wide"),
        Column("due", "Due", sort="due", phone="end"),
        Column("kind", "Kind"),
        Column("owner", "Owner"),
        Column("note", "Note", spare=True),
        Column("done", "Done", sort="done", spare=True),
    ),
    sorts=(
        SOONEST,
        Sort("done", "Done", Order("done_at", DateTimeField(), can_miss=True)),
        Sort("title", "Task", Order(Lower("title"), CharField()), descending=False),
    ),
    newest=SOONEST,
    tabs=(
        tab("mine", "My open", lambda asker: IS_OPEN & Q(owner=asker.user)),
        tab(
            "overdue", "My overdue", lambda asker: IS_OPEN & Q(owner=asker.user, due_at__lt=asker.at),
            "Nothing is overdue", "All your tasks are on time. That is what good looks like.",
        ),
        tab("team", "My team", lambda asker: IS_OPEN & Q(owner__team__in=own_team_ids(asker.user))),
        tab(
            "done", "Done", lambda asker: Q(owner=asker.user, done_at__isnull=False),
            "Nothing done yet", "Tasks you finish stand here.",
        ),
        tab("all", "All", lambda asker: Q()),
    ),
    first_tab=lambda user: "mine",
    actions=(Action("New task", "desk:task-new", key="n", panel=True),),
    facts=(
        Fact("to do", "tab=mine"),
        Fact("overdue", "tab=overdue"),
        Fact("today", "tab=mine&due=today"),
    ),
)  # fmt: skip
