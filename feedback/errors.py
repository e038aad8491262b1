"""What may go wrong with a hand-off."""

from typing import Any

from django.utils import timezone

from crm.errors import BusinessError, StaleState
from feedback.models import DEEDS, Handoff, HandoffStatus


class AlreadyDecided(StaleState):
    """The hand-off has its verdict: says who gave it, what and when."""

    code = "already_decided"

    def __init__(self, handoff: Handoff) -> None:
        status = HandoffStatus(handoff.status)
        at = timezone.localtime(handoff.decided_at)
        facts: dict[str, Any] = {"status": status.value, "at": at.isoformat(), "by": handoff.decided_by_id}
        if status == HandoffStatus.EXPIRED:
            text = f"No answer came in time, so this lead went to {handoff.heir}."
            super().__init__(text, recipient=handoff.heir, **facts)
        else:
            who = str(handoff.decided_by) if handoff.decided_by else "The system"
            deed = f"passed this on to {handoff.heir}" if handoff.is_passed_on else f"{DEEDS[status]} this"
            super().__init__(f"{who} {deed} at {at:%H:%M on %d %b}.", by_name=who, **facts)


class TakenBack(StaleState):
    """Who passed the hand-off on took that back, so there is none any more."""

    code = "taken_back"

    def __init__(self) -> None:
        super().__init__("This lead was passed on by mistake and has been taken back; nobody has to answer it here.")


class AlreadyWaiting(StaleState):
    code = "already_waiting"

    def __init__(self, handoff: Handoff) -> None:
        super().__init__(f"This lead already waits for {handoff.recipient}.", handoff=handoff.pk)


class NoSuchRecipient(BusinessError):
    code = "no_recipient"
