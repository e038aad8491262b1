"""Dashboards: the funnel, and the leads behind each of its figures."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import select_template
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.keyset import count_up_to, count_words
from crm.replica import reading_figures
from crm.requests import PersonRequest, id_of
from funnel.alignment import quarter, quarter_asked
from funnel.dashboard import dashboard, mark
from funnel.drilldown import heading_of, words_of
from funnel.forms import ReportFilterForm, as_parameters, held_chips, span_chips, with_days
from funnel.pages.registry import OWN_PAGES, face_of
from funnel.queries import freshness, leads_behind, waiting_handoffs
from funnel.reports.alignment import ALIGNMENT
from funnel.reports.funnel import FUNNEL
from funnel.reports.question import BadQuestion, read
from funnel.reports.registry import REPORTS, answer, question_for
from funnel.reports.velocity import VELOCITY, read_lasted
from funnel.selection import read_selection

FIGURES = "figures"
MOST_WAITING = 200


@require_GET
def dashboards(request: PersonRequest) -> HttpResponse:
    return redirect("funnel:funnel")


@require_GET
@reading_figures()
def funnel(request: PersonRequest) -> HttpResponse:
    """The funnel page; asked by an open page for its live part, it answers 204 while nothing is new."""
    now, today = timezone.now(), timezone.localdate()
    if request.htmx and request.GET.get("seen") == mark(at=now):
        return HttpResponse(status=204)
    try:
        question = read(as_parameters(request.GET.dict()), today=today)
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    shown = dashboard(question, at=now, ordering=request.GET.get("ordering", ""))
    live = request.GET.copy()
    live["seen"] = shown.mark
    context = {
        "now": now,
        "board": shown,
        "live_address": f"?{live.urlencode()}",
        "csv_query": question.query(format="csv"),
        "explained": (FUNNEL, VELOCITY),
    }
    if request.htmx and request.htmx.target == FIGURES:
        return render(request, "funnel/figures.html", context)
    filters = {
        "form": ReportFilterForm(FUNNEL, question),
        "held": question.filters,
        "chips": held_chips(question),
        "spans": span_chips(question, today),
    }
    return render(request, "funnel/funnel.html", {**context, **filters})


@require_GET
@reading_figures()
def alignment(request: PersonRequest) -> HttpResponse:
    """A quarter of both sides at a glance, beside the one before."""
    try:
        start = quarter_asked(request.GET, today=timezone.localdate())
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    shown = quarter(start, at=timezone.now())
    return render(request, "funnel/alignment.html", {"board": shown, "explained": (ALIGNMENT,)})


@require_GET
@reading_figures()
def report(request: PersonRequest, name: str) -> HttpResponse:
    """The page of a report that has none of its own: filter line, sentence, charts, table, notes."""
    asked = REPORTS.get(name)
    if asked is None:
        raise Http404
    if name in OWN_PAGES:
        return redirect(f"funnel:{name}")
    now, today = timezone.now(), timezone.localdate()
    try:
        parameters = with_days(as_parameters(request.GET.dict()), asked.span, today)
        question = question_for(asked, parameters, today=today)
        answered = answer(asked, question, at=now)
        before = answer(asked, question.before(), at=now) if "compare" in request.GET else None
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    context: dict[str, Any] = {
        "now": now,
        "report": asked,
        "answer": answered,
        "before": before,
        "face": face_of(asked)(answered, before),
        "freshness": freshness(at=now),
        "csv_query": question.query(format="csv"),
        "explained": (asked,),
        "form": ReportFilterForm(asked, question),
        "held": question.filters,
        "chips": held_chips(question),
        "spans": span_chips(question, today),
    }
    template = select_template([f"funnel/{name.replace('-', '_')}.html", "funnel/report.html"])
    return HttpResponse(template.render(context, request))


@require_GET
@reading_figures()
def drilldown(request: PersonRequest) -> HttpResponse:
    """Exactly the leads that one figure counts."""
    now = timezone.now()
    try:
        read_behind = read_lasted if "measure" in request.GET else read_selection
        selection = read_behind(request.GET.dict(), today=timezone.localdate())
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    page = leads_behind(selection, at=now, after=request.GET.get("after", ""))
    return render(
        request,
        "funnel/leads_behind.html",
        {
            "now": now,
            "heading": heading_of(selection),
            "words": words_of(selection.question),
            "page": page,
            "back": f"?{selection.question.query()}",
            "next_url": f"?{selection.query()}&after={page.next}" if page.next else "",
        },
    )


@require_GET
@reading_figures()
def waiting(request: PersonRequest) -> HttpResponse:
    """The leads that wait for sales now: all, or those of one rep or team."""
    asked = {name: id_of(request.GET[name]) if name in request.GET else None for name in ("rep", "team")}
    handoffs = waiting_handoffs(**asked)
    context = {"now": timezone.now(), "handoffs": handoffs[:MOST_WAITING], "count": count_words(count_up_to(handoffs))}
    return render(request, "funnel/waiting_leads.html", context)
