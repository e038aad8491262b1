"""A version begins, is proposed, signed, taken back and thrown away."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, NotAllowed
from crm.periods import own_day
from crm.requests import PersonRequest, id_of
from feedback.access import may_propose
from feedback.models import SignedStatus
from scoring.backtest_page import start_of
from scoring.comparing import compare
from scoring.definitions import active_definition
from scoring.drafting import NOT_YOURS, draft_definition, problems_of, warnings_of
from scoring.forms import ProposalForm
from scoring.models import Definition
from scoring.proposing import (
    discard_definition,
    propose_definition,
    sign_definition,
    withdraw_definition,
)
from scoring.queries import readable_card
from scoring.starting import TEMPLATE
from scoring.views.answers import say

PROPOSED = "Proposed. Both sides’ managers were told; it waits for their signatures."
TAKEN_IN = "The open draft of the agreement names it now. That draft changes more: it is proposed as a whole."


@require_POST
def beginning(request: PersonRequest) -> HttpResponse:
    """Begin a draft: from a version, from the template, or from nothing."""
    copied = Definition.objects.filter(pk=id_of(request.POST.get("copy_of"))).first()
    given = TEMPLATE if request.POST.get("with") == "template" and copied is None else {}
    draft = draft_definition(by=request.user, at=timezone.now(), copy_of=copied, **given)
    return redirect("scoring:definition", draft.pk)


@require_http_methods(["GET", "POST"])
def proposal(request: PersonRequest, pk: int) -> HttpResponse:
    """The last look at a draft before both sides are asked to sign."""
    require(may_propose(request.user), NOT_YOURS)
    found = get_object_or_404(Definition, pk=pk)
    if found.status != SignedStatus.DRAFT:
        say(request, f"Version {found.version} is {found.get_status_display().lower()} already.", level="info")
        return redirect("scoring:definition", pk)
    today = own_day(timezone.now())
    form = ProposalForm(request.POST or None, initial={"why": found.why}, today=today)
    active = active_definition()
    changes = compare(readable_card(active), readable_card(found)).changes if active else None
    if request.method == "POST" and form.is_valid():
        try:
            taking = propose_definition(found, by=request.user, at=timezone.now(), **form.cleaned_data)
        except NotAllowed:
            raise
        except BusinessError as error:
            form.add_error(None, str(error))
        else:
            is_proposed = taking.status == SignedStatus.PROPOSED
            say(request, PROPOSED if is_proposed else TAKEN_IN, level="success" if is_proposed else "info")
            return redirect("scoring:definition" if is_proposed else "scoring:score", *([pk] if is_proposed else []))
    context = {
        "definition": found,
        "form": form,
        "active": active,
        "problems": problems_of(found),
        "warnings": warnings_of(found, at=timezone.now()),
        "changes": changes,
        "is_news": changes is None or bool(changes),
        "backtest_start": start_of(found, request.user, at=timezone.now()),
    }
    return render(request, "scoring/proposal.html", context, status=422 if form.errors else 200)


@require_POST
def signature(request: PersonRequest, pk: int) -> HttpResponse:
    """Sign the proposal that was read for one side; with both it comes into force on its day."""

    def sign(found: Definition) -> str:
        side, seen = request.POST.get("side", ""), request.POST.get("seen", "")
        return signed_words(sign_definition(found, side, by=request.user, at=timezone.now(), seen=seen))

    return done(request, pk, sign)


def signed_words(found: Definition) -> str:
    if found.status == SignedStatus.ACTIVE:
        return f"Signed by both sides: version {found.version} is in force. Every lead is scored anew."
    if len(found.signatures) > 1:
        return "Signed by both sides: it comes into force on its day."
    return "Signed. The other side was told."


@require_POST
def withdrawal(request: PersonRequest, pk: int) -> HttpResponse:
    def withdraw(found: Definition) -> str:
        withdraw_definition(found, by=request.user, at=timezone.now())
        return "Taken back: it is a draft again."

    return done(request, pk, withdraw)


@require_POST
def removal(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Definition, pk=pk)
    try:
        discard_definition(found, by=request.user, at=timezone.now())
    except NotAllowed:
        raise
    except BusinessError as error:
        say(request, str(error), level="danger")
        return redirect("scoring:definition", pk)
    say(request, f"Version {found.version} is thrown away.")
    return redirect("scoring:score")


def done(request: PersonRequest, pk: int, deed: Callable[[Definition], str]) -> HttpResponse:
    """Do something with a version, then show the score with what came of it."""
    found = get_object_or_404(Definition, pk=pk)
    try:
        say(request, deed(found))
    except NotAllowed:
        raise
    except BusinessError as error:
        say(request, str(error), level="danger")
    return redirect("scoring:definition", pk)
