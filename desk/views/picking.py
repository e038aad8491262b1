"""What a field for picking a record suggests while somebody types."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.picking import CAMPAIGN_OWNERS, CAMPAIGNS, CONTENT
from crm.picking import FEWEST_LETTERS, PEOPLE
from crm.requests import PersonRequest
from leads.picking import COMPANIES, CONTACTS, LEADS

SOURCES = {source.key: source for source in (PEOPLE, CAMPAIGNS, CAMPAIGN_OWNERS, CONTENT, COMPANIES, CONTACTS, LEADS)}


@require_GET
def suggestions(request: PersonRequest, key: str) -> HttpResponse:
    """Options for a list box, at most twenty."""
    source = SOURCES.get(key)
    if source is None:
        raise Http404(key)
    text = request.GET.get("q", "")
    rows = [(record, source.note(record)) for record in source.suggest(text)]
    too_short = not source.is_short and len(text.strip()) < FEWEST_LETTERS
    return render(request, "partials/pick_options.html", {"rows": rows, "too_short": too_short})
