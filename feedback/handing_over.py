"""Handing many leads to sales at once: each by itself, so that one that moved meanwhile holds up none."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from crm.errors import BusinessError, NotAllowed
from crm.models import Team, User
from feedback.verdicts import offer_lead
from leads.errors import StaleLead
from leads.lifecycle import Stage
from leads.models import Lead

MOST_AT_ONCE = 200


@dataclass
class HandedOver:
    """What became of the leads: how many wait for sales now, and which had moved, with what to tell about each."""

    handed: int = 0
    moved: list[tuple[Lead, str]] = field(default_factory=list)


def hand_over_leads(
    lead_ids: Iterable[int],
    *,
    by: User,
    at: datetime,
    to_user: User | None = None,
    to_team: Team | None = None,
    promised: str = "",
) -> HandedOver:
    """Hand these leads (at most MOST_AT_ONCE) to one rep or team. Raises NotAllowed and NoSuchRecipient."""
    result = HandedOver()
    for lead in Lead.objects.filter(pk__in=list(lead_ids)[:MOST_AT_ONCE]).order_by("pk"):
        if lead.stage != Stage.MQL:
            result.moved.append((lead, str(StaleLead(lead))))
            continue
        try:
            offer_lead(lead, by=by, at=at, to_user=to_user, to_team=to_team, promised=promised)
        except NotAllowed:
            raise
        except BusinessError as why:
            if why.code == "no_recipient":
                raise
            result.moved.append((lead, str(why)))
        else:
            result.handed += 1
    return result
