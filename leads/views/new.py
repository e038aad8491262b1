"""A lead written down by hand."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.once import is_repeat
from crm.requests import PersonRequest
from leads.access import may_create_leads
from leads.editing import create_lead
from leads.forms import NewLeadForm


@require_http_methods(["GET", "POST"])
def lead_new(request: PersonRequest) -> HttpResponse:
    """Write down a lead: it starts as an inquiry, with the touch that brought it."""
    user = request.user
    require(may_create_leads(user), "You may not write down leads.")
    form = NewLeadForm(request.POST or None, initial={"campaign": request.GET.get("campaign")})
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if is_repeat(request, user):
                return redirect("desk:leads")
            # Who writes a lead down keeps it until it is handed over, and finds it under "My open".
            kept = {"owner": user} if user.is_marketer else {}
            lead = create_lead(by=user, at=timezone.now(), **kept, **form.cleaned_data)
        messages.success(request, f"{lead.display_name} is written down as an inquiry.")
        return redirect("desk:lead", lead.pk)
    return render(request, "leads/lead_new.html", {"form": form}, status=422 if form.errors else 200)
