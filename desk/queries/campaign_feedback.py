"""What the page of a campaign shows of the loop: what sales says, how good its leads are, and what was changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import Campaign
from crm.intervals import Share, share
from crm.keyset import count_up_to
from crm.models import User
from desk.queries.campaign import handoffs_of, reason_bars, what_sales_says
from desk.queries.feedback import Change
from feedback.effects import effects_on
from feedback.impressions import Heard, impressions_of
from feedback.improvements import may_record
from feedback.models import Handoff, Impression
from feedback.quality import QualityIndex, quality_index
from feedback.queries import Verdicts, latest_verdicts, unanswered, verdicts_of
from feedback.talk import with_talk
from leads.models import Reason
from scoring.models import TrainedModel
from scoring.promising import acceptance_model

ROWS = 10
OF_A_REASON = 50
CHANGES = 20


@dataclass(frozen=True)
class WhatSalesSays:
    """``quality`` None: nothing judged, or ``expected_by`` a model, which is asked afterwards.

    ``unanswered``: comments nobody replied to, counted up to a hundred.
    """

    verdicts: Verdicts
    acceptance: Share
    lines: list[str]
    reasons: list[dict[str, Any]]
    quality: QualityIndex | None
    expected_by: TrainedModel | None
    heard: Heard
    answers: QuerySet[Handoff]
    unanswered: int


def what_is_said(campaign: Campaign, *, reason: Reason | None, at: datetime) -> WhatSalesSays:
    """With ``reason`` the answers are those that gave it."""
    handed = handoffs_of(campaign)
    verdicts = verdicts_of(handed)
    answers = with_talk(latest_verdicts(handed.filter(reason=reason) if reason else handed))
    model = acceptance_model() if verdicts.judged else None
    return WhatSalesSays(
        verdicts=verdicts,
        acceptance=share(verdicts.accepted, verdicts.judged),
        lines=what_sales_says(verdicts, handed, at=at),
        reasons=reason_bars(campaign, verdicts),
        quality=quality_index(campaign.pk) if verdicts.judged and not model else None,
        expected_by=model,
        heard=impressions_of(Impression.objects.filter(lead__campaign=campaign)),
        answers=answers[: OF_A_REASON if reason else ROWS],
        unanswered=count_up_to(unanswered(handed.exclude(comment="")), 99),
    )


def changes_of(campaign: Campaign, user: User) -> list[Change]:
    """What was changed on it because of what sales said, newest first, each with what became of acceptance."""
    entries = list(campaign.improvements.select_related("reason", "by").order_by("-on", "-id")[:CHANGES])
    effects = effects_on(campaign.pk, entries, today=timezone.localdate())
    may_edit = may_record(user, campaign)
    return [Change(entry, may_edit, effects.get(entry.pk)) for entry in entries]
