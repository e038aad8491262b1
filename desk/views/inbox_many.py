"""One answer to many hand-offs of the inbox: asked for in the side panel, given once, named where it does not fit."""

from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.forms import saved
from crm.requests import PersonRequest, id_of
from desk.bulk.answers import ANSWERS, Chosen
from desk.bulk.deeds import answer_many, done_words
from desk.bulk.verbs import BulkVerb
from desk.forms.verdicts import RejectHandoffForm, SnoozeForm, usual_laters
from desk.models import BulkDeed
from desk.queries.inbox import whom_named
from desk.views.answers import redirect_with
from desk.views.bulk import named, shown_at
from desk.views.inbox import inbox_context, whole_desk
from desk.views.panels import form_page
from feedback.answering import MOST_ANSWERS, ONLY_SALES

# So many that moved meanwhile are named on the page; the rest is one click away.
NAMED = 5
FORMS: dict[str, type[Form]] = {"accept": Form, "reject": RejectHandoffForm, "snooze": SnoozeForm}


@require_http_methods(["GET", "POST"])
def answer(request: PersonRequest, verb: str) -> HttpResponse:
    """Ask what the answer needs to know, then give it once, however often it is sent."""
    if verb not in ANSWERS:
        raise Http404("There is no such answer.")
    kind, now = ANSWERS[verb], timezone.now()
    require(kind.allowed(request.user, ""), ONLY_SALES)
    chosen = chosen_by(request)
    form = FORMS[verb](request.POST if request.method == "POST" else None)
    deeds: list[BulkDeed] = []

    def do(fields: dict[str, Any]) -> None:
        key = request.POST.get("idempotency_key", "").replace("\0", "")
        deeds.append(answer_many(kind, chosen, fields, by=request.user, at=now, key=key))

    if request.method == "POST" and saved(form, do):
        return told(request, deeds[0])
    return ask(request, kind, chosen, form, at=now)


def chosen_by(request: PersonRequest) -> Chosen:
    fields = request.POST or request.GET
    ids = dict.fromkeys(id_of(text) for text in fields.getlist("id")[:MOST_ANSWERS])
    whom = whom_named(fields.get("for", ""))
    return Chosen(request.user, tuple(pk for pk in ids if pk), fields.get("all") == "1", whom)


def ask(request: PersonRequest, verb: BulkVerb, chosen: Chosen, form: Form, *, at: datetime) -> HttpResponse:
    context = {
        "verb": verb,
        "count": chosen.handoffs(at=at).count(),
        "hidden": hidden_of(chosen),
        "form": form,
        "reject_form": form,
        "laters": usual_laters(at),
        "action": request.path,
    }
    return form_page(request, "desk/inbox_many.html", context)


def hidden_of(chosen: Chosen) -> list[tuple[str, str]]:
    """What the form carries along, to mean the same hand-offs."""
    if chosen.is_all:
        return [("all", "1"), ("for", chosen.whom.key)]
    return [("id", str(pk)) for pk in chosen.ids]


def told(request: PersonRequest, deed: BulkDeed) -> HttpResponse:
    """The inbox as it is now, with a toast; who moved meanwhile is named above the next card."""
    text, level = done_words(deed), "warning" if deed.refused else "success"
    undo_url = reverse("desk:bulk-undo", args=[deed.pk]) if deed.changed else ""
    result = reverse("desk:bulk-deed", args=[deed.pk])
    if not request.htmx:
        address = result if deed.refused else reverse("desk:inbox")
        return redirect_with(request, address, text, level=level, undo_url=undo_url)
    toast = {"text": text, "level": level, "undo_url": undo_url, **shown_at(result, deed.refused)}
    context = inbox_context(request) | {"left": named(deed, deed.refused[:NAMED]) if deed.refused else None}
    return whole_desk(request, context, toast=toast, panel_close=None, selection_done=None)
