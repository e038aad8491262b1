"""A wrong touch is not edited: another one takes its place, and the time line shows both."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.errors import StaleState
from crm.forms import saved
from crm.once import is_repeat
from crm.requests import PersonRequest
from desk.forms.moves import TouchForm
from desk.telling import touch_line, touch_origin
from desk.views.answers import changed
from desk.views.panels import form_page
from leads.access import may_touch
from leads.models import Touch
from leads.touches import REFUSED, log_touch


@require_http_methods(["GET", "POST"])
def correction(request: PersonRequest, pk: int) -> HttpResponse:
    """Write down what really happened; the form begins with what was written."""
    wrong = get_object_or_404(Touch.objects.select_related("lead__owner", "campaign", "asset", "corrected_by"), pk=pk)
    require(may_touch(request.user, wrong.lead), REFUSED)
    if hasattr(wrong, "corrected_by") and request.method == "GET":
        raise StaleState("This touch has been corrected already; correct the later one.")
    was = {name: getattr(wrong, name) for name in ("kind", "by", "at", "campaign", "asset")}
    form = TouchForm(request.POST or None, initial=was)

    def write_down(fields: dict[str, Any]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                log_touch(wrong.lead, user=request.user, corrects=wrong, **fields)

    if request.method == "POST" and saved(form, write_down):
        text = "Corrected: the time line shows both, figures count the new one."
        return changed(request, reverse("desk:lead", args=[wrong.lead_id]), text)
    context = {"form": form, "wrong": wrong, "was": f"{touch_line(wrong)} {touch_origin(wrong)}".strip()}
    return form_page(request, "desk/touch_correction.html", context)
