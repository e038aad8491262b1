"""Why a lead has its score and its chances: every rule with its points, every reason of the models."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp

from leads.models import Lead
from scoring.explanation import Contribution, Explanation
from scoring.models import Target, TrainedModel
from scoring.predicting import Explained, Why, explain_prediction
from scoring.rules import Card
from scoring.watching import chance_range

# Reasons named one by one, in the rail and on the page; the others stand there as one.
IN_RAIL, IN_FULL = 3, 10
# Log-odds from which on a reason moves a chance strongly, or hardly (0.2 turns 50 % into 55 %, 0.8 into 69 %).
STRONG, WEAK = 0.8, 0.2
SAID = {Target.ACCEPTANCE: "Likely to be accepted by sales", Target.WIN: "Likely to be won"}


@dataclass(frozen=True)
class Reason:
    """``length``: of its bar, in hundredths of the strongest one."""

    label: str
    log_odds: float
    length: int

    @property
    def is_up(self) -> bool:
        return self.log_odds > 0

    @property
    def words(self) -> str:
        """ "raises it a lot", "lowers it a little"."""
        verb = "raises it" if self.is_up else "lowers it"
        size = abs(self.log_odds)
        return f"{verb} a lot" if size >= STRONG else verb if size >= WEAK else f"{verb} a little"


@dataclass(frozen=True)
class Chance:
    """What one model expects of a lead. ``typical``: the share it tells of a typical lead, from which reasons lead on.

    ``rest``: how many smaller reasons there are besides, and what they add together. ``low``, ``high``: what came of
    tested leads about which it told the same; None where no test was possible.
    """

    target: Target
    model: TrainedModel
    at: datetime
    share: float
    base: float
    reasons: list[Reason]
    rest: Reason | None
    rest_count: int
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        days = f" within {self.model.horizon_days} days" if self.model.horizon_days else ""
        return f"{SAID[self.target]}{days}"

    @property
    def typical(self) -> float:
        return 1 / (1 + exp(-self.base))

    @property
    def strongest(self) -> list[Reason]:
        return self.reasons[:IN_RAIL]


def chances_of(lead: Lead, *, at: datetime) -> list[Chance]:
    """What every published model expects; none of a lead that was merged into another."""
    found = [(target, explain_prediction(lead, target, at=at)) for target in (Target.WIN, Target.ACCEPTANCE)]
    return [chance_of(target, told) for target, told in found if told]


def chance_of(target: Target, told: Explained) -> Chance:
    named, others = told.why[:IN_FULL], told.why[IN_FULL:]
    most = max((abs(line.log_odds) for line in named), default=0.0)
    low, high = chance_range(told.model, told.share) or (None, None)
    rest = sum(line.log_odds for line in others)
    return Chance(
        target=target,
        model=told.model,
        at=told.at,
        share=told.share,
        base=told.base,
        reasons=[reason_of(line, most) for line in named],
        rest=reason_of(Why("", rest), most) if others else None,
        rest_count=len(others),
        low=low,
        high=high,
    )


def reason_of(line: Why, most: float) -> Reason:
    return Reason(line.label, line.log_odds, min(100, round(100 * abs(line.log_odds) / most)) if most else 0)


@dataclass(frozen=True)
class Part:
    """The lines of one axis and what they give together."""

    label: str
    lines: Sequence[Contribution]
    total: float


def parts_of(told: Explanation) -> list[Part]:
    """Fit, engagement, and what cut the sum to 0–100; an axis without a line is left out."""
    axes = (("fit", "Ideal customer", told.fit), ("engagement", "Engagement", told.engagement))
    parts = [Part(label, [line for line in told.lines if line.axis == axis], total) for axis, label, total in axes]
    cut = [line for line in told.lines if not line.axis]
    return [part for part in (*parts, Part("", cut, sum(line.points for line in cut))) if part.lines]


def sum_of(told: Explanation) -> float:
    """All lines together; rounded it is the score."""
    return sum(line.points for line in told.lines)


def needed_words(card: Card) -> str:
    """ "50 points", "50 points and grade A1 or A2": what makes an MQL."""
    points = f"{card.thresholds.mql} points" if card.thresholds.mql is not None else ""
    grades = f"grade {' or '.join(card.thresholds.grades)}" if card.thresholds.grades else ""
    return " and ".join(filter(None, (points, grades)))
