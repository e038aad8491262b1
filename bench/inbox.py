"""The inbox and a verdict, at two sizes of one database: beside the smaller, and beside a view that does nothing.

.venv/bin/python -m bench inbox [LEADS …]

Fifty hand-offs wait for one rep among the leads of the first size, five hundred among those of the last.
"""

import statistics
from http import HTTPStatus
from time import perf_counter

from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from bench.pages import get, settle, times
from bench.population import populate
from crm.models import Role, User
from feedback.handing_over import hand_over_leads
from feedback.models import Handoff
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead

SIZES = (10_000, 1_000_000)
WAITING = (50, 500)
VERDICTS = 40


@require_POST
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


# The product and a view that does nothing, behind the same middleware.
urlpatterns = [path("bench/nothing/", nothing), path("", include("crm.urls"))]


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
        measure_verdicts(size, waiting, client)


def let_wait(wanted: int, *, rep: User, boss: User) -> None:
    """So many hand-offs wait for ``rep``, and a few more than that, for the verdicts."""
    missing = wanted + VERDICTS - Handoff.objects.open().filter(to_user=rep).count()
    now = timezone.now()
    parked = Lead.objects.filter(stage=Stage.NURTURE, stage_since__lt=now).order_by("-pk")[: max(0, missing)]
    for lead in parked:
        move_lead(lead, Stage.MQL, by=boss, at=now)
    hand_over_leads([lead.pk for lead in parked], by=boss, at=now, to_user=rep)


def measure_verdicts(size: int, waiting: int, client: Client) -> None:
    """Verdicts over htmx, as the page gives them, beside as many posts to nothing, in turn."""
    page = {"headers": {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1/inbox/"}}
    verdicts, nothings = [], []
    rep = User.objects.get(pk=7)
    with override_settings(ROOT_URLCONF="bench.inbox"):
        for handoff in Handoff.objects.open().filter(to_user=rep).order_by("due_at", "id")[:VERDICTS]:
            nothings.append(timed(client, "/bench/nothing/", **page))
            verdicts.append(timed(client, f"/inbox/{handoff.pk}/acceptance/", **page))
    show(size, waiting, "a post that does nothing", nothings, p95(nothings), "itself, p95")
    show(size, waiting, "accept, with the next card", verdicts, p95(nothings), "nothing, p95", by_p95=True)


def timed(client: Client, address: str, **page: dict[str, str]) -> float:
    start = perf_counter()
    answer = client.post(address, **page)  # type: ignore[arg-type]
    assert answer.status_code in (HTTPStatus.OK, HTTPStatus.NO_CONTENT), (address, answer.status_code)
    return (perf_counter() - start) * 1000


def p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]


def show(
    size: int, waiting: int, what: str, found: list[float], base: float, beside: str, *, by_p95: bool = False
) -> None:
    middle = statistics.median(found)
    ratio = (p95(found) if by_p95 else middle) / base
    print(f"{size:>10,} {waiting:>8}  {what:<34} {middle:>8.1f} {p95(found):>8.1f} {ratio:>6.2f}  {beside}", flush=True)
