"""A wrong touch is not edited: another one takes its place, and the time line shows both."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.errors import StaleState
from crm.forms import saved
from crm.once import is_repeat
from crm.requests import PersonRequest
from desk.forms.moves import TouchForm
from desk.telling import touch_line, touch_origin
from desk.views.answers import with_toast
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

    def write_down(fields: dict[str, object]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                correct(wrong, request, fields)

    if request.method == "POST" and saved(form, write_down):
        return told(request, wrong)
    context = {"form": form, "wrong": wrong, "was": f"{touch_line(wrong)} {touch_origin(wrong)}".strip()}
    return form_page(request, "desk/touch_correction.html", context)


def correct(wrong: Touch, request: PersonRequest, fields: dict[str, object]) -> None:
    if Touch.objects.filter(corrects=wrong).exists():
        raise StaleState("Somebody corrected this touch meanwhile; look at the time line.")
    log_touch(wrong.lead, user=request.user, corrects=wrong, **fields)  # type: ignore[arg-type]


def told(request: PersonRequest, wrong: Touch) -> HttpResponse:
    text = "Corrected: the time line shows both, figures count the new one."
    if request.htmx:
        return with_toast(HttpResponse(status=204), text, panel_close={}, record_changed={})
    messages.success(request, text)
    return redirect(reverse("desk:lead", args=[wrong.lead_id]))
