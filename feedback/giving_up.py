"""Giving a lead up: sales returns or disqualifies one only after the attempts that both sides agreed on."""

from datetime import datetime
from typing import Any

from crm.access import manages
from crm.errors import BusinessError
from crm.models import User
from feedback.agreement import active_agreement
from feedback.clocks import level_in_work
from feedback.models import SignedStatus
from feedback.recycling import require_round_left
from leads.access import may_move
from leads.attempts import NONE, attempts_of
from leads.lifecycle import DISQUALIFY, MARK_MQL, MOVES, RETURN, Stage
from leads.models import Lead, Transition
from leads.transitions import transition_lead


class TooFewAttempts(BusinessError):
    code = "too_few_attempts"

    def __init__(self, made: int, agreed: int) -> None:
        tried = f"{made} attempt{'' if made == 1 else 's'} so far" if made else "Not tried yet"
        super().__init__(
            f"{tried}; {agreed} are agreed before a lead is given up. Log what you tried, or ask your manager.",
            made=made, agreed=agreed,
        )  # fmt: skip


def transition_as_agreed(lead: Lead, to: str, *, by: User, at: datetime, **facts: Any) -> Transition | None:
    """`transition_lead`, after the agreement was asked: about a lead that sales gives up, and one that comes again.

    Raises TooFewAttempts and TooManyRounds.
    """
    move = MOVES.get((Stage(lead.stage), Stage(to)))
    if move in (RETURN, DISQUALIFY) and may_move(by, lead, move):
        require_attempts(lead, by=by)
    if move == MARK_MQL and may_move(by, lead, move):
        require_round_left(lead, by=by)
    return transition_lead(lead, to, by=by, at=at, **facts)


def require_attempts(lead: Lead, *, by: User) -> None:
    """Raise TooFewAttempts, unless the buyer answered, wants to be left alone, or a manager decides.

    Until the first agreement is signed nothing is demanded.
    """
    agreement = active_agreement()
    may_be_reached = lead.may_be_called or lead.may_be_mailed
    if agreement.status != SignedStatus.ACTIVE or manages(by) or not may_be_reached:
        return
    attempts, agreed = attempts_of([lead.pk]).get(lead.pk, NONE), level_in_work(lead, agreement).min_attempts
    if attempts.count < agreed and not attempts.is_connected:
        raise TooFewAttempts(attempts.count, agreed)
