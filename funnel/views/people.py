"""A person's own page of figures."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.access import require
from crm.models import User
from crm.replica import reading_figures
from crm.requests import PersonRequest
from funnel.people.access import REFUSED, may_read
from funnel.people.page import own_page


@require_GET
def me(request: PersonRequest) -> HttpResponse:
    return redirect("funnel:person", request.user.pk)


@require_GET
@reading_figures()
def person(request: PersonRequest, pk: int) -> HttpResponse:
    """For the person, whoever manages their team, and admins."""
    found = get_object_or_404(User.objects.select_related("team"), pk=pk)
    require(may_read(request.user, found), REFUSED)
    now = timezone.now()
    return render(request, "funnel/person.html", {"page": own_page(found, by=request.user, at=now), "now": now})
