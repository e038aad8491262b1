"""What marketing and sales agreed on, in words: service levels, the definition in force, reasons, who signed."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.dateparse import parse_datetime

from crm.models import Side, User
from crm.periods import own_day
from desk.agreement_words import SIDE_NAMES, exception_words, pace_words, period_words, promises
from desk.queries.agreement_versions import unfinished_for, versions
from desk.telling import ROUTE_AHEAD
from feedback.access import may_propose
from feedback.agreement import active_agreement
from feedback.agreements import reasons_now, unfinished_agreement
from feedback.models import Agreement, SignedStatus
from feedback.terms import BOTH, read_exceptions, read_roles
from funnel.targets.goals import Attained, attainment
from leads.lifecycle import ReasonUse
from leads.models import Reason, ReasonFamily, Route
from scoring.definitions import active_definition, card_of
from scoring.fields import Axis
from scoring.models import Definition
from scoring.rules import Card, Rule
from scoring.telling import told
from scoring.words import axis_words, condition_words, record_names


@dataclass(frozen=True)
class RuleLine:
    """A rule in words. ``limit``: the most it gives in all; None when it counts once or has no cap."""

    words: str
    points: int
    limit: int | None
    group: str


def agreement_page(user: User, *, at: datetime) -> dict[str, Any]:
    """The document in force, what is being worked on for this reader, and what came before."""
    active, open_one = active_agreement(), unfinished_agreement()
    return {
        **document(active, at=at),
        "unfinished": unfinished_for(user, open_one, active),
        "may_propose": may_propose(user),
        "versions": versions(),
    }


def document(agreement: Agreement, *, at: datetime) -> dict[str, Any]:
    """Everything that an agreement says, with how far its goals have come."""
    definition, goals = definition_of(agreement), attainment(agreement, at=at)
    return {
        "agreement": agreement,
        "period": period_words(agreement),
        "pace": pace_words(agreement, own_day(at)),
        "goals": by_side(goals.value),
        "counted_at": goals.at,
        "promises": promises(agreement),
        "exceptions": [(line.name, exception_words(line)) for line in read_exceptions(agreement)],
        "roles": roles(agreement),
        "agreement_signatures": signatures(agreement.signatures),
        "definition": definition,
        "definition_signatures": signatures(definition.signatures) if definition else [],
        "axes": axes(definition) if definition else [],
        "told": told(card_of(definition)) if definition else None,
        "families": families(reasons_of(agreement)),
        "reasons_changed": agreement.status == SignedStatus.ACTIVE and agreement.reasons not in ([], reasons_now()),
    }


def definition_of(agreement: Agreement) -> Definition | None:
    """The definition in force, or the one that a version which is not in force names."""
    if agreement.status == SignedStatus.ACTIVE or not agreement.definition_version:
        return active_definition()
    return Definition.objects.filter(version=agreement.definition_version).first()


def reasons_of(agreement: Agreement) -> list[Reason]:
    """The reasons to reject that people choose now; of a version that is no longer in force, as they were signed."""
    if agreement.status == SignedStatus.RETIRED and agreement.reasons:
        return [Reason(label=r["label"], family=r["family"], default_route=r["route"]) for r in agreement.reasons]
    return list(Reason.objects.filter(use=ReasonUse.VERDICT, retired=False).order_by("position", "id"))


def by_side(goals: list[Attained]) -> list[dict[str, Any]]:
    """Goals in the order marketing, both, sales; a side without any is there too."""
    return [
        {"side": side, "label": label, "goals": [goal for goal in goals if goal.measure.side == side]}
        for side, label in ((Side.MARKETING.value, "Marketing"), (BOTH, "Together"), (Side.SALES.value, "Sales"))
    ]


def roles(agreement: Agreement) -> list[dict[str, Any]]:
    return [
        {"stage": line.stage, "side": line.side, "side_label": SIDE_NAMES[line.side], "owner": line.owner,
         "promise": line.promise}
        for line in read_roles(agreement)
    ]  # fmt: skip


def axes(definition: Definition) -> list[dict[str, Any]]:
    """The two axes with their rules, most points first, and the least points of each grade."""
    card = card_of(definition)
    names = record_names(card)
    return [
        {
            "label": axis_words(axis),
            "rules": [line_of(rule, names) for rule in rules_of(card, axis)],
            "grades": list(getattr(card.thresholds, axis.value).items()),
        }
        for axis in Axis
    ]


def rules_of(card: Card, axis: Axis) -> list[Rule]:
    return sorted((rule for rule in card.rules if rule.axis is axis), key=lambda rule: -rule.points)


def line_of(rule: Rule, names: dict[tuple[str, int], str]) -> RuleLine:
    return RuleLine(words=condition_words(rule, names), points=rule.points, limit=rule.cap, group=rule.group)


def families(reasons: list[Reason]) -> list[dict[str, Any]]:
    """Reasons to reject by family, and where a rejected lead goes when nobody says otherwise."""
    grouped = groupby(sorted(reasons, key=lambda reason: order_of(reason.family)), key=lambda reason: reason.family)
    return [
        {
            "label": ReasonFamily(family).label,
            "reasons": (found := list(group)),
            "routes": sorted({ROUTE_AHEAD[Route(reason.default_route)] for reason in found}),
        }
        for family, group in grouped
    ]


def order_of(family: str) -> int:
    return ReasonFamily.values.index(family)


def signatures(signed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each side who signed and when; a side that has not signed is there too, without a name."""
    by_side = {entry.get("side"): entry for entry in signed}
    return [
        {
            "side": side.value,
            "label": side.label,
            "name": by_side.get(side.value, {}).get("name", ""),
            "at": parse_datetime(by_side[side.value]["at"]) if by_side.get(side.value, {}).get("at") else None,
            "for_both": by_side.get(side.value, {}).get("heads_both", False),
        }
        for side in Side
    ]
