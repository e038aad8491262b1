"""Settings: the reasons people choose from."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.requests import PersonRequest
from leads.access import may_write_reasons
from leads.lifecycle import ReasonUse
from leads.models import Reason
from leads.reasons import REFUSED, create_reason, edit_reason, move_reason
from leads.settings_forms import ReasonForm
from leads.views.settings import setting_page, step_of


@require_GET
def reasons(request: PersonRequest) -> HttpResponse:
    """All of them by what they explain, in the order in which they are offered."""
    require(may_write_reasons(request.user), REFUSED)
    rows = list(Reason.objects.all())
    groups = [{"use": use, "rows": [row for row in rows if row.use == use]} for use in ReasonUse]
    return render(request, "leads/reasons.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
def reason_new(request: PersonRequest) -> HttpResponse:
    require(may_write_reasons(request.user), REFUSED)
    use = request.GET.get("use", "")
    if use not in ReasonUse.values:
        raise Http404("There is no such use.")
    form = ReasonForm(request.POST or None, use=use)

    def deed(fields: dict[str, Any]) -> None:
        create_reason(by=request.user, use=use, **fields)

    if request.method == "POST" and saved(form, deed):
        messages.success(request, f"“{form.cleaned_data['label']}” is offered.")
        return redirect(address_of(use))
    title = f"New reason: {ReasonUse(use).label.lower()}"
    return setting_page(request, form, title=title, parent="Reasons", back=address_of(use))


@require_http_methods(["GET", "POST"])
def reason(request: PersonRequest, pk: int) -> HttpResponse:
    require(may_write_reasons(request.user), REFUSED)
    present = get_object_or_404(Reason, pk=pk)
    form = ReasonForm(request.POST or None, instance=get_object_or_404(Reason, pk=pk), use=present.use)
    if request.method == "POST" and saved(form, lambda fields: edit_reason(present, by=request.user, **fields)):
        messages.success(request, f"“{form.cleaned_data['label']}” is saved.")
        return redirect(address_of(present.use))
    return setting_page(request, form, title=present.label, parent="Reasons", back=address_of(present.use))


@require_POST
def reason_position(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Reason, pk=pk)
    move_reason(row, by=request.user, step=step_of(request))
    return redirect(address_of(row.use))


def address_of(use: str) -> str:
    return f"{reverse('leads:reasons')}#{use}"
