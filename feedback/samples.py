"""What of this room is sample data (crm/erasure.py)."""

from django.db.models import Q

from crm.erasure import Counts, delete_samples, delete_where
from feedback.models import Agreement, Handoff, Impression, Improvement, Reply, Request, RoutingPlan, RoutingRule
from leads.models import Lead


def remove() -> Counts:
    """What was said about sample leads goes with them; a real request about one stays without it."""
    leads = list(Lead.objects.filter(is_sample=True).values_list("id", flat=True))
    real = Request.objects.filter(is_sample=False)
    for about in ("lead", "opportunity", "company", "asset"):
        real.filter(**{f"{about}__is_sample": True}).update(**{about: None})
    Impression.objects.filter(asset__is_sample=True).delete()
    to_samples = Q(to_team__is_sample=True) | Q(to_user__is_sample=True)
    # Back to what a new installation begins with.
    RoutingPlan.objects.filter(Q(fallback_team__is_sample=True) | Q(fallback_user__is_sample=True)).delete()
    return {
        "replies": Reply.objects.filter(handoff__lead__is_sample=True).delete()[0],
        "impressions": delete_where(Impression, "lead_id", leads),
        "requests": delete_samples(Request),
        "improvements": delete_samples(Improvement),
        "routing rules": RoutingRule.objects.filter(to_samples).delete()[0],
        "hand-offs": delete_where(Handoff, "lead_id", leads),
        "agreements": Agreement.objects.filter(is_sample=True).delete()[0],
    }
