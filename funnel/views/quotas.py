"""Settings: quotas of people and teams, goals of the organisation."""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import is_manager_of, manages, require
from crm.errors import BusinessError
from crm.fiscal import Span, previous
from crm.models import Side, User
from crm.requests import PersonRequest
from funnel.models import QuotaMeasure
from funnel.targets.quota_grid import grid_for, quarters_shown, write_grid
from funnel.targets.quotas import REFUSED, copy_quotas, of_quarter

COPY_PERCENT = 10


@require_http_methods(["GET", "POST"])
def quotas(request: PersonRequest) -> HttpResponse:
    """The grid of one measure; sent, only what was changed in it is written."""
    require(manages(request.user), REFUSED)
    measure = measure_of(request.POST.get("measure") or request.GET.get("measure", ""), request.user)
    quarters = quarters_shown(timezone.localdate())
    grid = grid_for(request.user, measure, quarters)
    if request.method == "POST":
        written, wrong = write_grid(request.user, grid, request.POST.dict())
        if not wrong:
            messages.success(request, "Nothing was changed." if not written else f"Saved {written}.")
            return redirect(address(measure))
        grid = grid_for(request.user, measure, quarters, wrong)
    context = {
        "grid": grid,
        "measures": QuotaMeasure.choices,
        "copies": [quarter for quarter in quarters if lacks_some(measure, quarter)],
        "percent": COPY_PERCENT,
    }
    return render(request, "funnel/quotas.html", context, status=422 if grid.errors else 200)


@require_POST
def copying(request: PersonRequest) -> HttpResponse:
    """Fill what is empty of a quarter from the one before."""
    measure = measure_of(request.POST.get("measure", ""), request.user)
    shown = quarters_shown(timezone.localdate())
    into = next((one for one in shown if str(one.start) == request.POST.get("into")), shown[0])
    try:
        copied = copy_quotas(
            by=request.user, measure=measure, into=into,
            percent=percent_of(request.POST.get("percent", "")),
        )  # fmt: skip
    except BusinessError as error:
        if error.status != 422:
            raise
        messages.warning(request, str(error))
    else:
        messages.success(request, f"Copied {copied}." if copied else "Nothing to copy: all of them are set already.")
    return redirect(address(measure))


def lacks_some(measure: str, quarter: Span) -> bool:
    """Whether somebody had a quota in the quarter before who has none yet."""
    whose = ("user", "team")
    there = set(of_quarter(measure, quarter).values_list(*whose))
    return any(one not in there for one in of_quarter(measure, previous(quarter)).values_list(*whose))


def measure_of(text: str, asker: User) -> str:
    """What the address asks for, else what the asker's people are mostly measured by."""
    own = QuotaMeasure.MQLS if is_manager_of(asker, Side.MARKETING) else QuotaMeasure.REVENUE
    return text if text in QuotaMeasure.values else own.value


def percent_of(text: str) -> int:
    return int(text.replace("−", "-")) if re.fullmatch(r"\s*[-−]?[0-9]{1,5}\s*", text) else COPY_PERCENT


def address(measure: str) -> str:
    return f"{reverse('funnel:quotas')}?{urlencode({'measure': measure})}"
