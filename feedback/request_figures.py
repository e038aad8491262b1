"""How marketing keeps what it promised sales: promises due, requests answered, and how long an answer took."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate

from crm.periods import start_of_day, zone
from feedback.models import Request, RequestStatus
from feedback.queries import Median


@dataclass(frozen=True)
class Kept:
    """Promises due in a period (METRICS S2): ``met`` by their day, ``late`` after it or not at all, ``overdue`` still
    open though their day has passed. What is open and not yet due is in none of them.
    """

    met: int
    late: int
    overdue: int

    @property
    def due(self) -> int:
        return self.met + self.late + self.overdue

    @property
    def rate(self) -> float | None:
        """A ratio 0–1; None while nothing was due."""
        return self.met / self.due if self.due else None


def promises_kept(start: date, end: date, *, today: date) -> Kept:
    """How marketing kept the promises that fell due on days of [``start``, ``end``); what sales took back is left out.

    Kept late counts as broken, and so does a promise that was declined after all.
    """
    by_its_day = Q(status=RequestStatus.FULFILLED, closed_day__lte=F("promised_on"))
    given_up = Q(status=RequestStatus.DECLINED) | Q(status=RequestStatus.FULFILLED, closed_day__gt=F("promised_on"))
    rows = Request.objects.filter(promised_on__gte=start, promised_on__lt=end).exclude(status=RequestStatus.WITHDRAWN)
    rows = rows.annotate(closed_day=TruncDate("closed_at", tzinfo=zone()))
    counts = rows.order_by().aggregate(
        met=Count("pk", filter=by_its_day),
        late=Count("pk", filter=given_up),
        overdue=Count("pk", filter=Q(status=RequestStatus.ACCEPTED, promised_on__lt=today)),
    )
    return Kept(**counts)


@dataclass(frozen=True)
class Answers:
    """Requests asked in a period, how many of them marketing has answered, and how long that took at the median."""

    asked: int
    answered: int
    time: timedelta | None


def answer_time(start: date, end: date) -> Answers:
    """How long marketing took to promise or decline what was asked on days of [``start``, ``end``)."""
    tz = zone()
    asked = Request.objects.filter(asked_at__gte=start_of_day(start, tz), asked_at__lt=start_of_day(end, tz))
    counts = asked.exclude(status=RequestStatus.WITHDRAWN, answered_at=None).order_by().aggregate(
        asked=Count("pk"), answered=Count("answered_at"), time=Median(F("answered_at") - F("asked_at"))
    )  # fmt: skip
    return Answers(**counts)
