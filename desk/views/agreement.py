"""The agreement: what both sides promised, to be read by everybody."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from desk.queries.agreement import agreement_blocks


@require_GET
def agreement(request: PersonRequest) -> HttpResponse:
    return render(request, "desk/agreement.html", agreement_blocks())
