"""What a manager keeps an eye on: who lets leads wait, both sides' pace, what needs a signature, who is away."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crm.access import own_team_ids
from crm.models import Side, User
from desk.queries.agreement import by_side
from feedback.access import may_sign
from feedback.agreement import active_agreement
from feedback.agreements import missing_sides, unfinished_agreement
from feedback.models import Agreement, SignedStatus
from feedback.terms import BOTH
from funnel.handoffs.waiting import Waiting, waiting_now
from funnel.targets.goals import attainment

ROWS = 10


@dataclass(frozen=True)
class Waits:
    """Open hand-offs by who was asked. ``may_pass_on``: the reps whose hand-offs this manager may give to others."""

    everybody: Waiting
    recipients: list[Waiting]
    may_pass_on: set[int]


def who_waits(user: User, *, at: datetime) -> Waits:
    everybody, recipients = waiting_now(at=at)
    shown = recipients[:ROWS]
    reps = User.objects.filter(pk__in=[each.id for each in shown if each.kind == "rep"], team__kind=Side.SALES)
    own = reps if user.is_admin else reps.filter(team__in=own_team_ids(user))
    return Waits(everybody, shown, set(own.values_list("pk", flat=True)))


def pace_of_both(*, at: datetime) -> list[dict[str, Any]]:
    """The goals of the agreement in force by side, those of both last; nothing while it has none."""
    goals = attainment(active_agreement(), at=at).value
    sides = [side for side in by_side(goals) if side["goals"]]
    return sorted(sides, key=lambda side: side["side"] == BOTH)


@dataclass(frozen=True)
class ToSign:
    """A proposal that waits for signatures. ``is_mine``: for one that this person may give."""

    agreement: Agreement
    waits_for: list[Side]
    is_mine: bool


def to_sign(user: User) -> ToSign | None:
    proposal = unfinished_agreement()
    if proposal is None or proposal.status != SignedStatus.PROPOSED:
        return None
    sides = missing_sides(proposal)
    return ToSign(proposal, sides, any(may_sign(user, side) for side in sides))


def people_away(user: User, *, today: date) -> list[User]:
    """Of the manager's teams (of all, where they head none), who is back first on top, one more than is shown."""
    away = User.objects.filter(is_active=True, away_until__gte=today).select_related("team")
    if teams := own_team_ids(user):
        away = away.filter(team__in=teams)
    return list(away.order_by("away_until", "pk")[: ROWS + 1])
