"""Who waits for sales at this moment. Live: no figure is counted for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Q, QuerySet

from feedback.models import Handoff


@dataclass(frozen=True)
class Waiting:
    """Open hand-offs of one recipient (or of all): how many, past their time, and since when the oldest lead waits."""

    kind: str  # rep, team, or all
    id: int | None
    label: str
    count: int
    overdue: int
    oldest: datetime | None


def waiting_now(*, at: datetime) -> tuple[Waiting, list[Waiting]]:
    """All open hand-offs, and the same by recipient, who lets somebody wait longest on top."""
    figures = {
        "count": Count("pk"),
        "overdue": Count("pk", filter=Q(due_at__lt=at)),
        "oldest": Min("waiting_since"),
    }
    waiting = Handoff.objects.open()
    every = Waiting("all", None, "", **waiting.aggregate(**figures))
    by_recipient = waiting.values("to_user", "to_team", "to_user__first_name", "to_user__last_name", "to_team__name")
    return every, [recipient_of(row) for row in by_recipient.annotate(**figures).order_by(F("oldest"))]


def waiting_handoffs(*, rep: int | None, team: int | None) -> QuerySet[Handoff]:
    """The hand-offs behind a count of `waiting_now`, first to expire on top."""
    asked = {name: value for name, value in (("to_user", rep), ("to_team", team)) if value is not None}
    rows = Handoff.objects.open().filter(**asked).order_by("due_at", "id")
    return rows.select_related("lead__company", "lead__campaign", "lead__leadscore", "to_user", "to_team")


def recipient_of(row: Mapping[str, object]) -> Waiting:
    name = f"{row['to_user__first_name'] or ''} {row['to_user__last_name'] or ''}".strip()
    person = row["to_user"]
    figures = {name: row[name] for name in ("count", "overdue", "oldest")}
    if person is not None:
        return Waiting("rep", person, name or f"Person {person}", **figures)  # type: ignore[arg-type]
    return Waiting("team", row["to_team"], str(row["to_team__name"]), **figures)  # type: ignore[arg-type]
