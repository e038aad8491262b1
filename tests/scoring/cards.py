"""Rules in one line each."""

from typing import Any

from scoring.rules import Card, read_card


def fit(field: str, value: Any, points: int, operator: str = "is", **more: Any) -> dict[str, Any]:
    return {"axis": "fit", "field": field, "operator": operator, "value": value, "points": points, **more}


def did(kind: str, points: int, **more: Any) -> dict[str, Any]:
    return {"axis": "engagement", "field": "kind", "operator": "is", "value": kind, "points": points, **more}


def when(field: str, value: Any, operator: str = "is") -> dict[str, Any]:
    """A condition: of an exclusion, or of a raised hand."""
    return {"field": field, "operator": operator, "value": value}


def card_with(
    *rules: dict[str, Any], thresholds: Any = None, half_life_days: int = 30, version: int = 1, **more: Any
) -> Card:
    """``more``: daily_cap, hand_raises, exclusions, fields."""
    return read_card(
        version=version, rules=list(rules), thresholds=thresholds or {}, half_life_days=half_life_days, **more
    )
