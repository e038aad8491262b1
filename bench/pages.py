"""How fast the desk's pages answer, at several sizes of one database: beside the smallest size, and an empty page.

.venv/bin/python -m bench pages [LEADS …]
"""

import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from time import perf_counter
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from bench.population import populate
from crm import outbox
from crm.keyset import PAGE
from crm.models import Role, User
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead, Opportunity
from leads.pipeline import seed_pipeline
from leads.stalled import measure_stays
from leads.transitions import move_lead

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS, WARM = 15, 3
# Leads written by two clients at once, and leads converted, for the deeds.
CREATED, CONVERTED = 100, 20
EMPTY = "/search/"


@dataclass(frozen=True)
class Page:
    name: str
    path: str


@dataclass
class Seen:
    """What one size of the database showed, in milliseconds by page."""

    size: int
    times: dict[str, list[float]] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)

    def p50(self, name: str) -> float:
        return statistics.median(self.times[name])


def measure(sizes: list[int]) -> None:
    print(f"{'leads':>10}  {'page':<44} {'p50 ms':>8} {'p95 ms':>8} {'queries':>8}  {'x smallest':>10} {'x empty':>8}")
    reached, first = 0, None
    for size in sizes or SIZES:
        if not Lead.objects.filter(pk=size).exists():
            populate(reached + 1, size)
        reached = size
        settle()
        seen = look(size)
        first = first or seen
        show(seen, first)
        measure_deeds(size)


def settle() -> None:
    """What the product does by and by: words known to search, stays measured, statistics and visibility up to date."""
    seed_pipeline()
    measure_stays()
    outbox.rebuild("search")
    connection.ensure_connection()
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE")


def look(size: int) -> Seen:
    rep, boss = User.objects.get(pk=7), User.objects.get(pk=1)
    User.objects.filter(pk=boss.pk).update(role=Role.ADMIN)
    seen = Seen(size)
    for person, pages in ((rep, list(work_of_a_rep(size))), (boss, list(lists(size)))):
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(person)
        for page in pages:
            seen.queries[page.name] = queries_of(client, page.path)
            seen.times[page.name] = times(lambda client=client, page=page: get(client, page.path))
    return seen


