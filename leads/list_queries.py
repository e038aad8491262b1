"""Whom to work on now: the groups of leads that lists and homes show."""

from datetime import date

from django.db.models import Exists, Model, OuterRef, Q, Subquery
from django.db.models.functions import Greatest

from campaigns.models import Campaign
from crm.access import own_team_ids
from crm.models import User
from leads.lifecycle import Stage
from leads.models import Lead, Touch, Transition
from leads.models.lead import LeadQuerySet

RECENT = 5_000


def present_leads() -> LeadQuerySet:
    """All leads but those merged into another."""
    return Lead.objects.filter(merged_into__isnull=True)


def leads_of(user: User) -> LeadQuerySet:
    """A person's own leads; an admin's are all."""
    return present_leads() if user.is_admin else present_leads().filter(belongs_to(user))


def belongs_to(user: User) -> Q:
    """The condition on leads: the person owns it, or its campaign; of a manager also their teams."""
    mine, campaigns = Q(owner=user), Q(owner=user)
    teams = own_team_ids(user)
    if user.is_manager and teams:
        mine |= Q(team__in=teams)
        campaigns |= Q(owner__team__in=teams)
    # Asked for beforehand: PostgreSQL joins the indexes for owner and for campaign, but not an index and a subquery.
    campaign_ids = list(Campaign.objects.filter(campaigns).order_by().values_list("pk", flat=True))
    return mine | Q(campaign__in=campaign_ids)


def needing_repair(leads: LeadQuerySet) -> LeadQuerySet:
    """MQLs that sales sent back to be repaired: their last move is a verdict with a reason."""
    sent_back = Transition.objects.filter(
        lead=OuterRef("pk"), seq=OuterRef("seq"), from_stage=Stage.OFFERED, reason__isnull=False
    )
    return leads.filter(Exists(sent_back), stage=Stage.MQL)


def ready_for_sales(leads: LeadQuerySet) -> LeadQuerySet:
    """MQLs that may be handed to sales: not those that wait for repair."""
    return leads.filter(stage=Stage.MQL).exclude(pk__in=needing_repair(leads).values("pk"))


def nurture_due(leads: LeadQuerySet, *, on: date) -> LeadQuerySet:
    """In nurture, to be looked at again by that day."""
    return leads.filter(stage=Stage.NURTURE, revisit_on__lte=on)


def with_last_touch(leads: LeadQuerySet) -> LeadQuerySet:
    """``last_touch_at``: when buyer and we last met; None for never."""
    newest = Touch.objects.effective().order_by("-at").values("at")
    own, merged = newest.filter(lead=OuterRef("pk"))[:1], newest.filter(lead__merged_into=OuterRef("pk"))[:1]
    return leads.annotate(last_touch_at=Greatest(Subquery(own), Subquery(merged)))


def recent_values(of: type[Model], field: str) -> list[str]:
    """What the newest rows have in ``field``, in order: choices of a filter, at a cost that does not grow."""
    newest = of._default_manager.order_by("-id").values_list(field, flat=True)[:RECENT]
    return sorted(set(newest) - {""})
