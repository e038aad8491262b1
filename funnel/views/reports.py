"""Dashboards: the funnel, and the leads behind each of its figures."""

import logging
from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import select_template
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.fiscal import fiscal_quarter
from crm.keyset import count_up_to, count_words
from crm.replica import reading_figures
from crm.requests import PersonRequest, id_of
from funnel.facts.freshness import freshness
from funnel.handoffs.waiting import waiting_handoffs
from funnel.pages.alignment import quarter, quarter_asked
from funnel.pages.days import with_days
from funnel.pages.drilldown import heading_of, words_of
from funnel.pages.funnel import dashboard
from funnel.pages.overview import Reader, one_of, overview
from funnel.pages.page import Asked, ReportPage, mark, report_page
from funnel.pages.registry import OWN_PAGES
from funnel.queries import leads_behind
from funnel.reports.alignment import ALIGNMENT
from funnel.reports.answer import Report
from funnel.reports.funnel import FUNNEL
from funnel.reports.question import BadQuestion, Question, read
from funnel.reports.registry import REPORTS, question_for
from funnel.reports.velocity import VELOCITY, read_lasted
from funnel.selection import read_selection
from funnel.views.filter_line import ReportFilterForm, as_parameters, held_chips, numbers_asked, span_chips

logger = logging.getLogger(__name__)
FIGURES = "figures"
MOST_WAITING = 200


@require_GET
@reading_figures()
def dashboards(request: PersonRequest) -> HttpResponse:
    """The questions of the reader's role, each answered by a report."""
    reader = reader_of(request)
    quarter = fiscal_quarter(reader.today)
    tiles = overview(reader)
    context = {
        "columns": (tiles[::2], tiles[1::2]),
        "quarter": quarter,
        "days_left": (quarter.last_day - reader.today).days,
        "freshness": freshness(at=reader.at),
    }
    return render(request, "funnel/overview.html", context)


@require_GET
@reading_figures()
def tile(request: PersonRequest, key: str) -> HttpResponse:
    """One question, for an open page that did not wait for it; by itself it is the page."""
    if not request.htmx:
        return redirect("funnel:dashboards")
    placed = one_of(reader_of(request), key)
    if placed is None:
        raise Http404
    return render(request, "funnel/tile.html", {"placed": placed})


def reader_of(request: PersonRequest) -> Reader:
    return Reader(request.user, timezone.now(), timezone.localdate())


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
    shown = dashboard(question, at=now, today=today, asked=beside(request))
    live = request.GET.copy()
    live["seen"] = shown.mark
    context = {
        "now": now,
        "board": shown,
        "page": shown,
        "report": FUNNEL,
        "answer": shown.answer,
        "freshness": shown.freshness,
        "live_address": f"?{live.urlencode()}",
        "is_news": bool(request.htmx),
        "explained": (FUNNEL, VELOCITY),
        **filter_line(request, FUNNEL, question, today),
    }
    if request.htmx and request.htmx.target == FIGURES:
        return render(request, "funnel/figures.html", context)
    return render(request, "funnel/funnel.html", context)


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
    """The page of a report that has none of its own; asked by an open page for its live part, it answers 204 while
    nothing is new."""
    shown = REPORTS.get(name)
    if shown is None:
        raise Http404
    if name in OWN_PAGES:
        return redirect(f"funnel:{name}")
    now, today = timezone.now(), timezone.localdate()
    seen = request.GET.get("seen") if request.htmx else None
    if seen == mark(at=now):
        return HttpResponse(status=204)
    try:
        question = question_for(shown, page_parameters(request.GET.dict(), shown, today), today=today)
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    context = {"now": now, "report": shown, "explained": (shown,), **filter_line(request, shown, question, today)}
    try:
        page = report_page(shown, question, beside(request), at=now, today=today)
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    except Exception:
        if settings.DEBUG:
            raise
        logger.exception("The report %s could not be counted: %s", name, question)
        return render(request, "funnel/failed.html", context, status=500)
    if seen == page.mark:
        return HttpResponse(status=204)
    template = select_template([f"funnel/{name.replace('-', '_')}.html", "funnel/report.html"])
    return HttpResponse(template.render({**context, **of_page(request, page)}, request))


def page_parameters(get: dict[str, str], shown: Report, today: date) -> dict[str, str]:
    """What the page was asked; with the days, and the dimension, that it begins with where it was asked for none."""
    return {"dimension": shown.cut, **with_days(as_parameters(get), shown.span, today)}


def beside(request: PersonRequest) -> Asked:
    """What the address asks beside the question."""
    get = request.GET
    return Asked(compare="compare" in get, ordering=get.get("ordering", ""), marks=get.get("marks") != "off")


def filter_line(request: PersonRequest, shown: Report, question: Question, today: date) -> dict[str, Any]:
    """The filter line of a report, and the addresses that keep what was asked beside the question."""
    kept = {name: request.GET.get(name, "") for name in ("compare", "marks")}
    return {
        "form": ReportFilterForm(shown, question),
        "held": question.filters,
        "chips": held_chips(question, **kept),
        "spans": span_chips(question, today, **kept),
        "numbers": numbers_asked(shown, question),
        "compare": "compare" in request.GET,
        "csv_query": question.query(format="csv"),
    }


def of_page(request: PersonRequest, page: ReportPage) -> dict[str, Any]:
    """What the template shows; an open page that asks for news gets the figures without the frame around them."""
    live = request.GET.copy()
    live["seen"] = page.mark
    return {
        "page": page,
        "answer": page.answer,
        "before": page.before,
        "face": page.face,
        "freshness": page.freshness,
        "live_address": f"?{live.urlencode()}",
        "is_news": bool(request.htmx),
        "frame": "funnel/bare.html" if request.htmx else "base.html",
    }


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
