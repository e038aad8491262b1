"""What the list of requests shows: what waits, what is promised, what is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import DateField, DateTimeField, F, Q, QuerySet
from django.http import QueryDict

from crm.keyset import Order, Page, count_up_to, page_of
from crm.models import User
from crm.words import capped, duration, percent
from feedback.models import Request, RequestStatus
from feedback.request_figures import answer_time, promises_kept
from feedback.requests import may_answer

QUARTER = timedelta(days=90)
OLDEST_FIRST = Order(F("asked_at"), DateTimeField(), descending=False)


@dataclass(frozen=True)
class Tab:
    """A part of the list. ``rows``: of all requests, for a person."""

    key: str
    label: str
    rows: Callable[[QuerySet[Request], User], QuerySet[Request]]
    order: Order
    empty: tuple[str, str]
    is_counted: bool = False


FINISHED = Q(status__in=(RequestStatus.FULFILLED, RequestStatus.DECLINED, RequestStatus.WITHDRAWN))
TABS = (
    Tab(
        "waiting", "Waiting", lambda rows, _user: rows.filter(status=RequestStatus.OPEN), OLDEST_FIRST,
        ("Nothing waits", "Every request has its answer. That is what good looks like."), is_counted=True,
    ),
    Tab(
        "promised", "Promised", lambda rows, _user: rows.filter(status=RequestStatus.ACCEPTED),
        Order(F("promised_on"), DateField(), descending=False),
        ("Nothing is promised", "What marketing promises for a day stands here until it is done."), is_counted=True,
    ),
    Tab(
        "done", "Done", lambda rows, _user: rows.filter(FINISHED), Order(F("closed_at"), DateTimeField()),
        ("Nothing is done yet", "What was delivered, declined or taken back stands here."),
    ),
    Tab(
        "mine", "Mine", lambda rows, user: rows.filter(Q(asked_by=user) | Q(answered_by=user)),
        Order(F("asked_at"), DateTimeField()),
        ("None of yours", "What you asked for or answered stands here."),
    ),
)  # fmt: skip


def requests_with_all() -> QuerySet[Request]:
    """With everything that a row or the page of one shows."""
    return Request.objects.select_related(
        "asked_by__team", "answered_by", "lead__company", "lead__campaign__owner", "opportunity__lead__campaign__owner",
        "company", "asset",
    )  # fmt: skip


def tab_of(key: str, user: User) -> Tab:
    """The one asked for; else marketing begins with what waits, sales with its own."""
    first = TABS[0] if may_answer(user) else TABS[-1]
    return next((tab for tab in TABS if tab.key == key), first)


def page(tab: Tab, user: User, query: QueryDict) -> Page:
    return page_of(tab.rows(Request.objects.all(), user), query, order=tab.order, shown=requests_with_all())


def tabs_for(user: User) -> list[tuple[Tab, str]]:
    """Each with how many it has, where that says what is to do."""
    rows = Request.objects.all()
    return [(tab, capped(count_up_to(tab.rows(rows, user), 99)) if tab.is_counted else "") for tab in TABS]


def how_it_goes(today: date) -> str:
    """ "In 90 days marketing answered 12 of 14 requests, half of them within 5 h, and kept 8 of 9 promises (89 %)."."""
    start, end = today - QUARTER, today + timedelta(days=1)
    answers, kept = answer_time(start, end), promises_kept(start, end, today=today)
    if not answers.asked:
        return ""
    said = f"In 90 days marketing answered {answers.answered} of {answers.asked} requests"
    if answers.time is not None:
        said += f", half of them within {duration(max(answers.time, timedelta(minutes=1)))}"
    if kept.due:
        said += f", and kept {kept.met} of {kept.due} promises ({percent(kept.rate)})"
    return f"{said}."
