"""The words of a back-test that its page and its what-if share."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from crm.words import number
from scoring.models import Definition

NO_TEAM = "No team yet"


def link(**asked: Any) -> str:
    """The address of the leads behind a number, from the page of the back-test."""
    return f"leads/?{urlencode(asked, doseq=True)}"


def a_week(count: float, weeks: int) -> str:
    """ "12", "3.4": so many in all, a week."""
    return rounded(count / weeks)


def rounded(value: float) -> str:
    whole = round(value)
    return number(whole) if value >= 10 or f"{value:.1f}" == f"{whole}.0" else f"{value:.1f}"


def finely(value: float) -> str:
    """With a decimal, where figures that are close are compared."""
    return f"{value:,.1f}".removesuffix(".0")


def name_of(definition: Definition | None) -> str:
    return f"v{definition.version}" if definition else "no definition"


def mqls(count: str) -> str:
    return "1 MQL" if count == "1" else f"{count} MQLs"


def team_name(team: int | None, names: Mapping[int, str]) -> str:
    return names.get(team, "A team that is gone") if team else NO_TEAM


def share_of_capacity(load: float, capacity: float | None) -> int | None:
    return round(100 * load / capacity) if capacity else None
