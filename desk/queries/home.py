"""What each role's first page shows: at most ten rows a block, at the same cost however much there is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from campaigns.models import Campaign
from campaigns.queries import ACTIVE
from crm.models import Role, Token, User
from crm.outbox import lag
from crm.periods import add_months, local_day, start_of_day, start_of_month, start_of_week, zone
from crm.words import percent
from desk.queries.campaign import NOBODY, counts_by_campaign
from desk.queries.campaign_pace import paces
from desk.queries.feedback import due_for_nurture, repairs
from desk.queries.first_calls import first_calls
from desk.queries.first_steps import first_steps
from desk.queries.from_marketing import done_by_marketing
from desk.queries.inbox import answers_this_week, waiting_page
from desk.queries.oversight import pace_of_both, people_away, to_sign, who_waits
from feedback.access import inbox_team_ids
from feedback.models import Handoff
from feedback.queries import latest_verdicts, unanswered
from feedback.requests import open_requests_for
from funnel.reports.counts import steps
from funnel.reports.question import Question
from leads.attempts import Try, count_attempts, try_of
from leads.lifecycle import RANK, SUCCESS, Stage
from leads.list_queries import leads_of, present_leads, ready_for_sales
from leads.models import Activity, ActivityKind, Lead, Opportunity, Task
from leads.pipeline import pipeline
from leads.stalled import quiet, stalled

ROWS = 10
WEEK = timedelta(days=7)
# A comment that nobody has answered for so long is no news any more; the page of feedback has it.
ANSWERABLE = timedelta(days=30)
MONTHS_TOLD = 3
ENOUGH = 10
# Nobody has more to do; a count that reaches it is as good as any.
MOST_COUNTED = 1_000


def home_of(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    """The template of the person's role, and what its blocks show."""
    blocks = {
        Role.REP: rep_blocks,
        Role.MARKETER: marketer_blocks,
        Role.MANAGER: manager_blocks,
        Role.ADMIN: admin_blocks,
    }
    role = Role(user.role)
    return {
        "template": f"desk/home_{role.value}.html",
        "now": now,
        "first_steps": first_steps(user),
        **blocks[role](user, now=now, today=today),
    }


