"""What may go wrong with a lead."""

from typing import Any

from django.utils import timezone

from crm.errors import BusinessError, StaleState
from leads.lifecycle import OWN_ACTION, Stage, next_stages
from leads.models import Lead, Transition


class IllegalMove(BusinessError):
    """The table of moves has no such line."""

    code = "illegal_move"

    def __init__(self, lead: Lead, to: str) -> None:
        stage = Stage(lead.stage)
        allowed = [other.value for other in next_stages(stage)]
        if to in OWN_ACTION:
            super().__init__(f"{Stage(to).label} has an action of its own.", code="use_action", allowed=allowed)
        else:
            text = f"A lead in “{stage.label}” cannot go to “{Stage(to).label}”."
            super().__init__(text, stage=stage.value, allowed=allowed)


class StaleLead(StaleState):
    """Somebody else moved the lead first: says who, what and when."""

    def __init__(self, lead: Lead) -> None:
        last = Transition.objects.select_related("by").filter(lead=lead).order_by("-seq").first()
        if last is None:
            super().__init__("This lead is gone.")
            return
        who = str(last.by) if last.by else "The system"
        facts: dict[str, Any] = {"by": last.by_id, "by_name": who, "stage": last.to_stage, "at": last.at.isoformat()}
        super().__init__(moved_words(last), **facts)


def moved_words(last: Transition) -> str:
    """ "Rob moved this lead to “MQL” on 22 Nov at 10:42."."""
    who = str(last.by) if last.by else "The system"
    return f"{who} moved this lead to “{Stage(last.to_stage).label}” on {timezone.localtime(last.at):%d %b at %H:%M}."


def out_of_use(lead: Lead) -> str:
    """Why a deed on many leaves this lead alone whoever does it; "" for a lead in use."""
    if lead.merged_into_id:
        return "It was merged into another lead."
    return "It is archived." if lead.is_archived else ""


class MergedLead(StaleState):
    code = "lead_merged"

    def __init__(self, lead: Lead) -> None:
        super().__init__("This lead was merged into another one.", survivor=lead.merged_into_id)


class Archived(BusinessError):
    code = "archived"

    def __init__(self, record: object) -> None:
        super().__init__(f"{record} is archived; bring it back first.")


class BeforeLastMove(BusinessError):
    code = "at_before_last_move"

    def __init__(self, last: Transition) -> None:
        super().__init__(
            f"The move before it was at {last.at.isoformat()}; a move cannot be earlier.", last=last.at.isoformat()
        )


class CannotUndo(StaleState):
    code = "cannot_undo"


class CannotRetry(BusinessError):
    """An answer to a form that is processed, or no longer kept."""

    code = "cannot_retry"
