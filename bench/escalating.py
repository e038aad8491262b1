"""Passing late leads on: a hundred thousand open hand-offs, of which five thousand fall due.

.venv/bin/python -m bench escalating [LEADS]

Reps work from nine to five, rules ask for segment and country, everybody concerned is told. Beside it what beat asks
every minute when nothing is due: reminders, late answers, missing first calls, escalation.
"""

from collections.abc import Callable
from time import perf_counter

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench.population import populate
from crm.models import Notification, Team
from feedback.escalating import escalate_as_agreed
from feedback.models import Agreement, Handoff, RoutingRule
from feedback.reminding import tell_of_clocks
from leads.models import Lead

SIZE = 200_000
OPEN, DUE = 100_000, 5_000
OFFICE = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
WAIT = """
    UPDATE leads_lead SET stage = 'offered' WHERE id <= %(open)s;
    INSERT INTO feedback_handoff (
        lead_id, episode, status, to_user_id, team_id, offered_at, waiting_since, due_at, service_level, promised,
        comment, wrong_fields, route, before, routing, created_at, updated_at
    )
    SELECT l.id, l.episode, 'open', u.id, u.team_id, %(now)s - interval '1 day', %(now)s - interval '1 day',
        CASE WHEN l.id %% %(every)s = 0 THEN %(now)s - interval '1 hour' ELSE %(now)s + interval '3 days' END,
        '', '', '', '{}', '', '{}', '{"rule": "by_hand"}', %(now)s, %(now)s
    FROM leads_lead l JOIN crm_user u ON u.id = (SELECT min(id) FROM crm_user WHERE role = 'rep') + l.id %% 40
    WHERE l.id <= %(open)s;
    ANALYZE feedback_handoff; ANALYZE leads_lead;
"""


def measure(sizes: list[int]) -> None:
    size = sizes[0] if sizes else SIZE
    populate(1, size)
    prepare()
    late = Handoff.objects.open().filter(due_at__lt=timezone.now()).count()
    print(f"{size:,} leads, {OPEN:,} open hand-offs, {late:,} late")
    timed("tell who is late, once each", lambda: tell_of_clocks(at=timezone.now()))
    timed("manage.py escalate", lambda: call_command("escalate", verbosity=0))
    timed(
        "a minute in which nothing is due",
        lambda: escalate_as_agreed(at=timezone.now()) + tell_of_clocks(at=timezone.now()),
    )
    print(f"{Handoff.objects.filter(status='expired').count():,} expired, {Notification.objects.count():,} notices")


def prepare() -> None:
    """People with hours, rules in the agreed order, and so many leads waiting for sales."""
    Team.objects.update(working_hours=OFFICE, time_zone="Europe/Berlin")
    Agreement.objects.create(version=1, status="active", hours_to_verdict=8, hours_late_to_escalate=1)
    first, second = Team.objects.filter(kind="sales").order_by("pk")[:2]
    segment = Lead.objects.exclude(segment="").values_list("segment", flat=True).first() or "Enterprise"
    RoutingRule.objects.create(name="Segment", conditions={"segment": [segment]}, to_team=first)
    RoutingRule.objects.create(name="Country", conditions={"country": ["DE"]}, to_team=second, position=1)
    with connection.cursor() as sql:
        sql.execute(WAIT, {"open": OPEN, "every": OPEN // DUE, "now": timezone.now()})


def timed(what: str, deed: Callable[[], object]) -> None:
    start = perf_counter()
    deed()
    print(f"{what:<40} {perf_counter() - start:>7.2f} s", flush=True)
