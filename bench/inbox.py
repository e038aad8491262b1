"""The inbox at two sizes of one database, and a verdict beside a post that does nothing.

That post passes what a verdict passes: who it is, the token against forgery or that of the API, the claim of an
Idempotency-Key there, and a transaction that is begun and ended. It is sent in turn with the verdicts.

.venv/bin/python -m bench inbox [LEADS …]

Fifty hand-offs wait for one rep among the leads of the first size, five hundred among those of the last.
"""

import statistics
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_POST
from rest_framework.request import Request
from rest_framework.response import Response

from bench.pages import WARM, get, settle, times
from bench.population import populate
from crm.api.views import Resource
from crm.models import Role, User
from crm.outbox import record_change
from crm.tokens import issue_token
from feedback.handing_over import hand_over_leads
from feedback.models import Handoff
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead

SIZES = (10_000, 1_000_000)
WAITING = (50, 500)
VERDICTS = 60


@require_POST
@transaction.atomic
def nothing(request: HttpRequest) -> HttpResponse:
    """Begins a transaction, ends it, and answers nothing."""
    with connection.cursor() as sql:
        sql.execute("SELECT 1")
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@require_POST
@transaction.atomic
def one_row(request: HttpRequest) -> HttpResponse:
    """The least that is written to disk: a change noted, and workers woken."""
    record_change("handoff", [0])
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


class Nothing(Resource):
    """The same over the API."""

    queryset = Handoff.objects.none()

    @transaction.atomic
    def nothing(self, request: Request) -> Response:
        with connection.cursor() as sql:
            sql.execute("SELECT 1")
        return Response(status=HTTPStatus.NO_CONTENT)


# The product, and beside it views that do nothing, behind the same middleware.
urlpatterns = [
    path("bench/nothing/", nothing),
    path("bench/one-row/", one_row),
    path("api/v1/bench/nothing/", Nothing.as_view({"post": "nothing"})),
    path("", include("crm.urls")),
]


def measure(sizes: list[int]) -> None:
    print(f"{'leads':>10} {'waiting':>8}  {'what':<34} {'p50 ms':>8} {'p95 ms':>8} {'x':>6}  beside")
    reached, first = 0, 0.0
    for size, waiting in zip(sizes or SIZES, WAITING, strict=False):
        if not Lead.objects.filter(pk=size).exists():
            populate(reached + 1, size)
        reached = size
        rep, boss = User.objects.get(pk=7), User.objects.get(pk=1)
        User.objects.filter(pk=boss.pk).update(role=Role.ADMIN)
        boss.refresh_from_db()
        let_wait(waiting, rep=rep, boss=boss)
        settle()
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(rep)
        found = times(lambda client=client: get(client, "/inbox/"))
        first = first or statistics.median(found)
        show(size, waiting, "inbox", found, first, "the smaller size")
        measure_verdicts(size, waiting, rep)


def let_wait(wanted: int, *, rep: User, boss: User) -> None:
    """So many hand-offs wait for ``rep``, and some more than that, for the verdicts."""
    missing = wanted + 2 * (WARM + VERDICTS) - Handoff.objects.open().filter(to_user=rep).count()
    now = timezone.now()
    parked = Lead.objects.filter(stage=Stage.NURTURE, stage_since__lt=now).order_by("-pk")[: max(0, missing)]
    for lead in parked:
        move_lead(lead, Stage.MQL, by=boss, at=now)
    hand_over_leads([lead.pk for lead in parked], by=boss, at=now, to_user=rep)


Post = Callable[[str, dict[str, str]], Any]
Deeds = dict[str, tuple[str, dict[str, str]]]


def over_the_page(rep: User) -> Post:
    """Posts as the page sends them, with its token against forgery."""
    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    client.force_login(rep)
    get(client, "/inbox/")
    headers = {
        "HX-Request": "true",
        "HX-Current-URL": "http://127.0.0.1/inbox/",
        "X-CSRFToken": client.cookies["csrftoken"].value,
    }
    return lambda address, form: client.post(address, form, headers=headers)


def over_the_api(rep: User) -> Post:
    """Posts as a program sends them, each with an Idempotency-Key of its own."""
    client, key = Client(SERVER_NAME="127.0.0.1"), issue_token(rep)

    def post(address: str, form: dict[str, str]) -> Any:
        headers = {"Authorization": f"Token {key}", "Idempotency-Key": uuid4().hex}
        return client.post(address, form, content_type="application/json", headers=headers)

    return post


# What is measured, with its address and what is sent.
OVER_THE_PAGE: Deeds = {
    "nothing": ("/bench/nothing/", {}),
    "one row written": ("/bench/one-row/", {}),
    "accept": ("/inbox/{}/acceptance/", {}),
    "undo": ("/inbox/{}/undo/", {}),
    "reject": ("/inbox/{}/rejection/", {"reason": "missing_data"}),
}
OVER_THE_API: Deeds = {
    "nothing": ("/api/v1/bench/nothing/", {}),
    "accept": ("/api/v1/handoffs/{}/accept/", {}),
    "undo": ("/api/v1/handoffs/{}/undo/", {}),
    "reject": ("/api/v1/handoffs/{}/reject/", {"reason": "missing_data"}),
}


def measure_verdicts(size: int, waiting: int, rep: User) -> None:
    """Over the page and over the API."""
    with override_settings(ROOT_URLCONF="bench.inbox"):
        answer_all(size, waiting, "page", over_the_page(rep), OVER_THE_PAGE, rep)
        answer_all(size, waiting, "API", over_the_api(rep), OVER_THE_API, rep)


def answer_all(size: int, waiting: int, where: str, post: Post, deeds: Deeds, rep: User) -> None:
    """Every answer to as many hand-offs, in turn with the posts that do nothing."""
    found: dict[str, list[float]] = {what: [] for what in deeds}
    handoffs = Handoff.objects.open().filter(to_user=rep).order_by("due_at", "id")[: WARM + VERDICTS]
    for number, handoff in enumerate(handoffs):
        for what, (address, form) in deeds.items():
            taken = timed(post, address.format(handoff.pk), form)
            if number >= WARM:
                found[what].append(taken)
    for what, taken_each in found.items():
        show(size, waiting, f"{where}: {what}", taken_each, p95(found["nothing"]), "nothing, p95", by_p95=True)


def timed(post: Post, address: str, form: dict[str, str]) -> float:
    start = perf_counter()
    answer = post(address, form)
    taken = (perf_counter() - start) * 1000
    assert answer.status_code in (HTTPStatus.OK, HTTPStatus.NO_CONTENT), (address, answer.status_code, answer.content)
    return taken


def p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]


def show(
    size: int, waiting: int, what: str, found: list[float], base: float, beside: str, *, by_p95: bool = False
) -> None:
    middle = statistics.median(found)
    ratio = (p95(found) if by_p95 else middle) / base
    print(f"{size:>10,} {waiting:>8}  {what:<34} {middle:>8.1f} {p95(found):>8.1f} {ratio:>6.2f}  {beside}", flush=True)
