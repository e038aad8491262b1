"""Settings: how a lead finds its rep. Managers see it and try it, sales managers and admins change it."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.models import User
from crm.requests import PersonRequest
from feedback.models import RoutingPlan, RoutingRule
from feedback.routing import explanation, headline, preview
from feedback.routing.month import month_preview
from feedback.routing.standing import plan_as_it_is, rules_in_order, standings
from feedback.routing.words import target, whose
from feedback.routing.writing import (
    NOT_TO_BE_SEEN,
    REFUSED,
    create_rule,
    edit_plan,
    edit_rule,
    may_route,
    may_see_routing,
    may_set_rep,
    move_rule,
    remove_rule,
    set_rep,
    switch_rule,
)
from feedback.routing_forms import PlanForm, RepForm, RuleForm, TryForm
from leads.views.settings import setting_page, step_of


@require_GET
def routing(request: PersonRequest) -> HttpResponse:
    """The rules in order, what holds for every lead, and what each rep takes."""
    require(may_see_routing(request.user), NOT_TO_BE_SEEN)
    plan = plan_as_it_is()
    return routing_page(request, PlanForm(plan=plan), plan)


def routing_page(request: PersonRequest, form: PlanForm, plan: RoutingPlan) -> HttpResponse:
    person = request.user
    teams = standings(timezone.now())
    context = {
        "form": form,
        "plan": plan,
        "rules": [{"rule": rule, "whose": whose(rule.conditions), "target": target(rule)} for rule in rules_in_order()],
        "teams": teams,
        "mine": {rep.person.pk for team in teams for rep in team.reps if may_set_rep(person, rep.person)},
        "may_route": may_route(person),
    }
    return render(request, "feedback/routing.html", context, status=422 if form.errors else 200)


@require_POST
def plan(request: PersonRequest) -> HttpResponse:
    require(may_route(request.user), REFUSED)
    present = plan_as_it_is()
    form = PlanForm(request.POST, plan=present)
    if saved(form, lambda _fields: edit_plan(by=request.user, at=timezone.now(), **form.wanted)):
        messages.success(request, "Saved.")
        return redirect("feedback:routing")
    return routing_page(request, form, present)


@require_http_methods(["GET", "POST"])
def rule_new(request: PersonRequest) -> HttpResponse:
    require(may_route(request.user), REFUSED)
    form = RuleForm(request.POST or None)
    if request.method == "POST" and saved(form, lambda _fields: create_rule(by=request.user, **form.wanted)):
        messages.success(request, f"“{form.cleaned_data['name']}” is the last rule; move it up to be asked earlier.")
        return redirect("feedback:routing")
    return rule_page(request, form, title="New rule")


@require_http_methods(["GET", "POST"])
def rule(request: PersonRequest, pk: int) -> HttpResponse:
    require(may_route(request.user), REFUSED)
    present = get_object_or_404(RoutingRule, pk=pk)
    form = RuleForm(request.POST or None, instance=get_object_or_404(RoutingRule, pk=pk))
    if request.method == "POST" and saved(form, lambda _fields: edit_rule(present, by=request.user, **form.wanted)):
        messages.success(request, f"“{form.cleaned_data['name']}” is saved.")
        return redirect("feedback:routing")
    return rule_page(request, form, title=present.name, rule=present)


def rule_page(request: PersonRequest, form: BaseForm, *, title: str, **context: Any) -> HttpResponse:
    template = "feedback/routing_rule.html#form" if request.htmx else "feedback/routing_rule.html"
    return render(request, template, {"form": form, "title": title, **context}, status=422 if form.errors else 200)


@require_POST
def rule_position(request: PersonRequest, pk: int) -> HttpResponse:
    move_rule(get_object_or_404(RoutingRule, pk=pk), by=request.user, step=step_of(request))
    return redirect(f"{reverse('feedback:routing')}#rule-{pk}")


@require_POST
def rule_switch(request: PersonRequest, pk: int) -> HttpResponse:
    """Switch a rule off, or on again."""
    row = get_object_or_404(RoutingRule, pk=pk)
    on = request.POST.get("on") == "1"
    switch_rule(row, by=request.user, on=on)
    messages.success(request, f"“{row.name}” is {'on' if on else 'off'}.")
    return redirect(f"{reverse('feedback:routing')}#rule-{pk}")


@require_POST
def rule_removal(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(RoutingRule, pk=pk)
    remove_rule(row, by=request.user)
    messages.success(request, f"“{row.name}” is removed. What it decided keeps its reasons.")
    return redirect("feedback:routing")


@require_http_methods(["GET", "POST"])
def rep(request: PersonRequest, pk: int) -> HttpResponse:
    """What one rep takes: weight, most open hand-offs, specialisms, languages, absence."""
    person = get_object_or_404(User.objects.select_related("team"), pk=pk)
    require(may_set_rep(request.user, person), "Only the manager of the team and admins change what a rep takes.")
    form = RepForm(request.POST or None, instance=get_object_or_404(User, pk=pk))
    if request.method == "POST" and saved(form, lambda fields: set_rep(person, by=request.user, **fields)):
        messages.success(request, f"What {person} takes is saved.")
        return redirect("feedback:routing")
    return setting_page(request, form, title=str(person), parent="Routing", back=reverse("feedback:routing"))


@require_GET
def routing_preview(request: PersonRequest) -> HttpResponse:
    """What the rules would do: with one lead, and with what was handed over in the last 30 days. Without effect."""
    require(may_see_routing(request.user), NOT_TO_BE_SEEN)
    now = timezone.now()
    form = TryForm(request.GET if "lead_text" in request.GET or "lead" in request.GET else None)
    context: dict[str, Any] = {"form": form}
    lead = form.cleaned_data["lead"] if form.is_valid() else None
    if lead is not None:
        found = preview([lead], at=now).get(lead.pk)
        why = found.why if found else {}
        context |= {"lead": lead, "found": found, "headline": headline(why), "sentences": explanation(why)}
    elif not form.errors:
        context["month"] = month_preview(now)
    return render(request, "feedback/routing_preview.html", context, status=422 if form.errors else 200)
