"""What the settings of leads share: the form of one setting, and its place in an order."""

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import render

from crm.requests import PersonRequest


def setting_page(request: PersonRequest, form: BaseForm, *, title: str, parent: str, back: str) -> HttpResponse:
    """The form of one setting, whole or for the side panel; ``parent``: the page that it is one of, at ``back``."""
    template = "leads/setting.html#form" if request.htmx else "leads/setting.html"
    context = {"form": form, "title": title, "parent": parent, "back": back}
    return render(request, template, context, status=422 if form.errors else 200)


def step_of(request: PersonRequest) -> int:
    """Whether a row of an order goes up (-1) or down (1)."""
    return -1 if request.POST.get("step") == "-1" else 1
