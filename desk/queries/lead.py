"""What the page of a lead shows: where it stands, whose time it took, where it came from, who else is there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from desk.queries.inbox import Origin, decided_handoffs, origin_of
from desk.verbs import Situation
from feedback.models import Handoff, HandoffStatus
from feedback.wrong_data import still_wrong, wrong_words
from leads.attempts import NONE, attempts_of
from leads.lifecycle import CLOCK_OF, RANK, SUCCESS, Clock, Stage
from leads.models import Lead, Transition
from leads.opportunities import opportunities_of
from leads.united import with_family
from scoring.explanation import Explanation, explanation_of

OTHERS = 5
DEALS = 20


@dataclass(frozen=True)
class Story:
    """The lead with all that stands around its time line."""

    situation: Situation
    way: list[dict[str, Any]]
    clocks: dict[str, timedelta]
    verdict: Handoff | None
    # What the verdict found wrong and nobody has changed since: "phone and job title".
    wrong: str
    origin: Origin
    told: Explanation | None
    others: list[Lead]


def lead_with_all() -> QuerySet[Lead]:
    return with_family(Lead.objects.for_lists().select_related("contact", "merged_into", "leadprediction"))


def story_of(lead: Lead, *, now: datetime) -> Story:
    moves = list(Transition.objects.effective().filter(lead=lead).order_by("seq"))
    answers = list(decided_handoffs(lead)[:1])
    waiting = (
        lead.handoffs.filter(status=HandoffStatus.OPEN).select_related("to_user__team", "to_team", "offered_by").first()
    )
    deals = list(opportunities_of(lead).select_related("owner").order_by("outcome", "-id")[:DEALS])
    attempts = attempts_of([lead.pk]).get(lead.pk, NONE) if lead.stage == Stage.ACCEPTED else NONE
    return Story(
        situation=Situation(lead, moves[-1], waiting, own_answer(lead, answers), deals, attempts),
        way=stage_steps(lead, moves, now=now),
        clocks=added(clocks(moves, now=now), clocks_before(lead, moves[0].at)),
        verdict=next(filter(says_something, answers), None),
        wrong=wrong_words(still_wrong(answers).get(answers[0].pk, [])) if answers else "",
        origin=origin_of(lead),
        told=explanation_of(lead, at=now),
        others=others_there(lead),
    )


def own_answer(lead: Lead, answers: list[Handoff]) -> Handoff | None:
    """The newest answer, if it was given on this lead and not on one merged into it: only that can be taken back."""
    return next((answer for answer in answers if answer.lead_id == lead.pk), None)


def says_something(handoff: Handoff) -> bool:
    """Whether its answer is more than the way of the lead says already: a no, or a yes with a word."""
    if handoff.status == HandoffStatus.ACCEPTED:
        return bool(handoff.comment or handoff.rating)
    return handoff.status != HandoffStatus.WITHDRAWN


def visits(moves: list[Transition], *, now: datetime) -> list[tuple[Transition, timedelta]]:
    """Each effective move with the time spent where it led to, the present visit up to ``now``.

    Negative before a move that an import dated before the one it follows, as the facts count it (funnel/facts/sql.py).
    """
    ends = [*(move.at for move in moves[1:]), now]
    return [(move, end - move.at) for move, end in zip(moves, ends, strict=False)]


def clocks(moves: list[Transition], *, now: datetime) -> dict[str, timedelta]:
    """How long the lead was with marketing, waiting, and with sales, over all times round."""
    spent = {clock.value: timedelta() for clock in (Clock.MARKETING, Clock.WAITING, Clock.SALES)}
    for move, length in visits(moves, now=now):
        clock = CLOCK_OF[Stage(move.to_stage)].value
        if clock in spent:
            spent[clock] += length
    return spent


def clocks_before(lead: Lead, start: datetime) -> dict[str, timedelta]:
    """The clocks of the earliest lead merged into this one, up to where its own begin (funnel/facts/sql.py)."""
    rows = Transition.objects.effective().filter(lead__merged_into=lead).order_by("lead", "seq")
    logs: dict[int, list[Transition]] = {}
    for row in rows:
        logs.setdefault(row.lead_id, []).append(row)
    earliest = min(logs.values(), key=lambda log: log[0].at, default=[])
    return clocks([move for move in earliest if move.at < start], now=start)


def added(*many: dict[str, timedelta]) -> dict[str, timedelta]:
    return {clock: sum((each[clock] for each in many), timedelta()) for clock in many[0]}


def stage_steps(lead: Lead, moves: list[Transition], *, now: datetime) -> list[dict[str, Any]]:
    """The present time round: first date of each stage and the time in it. Off the path, the last step says where."""
    here = [(move, length) for move, length in visits(moves, now=now) if move.episode == lead.episode]
    first: dict[str, datetime] = {}
    spent: dict[str, timedelta] = {}
    for move, length in here:
        first.setdefault(move.to_stage, move.at)
        spent[move.to_stage] = spent.get(move.to_stage, timedelta()) + length
    present = Stage(lead.stage)
    on_path = present in RANK
    steps = [step(stage, present, on_path, first.get(stage), spent.get(stage)) for stage in path_of(lead, first)]
    if not on_path:
        steps.append({"stage": present.value, "state": "now", "at": first.get(present), "length": spent.get(present)})
    return steps


def path_of(lead: Lead, first: dict[str, datetime]) -> list[Stage]:
    """The success stages; of a lead that left the path only those it reached, of a recycled one those from MQL on."""
    path = [stage for stage in SUCCESS if stage in first or lead.episode == 1 or stage != Stage.INQUIRY]
    return path if Stage(lead.stage) in RANK else [stage for stage in path if stage in first]


def step(stage: Stage, present: Stage, on_path: bool, at: datetime | None, length: timedelta | None) -> dict[str, Any]:
    """One stage of the way; one that a lead went back from lies ahead again."""
    ahead = on_path and RANK[stage] > RANK[present]
    state = "now" if stage == present else "ahead" if ahead or at is None else "done"
    closed = CLOCK_OF[stage] == Clock.CLOSED
    return {
        "stage": stage.value,
        "state": state,
        "at": None if ahead else at,
        "length": None if ahead or closed else length,
    }


def others_there(lead: Lead) -> list[Lead]:
    """Other leads of the same company, newest first, one more than a page shows."""
    named = Lead.objects.exclude(company_name="").alias(lower_company=Lower("company_name"))
    name = lead.company_label.strip().lower()
    same: list[QuerySet[Any, Any]] = [named.filter(lower_company=name)] if name else []
    if lead.company_id:
        same.append(Lead.objects.filter(company=lead.company_id))
    if not same:
        return []
    # Each by its own index, and ordered by no bare id: else all leads would be walked from the newest on.
    present = Q(merged_into=None, archived_at=None) & ~Q(pk=lead.pk)
    newest = [rows.filter(present).order_by((F("pk") + 0).desc())[: OTHERS + 1] for rows in same]
    first, *more = [rows.values_list("pk", flat=True) for rows in newest]
    ids = sorted(first.union(*more), reverse=True)[: OTHERS + 1]
    found = Lead.objects.select_related("company", "owner").in_bulk(ids)
    return [found[pk] for pk in ids]
