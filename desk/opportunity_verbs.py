"""What a person may do with an opportunity now: the one next step, and the rest for the menu."""

from dataclasses import replace
from datetime import datetime

from django.urls import reverse

from crm.models import User
from desk.verbs import LOG_CALL, SAY, Verb, Verbs, ask_verbs, conversion_undo
from feedback.models import Moment
from leads.access import may_work_opportunity
from leads.models import Opportunity, PipelineStage
from leads.pipeline import open_stages

WIN = Verb("Win", "They buy. Its leads become customers.", "trophy", how="post", key="w", fields={"outcome": "won"})
LOSE = Verb("Lose", "They do not buy, and why.", "flag-off", key="l", is_danger=True)
REOPEN = Verb("Reopen", "Back to the stage it was closed in; its leads with it.", "arrow-back-up", how="post")
ADD_PERSON = Verb("Add a person", "Who decides, who helps, who is against it.", "user-plus", key="p")


def opportunity_verbs(user: User, deal: Opportunity, stages: dict[str, PipelineStage], *, now: datetime) -> Verbs:
    """Calling until the last stage, then winning; what is closed can be opened again.

    To whom nobody may call, winning is all that is next.
    """
    if not may_work_opportunity(user, deal):
        return Verbs(None, [])
    closing, person = address_of(deal, "closing"), replace(ADD_PERSON, url=address_of(deal, "people"))
    if not deal.is_open:
        reopen = replace(REOPEN, url=address_of(deal, "reopening"))
        return Verbs(None, [*say_verbs(deal), reopen, person, *ask_verbs(user, deal)])
    undo = conversion_undo(user, deal, now=now)
    win, lose = replace(WIN, url=closing), replace(LOSE, url=closing)
    offered = open_stages(stages)
    is_last = not offered or deal.stage == offered[-1].stage
    if is_last or (deal.contact and not deal.contact.may_be_called):
        return Verbs(win, [lose, person, *undo, *ask_verbs(user, deal)], number_of(deal))
    return Verbs(LOG_CALL, [win, lose, person, *undo, *ask_verbs(user, deal)], number_of(deal))


def say_verbs(deal: Opportunity) -> list[Verb]:
    """How good the lead was that it came of."""
    if deal.lead_id is None:
        return []
    address = reverse("desk:lead-impression", args=[deal.lead_id])
    return [replace(SAY, url=f"{address}?moment={Moment.CLOSE.value}&opportunity={deal.pk}")]


def number_of(deal: Opportunity) -> str:
    return deal.contact.phone if deal.contact and deal.contact.may_be_called else ""


def address_of(deal: Opportunity, verb: str) -> str:
    return reverse(f"desk:opportunity-{verb}", args=[deal.pk])
