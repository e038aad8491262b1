"""A no to a hand-off, checked: what is written down, and where the lead goes. The same for one and for many."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crm.periods import local_day, zone
from feedback.wrong_data import known_fields
from leads.lifecycle import ReasonUse, Stage
from leads.models import Reason, Route
from leads.reasons import require_reason
from leads.transitions import PARKED_FOR, check_revisit

# Where the lead goes when its hand-off is rejected on this route; rerouted, it goes on waiting.
STAGE_AFTER = {Route.REPAIR: Stage.MQL, Route.NURTURE: Stage.NURTURE, Route.DISQUALIFY: Stage.DISQUALIFIED}


@dataclass(frozen=True)
class Rejection:
    """``verdict``: the columns of the hand-off; ``changes``: what the move changes on the lead."""

    verdict: dict[str, Any]
    changes: dict[str, Any]

    @property
    def route(self) -> Route:
        return self.verdict["route"]

    @property
    def move(self) -> dict[str, Any]:
        """The facts of the move along the route; there is none where the lead is passed on."""
        return {"reason": self.verdict["reason"], "note": self.verdict["comment"], **self.changes}


def check_rejection(
    *,
    at: datetime,
    reason: Reason | None,
    comment: str,
    route: str,
    revisit_on: date | None,
    wrong_fields: Collection[str],
) -> Rejection:
    """Raises BusinessError for a reason that cannot be given, a day that has passed and a field that there is not."""
    reason = require_reason(ReasonUse.VERDICT, reason, comment, demand="Choose one of the present reasons to reject.")
    way = Route(route or reason.default_route)
    check_revisit(revisit_on, at=at)
    verdict = {"reason": reason, "comment": comment, "route": way, "wrong_fields": known_fields(wrong_fields)}
    parked = {"revisit_on": revisit_on or local_day(at + PARKED_FOR, zone())} if way == Route.NURTURE else {}
    return Rejection(verdict, parked)
