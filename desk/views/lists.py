"""Lists of leads, contacts, companies and opportunities."""

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.keyset import count_up_to, count_words, page_of
from crm.periods import local_day, zone
from crm.requests import PersonRequest
from crm.search import every_word
from desk.list_filters import TAB_OF, TABS, LeadFilterForm, chips, default_tab, filter_leads, without
from leads.access import may_create_leads
from leads.lifecycle import Stage
from leads.list_queries import needing_repair, present_leads, with_last_touch
from leads.models import Company, Contact, Lead, Opportunity, Outcome


@require_GET
def leads(request: PersonRequest) -> HttpResponse:
    """The list people work from: a tab, filters, newest first."""
    user, now = request.user, timezone.now()
    tab = TAB_OF.get(request.GET.get("tab", ""), TAB_OF[default_tab(user)])
    form = LeadFilterForm(request.GET)
    chosen = form.chosen()
    rows = filter_leads(tab.leads(user, local_day(now, zone())), chosen, by=user)
    count = count_up_to(rows)
    return render(
        request,
        "leads/leads.html",
        {
            "now": now,
            "truth": truth(),
            "tabs": [{"tab": other, "address": tab_address(request, other.key)} for other in TABS],
            "tab": tab,
            "form": form,
            "chips": chips(form, request.GET),
            "clear_url": without(request.GET, *chosen),
            "page": page_of(with_last_touch(rows.for_lists()), request.GET),
            "count": count_words(count),
            "noun": "lead" if count == 1 else "leads",
            "may_create": may_create_leads(user),
        },
    )


def truth() -> dict[str, str]:
    """The three counts that say how things stand, capped."""
    present = present_leads()
    return {
        "open": count_words(count_up_to(present.open())),
        "waiting": count_words(count_up_to(present.filter(stage=Stage.OFFERED))),
        "repair": count_words(count_up_to(needing_repair(present))),
    }


def tab_address(request: PersonRequest, key: str) -> str:
    """Another tab with the same filters."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query["tab"] = key
    return f"?{query.urlencode()}"


@require_GET
def contacts(request: PersonRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    found = every_word(
        search, "first_name__icontains", "last_name__icontains", "email__icontains", "company__name__icontains"
    )
    rows = Contact.objects.select_related("company").annotate(lead_count=related_count(Lead, "contact"))
    return people_page(request, "leads/contacts.html", rows.filter(found), search)


@require_GET
def companies(request: PersonRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    rows = Company.objects.annotate(
        lead_count=related_count(Lead, "company"),
        open_count=related_count(Opportunity, "company", outcome=""),
    )
    found = every_word(search, "name__icontains", "domain__icontains", "industry__icontains")
    return people_page(request, "leads/companies.html", rows.filter(found), search)


def people_page(request: PersonRequest, template: str, rows: QuerySet[Any], search: str) -> HttpResponse:
    count = count_words(count_up_to(rows))
    return render(request, template, {"page": page_of(rows, request.GET), "count": count, "search": search})


def related_count(model: Any, field: str, **conditions: Any) -> Coalesce:
    """How many rows of ``model`` name this row in ``field``; counted for the rows of the page only."""
    rows = model.objects.filter(**{field: OuterRef("pk")}, **conditions).order_by().values(field)
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


OPPORTUNITY_TABS = {
    "mine": ("My open", lambda user: Q(outcome="", owner=user)),
    "open": ("Open", lambda user: Q(outcome="")),
    "won": ("Won", lambda user: Q(outcome=Outcome.WON)),
    "lost": ("Lost", lambda user: Q(outcome=Outcome.LOST)),
}


@require_GET
def opportunities(request: PersonRequest) -> HttpResponse:
    """Deals: mine, open, won, lost; newest first."""
    user, now = request.user, timezone.now()
    first = "mine" if user.is_rep else "open"
    tab = request.GET.get("tab", "")
    tab = tab if tab in OPPORTUNITY_TABS else first
    search = request.GET.get("q", "").strip()
    found = every_word(search, "name__icontains", "company__name__icontains")
    rows = Opportunity.objects.filter(OPPORTUNITY_TABS[tab][1](user), found)
    return render(
        request,
        "leads/opportunities.html",
        {
            "now": now,
            "tab": tab,
            "tabs": [{"key": key, "label": label} for key, (label, _rows) in OPPORTUNITY_TABS.items()],
            "page": page_of(rows.select_related("company", "owner", "lead", "reason"), request.GET),
            "count": count_words(count_up_to(rows)),
            "search": search,
        },
    )
