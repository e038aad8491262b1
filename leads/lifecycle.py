"""The whole life cycle of a lead on one screen: stages, sides, and the table of moves (DESIGN: "The life cycle")."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    INQUIRY = "inquiry", _("Inquiry")
    NURTURE = "nurture", _("In nurture")
    MQL = "mql", _("MQL")
    OFFERED = "offered", _("Waiting for sales")
    ACCEPTED = "accepted", _("Accepted (SAL)")
    QUALIFIED = "qualified", _("Qualified (SQL)")
    OPPORTUNITY = "opportunity", _("Opportunity")
    CUSTOMER = "customer", _("Customer")
    LOST = "lost", _("Lost")
    DISQUALIFIED = "disqualified", _("Disqualified")


class Clock(models.TextChoices):
    """Whose time it is. Closed time is on no clock."""

    MARKETING = "marketing", _("Marketing")
    WAITING = "waiting", _("Waiting")
    SALES = "sales", _("Sales")
    CLOSED = "closed", _("Closed")


# Success stages in order; `nurture` is no progress over inquiry, the closed ones are off the path.
SUCCESS = (
    Stage.INQUIRY,
    Stage.MQL,
    Stage.OFFERED,
    Stage.ACCEPTED,
    Stage.QUALIFIED,
    Stage.OPPORTUNITY,
    Stage.CUSTOMER,
)
RANK = {stage: rank for rank, stage in enumerate(SUCCESS, start=1)}

CLOCK_OF = {
    Stage.INQUIRY: Clock.MARKETING,
    Stage.NURTURE: Clock.MARKETING,
    Stage.MQL: Clock.MARKETING,
    Stage.OFFERED: Clock.WAITING,
    Stage.ACCEPTED: Clock.SALES,
    Stage.QUALIFIED: Clock.SALES,
    Stage.OPPORTUNITY: Clock.SALES,
    Stage.CUSTOMER: Clock.CLOSED,
    Stage.LOST: Clock.CLOSED,
    Stage.DISQUALIFIED: Clock.CLOSED,
}
OPEN = tuple(stage for stage in Stage if CLOCK_OF[stage] != Clock.CLOSED)
WITH_SALES = tuple(stage for stage in Stage if CLOCK_OF[stage] == Clock.SALES)
# From these a move to `mql` or beyond begins a new time round, when the present one had reached `mql`.
RETURNED = (Stage.NURTURE, Stage.LOST, Stage.DISQUALIFIED)


class ReasonUse(models.TextChoices):
    """Which decision a reason explains."""

    VERDICT = "verdict", _("Rejecting a hand-off")
    RETURN = "return", _("Returning to marketing")
    DISQUALIFY = "disqualify", _("Disqualifying")
    DISCARD = "discard", _("Discarding")
    LOSS = "loss", _("Losing an opportunity")


@dataclass(frozen=True)
class Move:
    """One line of the table. ``door``: the action that may make it; ``reason``: the kind of reason it demands."""

    verb: str
    door: str = "transition"
    reason: ReasonUse | None = None


MARK_MQL = Move("mark as MQL")
PARK = Move("park")
DISCARD = Move("discard", reason=ReasonUse.DISCARD)
CLAIM = Move("claim")
QUALIFY = Move("qualify")
RETURN = Move("return to marketing", reason=ReasonUse.RETURN)
DISQUALIFY = Move("disqualify", reason=ReasonUse.DISQUALIFY)
RECYCLE = Move("recycle")
OFFER = Move("hand to sales", door="offer")
VERDICT = Move("answer", door="verdict")
CONVERT = Move("convert", door="convert")
CLOSE = Move("close", door="close")

MOVES: dict[tuple[Stage, Stage], Move] = {
    (Stage.INQUIRY, Stage.MQL): MARK_MQL,
    (Stage.NURTURE, Stage.MQL): MARK_MQL,
    (Stage.INQUIRY, Stage.NURTURE): PARK,
    (Stage.MQL, Stage.NURTURE): PARK,
    (Stage.INQUIRY, Stage.DISQUALIFIED): DISCARD,
    (Stage.NURTURE, Stage.DISQUALIFIED): DISCARD,
    (Stage.MQL, Stage.DISQUALIFIED): DISCARD,
    (Stage.INQUIRY, Stage.ACCEPTED): CLAIM,
    (Stage.MQL, Stage.ACCEPTED): CLAIM,
    (Stage.MQL, Stage.OFFERED): OFFER,
    (Stage.OFFERED, Stage.ACCEPTED): VERDICT,
    (Stage.OFFERED, Stage.MQL): VERDICT,
    (Stage.OFFERED, Stage.NURTURE): VERDICT,
    (Stage.OFFERED, Stage.DISQUALIFIED): VERDICT,
    (Stage.ACCEPTED, Stage.QUALIFIED): QUALIFY,
    (Stage.ACCEPTED, Stage.OPPORTUNITY): CONVERT,
    (Stage.QUALIFIED, Stage.OPPORTUNITY): CONVERT,
    (Stage.ACCEPTED, Stage.NURTURE): RETURN,
    (Stage.QUALIFIED, Stage.NURTURE): RETURN,
    (Stage.ACCEPTED, Stage.DISQUALIFIED): DISQUALIFY,
    (Stage.QUALIFIED, Stage.DISQUALIFIED): DISQUALIFY,
    (Stage.OPPORTUNITY, Stage.CUSTOMER): CLOSE,
    (Stage.OPPORTUNITY, Stage.LOST): CLOSE,
    (Stage.LOST, Stage.NURTURE): RECYCLE,
    (Stage.DISQUALIFIED, Stage.NURTURE): RECYCLE,
}

# Reached only through their own action; POST transition answers `use_action`.
OWN_ACTION = (Stage.OFFERED, Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.LOST)


def next_stages(stage: Stage) -> list[Stage]:
    """Where POST transition may take a lead from ``stage``, by the table alone."""
    return [to for (start, to), move in MOVES.items() if start == stage and move.door == "transition"]
