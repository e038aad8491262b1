"""Back-tests: started from a definition, read by everybody, with the leads behind each number."""

from datetime import date, datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crm.errors import BusinessError, NotAllowed
from crm.keyset import Order, count_up_to, count_words, page_of
from crm.requests import PersonRequest, id_of
from feedback.models import SignedStatus
from scoring.backtest_lists import points_of, read
from scoring.backtest_page import days_words, page_of_backtest, weeks_of_period
from scoring.backtesting import start_backtest
from scoring.drafting import draft_definition, edit_definition, mark_of
from scoring.models import Backtest, Definition
from scoring.views.answers import say

LIVE = "backtest"
# A list that short is sorted rather than looked for along an index.
SHORT = 10_000


@require_POST
def starting(request: PersonRequest, pk: int) -> HttpResponse:
    """Have a worker test a definition on the weeks and against the version that the form names."""
    definition, now = get_object_or_404(Definition, pk=pk), timezone.now()
    against = Definition.objects.filter(pk=id_of(request.POST.get("against"))).first()
    first, before = weeks_asked(request, at=now)
    try:
        found = start_backtest(definition, by=request.user, at=now, against=against, starts_on=first, ends_on=before)
    except NotAllowed:
        raise
    except BusinessError as error:
        say(request, str(error), level="danger")
        return redirect("scoring:definition", pk)
    return redirect("scoring:backtest", found.pk)


def weeks_asked(request: PersonRequest, *, at: datetime) -> tuple[date, date]:
    """The weeks that a form names by their days, as one that asks again does, or by a period."""
    try:
        return date.fromisoformat(request.POST["starts_on"]), date.fromisoformat(request.POST["ends_on"])
    except (KeyError, ValueError):
        return weeks_of_period(request.POST.get("period", ""), at=at)


@require_GET
def backtest(request: PersonRequest, pk: int) -> HttpResponse:
    """What came of it; while it is at work the page reads this part of itself again."""
    found = get_object_or_404(Backtest.objects.select_related("definition", "against", "asked_by"), pk=pk)
    context = page_of_backtest(found, request.user, threshold=points_of(request.GET.get("threshold")))
    part = "#live" if request.htmx and request.htmx.target == LIVE else ""
    return render(request, f"scoring/backtest.html{part}", {"now": timezone.now(), **context})


@require_GET
def leads(request: PersonRequest, pk: int) -> HttpResponse:
    """The leads behind one number of it."""
    found = get_object_or_404(Backtest.objects.select_related("definition", "against"), pk=pk)
    wanted = read(request.GET)
    rows = wanted.rows(found)
    count = count_up_to(rows)
    order = Order("lead_id", Backtest._meta.pk)
    shown = rows.select_related("lead__company", "lead__campaign", "lead__owner", "team")
    shown = shown.defer("lead__custom", "lead__need", "lead__search")
    page = page_of(rows, request.GET, order=order, shown=shown, is_short=count < SHORT)
    context = {
        "backtest": found,
        "days": days_words(found),
        "count": "1 lead" if count == 1 else f"{count_words(count)} leads",
        "words": wanted.words(found),
        "page": page,
    }
    return render(request, "scoring/backtest_leads.html", context)


@require_POST
def threshold(request: PersonRequest, pk: int) -> HttpResponse:
    """Write the threshold that was tried into the draft; a version that is no draft is copied into one first."""
    found = get_object_or_404(Backtest.objects.select_related("definition"), pk=pk)
    points = points_of(request.POST.get("threshold"))
    if points is None:
        say(request, "A threshold is a whole number from 0 to 100.", level="danger")
        return redirect("scoring:backtest", pk)
    try:
        draft = written(found.definition, points, request)
    except NotAllowed:
        raise
    except BusinessError as error:
        say(request, str(error), level="danger")
        return redirect("scoring:backtest", pk)
    say(
        request, f"Version {draft.version}, a draft, now asks for {points} points. Test it again before you propose it."
    )
    return redirect("scoring:definition", draft.pk)


def written(definition: Definition, points: int, request: PersonRequest) -> Definition:
    """The draft with this threshold."""
    thresholds = {**definition.thresholds, "mql": points}
    if definition.status == SignedStatus.DRAFT:
        seen = mark_of(definition)
        return edit_definition(definition, by=request.user, at=timezone.now(), seen=seen, thresholds=thresholds)
    return draft_definition(by=request.user, at=timezone.now(), copy_of=definition, thresholds=thresholds)
