"""What sales asks marketing for: asked, promised for a day or declined, done.

Of two who answer at once the first counts. Both sides are told of each step once.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Asset
from crm.access import does_marketing, heads, is_manager_of, require
from crm.errors import BusinessError, StaleState
from crm.models import NotificationKind, Role, Side, User
from crm.notifications import notify
from crm.periods import own_day
from feedback.models import Request, RequestStatus
from leads.models import Company, Lead, Opportunity
from leads.transitions import UNDO_WITHIN

# So many are told of a request that is nobody's in particular.
MOST_TOLD = 50
FRIDAY = 5
UNFINISHED = (RequestStatus.OPEN, RequestStatus.ACCEPTED)
NOT_SALES = "Sales asks, marketing answers."
NOT_MARKETING = "Only marketing answers what sales asks for."
NOT_YOURS = "Only who asked, or their manager, takes this back."
# What somebody did with a request: "Mia promised this for 3 December".
DEEDS = {
    RequestStatus.ACCEPTED: "promised this",
    RequestStatus.DECLINED: "declined this",
    RequestStatus.FULFILLED: "marked this as done",
    RequestStatus.WITHDRAWN: "took this back",
}


class AlreadyAnswered(StaleState):
    """Somebody was faster: says who, and what became of the request."""

    code = "already_answered"

    def __init__(self, request: Request) -> None:
        status = RequestStatus(request.status)
        person = request.asked_by if status == RequestStatus.WITHDRAWN else request.answered_by
        who, done = str(person) if person else "Somebody", DEEDS.get(status, "opened this again")
        day = f" for {request.promised_on:%-d %B}" if status == RequestStatus.ACCEPTED and request.promised_on else ""
        super().__init__(
            f"{who} {done}{day} meanwhile.", status=status.value, by=person.pk if person else None, by_name=who
        )


def may_ask(user: User) -> bool:
    """Reps, sales managers and admins ask."""
    return user.is_rep or user.is_admin or is_manager_of(user, Side.SALES)


def may_answer(user: User) -> bool:
    """Marketers, their managers and admins promise, decline and deliver; whoever of them is first."""
    return does_marketing(user)


def may_take_back(user: User, request: Request) -> bool:
    return user.pk == request.asked_by_id or user.is_admin or heads(user, request.asked_by.team_id)


@transaction.atomic
def ask_marketing(
    *,
    by: User,
    at: datetime,
    kind: str,
    text: str,
    needed_on: date | None = None,
    lead: Lead | None = None,
    opportunity: Opportunity | None = None,
    company: Company | None = None,
    segment: str = "",
) -> Request:
    """Ask for something, by a day perhaps, about a lead, an opportunity, a company or a segment perhaps.

    Raises NotAllowed, ValidationError, BusinessError `needed_in_past`.
    """
    require(may_ask(by), NOT_SALES)
    if needed_on and needed_on < own_day(at):
        raise BusinessError("This day has passed already.", code="needed_in_past")
    about: dict[str, Any] = {"lead": lead, "opportunity": opportunity, "company": company, "segment": segment}
    sample = any(getattr(record, "is_sample", False) for record in about.values())
    request = Request(kind=kind, text=text, asked_by=by, asked_at=at, needed_on=needed_on, is_sample=sample, **about)
    request.full_clean()
    request.save(force_insert=True)
    tell(who_hears(request), request, f"{by} asks for {request.get_kind_display().lower()}", text, at=at)
    return request


@transaction.atomic
def accept_request(request: Request, *, by: User, at: datetime, promised_on: date, answer: str = "") -> Request:
    """Promise it for a day. Raises NotAllowed, AlreadyAnswered, BusinessError `promised_in_past`."""
    require(may_answer(by), NOT_MARKETING)
    if promised_on < own_day(at):
        raise BusinessError("Promise a day that has not passed.", code="promised_in_past")
    step(
        request, RequestStatus.ACCEPTED, Q(status=RequestStatus.OPEN),
        answered_by=by, answered_at=at, promised_on=promised_on, answer=answer,
    )  # fmt: skip
    tell([request.asked_by], request, f"{by} promises it for {promised_on:%-d %B}", answer or request.text, at=at)
    return request


def day_to_promise(request: Request, *, today: date) -> date:
    """What marketing may begin with: the day it is needed by, else a week from now and no weekend."""
    if request.needed_on and request.needed_on >= today:
        return request.needed_on
    day = today + timedelta(days=7)
    return day + timedelta(days=8 - day.isoweekday() if day.isoweekday() > FRIDAY else 0)


@transaction.atomic
def decline_request(request: Request, *, by: User, at: datetime, answer: str) -> Request:
    """Say no, and why; also to what one has promised oneself. Raises NotAllowed, AlreadyAnswered, BusinessError."""
    require(may_answer(by), NOT_MARKETING)
    if not answer.strip():
        raise BusinessError("Say why: it decides whether they ask again.", code="comment_required")
    own_promise = Q(status=RequestStatus.ACCEPTED, answered_by=by)
    step(
        request, RequestStatus.DECLINED, Q(status=RequestStatus.OPEN) | own_promise,
        answered_by=by, answered_at=request.answered_at or at, answer=answer, closed_at=at,
    )  # fmt: skip
    tell([request.asked_by], request, f"{by} declined: {request.get_kind_display().lower()}", answer, at=at)
    return request


@transaction.atomic
def fulfil_request(
    request: Request, *, by: User, at: datetime, asset: Asset | None = None, answer: str = ""
) -> Request:
    """It is done: with this content, or as ``answer`` says. A colleague's promise may be kept for them.

    Raises NotAllowed, AlreadyAnswered, BusinessError `say_what`.
    """
    require(may_answer(by), NOT_MARKETING)
    if asset is None and not answer.strip():
        raise BusinessError("Name the content, or say in a line what was done.", code="say_what")
    step(
        request, RequestStatus.FULFILLED, Q(status__in=UNFINISHED),
        answered_by=request.answered_by or by, answered_at=request.answered_at or at, closed_at=at,
        asset=asset, answer=answer or request.answer,
    )  # fmt: skip
    told = f"{asset}: {answer}" if asset and answer else str(asset or answer)
    tell([request.asked_by], request, f"{by} did what you asked for", told, at=at)
    return request


@transaction.atomic
def take_back_request(request: Request, *, by: User, at: datetime) -> Request:
    """It is no longer needed. Who promised it is told. Raises NotAllowed, AlreadyAnswered."""
    require(may_take_back(by, request), NOT_YOURS)
    step(request, RequestStatus.WITHDRAWN, Q(status__in=UNFINISHED), closed_at=at)
    if request.answered_by:
        tell([request.answered_by], request, f"{by} no longer needs it", request.text, at=at)
    return request


@transaction.atomic
def undo_answer(request: Request, *, by: User, at: datetime, seen: str) -> Request:
    """Take the last step back, within ten minutes and while it is still the one ``seen``.

    Raises NotAllowed, AlreadyAnswered, BusinessError `cannot_undo`.
    """
    own = may_take_back(by, request) if seen == RequestStatus.WITHDRAWN else may_answer(by)
    require(own, NOT_YOURS if seen == RequestStatus.WITHDRAWN else NOT_MARKETING)
    since = request.answered_at if seen == RequestStatus.ACCEPTED else request.closed_at
    if seen not in DEEDS or (request.status == seen and (since is None or at - since > UNDO_WITHIN)):
        raise BusinessError("This can be undone for ten minutes only.", code="cannot_undo")
    was_promised = request.promised_on is not None and seen != RequestStatus.ACCEPTED
    before: dict[str, Any] = {"closed_at": None, "asset": None, "answer": F("said_before")}
    if not was_promised:
        before |= {"answered_by": None, "answered_at": None, "promised_on": None, "answer": ""}
    step(request, RequestStatus.ACCEPTED if was_promised else RequestStatus.OPEN, Q(status=seen), **before)
    return request


def promises_of(person: User) -> QuerySet[Request]:
    """What somebody promised and has not done yet."""
    return Request.objects.filter(answered_by=person, status=RequestStatus.ACCEPTED)


def give_promises(person: User, *, to: User) -> None:
    """Somebody else keeps them now, for the same days. Call it in the transaction of the deed."""
    ids = list(promises_of(person).select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    Request.objects.filter(pk__in=ids).update(answered_by=to, updated_at=timezone.now())


def step(request: Request, to: RequestStatus, where: Q, **fields: Any) -> None:
    """Take the request there if it still stands where that is possible; it is brought up to date either way."""
    fields = {"said_before": F("answer"), "updated_at": timezone.now(), **fields}
    moved = Request.objects.filter(where, pk=request.pk).update(status=to, **fields)
    request.refresh_from_db()
    if moved != 1:
        raise AlreadyAnswered(request)


def tell(users: Collection[User], request: Request, title: str, text: str, *, at: datetime) -> None:
    notify(
        users, kind=NotificationKind.REQUEST, key=f"request:{request.pk}:{request.status}:{request.promised_on or ''}",
        title=title, text=text, url=reverse("desk:request", args=[request.pk]), at=at,
    )  # fmt: skip


def who_hears(request: Request) -> list[User]:
    """The marketer whose campaign brought the lead that it is about, else all of marketing."""
    lead = request.lead or (request.opportunity.lead if request.opportunity else None)
    owner = lead.campaign.owner if lead and lead.campaign else None
    if owner and owner.is_active and may_answer(owner):
        return [owner]
    heading = Q(role=Role.MANAGER) & (Q(team__kind=Side.MARKETING) | Q(managed_teams__kind=Side.MARKETING))
    people = User.objects.filter(Q(role=Role.MARKETER) | heading, is_active=True).distinct()
    return list(people.order_by("pk")[:MOST_TOLD])


def unfinished() -> QuerySet[Request]:
    return Request.objects.filter(status__in=UNFINISHED)


def open_requests_for(user: User) -> QuerySet[Request]:
    """What a marketer has to see to: their own promises, what is due first on top, then what nobody has answered.

    For everybody else what they asked for and wait for.
    """
    rows = unfinished().select_related("asked_by", "answered_by", "lead__company", "opportunity", "company")
    if not may_answer(user):
        return rows.filter(asked_by=user).order_by(F("promised_on").asc(nulls_last=True), "asked_at", "pk")
    theirs = Q(status=RequestStatus.OPEN) | Q(answered_by=user)
    return rows.filter(theirs).order_by(F("promised_on").asc(nulls_last=True), "asked_at", "pk")
