"""Putting a record away and bringing it back, on its own page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from crm.requests import PersonRequest
from desk.fields.kinds import KINDS
from desk.views.answers import changed
from leads import archiving


@require_POST
def archive(request: PersonRequest, pk: int, kind: str) -> HttpResponse:
    record = get_object_or_404(KINDS[kind].model, pk=pk)
    archiving.archive(record, by=request.user, at=timezone.now())
    return told(request, record, kind, f"{record} is archived.", undo=f"desk:{kind}-restore")


@require_POST
def restore(request: PersonRequest, pk: int, kind: str) -> HttpResponse:
    record = get_object_or_404(KINDS[kind].model, pk=pk)
    archiving.restore(record, by=request.user, at=timezone.now())
    return told(request, record, kind, f"{record} is back.")


def told(request: PersonRequest, record: Any, kind: str, text: str, *, undo: str = "") -> HttpResponse:
    """The page reads again what has changed; Undo wherever one is by then."""
    undo_url = reverse(undo, args=[record.pk]) if undo else ""
    return changed(request, reverse(f"desk:{kind}", args=[record.pk]), text, undo_url=undo_url, list_changed={})
