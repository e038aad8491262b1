"""Two leads that are one: find the other, compare, merge, undo."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, NotAllowed
from crm.requests import PersonRequest, id_of
from desk.forms.merging import MergeForm
from desk.queries.lead import lead_with_all
from desk.queries.merging import compare, leads_like, same_perhaps
from desk.verbs import MERGE
from desk.views.answers import go_to
from desk.views.lead import get_lead
from desk.views.record import address_of
from leads.access import may_merge
from leads.errors import MergedLead
from leads.merging import NOT_YOURS, merge_leads, undo_merge
from leads.models import Lead, Merge

SEARCH, COMPARE = "desk/lead_merge_search.html", "desk/lead_merge.html"


@require_http_methods(["GET", "POST"])
def merging(request: PersonRequest, pk: int) -> HttpResponse:
    """Which other lead is this one? ``?other=ID`` compares the two; sent, they are one."""
    lead = get_lead(pk)
    require(may_merge(request.user, lead), NOT_YOURS)
    if lead.merged_into_id:
        raise MergedLead(lead)
    other = lead_with_all().filter(pk=id_of(request.GET.get("other")), merged_into=None).exclude(pk=pk).first()
    if other is None:
        return show(request, lead, SEARCH, found=found_by(request, lead), suggested=same_perhaps(lead))
    comparison = compare(lead, other)
    form = MergeForm(request.POST or None, comparison=comparison)
    if request.method == "POST" and form.is_valid():
        try:
            return merged(request, form)
        except NotAllowed:
            raise
        except BusinessError as error:
            form.add_error(None, str(error))
    status, may = 409 if form.errors else 200, may_merge(request.user, lead, other)
    return show(request, lead, COMPARE, status=status, comparison=comparison, form=form, other=other, may_merge=may)


def merged(request: PersonRequest, form: MergeForm) -> HttpResponse:
    survivor, duplicate = form.survivor, form.duplicate
    versions = survivor.version, duplicate.version
    merge = merge_leads(survivor, duplicate, by=request.user, at=timezone.now(), take=form.take, versions=versions)
    return to_lead(request, survivor, f"Merged: {duplicate} is part of {survivor} now.", undo=merge)


@require_POST
def merge_undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Two leads again."""
    merge = get_object_or_404(Merge.objects.select_related("survivor", "duplicate"), pk=pk)
    try:
        undo_merge(merge, by=request.user, at=timezone.now())
    except NotAllowed:
        raise
    except BusinessError as error:
        return go_to(request, address_of(merge.survivor), str(error), level="warning")
    return to_lead(request, merge.survivor, f"{merge.duplicate} and {merge.survivor} are two leads again.")


@require_GET
def same(request: PersonRequest, pk: int) -> HttpResponse:
    """For the page of a lead, after it: who may be the same."""
    lead = get_lead(pk)
    may = may_merge(request.user, lead) and not lead.merged_into_id
    context = {"lead": lead, "suggested": same_perhaps(lead)[:1] if may else []}
    return render(request, "desk/lead_same.html", context)


def found_by(request: PersonRequest, lead: Lead) -> dict[str, object]:
    """What was searched for, and the leads it found."""
    text = request.GET.get("q", "").strip()[:200]
    return {"text": text, "leads": list(leads_like(text, but_not=lead)) if text else []}


def show(request: PersonRequest, lead: Lead, fragment: str, *, status: int = 200, **facts: object) -> HttpResponse:
    """In the side panel, or as a page without JavaScript."""
    context = {"lead": lead, "verb": MERGE, "action": request.get_full_path(), "fragment": fragment, **facts}
    return render(request, fragment if request.htmx else "desk/lead_verb.html", context, status=status)


def to_lead(request: PersonRequest, lead: Lead, text: str, *, undo: Merge | None = None) -> HttpResponse:
    undo_url = reverse("desk:merge-undo", args=[undo.pk]) if undo else ""
    return go_to(request, address_of(lead), text, undo_url=undo_url)
