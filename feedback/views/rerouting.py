"""A manager passes on all that waits for one rep."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.models import User
from crm.requests import PersonRequest, id_of
from feedback.models import Handoff
from feedback.rerouting import REFUSED, Rerouted, may_reroute, reroute_waiting, take_back_rerouting
from feedback.routing import Recipient, preview
from feedback.routing_forms import ReroutingForm

MOST_PREVIEWED = 500
MOST_NAMED = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@require_http_methods(["GET", "POST"])
def rerouting(request: PersonRequest, pk: int) -> HttpResponse:
    """How many wait and who would get them; then it is done."""
    person = get_object_or_404(User.objects.select_related("team"), pk=pk)
    require(may_reroute(request.user, person), REFUSED)
    form, now, done = ReroutingForm(request.POST or None), timezone.now(), []

    def deed(fields: dict[str, dict[str, object]]) -> None:
        seen = [id_of(number) for number in request.POST.get("seen", "").split(",")][:MOST_PREVIEWED]
        done.append(reroute_waiting(person, by=request.user, at=now, seen=seen, **fields["recipient"]))  # type: ignore[arg-type]

    if request.method == "POST" and saved(form, deed):
        tell(request, person, done[0], at=now)
        return redirect("desk:inbox")
    return form_page(request, person, form, at=now)


def form_page(request: PersonRequest, person: User, form: ReroutingForm, *, at: datetime) -> HttpResponse:
    waiting = Handoff.objects.open().filter(to_user=person)
    shown = list(waiting.select_related("lead__company").order_by("due_at", "id")[:MOST_PREVIEWED])
    found = preview([handoff.lead for handoff in shown], at=at, exclude=[person.pk], team=person.team)
    context = {
        "form": form, "person": person, "count": waiting.count(), "shares": shares(found.values()),
        "seen": ",".join(str(handoff.pk) for handoff in shown), "most": MOST_PREVIEWED,
    }  # fmt: skip
    template = "feedback/rerouting.html#form" if request.htmx else "feedback/rerouting.html"
    return render(request, template, context, status=422 if form.errors else 200)


def shares(recipients: Iterable[Recipient]) -> list[tuple[str, int]]:
    """Who gets how many, the most first."""
    return Counter(recipient.name for recipient in recipients).most_common()


def tell(request: PersonRequest, person: User, done: Rerouted, *, at: datetime) -> None:
    """What went where, what had its answer meanwhile, and the way back."""
    if done.handoffs:
        got = Counter(handoff.recipient for handoff in done.handoffs).most_common()
        words = ", ".join(f"{name} {count}" for name, count in got)
        undo_url = reverse("feedback:rerouting-undo", args=[person.pk, in_microseconds(at)])
        messages.success(
            request, f"{counted(len(done.handoffs))} of {person} passed on: {words}.", extra_tags=f"undo:{undo_url}"
        )
    else:
        messages.info(request, f"Nothing waits for {person} any more.")
    if done.moved:
        named = "; ".join(f"{lead}: {why}" for lead, why in done.moved[:MOST_NAMED])
        more = f" and {len(done.moved) - MOST_NAMED} more" if len(done.moved) > MOST_NAMED else ""
        messages.warning(request, f"{counted(len(done.moved))} had an answer meanwhile. {named}{more}")


def counted(count: int) -> str:
    return "1 hand-off" if count == 1 else f"{count:,} hand-offs"


@require_POST
def undo(request: PersonRequest, pk: int, moment: int) -> HttpResponse:
    """Whatever nobody acted on waits for the rep again. ``moment``: when it was passed on, in microseconds."""
    person = get_object_or_404(User.objects.select_related("team"), pk=pk)
    passed_at = EPOCH + timedelta(microseconds=min(moment, in_microseconds(timezone.now())))
    count = take_back_rerouting(person, by=request.user, passed_at=passed_at, at=timezone.now())
    messages.success(request, f"{counted(count)} back with {person}.")
    return HttpResponse(headers={"HX-Refresh": "true"}) if request.htmx else redirect("desk:inbox")


def in_microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
