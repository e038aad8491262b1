"""Putting away the checklist of the first steps, and bringing it back."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from crm.models import User
from crm.requests import PersonRequest
from desk.views.answers import redirect_with

PUT_AWAY = "The first steps are put away."


@require_POST
def putting_away(request: PersonRequest) -> HttpResponse:
    User.objects.filter(pk=request.user.pk).update(first_steps_done_at=timezone.now())
    return redirect_with(request, reverse("desk:home"), PUT_AWAY, undo_url=reverse("desk:first-steps-return"))


@require_POST
def bringing_back(request: PersonRequest) -> HttpResponse:
    User.objects.filter(pk=request.user.pk).update(first_steps_done_at=None)
    if not request.htmx:
        return redirect_with(request, reverse("desk:home"), "The first steps are back.")
    answer = HttpResponse(status=204)
    answer["HX-Refresh"] = "true"
    return answer
