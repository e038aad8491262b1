"""When a person or a team works: {"mon": ["09:00", "17:00"], …}; a day left out is free."""

from datetime import time
from typing import Any

from django.utils.translation import gettext_lazy as _

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = {
    "mon": _("Monday"), "tue": _("Tuesday"), "wed": _("Wednesday"), "thu": _("Thursday"), "fri": _("Friday"),
    "sat": _("Saturday"), "sun": _("Sunday"),
}  # fmt: skip
Hours = dict[str, list[str]]


def is_span(span: Any) -> bool:
    """Whether this is [from, to] of one day, as "HH:MM"."""
    try:
        start, end = (time.fromisoformat(text) for text in span)
    except (TypeError, ValueError):
        return False
    return start < end
