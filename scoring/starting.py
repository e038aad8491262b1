"""A first definition to begin with: what most teams agree on, in few rules, to be made their own."""

from typing import Any

from scoring.drafting import BEGINNING


def fit(field: str, operator: str, value: Any, points: int, group: str = "") -> dict[str, Any]:
    return {"axis": "fit", "field": field, "operator": operator, "value": value, "points": points, "group": group}


def did(kind: str, points: int, cap: int, group: str = "") -> dict[str, Any]:
    said = {"axis": "engagement", "field": "kind", "operator": "is", "value": kind}
    return {**said, "points": points, "cap": cap, "group": group}


TEMPLATE: dict[str, Any] = {
    **BEGINNING,
    "rules": [
        fit("target_account", "is", True, 20),
        fit("company_employees", "at_least", 50, 10, "size"),
        fit("company_employees", "at_least", 200, 15, "size"),
        fit("title", "contains", "head", 10, "role"),
        fit("title", "contains", "director", 10, "role"),
        fit("title", "contains", "manager", 6, "role"),
        fit("title", "contains", "student", -30),
        fit("has_phone", "is", True, 5),
        did("meeting", 20, 20),
        did("reply", 15, 30),
        did("form", 12, 24),
        did("attend", 12, 24),
        did("download", 8, 16),
        did("click", 3, 9, "browsing"),
        did("visit", 2, 6, "browsing"),
    ],
    "thresholds": {
        "fit": {"A": 30, "B": 20, "C": 10},
        "engagement": {"1": 30, "2": 15, "3": 5},
        "mql": 40,
        "grades": ["A1", "A2", "A3", "B1", "B2", "C1"],
    },
}