def work_of_a_rep(size: int) -> Iterator[Page]:
    """The pages of a day, for somebody who owns one lead in sixty."""
    middle = Lead.objects.filter(pk__gte=size // 2, stage="qualified") or Lead.objects.filter(pk__gte=size // 2)
    lead = middle.order_by("pk")[0]
    deal = Opportunity.objects.filter(pk__gte=size // 40).order_by("pk")[0]
    yield Page("empty page (search without a word)", EMPTY)
    yield Page("Today", "/")
    yield Page("Inbox", "/inbox/")
    yield Page("record of a lead", f"/leads/{lead.pk}/")
    yield Page("record of a contact", f"/contacts/{Contact.objects.order_by('pk')[size // 6].pk}/")
    yield Page("record of a company", f"/companies/{Company.objects.order_by('pk')[size // 8].pk}/")
    yield Page("record of an opportunity", f"/opportunities/{deal.pk}/")
    yield Page("board", "/board/?whose=all")
    yield Page("list: my open leads", "/leads/")
    yield from searches(size)


def searches(size: int) -> Iterator[Page]:
    rare = Lead.objects.get(pk=size // 80 * 40).last_name
    yield Page("search: a common name", "/search/?q=anna")
    yield Page("search: two letters", "/search/?q=an")
    yield Page("search: a rare name", f"/search/?q={rare}")
    yield Page("search: two words", "/search/?q=ada+lindberg")
    yield Page("search: a slip of the finger", "/search/?q=lindbreg")
    yield Page("search: an e-mail", f"/search/?q=lead{size // 2}@{size // 8}.bench.test")
    yield Page("search: a telephone number", f"/search/?q=%2B49+30+{10_000_000 + size // 2}")
    yield Page("search: nothing there", "/search/?q=qqxxyyzz")


def lists(size: int) -> Iterator[Page]:
    all_leads = "/leads/?tab=all"
    far = max(size - 1_000 * PAGE, PAGE)
    yield Page("list: leads, first page", all_leads)
    yield Page("list: leads, thousandth page", f"{all_leads}&after={far}")
    for name, query in FILTERS.items():
        yield Page(f"list: leads, {name}", f"{all_leads}&{query}")
    for ordering in SORTS:
        yield Page(f"list: leads by {ordering}", f"{all_leads}&ordering={ordering}")
    for other in ("contacts", "companies", "opportunities", "campaigns", "tasks"):
        yield Page(f"list: {other}", f"/{other}/?tab=all")


FILTERS = {
    "stage": "stage=nurture",
    "nobody has (stage)": "stage=offered",
    "owner": "owner=user:9",
    "team": "owner=team:3",
    "campaign": "campaign=6",
    "source": "source=source+4",
    "segment": "segment=segment+2",
    "channel": "channel=email",
    "score from 90": "score_from=90",
    "captured in a month": "captured_from=2025-03-01&captured_to=2025-03-31",
    "never contacted": "activity=never",
    "no next step": "next=none",
    "overdue": "next=overdue",
    "rejected as no fit": "verdict=rejected:definitional",
    "tag": "tag=key+account",
    "search for a name": "q=lindberg",
    "search for an e-mail": "q=lead77@19.bench.test",
    "stage and campaign": "stage=nurture&campaign=6",
    "owner and next step": "owner=user:9&next=none",
    "source and segment": "source=source+4&segment=segment+2",
    "search and stage": "q=anna&stage=nurture",
}
SORTS = ("-captured", "name", "-score", "stage_since", "-activity", "next")


def get(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == HTTPStatus.OK, (path, answer.status_code)
    b"".join(answer) if answer.streaming else answer.content


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        get(client, path)
    return len(caught)


def times(deed: Callable[[], Any]) -> list[float]:
    """Milliseconds of each round, after a few to warm up."""
    seen = []
    for number in count():
        if number == ROUNDS + WARM:
            return seen
        start = perf_counter()
        deed()
        if number >= WARM:
            seen.append((perf_counter() - start) * 1000)
    return seen


def show(seen: Seen, first: Seen) -> None:
    empty = next(iter(seen.times))
    for name, found in seen.times.items():
        p50, p95 = seen.p50(name), statistics.quantiles(found, n=20)[-1]
        ratios = f"{p50 / first.p50(name):>10.2f} {p50 / seen.p50(empty):>8.2f}"
        print(f"{seen.size:>10,}  {name:<44} {p50:>8.1f} {p95:>8.1f} {seen.queries[name]:>8}  {ratios}", flush=True)


def measure_deeds(size: int) -> None:
    """What people do all day, through the API, by a person of marketing and one of sales."""
    boss = User.objects.get(pk=1)
    start = perf_counter()
    with ThreadPoolExecutor(2) as clients:
        list(clients.map(lambda number: create_leads(boss, size, number), range(2)))
    say(size, "create a lead, two clients", f"{CREATED / (perf_counter() - start):.0f} a second")
    taken, sent = make_qualified(), {"opportunity": {"name": "Bench"}}
    client = client_of(boss)
    converted = [timed_post(client, f"/api/v1/leads/{lead.pk}/convert/", sent) for lead in taken]
    say(size, "convert a lead", f"{statistics.median(converted):.0f} ms")
    logged = [timed_post(client, "/api/v1/activities/", call_of(lead)) for lead in taken]
    say(size, "log a call", f"{statistics.median(logged):.0f} ms")


def make_qualified() -> list[Lead]:
    """The newest leads in nurture, taken on by their owners."""
    now = timezone.now()
    parked = Lead.objects.filter(stage=Stage.NURTURE, stage_since__lt=now).select_related("owner")
    rows = list(parked.order_by("-pk")[:CONVERTED])
    for lead in rows:
        for stage in (Stage.MQL, Stage.OFFERED, Stage.ACCEPTED, Stage.QUALIFIED):
            move_lead(lead, stage, by=lead.owner, at=now)
    return rows


def call_of(lead: Lead) -> dict[str, Any]:
    return {"lead": lead.pk, "kind": "call", "outcome": "reached", "note": "Agreed on a demo."}


def create_leads(by: User, size: int, number: int) -> None:
    client = client_of(by)
    for turn in range(CREATED // 2):
        person = {"first_name": "Ada", "last_name": f"Bench{turn}", "email": f"b{size}-{number}-{turn}@bench.test"}
        timed_post(client, "/api/v1/leads/", {**person, "company_name": "Bench Ltd", "source": "bench"})
    connection.close()


def client_of(person: User) -> APIClient:
    client = APIClient(SERVER_NAME="127.0.0.1")
    client.force_authenticate(person)
    client.get("/api/v1/")  # loads the middleware
    return client


def timed_post(client: APIClient, path: str, sent: dict[str, Any]) -> float:
    """Milliseconds of one write over the API."""
    start = perf_counter()
    answer = client.post(path, sent, format="json")
    assert answer.status_code in (HTTPStatus.OK, HTTPStatus.CREATED), (path, answer.status_code, answer.content[:300])
    return (perf_counter() - start) * 1000


def say(size: int, what: str, seen: str) -> None:
    print(f"{size:>10,}  {what:<44} {seen}", flush=True)
