"""The stages of opportunities, under settings."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError
from crm.forms import saved
from crm.requests import PersonRequest
from leads.access import may_set_up_pipeline
from leads.models import Opportunity, PipelineStage
from leads.pipeline import edit_stage
from leads.settings_forms import StageForm
from leads.stalled import ENOUGH_STAYS

REFUSED = "Only sales managers and admins set up the pipeline."


@require_GET
def pipeline(request: PersonRequest) -> HttpResponse:
    """Every stage, what it stands for and how many stand in it."""
    require(may_set_up_pipeline(request.user), REFUSED)
    standing = dict(Opportunity.objects.filter(outcome="").order_by().values_list("stage").annotate(Count("pk")))
    rows = [{"stage": row, "count": standing.get(row.stage, 0)} for row in PipelineStage.objects.all()]
    return render(request, "leads/pipeline.html", {"rows": rows, "enough": ENOUGH_STAYS})


@require_http_methods(["GET", "POST"])
def stage(request: PersonRequest, stage: str) -> HttpResponse:
    """Rename a stage, set what it stands for."""
    require(may_set_up_pipeline(request.user), REFUSED)
    row = get_object_or_404(PipelineStage, stage=stage)
    form = StageForm(request.POST or None, instance=get_object_or_404(PipelineStage, stage=stage))
    if request.method == "POST" and saved(
        form, lambda asked: edit_stage(row, by=request.user, at=timezone.now(), **asked)
    ):
        messages.success(request, f"“{form.cleaned_data['label']}” is saved.")
        return redirect("leads:pipeline")
    status = 422 if form.errors else 200
    return render(request, "leads/pipeline_stage.html", {"form": form, "row": row}, status=status)


@require_POST
def retirement(request: PersonRequest, stage: str) -> HttpResponse:
    """Retire a stage, or with `back` bring it back."""
    row, back = get_object_or_404(PipelineStage, stage=stage), "back" in request.POST
    try:
        edit_stage(row, by=request.user, at=timezone.now(), retired=not back)
    except BusinessError as error:
        if error.status != 422:
            raise
        messages.warning(request, str(error))
    else:
        messages.success(request, f"“{row.label}” is {'used again' if back else 'no longer offered'}.")
    return redirect("leads:pipeline")
