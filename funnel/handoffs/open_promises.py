"""What is open between both sides at the end of some days, or now while they run."""

from dataclasses import dataclass

from django.db.models import Exists, Q

from crm.periods import local_day, start_of_day, zone
from feedback.models import VERDICTS, Agreement, Handoff, HandoffStatus, Request
from feedback.models.agreement import SignedStatus
from feedback.queries import replies_of_marketing
from feedback.requests import UNFINISHED
from funnel.handoffs.days import Days
from scoring.models import Definition


@dataclass(frozen=True)
class Open:
    """``requests`` that are neither done nor declined, ``late_requests`` of them promised for a day that has passed;
    hand-offs past their time; ``comments`` of these days without a reply. ``proposals``: agreements and definitions
    that wait for a signature; None of days that are over, for nobody knows what waited then."""

    requests: int
    late_requests: int
    late_handoffs: int
    comments: int
    proposals: int | None


def open_promises(days: Days) -> Open:
    tz = zone()
    end = start_of_day(days.end, tz)
    until, runs = min(days.at, end), days.at < end
    asked = Request.objects.filter(Q(status__in=UNFINISHED) | Q(closed_at__gte=until), asked_at__lt=until)
    waiting = Handoff.objects.filter(
        Q(status=HandoffStatus.OPEN) | Q(decided_at__gte=until), offered_at__lt=until, due_at__lt=until
    )
    said = Handoff.objects.filter(
        status__in=VERDICTS, decided_at__gte=start_of_day(days.start, tz), decided_at__lt=until
    ).exclude(comment="")
    return Open(
        requests=asked.order_by().count(),
        late_requests=asked.filter(promised_on__lt=local_day(until, tz), answered_at__lt=until).count(),
        late_handoffs=waiting.exclude(status=HandoffStatus.WITHDRAWN).count(),
        comments=said.filter(~Exists(replies_of_marketing().filter(at__lt=until))).count(),
        proposals=unsigned() if runs else None,
    )


def unsigned() -> int:
    return sum(kind.objects.filter(status=SignedStatus.PROPOSED).count() for kind in (Agreement, Definition))
