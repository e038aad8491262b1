"""Settings: somebody leaves, and what is open of theirs goes to somebody else."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.forms import saved
from crm.models import User
from crm.people import REFUSED
from crm.requests import PersonRequest
from desk.forms.leaving import LeavingForm
from desk.leaving import leave, open_work


@require_http_methods(["GET", "POST"])
def leaving(request: PersonRequest, pk: int) -> HttpResponse:
    """Count what is open, ask for one heir each, and do it all at once."""
    require(request.user.is_admin, REFUSED)
    person = get_object_or_404(User.objects.select_related("team"), pk=pk)
    work = open_work(person)
    form = LeavingForm(request.POST or None, person=person, work=work)

    def do(heirs: dict[str, object]) -> None:
        leave(person, heirs, by=request.user, at=timezone.now())  # type: ignore[arg-type]

    if request.method == "POST" and saved(form, do):
        messages.success(request, f"{person} is switched off. {'Their open work is handed over.' if work else ''}")
        return redirect("crm:person", pk)
    context = {"person": person, "work": work, "form": form}
    return render(request, "desk/leaving.html", context, status=422 if form.errors else 200)
