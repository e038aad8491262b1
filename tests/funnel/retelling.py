"""The figures once more, slowly and in other words, to hold the SQL to: plain Python over the rows of the log.

Clocks are told from both ends of each row (METRICS V4–V6): what leaves a side adds its time, what enters takes it away.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from feedback.models import Handoff
from funnel.models import LeadFact, StageMetric
from funnel.reports.question import Question
from leads.models import Lead, Opportunity, Transition

PATH = ["inquiry", "mql", "offered", "accepted", "qualified", "opportunity", "customer"]
SIDE = {
    "inquiry": "marketing", "nurture": "marketing", "mql": "marketing", "offered": "waiting",
    "accepted": "sales", "qualified": "sales", "opportunity": "sales",
}  # fmt: skip
MICROSECOND = timedelta(microseconds=1)
COUNTERS = ("entered", "converted", "advanced", "reached")
# Every dimension of figures but region, which is told by the team.
DIMENSIONS = (
    "campaign", "channel", "source", "segment", "owner", "team", "country", "product", "industry", "origin",
    "definition_version",
)  # fmt: skip


def retold_facts(zone: str) -> dict[tuple[int, int], dict[str, Any]]:
    facts: dict[tuple[int, int], dict[str, Any]] = {}
    undone = set(Transition.objects.filter(kind="undo").values_list("undoes_id", flat=True))
    logs: dict[int, list[Transition]] = defaultdict(list)
    for row in Transition.objects.order_by("seq"):
        if row.kind != "undo" and row.pk not in undone:
            logs[row.lead_id].append(row)
    for lead in Lead.objects.filter(merged_into=None):
        merged = [(other, logs[other.pk]) for other in Lead.objects.filter(merged_into=lead)]
        for fact in lead_facts(lead, logs[lead.pk], merged, ZoneInfo(zone)):
            facts[fact["lead_id"], fact["episode"]] = fact
    return facts


Log = list[Transition]


def begins(log: Log) -> dict[int, datetime]:
    """When each time round began."""
    return {row.episode: row.at for row in reversed(log)}


def counts_as(log: Log, at: datetime) -> int:
    """The time round that the lead was in; the first one before there was any."""
    return max([episode for episode, began in begins(log).items() if began <= at], default=min(begins(log)))


def stays_before(log: Log, end: datetime) -> list[tuple[int, str, timedelta]]:
    """(time round, stage, length) of each stay up to ``end``."""
    stays = []
    for row, after in zip(log, [*log[1:], None], strict=True):
        until = min(after.at, end) if after else end
        if row.at < end or until < end:
            stays.append((row.episode, row.to_stage, until - min(row.at, end)))
    return stays


def lead_facts(lead: Lead, log: Log, merged: list[tuple[Lead, Log]], zone: ZoneInfo) -> list[dict[str, Any]]:
    """``merged``: the leads that are read as this one, with their logs."""
    times: dict[int, Counter[str]] = defaultdict(Counter)
    stages: dict[int, Counter[str]] = defaultdict(Counter)
    left: dict[int, set[str]] = defaultdict(set)
    for row, before in zip(log, [None, *log], strict=False):
        if before is not None:
            assert row.from_stage == before.to_stage
            of = row.episode - 1 if row.opens_episode else row.episode
            microseconds = (row.at - datetime(2000, 1, 1, tzinfo=row.at.tzinfo)) // MICROSECOND
            times[of][SIDE.get(row.from_stage, "closed")] += microseconds
            stages[of][row.from_stage] += microseconds
            left[of].add(row.from_stage)
        if row is not log[-1]:
            microseconds = (row.at - datetime(2000, 1, 1, tzinfo=row.at.tzinfo)) // MICROSECOND
            times[row.episode][SIDE.get(row.to_stage, "closed")] -= microseconds
            stages[row.episode][row.to_stage] -= microseconds
    rounds = {(other.pk, episode): counts_as(log, at) for other, own in merged for episode, at in begins(own).items()}
    if merged:
        earliest, its_log = min(merged, key=lambda each: (each[1][0].at, each[0].pk))
        for episode, stage, length in stays_before(its_log, log[0].at):
            of = rounds[earliest.pk, episode]
            times[of][SIDE.get(stage, "closed")] += length // MICROSECOND
            stages[of][stage] += length // MICROSECOND
            left[of].add(stage)
    family = [lead, *(other for other, _log in merged)]
    won = list(Opportunity.objects.filter(lead__in=family, outcome="won"))
    facts = []
    paid = False
    for episode in sorted({row.episode for row in log}):
        own = [row for row in log if row.episode == episode]
        others = [row for _, theirs in merged for row in theirs if rounds[row.lead_id, row.episode] == episode]
        begun = [theirs_at for other, theirs in merged for n, theirs_at in begins(theirs).items()
                 if rounds[other.pk, n] == episode]  # fmt: skip
        rows = own + others
        began_at = min([own[0].at, *begun])
        first = {
            stage: min((row.at for row in rows if row.to_stage == stage), default=None) for stage in [*PATH, "lost"]
        }
        last = own[-1]
        is_last = last is log[-1]
        ended = last.to_stage in {"customer", "lost", "disqualified", "nurture"}
        side = SIDE.get(last.to_stage, "") if is_last else ""
        is_won = first["customer"] is not None and not paid
        paid = paid or is_won
        one_currency = len({deal.currency for deal in won}) == 1
        versions = [row.definition_version for row in rows if row.to_stage == "mql" and row.definition_version]
        facts.append({
            "lead_id": lead.pk, "episode": episode,
            "campaign": lead.campaign_id, "channel": lead.channel, "source": lead.source, "segment": lead.segment,
            "owner": lead.owner_id, "team": team_of(lead, episode, first, rounds), "country": lead.country,
            "product": lead.product_interest, "industry": lead.company.industry if lead.company else "",
            "origin": lead.sourced_by,
            "definition_version": min(versions, default=None),
            "began_at": began_at, "began_on": on(began_at, zone),
            **{f"{stage}_at": at for stage, at in first.items()},
            **{f"{stage}_on": on(first[stage], zone) for stage in PATH},
            "furthest": max([1, *(1 + PATH.index(row.to_stage) for row in rows if row.to_stage in PATH)]),
            "stage": last.to_stage, "outcome": last.to_stage if ended else "",
            "outcome_at": last.at if ended else None, "outcome_on": on(last.at, zone) if ended else None,
            **{f"{stage}_us": stages[episode][stage] if stage in left[episode] else None for stage in SIDE},
            **{f"{clock}_us": times[episode][clock] for clock in ("marketing", "waiting", "sales")},
            "open_clock": side, "open_since": last.at if side else None,
            "won_amount": amount(won) if is_won and one_currency else None,
            "won_currency": won[0].currency if is_won and one_currency else "",
        })  # fmt: skip
    return facts


def team_of(lead: Lead, episode: int, first: dict[str, Any], rounds: dict[tuple[int, int], int]) -> int | None:
    """Of a lead not accepted, the team asked last; hand-offs taken back do not count, a merged lead's only alone."""
    theirs = Handoff.objects.filter(lead__in={other for other, _episode in rounds}).order_by("id")
    asked = [
        row.team_id
        for row in [*theirs, *lead.handoffs.order_by("id")]
        if rounds.get((row.lead_id, row.episode), row.episode) == episode and row.status != "withdrawn"
    ]
    return asked[-1] if first["accepted"] is None and asked and asked[-1] else lead.team_id


