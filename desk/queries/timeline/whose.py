"""On the page of a contact or a company: which lead an entry is about."""

from django.urls import reverse

from desk.queries.timeline.entry import Entry
from desk.queries.timeline.scope import Scope
from leads.models import Lead


def named(entries: dict[int, tuple[Entry, int | None]], scope: Scope) -> dict[int, Entry]:
    """The entries, each with the name of its lead where the page is about several, or of one merged into its own."""
    if scope.names_leads:
        leads = Lead.objects.in_bulk({lead for _entry, lead in entries.values() if lead})
        for entry, lead_id in entries.values():
            lead = leads.get(lead_id or 0)
            if lead and lead.pk != scope.itself:
                entry.whose, entry.whose_url = str(lead), reverse("desk:lead", args=[lead.pk])
    return {pk: entry for pk, (entry, _lead) in entries.items()}