def rep_blocks(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    waiting = waiting_page(user, at=now)
    return {
        "waiting": waiting.rows[:ROWS],
        "waiting_total": waiting.total_words,
        "tasks": tasks_due(user, now=now, today=today),
        "first_calls": first_calls(user, now=now),
        "working": cut(to_work(user)),
        "quiet": cut(gone_quiet(user, now=now)),
        "week": week_of(user, now=now),
        "marketing": done_by_marketing(user, now=now),
        "answers": answers_this_week(user, now=now),
    }


def gone_quiet(user: User, *, now: datetime) -> QuerySet[Opportunity]:
    """Own open opportunities nobody does anything for, or that stand still; the longest silence on top."""
    worrying = quiet(at=now) | stalled(pipeline(), at=now)
    own = Opportunity.objects.filter(worrying, owner=user, archived_at__isnull=True)
    return own.select_related("company").order_by(F("last_activity_at").asc(nulls_first=True), "pk")


def to_work(user: User) -> QuerySet[Lead]:
    """Leads the person took that are not opportunities yet, who has waited longest on top."""
    taken = present_leads().filter(owner=user, stage__in=[Stage.ACCEPTED, Stage.QUALIFIED])
    return taken.for_lists().order_by("stage_since", "pk")


def marketer_blocks(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    mine = leads_of(user)
    of_mine = Handoff.objects.filter(lead__in=mine)
    return {
        "tasks": tasks_due(user, now=now, today=today),
        "answers": cut(said_this_week(of_mine, now=now)),
        "comments": cut(unanswered_comments(of_mine, now=now)),
        "repairs": cut(repairs(user)),
        "ready": cut(ready_for_sales(mine).for_lists().order_by("stage_since", "pk")),
        "nurture": cut(due_for_nurture(user, today=today)),
        "requests": cut(open_requests_for(user)),
        "campaigns": campaign_lines(Campaign.objects.filter(owner=user), today=today),
    }


def unanswered_comments(handoffs: QuerySet[Handoff], *, now: datetime) -> QuerySet[Handoff]:
    """What sales said in words lately and nobody has answered, the longest unanswered on top."""
    said = latest_verdicts(handoffs).filter(decided_at__gt=now - ANSWERABLE).exclude(comment="")
    return unanswered(said).order_by("decided_at", "id")


def manager_blocks(user: User, *, now: datetime, today: date) -> dict[str, Any]:
    teams = inbox_team_ids(user)
    handoffs = Handoff.objects.filter(decided_by__team__in=teams) if teams else Handoff.objects.all()
    return {
        "tasks": tasks_due(user, now=now, today=today),
        "sentence": funnel_sentence(today),
        "waits": who_waits(user, at=now),
        "pace": pace_of_both(at=now),
        "to_sign": to_sign(user),
        "away": cut(people_away(user, today=today)),
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


@dataclass(frozen=True)
class Due:
    """The first tasks due by tonight, how many more there are, and how many of all are late."""

    shown: list[Task]
    more: int
    late: int

    def __bool__(self) -> bool:
        return bool(self.shown)


def tasks_due(user: User, *, now: datetime, today: date) -> Due:
    """A person's own open tasks up to tonight, the longest overdue on top; counted up to `MOST_COUNTED`."""
    tonight = start_of_day(today + timedelta(days=1), zone())
    due = Task.objects.open().filter(owner=user, due_at__lt=tonight)
    shown = due.select_related("lead__company", "opportunity", "contact").order_by("due_at", "pk")[:ROWS]
    counted = due.order_by()[:MOST_COUNTED].aggregate(all=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))
    return Due(list(shown), counted["all"] - min(counted["all"], ROWS), counted["late"])


@dataclass(frozen=True)
class Week:
    """What a person did since Monday: ``attempts`` to reach a buyer, ``answers``: how often one was heard."""

    calls: int
    emails: int
    meetings: int
    attempts: int
    answers: int


def week_of(user: User, *, now: datetime) -> Week:
    tz = zone()
    since = start_of_day(start_of_week(local_day(now, tz)), tz)
    done = Activity.objects.order_by().filter(by=user, at__gte=since, at__lte=now)
    rows = done.values_list("lead", "opportunity", "contact", "kind", "direction", "outcome", "at")[:MOST_COUNTED]
    kinds = Counter(row[3] for row in rows)
    tries: dict[Any, list[Try]] = {}
    for row in rows:
        tries.setdefault(row[:3], []).append(try_of(*row[3:]))
    return Week(
        calls=kinds[ActivityKind.CALL],
        emails=kinds[ActivityKind.EMAIL],
        meetings=kinds[ActivityKind.MEETING],
        attempts=sum(count_attempts(each).count for each in tries.values()),
        answers=sum(one.is_answer for each in tries.values() for one in each),
    )


def said_this_week(handoffs: QuerySet[Handoff], *, now: datetime) -> QuerySet[Handoff]:
    return latest_verdicts(handoffs).filter(decided_at__gt=now - WEEK)


@dataclass(frozen=True)
class Rows:
    """The first rows of a block, and whether there are more."""

    shown: Sequence[Any]
    more: bool

    def __bool__(self) -> bool:
        return bool(self.shown)


def cut(rows: QuerySet[Any] | Sequence[Any]) -> Rows:
    found = list(rows[: ROWS + 1])
    return Rows(found[:ROWS], len(found) > ROWS)


def campaign_lines(campaigns: QuerySet[Campaign], *, today: date) -> list[dict[str, Any]]:
    """Running campaigns with their five figures and the pace of their spending."""
    counts = counts_by_campaign(today)
    running = list(campaigns.filter(status__in=ACTIVE).order_by("-starts_on", "-pk")[:ROWS])
    pace = paces(running, today=today)
    return [
        {"campaign": campaign, "counts": counts.get(campaign.pk, NOBODY).items(), "pace": pace[campaign.pk]}
        for campaign in running
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
