"""Settings that belong to one's own organisation or account."""

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.erasure import remove_sample_data
from crm.forms import ConfirmForm, OrganisationForm, saved
from crm.models import Organisation, Team, Token, User
from crm.organisation import CALENDAR, edit_organisation
from crm.people import edit_profile, set_absence
from crm.people_forms import AbsenceForm, ProfileForm
from crm.periods import local_day, zone
from crm.requests import PersonRequest
from crm.tokens import issue_token


@require_http_methods(["GET", "POST"])
def organisation(request: PersonRequest) -> HttpResponse:
    require(request.user.is_admin, "Only admins change the organisation.")
    form = OrganisationForm(request.POST or None, instance=Organisation.objects.get(pk=1))
    present = Organisation.objects.get(pk=1)
    if request.method == "POST" and saved(form, lambda fields: edit_organisation(present, by=request.user, **fields)):
        moved = CALENDAR & set(form.changed_data)
        messages.success(request, "Saved. Every figure is being counted anew." if moved else "Saved.")
        return redirect("crm:organisation")
    return render(request, "crm/organisation.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def sample(request: PersonRequest) -> HttpResponse:
    """Remove all sample data at once, after a word typed to confirm it."""
    require(request.user.is_admin, "Only admins remove sample data.")
    is_there = User.objects.filter(is_sample=True).exists() or Team.objects.filter(is_sample=True).exists()
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        counts = remove_sample_data(by=request.user, at=timezone.now(), why="Removed on the settings page")
        messages.success(request, f"Sample data is gone: {sum(counts.values()):,} rows. All is being counted anew.")
        return redirect("crm:sample")
    return render(request, "crm/sample.html", {"form": form, "is_there": is_there}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def me(request: PersonRequest) -> HttpResponse:
    """One's own profile, and one's keys to the API."""
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and saved(form, lambda fields: edit_profile(request.user, **fields)):
        messages.success(request, "Saved.")
        return redirect("crm:me")
    return profile_page(request, form)


@require_http_methods(["GET", "POST"])
def absence(request: PersonRequest) -> HttpResponse:
    """Say until when one is away, or that one is back: nothing is routed to who is away."""
    person = User.objects.get(pk=request.user.pk)
    on = local_day(timezone.now(), ZoneInfo(person.time_zone) if person.time_zone else zone())
    if "back" in request.POST:
        set_absence(person, by=request.user, until=None, on=on)
        messages.success(request, "Welcome back.")
        return redirect(came_from(request))
    form = AbsenceForm(request.POST or None, on=on)
    if request.method == "POST" and saved(form, lambda fields: set_absence(person, by=request.user, on=on, **fields)):
        messages.success(request, f"Nothing is routed to you until {form.cleaned_data['until']:%-d %b} has passed.")
        return redirect(came_from(request))
    template = "crm/absence.html#form" if request.htmx else "crm/absence.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


def came_from(request: PersonRequest) -> str:
    """The page of ours that the form stood on."""
    address = urlsplit(request.headers.get("Referer", ""))
    is_ours = address.netloc == request.get_host() and url_has_allowed_host_and_scheme(address.path, None)
    return address.path if is_ours else reverse("crm:me")


@require_POST
@never_cache
def token_new(request: PersonRequest) -> HttpResponse:
    """A new key to the API, shown on the page that answers and never again."""
    return profile_page(request, ProfileForm(instance=request.user), new_token=issue_token(request.user))


@require_POST
def token_removal(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a key back; programs that use it are refused from now on."""
    get_object_or_404(Token, pk=pk, user=request.user).delete()
    messages.success(request, "The key no longer opens anything.")
    return redirect("crm:me")


def profile_page(request: PersonRequest, form: ProfileForm, *, new_token: str = "") -> HttpResponse:
    tokens = Token.objects.filter(user=request.user).order_by("-pk")
    context = {"form": form, "tokens": tokens, "new_token": new_token}
    return render(request, "crm/me.html", context, status=422 if form.errors else 200)
