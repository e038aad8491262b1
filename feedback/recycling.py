"""Recycling with memory: what sales sent to nurture until a day comes back on that day, to whom it knows.

It becomes MQL as a new time round, by the system. Days that marketing set itself only stand in the list of leads. Who
wants no contact stays where it is, and so does who has been round as often as agreed. What comes back before its day,
because the buyer raised a hand or the score reached what was agreed, is found by scoring/qualifying.py.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from crm.access import manages
from crm.errors import BusinessError
from crm.models import NotificationKind, User
from crm.periods import own_day
from feedback.agreement import active_agreement
from feedback.models import Handoff, SignedStatus
from feedback.telling import Notice, tell
from leads.errors import out_of_use
from leads.lifecycle import WITH_SALES, Stage
from leads.list_queries import nurture_due, present_leads
from leads.many_moves import hold_leads, last_moves, move_leads, opening_episodes
from leads.models import Lead, Transition
from leads.models.lead import LeadQuerySet
from leads.transitions import opens_episode

# From here a lead was sent to nurture by sales.
OF_SALES = (Stage.OFFERED, *WITH_SALES)
AT_ONCE = 1_000
DAY_HAS_COME = "The day has come that sales wanted to see it again."
HAND_RAISED = "The buyer raised a hand."


class TooManyRounds(BusinessError):
    code = "too_many_rounds"

    def __init__(self, lead: Lead, most: int) -> None:
        times = "once" if most == 1 else f"{most} times"
        text = f"{lead} has been with sales {times}, as often as agreed. A manager may mark it as MQL again."
        super().__init__(text, episode=lead.episode, most=most)


def most_rounds() -> int | None:
    """How often a lead may come to sales, by the signed agreement; None: any number."""
    agreement = active_agreement()
    return agreement.most_episodes if agreement.status == SignedStatus.ACTIVE else None


def require_round_left(lead: Lead, *, by: User) -> None:
    """Raise TooManyRounds where marking as MQL would begin one time round more than agreed; managers may."""
    most = most_rounds()
    if most is not None and lead.episode >= most and not manages(by) and opens_episode(lead, Stage.MQL):
        raise TooManyRounds(lead, most)


def bring_back_due(*, at: datetime, limit: int = AT_ONCE) -> int:
    """Bring back what sales wanted to see again by today; gives how many. Safe twice, late and side by side."""
    due = nurture_due(coming_back(), on=own_day(at))
    sent = Transition.objects.filter(
        lead=OuterRef("pk"), seq=OuterRef("seq"), to_stage=Stage.NURTURE, from_stage__in=OF_SALES
    )
    if (most := most_rounds()) is not None:
        due = due.filter(episode__lt=most)
    found = due.filter(Exists(sent)).order_by("revisit_on", "pk").values_list("pk", flat=True)
    return len(bring_back(list(found[:limit]), at=at, why=DAY_HAS_COME))


def coming_back() -> LeadQuerySet:
    """Leads that may come back by themselves."""
    return present_leads().filter(archived_at__isnull=True).may_be_contacted()


@transaction.atomic
def bring_back(
    lead_ids: Sequence[int], *, at: datetime, why: str, out_of: Collection[Stage] = (Stage.NURTURE,)
) -> list[Lead]:
    """Make these MQL, by the system, where they still stand in one of these stages; safe twice.

    Who knows those that were in nurture is told.
    """
    if not lead_ids:
        return []
    leads = hold_leads(lead_ids)
    last, most, opening = last_moves(leads), most_rounds(), opening_episodes(leads, Stage.MQL)
    ready = [
        lead
        for lead in leads
        if lead.stage in out_of
        and not out_of_use(lead)
        and last[lead.pk].at <= at
        and not (most is not None and lead.pk in opening and lead.episode >= most)
    ]
    returned = [lead for lead in ready if lead.stage == Stage.NURTURE]
    days = {lead.pk: lead.revisit_on for lead in returned} if why == DAY_HAS_COME else {}
    move_leads(ready, Stage.MQL, by=None, at=at, note=why, revisit_on=None)
    tell_who_knows(returned, last, days, why, at=at)
    return ready


def tell_who_knows(
    leads: Sequence[Lead], last: Mapping[int, Transition], days: Mapping[int, date | None], why: str, *, at: datetime
) -> None:
    """Ring for who sent each lead to nurture and for who in marketing handed it over; many at once are one line."""
    offered = dict(
        Handoff.objects.filter(lead__in=leads, offered_by__isnull=False)
        .order_by("lead", "-pk").distinct("lead").values_list("lead", "offered_by")
    )  # fmt: skip
    asked = {pk for pk in (*(row.by_id for row in last.values()), *offered.values()) if pk}
    here = set(User.objects.filter(pk__in=asked, is_active=True).values_list("pk", flat=True))
    found = (
        notice
        for lead in leads
        for notice in notices(lead, last[lead.pk].by_id, offered.get(lead.pk), days.get(lead.pk), why)
    )
    tell((notice for notice in found if notice.user in here), at=at, many_url="/leads/?tab=all&stage=mql")


def notices(lead: Lead, sent_by: int | None, offered_by: int | None, day: date | None, why: str) -> Iterator[Notice]:
    """ "Lea Lead is back": to who wanted to see it again, and to who handed it over."""
    key, url = f"back:{lead.pk}:{lead.seq}", f"/leads/{lead.pk}/"
    asked = f"You asked to see it again on {day:%-d %b %Y}." if day else why
    if sent_by:
        yield Notice(sent_by, NotificationKind.LEAD_BACK, key, f"{lead} is back", asked, url)
    if offered_by and offered_by != sent_by:
        said = f"Sales wanted to see it again on {day:%-d %b %Y}." if day else why
        yield Notice(offered_by, NotificationKind.LEAD_BACK, key, f"{lead} is back", said, url)
