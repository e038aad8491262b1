"""Settings: how figures are counted, and currency rates."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import manages, require
from crm.currencies import REFUSED as NO_RATES
from crm.currencies import add_rate, remove_rate
from crm.forms import saved
from crm.models import CurrencyRate, Organisation
from crm.requests import PersonRequest
from funnel.models import FigureSettings
from funnel.settled import REFUSED, currencies_in_use, settle_figures
from funnel.views.settings_forms import FigureSettingsForm, RateForm

MOST_RATES = 200


@require_http_methods(["GET", "POST"])
def figures(request: PersonRequest) -> HttpResponse:
    require(manages(request.user), REFUSED)
    form = FigureSettingsForm(request.POST or None, instance=FigureSettings.objects.get(pk=FigureSettings.get().pk))
    if request.method == "POST" and saved(form, lambda fields: settle_figures(by=request.user, **fields)):
        messages.success(request, "Saved. Reports count by it from now on.")
        return redirect("funnel:figure-settings")
    return render(request, "funnel/figure_settings.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def currencies(request: PersonRequest) -> HttpResponse:
    """Which currencies are in use, and the rates by day; a post adds one."""
    require(manages(request.user), NO_RATES)
    own, today = Organisation.get().currency, timezone.localdate()
    in_use = currencies_in_use(today)
    lacking = next((one for one in in_use if one.without_rate), None)
    start = {"currency": lacking.currency, "on": lacking.first_on} if lacking else {"on": today}
    form = RateForm(request.POST or None, own=own, initial=start)
    if request.method == "POST" and saved(form, lambda fields: add_rate(by=request.user, **fields)):
        rate = form.cleaned_data
        messages.success(
            request, f"1 {rate['currency']} is {rate['rate'].normalize():f} {own} from {rate['on']:%-d %B %Y}."
        )
        return redirect("funnel:currencies")
    context = {
        "form": form,
        "own": own,
        "in_use": in_use,
        "rates": CurrencyRate.objects.exclude(currency=own).order_by("currency", "-on")[:MOST_RATES],
        "lacking": sum(one.without_rate for one in in_use),
    }
    return render(request, "funnel/currencies.html", context, status=422 if form.errors else 200)


@require_POST
def rate_removal(request: PersonRequest, pk: int) -> HttpResponse:
    rate = get_object_or_404(CurrencyRate, pk=pk)
    remove_rate(rate, by=request.user)
    messages.success(request, f"The rate of {rate.currency} from {rate.on:%-d %B %Y} is gone.")
    return redirect("funnel:currencies")