def amount(deals: list[Opportunity]) -> Any:
    amounts = [deal.amount for deal in deals if deal.amount is not None]
    return sum(amounts) if amounts else None


def on(at: datetime | None, zone: ZoneInfo) -> Any:
    return at.astimezone(zone).date() if at else None


def retold_cells(facts: Iterable[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, int]]:
    cells: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)

    def count(fact: dict[str, Any], day: Any, stage: int, counter: str) -> None:
        keys = {name: fact[name] for name in DIMENSIONS} | {"all": ""}
        for dimension, key in keys.items():
            for grain, of in (("day", day), ("month", day.replace(day=1))):
                cell = cells[dimension, grain, of, "" if key is None else str(key), stage]
                cell[counter] += 1
                cell[f"{counter}_first"] += fact["episode"] == 1

    for fact in facts:
        for rank, stage in enumerate(PATH, start=1):
            day = fact[f"{stage}_on"]
            later = [fact[f"{beyond}_on"] for beyond in PATH[rank:] if fact[f"{beyond}_on"]]
            if day:
                count(fact, day, rank, "entered")
            if day and fact["furthest"] > rank:
                count(fact, day, rank, "converted")
            if later:
                count(fact, min(later), rank, "advanced")
            if fact["furthest"] >= rank:
                count(fact, fact["began_on"], rank, "reached")
    return {key: full(counted) for key, counted in cells.items()}


def retold_steps(
    facts: Iterable[dict[str, Any]], question: Question, region_of: dict[int, str]
) -> dict[str | None, list[tuple[int, int]]]:
    """(entered, converted) of each stage by key, as the report *funnel* must tell them; keys with nothing left out."""
    steps: dict[str | None, list[list[int]]] = defaultdict(lambda: [[0, 0] for _ in PATH])

    def within(day: Any) -> bool:
        return day is not None and question.start <= day < question.end

    for fact in facts:
        keys = {name: "" if fact[name] is None else str(fact[name]) for name in DIMENSIONS}
        keys["region"] = region_of.get(fact["team"], "")
        if (question.unit == "leads" and fact["episode"] > 1) or any(keys[of] != key for of, key in question.filters):
            continue
        step = steps[keys[question.dimension] if question.dimension else None]
        for rank, stage in enumerate(PATH, start=1):
            later = [fact[f"{beyond}_on"] for beyond in PATH[rank:] if fact[f"{beyond}_on"]]
            if question.basis == "period":
                step[rank - 1][0] += within(fact[f"{stage}_on"])
                step[rank - 1][1] += within(min(later, default=None))
            elif within(fact["began_on"]):
                step[rank - 1][0] += fact["furthest"] >= rank
                step[rank - 1][1] += fact["furthest"] > rank
    return {key: [(entered, on) for entered, on in step] for key, step in steps.items() if any(map(any, step))}


def full(counted: Counter[str]) -> dict[str, int]:
    return {name: counted[name] for counter in COUNTERS for name in (counter, f"{counter}_first")}


def stored_facts() -> dict[tuple[int, int], dict[str, Any]]:
    return {(row["lead_id"], row["episode"]): row for row in LeadFact.objects.values()}


def stored_cells() -> dict[tuple[Any, ...], dict[str, int]]:
    cells = {}
    for row in StageMetric.objects.values():
        key = tuple(row.pop(name) for name in ("dimension", "grain", "day", "key", "stage"))
        cells[key] = row
    return cells
