"""The pages of prediction: one sentence for each target, what may be done, and the card of a model."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crm.access import manages, require
from crm.errors import BusinessError
from crm.requests import PersonRequest
from scoring.model_card import drift_of, facts_of, figures_of, gates_of, importance_of, suspects_of
from scoring.model_curves import curves_of
from scoring.models import Target, TrainedModel
from scoring.training import MAY_TRAIN, retire_model, start_training
from scoring.watching import MOST_CHECKS, ModelState, state_of

LATEST = 10


@require_GET
def overview(request: PersonRequest) -> HttpResponse:
    """Where prediction of each target stands; reads itself again while a training is at work."""
    states = [state_of(target) for target in Target]
    context = {
        "states": states,
        "next": next((state for state in states if not state.model and not state.training), None),
        "is_training": any(state.training for state in states),
        **rights(request),
    }
    return render(request, f"scoring/models.html{part_of(request)}", context)


@require_GET
def model(request: PersonRequest, target: str) -> HttpResponse:
    """The card of what is used for one target, else of what the last training gave; ``?training=7`` of another one."""
    state = state_of(target_named(target))
    context = {
        "state": state,
        "next": None if state.model else state,
        "is_training": bool(state.training),
        "latest": latest(state.target),
        **rights(request),
        **card_of(chosen(request, state), state),
    }
    return render(request, f"scoring/model.html{part_of(request)}", context)


@require_POST
def training(request: PersonRequest, target: str) -> HttpResponse:
    """Learn from the outcomes known now; a worker does it."""
    require(manages(request.user), MAY_TRAIN)
    return deed(request, lambda: start_training(target_named(target), by=request.user, at=timezone.now()), "")


@require_POST
def retirement(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a published model out of use."""
    require(manages(request.user), MAY_TRAIN)
    found = get_object_or_404(TrainedModel.objects.defer("document"), pk=pk)
    said = f"“{found.get_target_display()}” is no longer foretold. Train it again to have chances again."
    return deed(request, lambda: retire_model(found, by=request.user, at=timezone.now()), said)


def deed(request: PersonRequest, do: Callable[[], object], said: str) -> HttpResponse:
    """Done or refused, the page of models says how it stands."""
    try:
        do()
    except BusinessError as refused:
        messages.error(request, str(refused))
    else:
        if said:
            messages.success(request, said)
    return redirect("scoring:models")


def part_of(request: PersonRequest) -> str:
    return "#live" if request.htmx.target == "models" else ""


def rights(request: PersonRequest) -> dict[str, Any]:
    return {"may_train": manages(request.user), "now": timezone.now()}


def target_named(target: str) -> Target:
    if target not in Target.values:
        raise Http404
    return Target(target)


def chosen(request: PersonRequest, state: ModelState) -> TrainedModel | None:
    number = request.GET.get("training", "")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return state.model
    return TrainedModel.objects.filter(target=state.target, pk=number).defer("document").first() or state.model


def latest(target: Target) -> list[TrainedModel]:
    found = TrainedModel.objects.filter(target=target).select_related("asked_by").defer("document", "metrics")
    return list(found[:LATEST])


def card_of(found: TrainedModel | None, state: ModelState) -> dict[str, Any]:
    if found is None:
        return {"model": None}
    is_present = state.model is not None and found.pk == state.model.pk
    checks = state.checks if is_present else list(found.checks.all()[:MOST_CHECKS])
    check = checks[0] if checks else None
    return {
        "model": found,
        "facts": facts_of(found),
        "figures": figures_of(found.metrics),
        "gates": gates_of(found),
        "curves": curves_of(found, checks),
        "importance": importance_of(found),
        "check": check,
        "drift": drift_of(found, check),
        "suspects": suspects_of(found),
    }
