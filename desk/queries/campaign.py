"""What the page of a campaign says: its chain of figures, what sales says in words, what is left to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from campaigns.models import Campaign
from crm.intervals import rate, share
from crm.periods import own_day
from crm.words import age, duration, interval
from feedback.models import VERDICTS, Handoff, HandoffQuerySet
from feedback.queries import ANSWER_TIME, Median, Verdicts
from funnel.attribution.returns import cost_each
from funnel.reports.answer import Row
from funnel.reports.campaigns import CAMPAIGNS
from funnel.reports.counts import Step as Counted
from funnel.reports.counts import steps
from funnel.reports.question import read
from funnel.reports.registry import answer, question_for
from leads.lifecycle import RANK, Stage
from leads.list_queries import present_leads, ready_for_sales
from leads.models.lead import LeadQuerySet

# So many leads fit into a hidden field of the page; more go by the list of leads.
MOST_AT_ONCE = 200
# A team with fewer answers is compared with none.
ENOUGH = 5
CHAIN = (Stage.INQUIRY, Stage.MQL, Stage.ACCEPTED, Stage.OPPORTUNITY, Stage.CUSTOMER)
LABELS = {
    Stage.INQUIRY: "Inquiries",
    Stage.MQL: "MQL",
    Stage.ACCEPTED: "Accepted",
    Stage.OPPORTUNITY: "Opportunities",
    Stage.CUSTOMER: "Won",
}
Counts = dict[Stage, int]
NOBODY: Counts = dict.fromkeys(CHAIN, 0)


@dataclass(frozen=True)
class Step:
    """One figure of the chain. Rates are shares of the figure before it, 0–1, None without a divisor."""

    stage: Stage
    label: str
    count: int
    rate: float | None
    low: float | None
    high: float | None
    average: float | None
    cost_each: Decimal | None
    href: str


def counts_by_campaign(today: date) -> dict[int, Counts]:
    """How many leads of each campaign ever got that far, each lead once: the funnel report's figures so far."""
    found = steps(read({"dimension": "campaign"}, today=today))
    return {int(key): counts_of(counted) for key, counted in found.items() if key}


def counts_of(counted: Sequence[Counted]) -> Counts:
    return {stage: counted[RANK[stage] - 1].entered for stage in CHAIN}


def summed(counts: Iterable[Counts]) -> Counts:
    """All campaigns together: what the own average is taken of."""
    total = NOBODY
    for each in counts:
        total = {stage: total[stage] + each[stage] for stage in CHAIN}
    return total


def chain(campaign: Campaign, counts: Counts, average: Counts, spent: Decimal | None) -> list[Step]:
    """The five figures from inquiry to won, each with the address of the leads behind it."""
    chained = []
    for before, stage in zip((None, *CHAIN), CHAIN, strict=False):
        base = counts[before] if before else 0
        passed = share(counts[stage], base)
        chained.append(
            Step(
                stage=stage,
                label=LABELS[stage],
                count=counts[stage],
                rate=passed.rate,
                low=passed.low,
                high=passed.high,
                average=rate(average[stage], average[before]) if before else None,
                cost_each=cost_each(spent, counts[stage]),
                href=f"{reverse('funnel:drilldown')}?{urlencode({'campaign': campaign.pk, 'stage': stage.value})}",
            )
        )
    return chained


def row_of_campaign(campaign: Campaign, *, at: datetime) -> Row | None:
    """What the report *campaigns* says of it over all days; None while there is nothing to tell."""
    today = own_day(at)
    asked = question_for(CAMPAIGNS, {"dimension": "campaign", "key": str(campaign.pk)}, today=today)
    return next(iter(answer(CAMPAIGNS, asked, at=at).rows), None)


def handoffs_of(campaign: Campaign) -> HandoffQuerySet:
    return Handoff.objects.filter(lead__campaign=campaign)


