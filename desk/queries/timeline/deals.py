"""Opportunities opened and closed, in words; what a move of their lead tells already is left out."""

from collections.abc import Iterable

from django.urls import reverse

from crm.words import money
from desk.queries.timeline.entry import Entry
from desk.queries.timeline.scope import Scope
from leads.lifecycle import Stage
from leads.models import Opportunity, Outcome, Transition

MOVED_WITH_DEAL = (Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.LOST)


def opened_deals(pks: list[int], _scope: Scope) -> dict[int, Entry]:
    deals = Opportunity.objects.filter(pk__in=pks)
    told = told_by_moves(deals)
    return {deal.pk: told_opening(deal) for deal in deals if (deal.lead_id, deal.opened_at) not in told}


def told_opening(deal: Opportunity) -> Entry:
    assert deal.opened_at
    return Entry(deal.opened_at, "briefcase", "Opportunity opened", "sales", text=deal_line(deal), href=address(deal))


def closed_deals(pks: list[int], _scope: Scope) -> dict[int, Entry]:
    deals = Opportunity.objects.filter(pk__in=pks).select_related("reason")
    told = told_by_moves(deals)
    return {deal.pk: told_close(deal) for deal in deals if (deal.lead_id, deal.closed_at) not in told}


def told_close(deal: Opportunity) -> Entry:
    assert deal.closed_at
    icon = "trophy" if deal.outcome == Outcome.WON else "mood-sad"
    title = f"Opportunity {deal.outcome}" + (f": {deal.reason}" if deal.reason else "")
    return Entry(deal.closed_at, icon, title, "sales", text=deal_line(deal), quote=deal.note, href=address(deal))


def told_by_moves(deals: Iterable[Opportunity]) -> set[tuple[int | None, object]]:
    """(lead, moment) of the moves that were made with these opportunities."""
    moves = Transition.objects.filter(lead__in={deal.lead_id for deal in deals}, to_stage__in=MOVED_WITH_DEAL)
    return set(moves.values_list("lead", "at"))


def deal_line(deal: Opportunity) -> str:
    return f"{deal}, {money(deal.amount, deal.currency)}" if deal.amount is not None else str(deal)


def address(deal: Opportunity) -> str:
    return reverse("desk:opportunity", args=[deal.pk])
