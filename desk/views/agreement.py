"""The agreement: what both sides promised, read by everybody; drafted, proposed and signed by their managers."""

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, NotAllowed
from crm.requests import PersonRequest, id_of
from desk.forms.agreement import KINDS, Part
from desk.queries.agreement import agreement_page, document
from desk.queries.agreement_versions import changes_between, compared
from desk.views.answers import redirect_with, with_toast
from feedback.access import may_propose
from feedback.agreement import active_agreement
from feedback.agreements import (
    NO_PROPOSAL,
    PARTS,
    NotOpen,
    discard_draft,
    draft_agreement,
    edit_agreement,
    mark_of,
    propose_agreement,
    sign_agreement,
    unfinished_agreement,
    withdraw_proposal,
)
from feedback.models import Agreement, SignedStatus
from feedback.terms import BadTerms

DRAFT = "desk:agreement-draft"


@require_GET
def agreement(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    return render(request, "desk/agreement.html", {"now": now, **agreement_page(request.user, at=now)})


@require_GET
def version(request: PersonRequest, version: int) -> HttpResponse:
    """A version as a whole, and what it says differently from another."""
    found = compared(version, id_of(request.GET.get("against")) or None)
    if found is None:
        raise Http404
    now = timezone.now()
    return render(request, "desk/agreement_version.html", {"now": now, **document(found["shown"], at=now), **found})


@require_http_methods(["GET", "POST"])
def draft(request: PersonRequest) -> HttpResponse:
    """The editor of the version being worked on; a POST begins one."""
    require(may_propose(request.user), NO_PROPOSAL)
    if request.method == "POST":
        if unfinished_agreement() is None:
            draft_agreement(by=request.user, at=timezone.now())
        return redirect(DRAFT)
    found = unfinished_agreement()
    if found is None:
        return redirect_with(request, "/agreement/", how_to_begin(), level="info")
    parts = [shown(found, kind(found)) for kind in KINDS.values()]
    return render(request, "desk/agreement_draft.html", {"parts": parts, **facts_of(found)})


def how_to_begin() -> str:
    """For who opens the editor and there is no draft; the names are those of the buttons that begin one."""
    button = "Propose changes" if active_agreement().version else "Write it"
    return f"Nobody has begun a new version yet. “{button}” begins one."


@require_POST
def part(request: PersonRequest, key: str) -> HttpResponse:
    """Save one part of the draft; `more` only adds an empty row to one of its lists."""
    require(may_propose(request.user), NO_PROPOSAL)
    kind, found = KINDS.get(key), unfinished_agreement()
    if kind is None:
        raise Http404
    if found is None:
        return redirect_with(request, "/agreement/", "This draft is gone.", level="warning")
    asked = kind(found, request.POST)
    if more := request.POST.get("more"):
        return answer_part(request, found, asked.with_another_row(more), code=200)
    if not save(asked, request, at=timezone.now()):
        return answer_part(request, found, asked, code=422)
    if not request.htmx:
        return redirect_with(request, f"/agreement/draft/#part-{key}", f"{kind.title}: saved.")
    fresh = unfinished_agreement() or found
    return with_toast(answer_part(request, fresh, kind(fresh), code=200), "Saved.")


def save(asked: Part, request: PersonRequest, *, at: datetime) -> bool:
    """Whether the part was right and was written; what is wrong stands in it."""
    if not asked.is_valid():
        return False
    try:
        edit_agreement(asked.draft, by=request.user, at=at, seen=request.POST.get("seen", ""), **asked.fields())
    except BadTerms as error:
        asked.show(error)
    except (BusinessError, ValidationError) as error:
        asked.form.add_error(None, error if isinstance(error, ValidationError) else str(error))
    else:
        return True
    return False


def answer_part(request: PersonRequest, found: Agreement, asked: Part, *, code: int) -> HttpResponse:
    """The part alone for htmx, with the list of changes; else the whole editor with this part as it was sent."""
    if request.htmx:
        context = {"part": shown(found, asked), "is_answer": True, **facts_of(found)}
        return render(request, "desk/agreement_part.html", context, status=code)
    parts = [shown(found, asked if kind.key == asked.key else kind(found)) for kind in KINDS.values()]
    return render(request, "desk/agreement_draft.html", {"parts": parts, **facts_of(found)}, status=code)


def shown(found: Agreement, asked: Part) -> dict[str, object]:
    return {"asked": asked, "key": asked.key, "seen": mark_of(found, PARTS[asked.key])}


def facts_of(found: Agreement) -> dict[str, object]:
    return {
        "draft": found,
        "is_proposed": found.status == SignedStatus.PROPOSED,
        "changes": changes_between(active_agreement(), found),
    }


@require_POST
def proposal(request: PersonRequest) -> HttpResponse:
    return done(request, propose_agreement, "Proposed. Both sides’ managers were told; it waits for their signatures.")


@require_POST
def withdrawal(request: PersonRequest) -> HttpResponse:
    return done(request, withdraw_proposal, "Taken back: it is a draft again.")


@require_POST
def removal(request: PersonRequest) -> HttpResponse:
    def discard(found: Agreement, *, by: object, at: datetime) -> None:
        discard_draft(found, by=request.user)

    return done(request, discard, "The draft is thrown away.")


@require_POST
def signature(request: PersonRequest) -> HttpResponse:
    """Sign the proposal that was read for one side; with both it comes into force."""

    def sign(found: Agreement, *, by: object, at: datetime) -> Agreement:
        side, seen = request.POST.get("side", ""), request.POST.get("seen", "")
        return sign_agreement(found, side, by=request.user, at=at, seen=seen)

    return done(request, sign, signed_words)


def signed_words(found: Agreement) -> str:
    if found.status == SignedStatus.ACTIVE:
        return f"Signed by both sides: version {found.version} is in force."
    if len(found.signatures) > 1:
        return f"Signed by both sides: it comes into force on {found.effective_from:%d %b %Y}."
    return "Signed. The other side was told."


def done(request: PersonRequest, deed: Callable[..., object], text: "str | Callable[[Agreement], str]") -> HttpResponse:
    """Do something with the version being worked on, then show the agreement with what came of it."""
    found = unfinished_agreement()
    if found is None:
        return redirect_with(request, "/agreement/", "Nothing is proposed any more.", level="warning")
    try:
        changed = deed(found, by=request.user, at=timezone.now())
    except NotAllowed:
        raise
    except BusinessError as error:
        back = "/agreement/draft/" if error.status == 422 and not isinstance(error, NotOpen) else "/agreement/"
        return redirect_with(request, back, str(error), level="danger")
    return redirect_with(request, "/agreement/", text(changed) if callable(text) else text)  # type: ignore[arg-type]
