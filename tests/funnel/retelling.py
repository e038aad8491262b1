"""The figures once more, slowly and in other words, to hold the SQL to: plain Python over the rows of the log.

Clocks are told from both ends of each row (METRICS V4–V6): what leaves a side adds its time, what enters takes it away.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from funnel.models import LeadFact, StageMetric
from leads.models import Lead, Opportunity, Transition

PATH = ["inquiry", "mql", "offered", "accepted", "qualified", "opportunity", "customer"]
SIDE = {
    "inquiry": "marketing", "nurture": "marketing", "mql": "marketing", "offered": "waiting",
    "accepted": "sales", "qualified": "sales", "opportunity": "sales",
}  # fmt: skip
MICROSECOND = timedelta(microseconds=1)
COUNTERS = ("entered", "converted", "advanced", "reached")


def retold_facts(zone: str) -> dict[tuple[int, int], dict[str, Any]]:
    facts: dict[tuple[int, int], dict[str, Any]] = {}
    undone = set(Transition.objects.filter(kind="undo").values_list("undoes_id", flat=True))
    logs: dict[int, list[Transition]] = defaultdict(list)
    for row in Transition.objects.order_by("seq"):
        if row.kind != "undo" and row.pk not in undone:
            logs[row.lead_id].append(row)
    for lead in Lead.objects.prefetch_related("opportunities"):
        for fact in lead_facts(lead, logs[lead.pk], ZoneInfo(zone)):
            facts[fact["lead_id"], fact["episode"]] = fact
    return facts


def lead_facts(lead: Lead, log: list[Transition], zone: ZoneInfo) -> list[dict[str, Any]]:
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
    won = [deal for deal in lead.opportunities.all() if deal.outcome == "won"]
    facts = []
    paid = False
    for episode in sorted({row.episode for row in log}):
        rows = [row for row in log if row.episode == episode]
        first = {
            stage: min((row.at for row in rows if row.to_stage == stage), default=None) for stage in [*PATH, "lost"]
        }
        last = rows[-1]
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
            "owner": lead.owner_id, "team": team_of(lead, episode, first), "country": lead.country,
            "product": lead.product_interest, "origin": lead.sourced_by,
            "definition_version": min(versions, default=None),
            "began_at": rows[0].at, "began_on": on(rows[0].at, zone),
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


def team_of(lead: Lead, episode: int, first: dict[str, Any]) -> int | None:
    """Of a lead not accepted, the team asked last; hand-offs taken back do not count."""
    asked = [
        row.team_id for row in lead.handoffs.order_by("id") if row.episode == episode and row.status != "withdrawn"
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
        keys = {name: fact[name] for name in ("campaign", "channel", "source", "segment", "owner", "team")}
        keys |= {"all": "", "definition_version": fact["definition_version"]}
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
