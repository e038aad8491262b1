"""One tap of sales on a lead: the strip asks, a chip answers, the next question follows or it is over."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.picking import CONTENT
from crm.access import require
from crm.errors import BusinessError
from crm.picking import PickField
from crm.requests import PersonRequest, id_of
from desk.queries.impressions import tap_for
from desk.views.answers import redirect_with, with_events
from feedback.impressions import REFUSED, may_say, record_impression
from feedback.models import Question
from leads.models import Lead, Opportunity


@require_http_methods(["GET", "POST"])
def impression(request: PersonRequest, pk: int) -> HttpResponse:
    """GET asks a question (``?moment=``, ``?question=``), POST saves one answer and asks the next."""
    lead = get_object_or_404(Lead.objects.select_related("company"), pk=pk)
    sent = request.POST if request.method == "POST" else request.GET
    deal = Opportunity.objects.filter(pk=id_of(sent.get("opportunity"))).first()
    require(may_say(request.user, lead, deal), REFUSED)
    moment = sent.get("moment", "")
    if request.method == "GET":
        return strip(request, lead, moment, deal, question=request.GET.get("question") or Question.QUALITY)
    try:
        answer = answer_sent(request)
        record_impression(
            lead, by=request.user, at=timezone.now(), moment=moment, question=sent.get("question", ""),
            opportunity=deal, **answer,
        )  # fmt: skip
    except BusinessError as error:
        if error.status != 422:
            raise
        return strip(request, lead, moment, deal, question=sent.get("question", ""), problem=str(error))
    if not request.htmx:
        return redirect_with(request, f"{back_to(lead, deal)}?tap={moment}", "Noted.")
    return with_events(strip(request, lead, moment, deal, thanks=True), record_changed={})


def answer_sent(request: PersonRequest) -> dict[str, Any]:
    """What was tapped, or the content that was searched for, as `record_impression` takes it."""
    value, question = request.POST.get("value", "").replace("\0", "")[:200], request.POST.get("question", "")
    if question == Question.QUALITY:
        return {"quality": id_of(value)}
    if question == Question.CONTENT:
        return {"asset": CONTENT.rows().filter(pk=id_of(value or request.POST.get("asset"))).first()}
    return {"theme": value}


def strip(
    request: PersonRequest,
    lead: Lead,
    moment: str,
    deal: Opportunity | None,
    *,
    question: str = "",
    thanks: bool = False,
    problem: str = "",
) -> HttpResponse:
    """The strip alone for htmx, on a page of its own without JavaScript."""
    tap = tap_for(lead, moment, request.user, opportunity=deal, question=question)
    context = {
        "tap": tap, "thanks": thanks, "problem": problem, "lead": lead, "back": back_to(lead, deal),
        **search_field(),
    }  # fmt: skip
    page = "desk/tap.html" if request.htmx else "desk/tap_page.html"
    return render(request, page, context, status=422 if problem else 200)


def search_field() -> dict[str, Any]:
    """A field for content that the chips do not show."""
    field = PickField(CONTENT, required=False, placeholder="Other content")
    return {
        "content_search": field.widget.render(
            "asset", "", {"id": "tap-content", "aria-label": "Other content", "class": "form-control form-control-sm"}
        )
    }


def tap_context(
    request: PersonRequest, lead: Lead | None, deal: Opportunity | None = None, *, moment: str = ""
) -> dict[str, Any]:
    """The strip on the page of a record: right after a deed (``moment``), or where ``?tap=`` asks for it."""
    moment = moment or request.GET.get("tap", "")
    tap = tap_for(lead, moment, request.user, opportunity=deal) if lead and moment else None
    return {"tap": tap, "back": back_to(tap.lead, deal), **search_field()} if tap else {}


def back_to(lead: Lead, deal: Opportunity | None) -> str:
    return reverse("desk:opportunity", args=[deal.pk]) if deal else reverse("desk:lead", args=[lead.pk])
