"""E-mail from a record."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from leads.addresses import address_of
from leads.models import Activity


@require_GET
def mail(request: PersonRequest, pk: int) -> HttpResponse:
    """To the record that this e-mail was written from."""
    return redirect(address_of(get_object_or_404(Activity, mail=pk)))
