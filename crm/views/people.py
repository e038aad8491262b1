"""Settings: people and teams. For admins; everybody else is sent to their own profile or refused."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.keyset import count_up_to, count_words, page_of
from crm.models import Team, User
from crm.people import REFUSED, create_team, create_user, edit_team, edit_user, let_back_in
from crm.people_forms import PersonForm, TeamForm
from crm.requests import PersonRequest
from crm.reset_links import reset_link, sends_mail
from crm.search import every_word


@require_GET
def people(request: PersonRequest) -> HttpResponse:
    """Who is here, or who has left, newest first; everybody else's settings begin with their own."""
    if not request.user.is_admin:
        return redirect("crm:me")
    search, left = request.GET.get("q", "").strip(), request.GET.get("tab") == "left"
    named = every_word(search, "first_name__icontains", "last_name__icontains", "email__icontains")
    rows = User.objects.select_related("team").filter(named, is_active=not left)
    count = count_up_to(rows)
    context = {
        "page": page_of(rows, request.GET),
        "count_words": f"{count_words(count)} {'person' if count == 1 else 'people'}",
        "search": search,
        "tab": "left" if left else "",
        "today": timezone.localdate(),
    }
    return render(request, "crm/people.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def person_new(request: PersonRequest) -> HttpResponse:
    """Invite a person; the link to set a password is shown once, on the page that answers."""
    require(request.user.is_admin, REFUSED)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = create_user(by=request.user, **form.cleaned_data)
        return show_link(request, person, is_new=True)
    return render(request, "crm/person.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def person(request: PersonRequest, pk: int) -> HttpResponse:
    require(request.user.is_admin, REFUSED)
    present = get_object_or_404(User.objects.select_related("team"), pk=pk)
    form = PersonForm(request.POST or None, instance=get_object_or_404(User, pk=pk))
    if request.method == "POST" and saved(form, lambda fields: edit_user(present, by=request.user, **fields)):
        messages.success(request, f"{present} is saved.")
        return redirect("crm:settings")
    context = {"form": form, "person": present, "sends_mail": sends_mail()}
    return render(request, "crm/person.html", context, status=422 if form.errors else 200)


@require_POST
def person_return(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody who had left is back."""
    person = let_back_in(get_object_or_404(User, pk=pk), by=request.user)
    messages.success(request, f"{person} may log in again.")
    return redirect("crm:person", pk)


@require_POST
@never_cache
def person_link(request: PersonRequest, pk: int) -> HttpResponse:
    """A fresh link to set a password, shown this once."""
    require(request.user.is_admin, REFUSED)
    return show_link(request, get_object_or_404(User, pk=pk))


def show_link(request: PersonRequest, person: User, *, is_new: bool = False) -> HttpResponse:
    context = {"person": person, "link": reset_link(person, request), "is_new": is_new, "sends_mail": sends_mail()}
    return render(request, "crm/person_link.html", context)


@require_GET
def teams(request: PersonRequest) -> HttpResponse:
    require(request.user.is_admin, REFUSED)
    members = Count("members", filter=Q(members__is_active=True))
    rows = Team.objects.select_related("manager").annotate(member_count=members).order_by("kind", "name")
    return render(request, "crm/teams.html", {"teams": rows})


@require_http_methods(["GET", "POST"])
def team_new(request: PersonRequest) -> HttpResponse:
    require(request.user.is_admin, REFUSED)
    form = TeamForm(request.POST or None)
    if request.method == "POST" and saved(form, lambda fields: create_team(by=request.user, **fields)):
        messages.success(request, f"{form.cleaned_data['name']} is set up.")
        return redirect("crm:teams")
    return render(request, "crm/team.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def team(request: PersonRequest, pk: int) -> HttpResponse:
    require(request.user.is_admin, REFUSED)
    present = get_object_or_404(Team, pk=pk)
    form = TeamForm(request.POST or None, instance=get_object_or_404(Team, pk=pk))
    if request.method == "POST" and saved(form, lambda fields: edit_team(present, by=request.user, **fields)):
        messages.success(request, f"{present} is saved.")
        return redirect("crm:teams")
    context = {"form": form, "team": present, "members": present.members.filter(is_active=True)}
    return render(request, "crm/team.html", context, status=422 if form.errors else 200)
