"""The page of the opportunities behind a figure of deals."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.models import Organisation
from crm.replica import reading_figures
from crm.requests import PersonRequest
from funnel.deals.chosen import heading_of, opportunities_behind, read_chosen, words_of
from funnel.reports.question import BadQuestion
from leads.pipeline import pipeline


@require_GET
@reading_figures()
def opportunities(request: PersonRequest) -> HttpResponse:
    """Exactly the opportunities that one figure counts."""
    now = timezone.now()
    try:
        chosen = read_chosen(request.GET.dict(), today=timezone.localdate())
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    page = opportunities_behind(chosen, at=now, after=request.GET.get("after", ""))
    context = {
        "now": now,
        "today": timezone.localdate(),
        "currency": Organisation.get().currency,
        "chosen": chosen,
        "heading": heading_of(chosen, {stage.stage: stage.label for stage in pipeline().values()}),
        "words": words_of(chosen),
        "page": page,
        "next_url": f"?{chosen.query()}&after={page.next}" if page.next else "",
    }
    return render(request, "funnel/opportunities_behind.html", context)
