"""What a person looks at before two leads become one: who may be the same, where they differ, what comes together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from crm.search import matches
from crm.words import number
from desk.fields.kinds import LEAD
from feedback.models import Handoff
from leads.duplicates import KNOWN_BY, Duplicates, Match, find_duplicates, known_leads
from leads.lifecycle import RANK, Stage
from leads.merging import TAKEN, gaps_filled
from leads.models import Activity, ActivityKind, Lead, Merge, Task, Touch
from leads.united import united

FOUND = 8
LABELS = {field.name: field.label for field in LEAD.fields} | {"sourced_by": "Found by", "language": "Language"}
# These tell one story: they come from whichever lead was there first.
ORIGIN = ("campaign", "channel", "source")


@dataclass(frozen=True)
class Choice:
    """A field in which the leads differ. ``values``: (id of the lead, what it says), the proposed one first."""

    name: str
    label: str
    values: Sequence[tuple[int, str]]
    proposed: int


@dataclass(frozen=True)
class Comparison:
    """Two leads side by side. ``filled``: what only one of them knows, and the one that stays will, too."""

    leads: tuple[Lead, Lead]
    stays: Lead
    # Only this one may stay: sales is asked about it.
    is_fixed: bool
    choices: list[Choice]
    filled: list[str]
    along: str

    @property
    def goes(self) -> Lead:
        return next(lead for lead in self.leads if lead.pk != self.stays.pk)


def same_perhaps(lead: Lead) -> list[Match]:
    """Leads that may be the same as this one, strongest first, each with what speaks for it."""
    person = {name: getattr(lead, name) for name in KNOWN_BY} | {"company_name": lead.company_label}
    found: Duplicates = find_duplicates(**person, exclude=lead)
    return [match for match in found.matches if match.kind == "lead"]


def leads_like(text: str, *, but_not: Lead) -> QuerySet[Lead]:
    """Leads with all these words, newest first."""
    return known_leads().filter(matches(text)).exclude(pk=but_not.pk).order_by("-pk")[:FOUND]


def compare(lead: Lead, other: Lead) -> Comparison:
    stays = max(lead, other, key=standing)
    first = min(lead, other, key=lambda each: (each.captured_at, each.pk))
    known_by_one = gaps_filled(lead, other) | gaps_filled(other, lead)
    differing, filled = [], []
    for name in TAKEN:
        own, theirs = getattr(lead, name), getattr(other, name)
        if own and theirs and own != theirs:
            proposed = first if name in ORIGIN else stays
            values = [(each.pk, shown(each, name)) for each in (lead, other)]
            differing.append(Choice(name, LABELS[name], values, proposed.pk))
        elif name in known_by_one:
            filled.append(LABELS[name])
    is_fixed = Stage.OFFERED in (lead.stage, other.stage)
    return Comparison((lead, other), stays, is_fixed, differing, filled, along(lead, other))


def standing(lead: Lead) -> tuple[Any, ...]:
    """Which of two leads had better stay: the one sales is asked about, the one further on the way, the older."""
    return (lead.stage == Stage.OFFERED, RANK.get(Stage(lead.stage), 0), -lead.captured_at.timestamp(), -lead.pk)


def shown(lead: Lead, name: str) -> str:
    display = getattr(lead, f"get_{name}_display", None)
    return str(display() if display else getattr(lead, name))


def along(*leads: Lead) -> str:
    """ "9 touches, 2 calls and 1 hand-off": what will be read as one."""
    family = list(united(lead.pk for lead in leads))
    kinds = list(Activity.objects.filter(lead__in=family).order_by().values_list("kind", flat=True))
    calls = kinds.count(ActivityKind.CALL)
    parts = [
        counted(Touch.objects.effective().filter(lead__in=family).count(), "touch", "touches"),
        counted(calls, "call", "calls"),
        counted(len(kinds) - calls, "other entry", "other entries"),
        counted(Handoff.objects.filter(lead__in=family).count(), "hand-off", "hand-offs"),
        counted(Task.objects.open().filter(lead__in=family).count(), "open task", "open tasks"),
    ]
    *before, last = [part for part in parts if part] or ["Their histories"]
    return f"{', '.join(before)} and {last}" if before else last


def counted(count: int, one: str, many: str) -> str:
    return f"{number(count)} {one if count == 1 else many}" if count else ""


def merges_of(lead: Lead) -> QuerySet[Merge]:
    """What was merged into this lead and what it was merged into, newest first."""
    standing_ones = Merge.objects.filter(undone_at__isnull=True).select_related("survivor", "duplicate", "by")
    return standing_ones.filter(survivor=lead) | standing_ones.filter(duplicate=lead)
