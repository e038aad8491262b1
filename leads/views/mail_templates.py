"""Settings: what an e-mail from a record begins with."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import manages, require
from crm.forms import saved
from crm.requests import PersonRequest
from leads.mail_templates import REFUSED, create_template, edit_template, may_write_template, move_template
from leads.models import MailTemplate
from leads.settings_forms import MailTemplateForm
from leads.views.settings import setting_page, step_of

LIST = "leads:templates"


@require_GET
def templates(request: PersonRequest) -> HttpResponse:
    """Everybody's and one's own, in the order in which they are offered."""
    everybodys = MailTemplate.objects.filter(owner__isnull=True)
    groups = [
        {"title": "For everybody", "rows": everybodys, "may_write": manages(request.user), "for_all": 1},
        {"title": "For you", "rows": MailTemplate.objects.filter(owner=request.user), "may_write": True, "for_all": 0},
    ]
    return render(request, "leads/mail_templates.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
def template_new(request: PersonRequest) -> HttpResponse:
    for_all = request.GET.get("for_all") == "1"
    require(manages(request.user) or not for_all, REFUSED)
    form = MailTemplateForm(request.POST or None)

    def deed(fields: dict[str, Any]) -> None:
        create_template(by=request.user, for_all=for_all, **fields)

    if request.method == "POST" and saved(form, deed):
        messages.success(request, f"“{form.cleaned_data['name']}” is offered.")
        return redirect(LIST)
    title = "New template for everybody" if for_all else "New template of yours"
    return setting_page(request, form, title=title, parent="Templates", back=reverse(LIST))


@require_http_methods(["GET", "POST"])
def template(request: PersonRequest, pk: int) -> HttpResponse:
    present = get_object_or_404(MailTemplate, pk=pk)
    require(may_write_template(request.user, present), REFUSED)
    form = MailTemplateForm(request.POST or None, instance=get_object_or_404(MailTemplate, pk=pk))
    if request.method == "POST" and saved(form, lambda fields: edit_template(present, by=request.user, **fields)):
        messages.success(request, f"“{form.cleaned_data['name']}” is saved.")
        return redirect(LIST)
    return setting_page(request, form, title=present.name, parent="Templates", back=reverse(LIST))


@require_POST
def template_position(request: PersonRequest, pk: int) -> HttpResponse:
    move_template(get_object_or_404(MailTemplate, pk=pk), by=request.user, step=step_of(request))
    return redirect(LIST)
