"""What each role's first page shows: at most ten rows a block, at the same cost however much there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Count, F, QuerySet

from campaigns.models import Campaign
from campaigns.queries import ACTIVE
from crm.models import Role, Token, User
from crm.outbox import lag
from crm.periods import add_months, start_of_month
from crm.words import percent
from desk.queries.campaign import NOBODY, counts_by_campaign
from desk.queries.inbox import answers_this_week, waiting_page
from feedback.access import inbox_team_ids
from feedback.models import Handoff
from feedback.queries import latest_verdicts
from funnel.queries import waiting_now
from funnel.reports.counts import steps
from funnel.reports.question import Question
from leads.lifecycle import RANK, SUCCESS, Stage
from leads.list_queries import leads_of, needing_repair, present_leads, ready_for_sales
from leads.models import Lead, Opportunity

ROWS = 10
WEEK = timedelta(days=7)
MONTHS_TOLD = 3
ENOUGH = 10


def home_of(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    """The template of the person's role, and what its blocks show."""
    blocks = {
        Role.REP: rep_blocks,
        Role.MARKETER: marketer_blocks,
        Role.MANAGER: manager_blocks,
        Role.ADMIN: admin_blocks,
    }
    role = Role(user.role)
    return {"template": f"desk/home_{role.value}.html", "now": now, **blocks[role](user, now=now, today=today)}


def rep_blocks(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    waiting = waiting_page(user)
    mine = Opportunity.objects.filter(owner=user, outcome="")
    return {
        "waiting": waiting.rows[:ROWS],
        "waiting_total": waiting.total_words,
        "working": cut(to_work(user)),
        "deals": cut(mine.select_related("company").order_by(F("expected_close").asc(nulls_last=True), "pk")),
        "answers": answers_this_week(user, now=now),
    }


def to_work(user: User) -> QuerySet[Lead]:
    """Leads the person took that are not opportunities yet, who has waited longest on top."""
    taken = present_leads().filter(owner=user, stage__in=[Stage.ACCEPTED, Stage.QUALIFIED])
    return taken.for_lists().order_by("stage_since", "pk")


def marketer_blocks(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    mine = leads_of(user)
    return {
        "answers": cut(said_this_week(Handoff.objects.filter(lead__in=mine), now=now)),
        "repairs": cut(needing_repair(mine).for_lists().order_by("stage_since", "pk")),
        "ready": cut(ready_for_sales(mine).for_lists().order_by("stage_since", "pk")),
        "campaigns": campaign_lines(Campaign.objects.filter(owner=user), today=today),
    }


def manager_blocks(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    everybody, recipients = waiting_now(at=now)
    teams = inbox_team_ids(user)
    handoffs = Handoff.objects.filter(decided_by__team__in=teams) if teams else Handoff.objects.all()
    return {
        "sentence": funnel_sentence(today),
        "everybody": everybody,
        "recipients": recipients[:ROWS],
        "answers": cut(said_this_week(handoffs, now=now)),
        "heads_sales": bool(teams),
        "campaigns": [] if teams else campaign_lines(Campaign.objects.all(), today=today),
    }


def admin_blocks(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    people = User.objects.filter(is_active=True)
    by_role = dict(people.order_by().values_list("role").annotate(count=Count("pk")))
    return {
        "roles": [{"label": role.label, "count": by_role.get(role.value, 0)} for role in Role],
        "newest": cut(people.select_related("team").order_by("-created_at", "-pk")),
        "cannot_log_in": people.filter(email__isnull=True).count(),
        "tokens": Token.objects.count(),
        "lag": max(lag().values(), default=0.0),
        "has_sample": Lead.objects.filter(is_sample=True).exists(),
    }


def said_this_week(handoffs: QuerySet[Handoff], *, now: datetime) -> QuerySet[Handoff]:
    return latest_verdicts(handoffs).filter(decided_at__gt=now - WEEK)


@dataclass(frozen=True)
class Rows:
    """The first rows of a block, and whether there are more."""

    shown: Sequence[Any]
    more: bool

    def __bool__(self) -> bool:
        return bool(self.shown)


def cut(rows: QuerySet[Any]) -> Rows:
    found = list(rows[: ROWS + 1])
    return Rows(found[:ROWS], len(found) > ROWS)


def campaign_lines(campaigns: QuerySet[Campaign], *, today: date) -> list[dict[str, Any]]:
    """Running campaigns with their five figures."""
    counts = counts_by_campaign(today)
    running = campaigns.filter(status__in=ACTIVE)
    return [
        {"campaign": campaign, "counts": counts.get(campaign.pk, NOBODY).items()}
        for campaign in running.order_by("-starts_on", "-pk")[:ROWS]
    ]


def funnel_sentence(today: date) -> str:
    """What the funnel says of the leads of the last months, as its page would: "Of 640 MQLs since 1 September, …"."""
    since = add_months(start_of_month(today), 1 - MONTHS_TOLD)
    [counted] = steps(Question(start=since, end=today + timedelta(days=1))).values()
    reached = {stage: counted[RANK[stage] - 1].entered for stage in SUCCESS}
    mqls, accepted = reached[Stage.MQL], reached[Stage.ACCEPTED]
    if mqls < ENOUGH:
        return f"{mqls} MQLs since {since:%-d %B}: too few for rates."
    first = f"Of {mqls:,} MQLs since {since:%-d %B}, {percent(accepted / mqls)} were accepted"
    return f"{first}; {biggest_drop(reached)}."


def biggest_drop(reached: dict[Stage, int]) -> str:
    """Between which two neighbouring stages, from MQL to opportunity, the largest share stayed behind."""
    path = SUCCESS[SUCCESS.index(Stage.MQL) : SUCCESS.index(Stage.OPPORTUNITY) + 1]
    pairs = [(before, after) for before, after in pairwise(path) if reached[before]]
    before, after = min(pairs, key=lambda pair: reached[pair[1]] / reached[pair[0]])
    stayed = 1 - reached[after] / reached[before]
    return f"the biggest drop is from {before.label} to {after.label}, where {percent(stayed)} stayed behind"
