"""When a person or a team works: {"mon": ["09:00", "17:00"], …}; a day left out is free."""

from datetime import time
from itertools import groupby
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


def hours_words(hours: Hours) -> str:
    """ "Mon–Fri 09:00–17:00, Sat 10:00–14:00"; "" where none are set."""
    parts = []
    for span, run in groupby(DAYS, hours.get):
        days = [day.capitalize() for day in run]
        if span:
            named = days[0] if len(days) == 1 else f"{days[0]}–{days[-1]}"
            parts.append(f"{named} {span[0]}–{span[1]}")
    return ", ".join(parts)
