"""The first page: what waits for this person today."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from desk.queries.home import home_of


@require_GET
def home(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    blocks = home_of(request.user, now=now, today=timezone.localdate(now))
    return render(request, blocks["template"], blocks)