def what_sales_says(verdicts: Verdicts, handoffs: HandoffQuerySet, *, at: datetime) -> list[str]:
    """Three sentences: how many were accepted, why not, and how long answers take."""
    return [
        line for line in (accepted_line(verdicts), reason_line(verdicts), pace_line(verdicts, handoffs, at=at)) if line
    ]


def accepted_line(verdicts: Verdicts) -> str:
    if not verdicts.judged:
        return "Sales has not answered yet." if verdicts.waiting else ""
    accepted = share(verdicts.accepted, verdicts.judged)
    return f"Accepted {verdicts.accepted} of {verdicts.judged} ({interval(accepted.low, accepted.high)})."


def reason_line(verdicts: Verdicts) -> str:
    if not verdicts.reasons:
        return "No lead was rejected." if verdicts.accepted else ""
    first = verdicts.reasons[0]
    return f"Main reason: {first.family_label.lower()}, {lower_first(first.label)} ({first.count})."


def pace_line(verdicts: Verdicts, handoffs: HandoffQuerySet, *, at: datetime) -> str:
    parts = []
    if verdicts.answer_time is not None:
        parts.append(slowest_step(handoffs) or f"answers took {duration(verdicts.answer_time)} at the median")
    oldest = handoffs.open().select_related("to_user", "to_team").order_by("waiting_since").first()
    if oldest:
        since = age(at - oldest.waiting_since) or "just now"
        many = f"{verdicts.waiting} wait now, the longest" if verdicts.waiting > 1 else "1 waits now,"
        parts.append(f"{many} for {oldest.recipient} ({since})")
    elif parts:
        parts.append("nothing waits now")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def slowest_step(handoffs: HandoffQuerySet) -> str:
    """ "slowest step: waiting for Team North (14 h at the median)"; "" while fewer than two have answered enough."""
    answered = handoffs.filter(status__in=VERDICTS, team__isnull=False).order_by().values("team__name")
    teams = list(
        answered.annotate(took=Median(ANSWER_TIME), count=Count("pk")).filter(count__gte=ENOUGH).order_by("-took")
    )
    if len(teams) < 2:
        return ""
    return f"slowest step: waiting for {teams[0]['team__name']} ({duration(teams[0]['took'])} at the median)"


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def first_steps(context: dict[str, Any]) -> list[dict[str, Any]]:
    """What a new campaign still needs; nothing once all three are done."""
    steps = [
        {"done": context["spent"] is not None, "key": "spend", "title": "Log its first spend"},
        {"done": bool(context["leads"]), "key": "leads", "title": "Bring its first leads"},
        {
            "done": bool(context["says"].verdicts.judged or context["says"].verdicts.waiting),
            "key": "sales",
            "title": "Hand the first ones to sales",
        },
    ]
    return [] if all(step["done"] for step in steps) else steps


def reason_bars(campaign: Campaign, verdicts: Verdicts) -> list[dict[str, Any]]:
    """Why sales said no: a bar for each reason, leading to the verdicts that gave it."""
    address = reverse("desk:campaign", args=[campaign.pk])
    return [
        {
            "label": reason.label,
            "note": reason.family_label,
            "count": reason.count,
            "href": f"{address}?reason={reason.reason_id}#verdicts",
        }
        for reason in verdicts.reasons
    ]


def leads_from(campaign: Campaign) -> LeadQuerySet:
    return present_leads().filter(campaign=campaign)


def ready_ids(campaign: Campaign) -> list[int]:
    """Leads of the campaign that may be handed over, who has waited longest first; as many as go at once."""
    ready = ready_for_sales(leads_from(campaign)).order_by("stage_since", "pk")
    return list(ready.values_list("pk", flat=True)[:MOST_AT_ONCE])


def own_leads(campaign: Campaign, lead_ids: list[int]) -> list[int]:
    """Those of the ids that are leads of this campaign."""
    return list(leads_from(campaign).filter(pk__in=lead_ids).values_list("pk", flat=True))
