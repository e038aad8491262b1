"""Giving leads, opportunities and tasks to a person, many at once."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from crm.assigning import assign, require_here, take_back
from crm.deeds import Deed
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change
from leads.access import may_change_task, may_edit_lead, may_work_opportunity, works_for_sales
from leads.editing import NOT_YOURS
from leads.errors import out_of_use
from leads.models import Lead, Opportunity, Task
from leads.opportunities import NOT_YOURS as NOT_YOUR_OPPORTUNITY


def leads_to_assign() -> QuerySet[Lead]:
    """With no more than who may have them depends on."""
    return Lead.objects.only("stage", "owner", "team", "merged_into", "archived_at")


def opportunities_to_assign() -> QuerySet[Opportunity]:
    return Opportunity.objects.only("lead", "owner", "team", "outcome", "archived_at")


def tasks_to_assign() -> QuerySet[Task]:
    return Task.objects.select_related("owner").only(
        "lead", "opportunity", "done_at", "made_by", "owner__first_name", "owner__last_name"
    )


@transaction.atomic
def assign_leads(ids: Iterable[int], *, to: User, by: User, at: datetime) -> Deed:
    """Give leads to a person, as `edit_lead` does one."""

    def why_not(lead: Lead) -> str:
        return out_of_use(lead) or ("" if may_edit_lead(by, lead) else NOT_YOURS)

    require_here(to)
    return announced(assign(leads_to_assign(), ids, to=to, why_not=why_not))


@transaction.atomic
def take_back_leads(deed: Deed, *, by: User, at: datetime) -> Deed:
    return announced(take_back(leads_to_assign(), deed))


@transaction.atomic
def assign_opportunities(ids: Iterable[int], *, to: User, by: User, at: datetime) -> Deed:
    """Give opportunities to somebody in sales; closed ones keep who closed them."""

    def why_not(opportunity: Opportunity) -> str:
        if opportunity.is_archived:
            return "It is archived."
        if not opportunity.is_open:
            return f"It is closed: {opportunity.outcome}."
        return "" if may_work_opportunity(by, opportunity) else NOT_YOUR_OPPORTUNITY

    require_here(to)
    if not works_for_sales(to):
        raise BusinessError(f"{to} does not work opportunities.", code="no_recipient")
    return announced_opportunities(assign(opportunities_to_assign(), ids, to=to, why_not=why_not))


@transaction.atomic
def take_back_opportunities(deed: Deed, *, by: User, at: datetime) -> Deed:
    return announced_opportunities(take_back(opportunities_to_assign(), deed))


@transaction.atomic
def assign_tasks(ids: Iterable[int], *, to: User, by: User, at: datetime) -> Deed:
    """Give open tasks to a colleague."""

    def why_not(task: Task) -> str:
        if task.done_at:
            return "It is done."
        return "" if may_change_task(by, task) else f"It is {task.owner}’s."

    require_here(to)
    return assign(tasks_to_assign(), ids, to=to, why_not=why_not)


@transaction.atomic
def take_back_tasks(deed: Deed, *, by: User, at: datetime) -> Deed:
    return take_back(tasks_to_assign(), deed)


def announced(deed: Deed) -> Deed:
    record_change("lead", deed.changed_ids)
    return deed


def announced_opportunities(deed: Deed) -> Deed:
    """Their leads' figures follow."""
    leads = Opportunity.objects.filter(pk__in=deed.changed_ids, lead__isnull=False).values_list("lead", flat=True)
    record_change("opportunity", deed.changed_ids)
    record_change("lead", leads)
    return deed
