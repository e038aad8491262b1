"""Who gets a hand-off next, and why: the decision is stored with the hand-off."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from crm.models import Role, Side, Team, User
from feedback.models import Handoff, HandoffStatus


@dataclass(frozen=True)
class Recipient:
    """A person or a team; ``why`` is kept with the hand-off and shown to people."""

    user: User | None = None
    team: Team | None = None
    why: dict[str, Any] = field(default_factory=dict)


def next_recipient(handoff: Handoff, *, on: date) -> Recipient | None:
    """The rep of the same team with the fewest open hand-offs who has not had this lead in this time round.

    Ties go to the lower id. Without an eligible rep it goes into the queue of the team's manager (or of the team, when
    it has none); None when there is no sales team at all.
    """
    team = team_of(handoff) or first_sales_team()
    if team is None:
        return None
    rep = eligible_reps(team, handoff, on=on).first()
    if rep is not None:
        waiting = rep.open_handoffs  # type: ignore[attr-defined]
        return Recipient(user=rep, why={"rule": "fewest_open", "team": team.name, "open": waiting})
    why = {"rule": "nobody_eligible", "team": team.name}
    return Recipient(user=team.manager, why=why) if team.manager else Recipient(team=team, why=why)


def team_of(handoff: Handoff) -> Team | None:
    """The team that was asked, or the team of the person who was."""
    return handoff.to_team or (handoff.to_user.team if handoff.to_user else None)


def eligible_reps(team: Team, handoff: Handoff, *, on: date) -> QuerySet[User]:
    """Active reps of ``team`` who are here on that day and have not had this lead in this time round."""
    had = Handoff.objects.filter(lead=handoff.lead_id, episode=handoff.episode)
    tried = {pk for pair in had.values_list("to_user", "decided_by") for pk in pair if pk}
    waiting = Count("handoffs", filter=Q(handoffs__status=HandoffStatus.OPEN))
    return (
        User.objects.filter(team=team, role=Role.REP, is_active=True)
        .filter(Q(away_until__isnull=True) | Q(away_until__lt=on))
        .exclude(pk__in=tried)
        .annotate(open_handoffs=waiting)
        .filter(Q(capacity__isnull=True) | Q(open_handoffs__lt=F("capacity")))
        .order_by("open_handoffs", "id")
    )


def first_sales_team() -> Team | None:
    return Team.objects.filter(kind=Side.SALES).order_by("id").first()
