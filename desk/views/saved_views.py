"""Saved views: save, rename, share, overwrite, delete. A view itself is the address of its list."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import own_team_ids
from crm.forms import saved
from crm.requests import PersonRequest
from desk.forms.saved_view import SavedViewForm
from desk.lists.registry import LISTS
from desk.lists.saved_views import delete_view, overwrite_view, rename_view, require_change, save_view
from desk.models import SavedView
from desk.views.answers import go_to
from desk.views.panels import form_page


@require_http_methods(["GET", "POST"])
def view_new(request: PersonRequest) -> HttpResponse:
    """Keep a list as it is asked for: ``?list=leads&query=stage%3Dmql``."""
    given = request.POST if request.method == "POST" else request.GET
    key, query = given.get("list", ""), given.get("query", "")
    if key not in LISTS:
        raise Http404(key)
    form, views = SavedViewForm(request.POST or None, user=request.user), []

    def deed(values: dict[str, Any]) -> None:
        views.append(save_view(key=key, query=query, by=request.user, **values))

    if request.method == "POST" and saved(form, deed):
        return show_view(request, views[0], f"Saved as “{views[0].name}”.")
    hidden = {"list": key, "query": query}
    return form_page(request, "desk/list/view.html", {"form": form, "hidden": hidden, "action": request.path})


@require_http_methods(["GET", "POST"])
def view_edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Rename it, or share it anew."""
    view = get_view(request, pk)
    require_change(request.user, view)
    initial = {"name": view.name, "team": view.team_id}
    form = SavedViewForm(request.POST or None, user=request.user, shared_with=view.team, initial=initial)

    def deed(values: dict[str, Any]) -> None:
        rename_view(view, by=request.user, **values)

    if request.method == "POST" and saved(form, deed):
        return show_view(request, view, f"“{view.name}” is saved.")
    return form_page(request, "desk/list/view.html", {"form": form, "view": view, "action": request.path})


@require_POST
def view_overwrite(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep the list as it is asked for now under the same name."""
    view = get_view(request, pk)
    overwrite_view(view, query=request.POST.get("query", ""), by=request.user)
    return show_view(request, view, f"“{view.name}” shows this list from now on.")


@require_POST
def view_removal(request: PersonRequest, pk: int) -> HttpResponse:
    view = get_view(request, pk)
    delete_view(view, by=request.user)
    return go_to(request, reverse(f"desk:{view.list}"), f"The view “{view.name}” is deleted.")


def get_view(request: PersonRequest, pk: int) -> SavedView:
    """A view that the person sees: an own one, or one shared with a team of his or hers."""
    view = get_object_or_404(SavedView.objects.select_related("owner", "team"), pk=pk)
    if (
        view.owner_id != request.user.pk
        and view.team_id not in own_team_ids(request.user)
        and not request.user.is_admin
    ):
        raise Http404(pk)
    return view


def show_view(request: PersonRequest, view: SavedView, text: str) -> HttpResponse:
    return go_to(request, f"{reverse(f'desk:{view.list}')}?{view.query}&view={view.pk}", text)
