"""Who had a lead before, in this time round and in earlier ones."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from feedback.models import VERDICTS, Handoff, HandoffStatus
from leads.models import Lead, Route


@dataclass(frozen=True)
class Past:
    """A hand-off that was."""

    lead: int
    episode: int
    to: int | None
    by: int | None
    status: str
    route: str
    at: datetime | None
    passed_on: bool

    @property
    def bars(self) -> bool:
        """Whether who had it shall not have it again this time round.

        Not where marketing took it back before an answer, nor where only its data were to be put right.
        """
        return self.passed_on or (self.status != HandoffStatus.WITHDRAWN and self.route != Route.REPAIR)


class History:
    """The hand-offs of some leads, of what was merged into them, and of the same people's other leads."""

    def __init__(self, leads: Mapping[int, Mapping[str, Any]]) -> None:
        """``leads``: by id, each with ``contact_id`` and ``owner_id``."""
        self.owners = {lead: row["owner_id"] for lead, row in leads.items()}
        self.kin = kin_of(leads)
        self.past = past_of({pk for kin in self.kin.values() for pk in kin})

    def tried(self, lead: int, episode: int) -> frozenset[int]:
        """Who had the lead in this time round and shall not have it again."""
        had = [past for past in self.past.get(lead, ()) if past.episode == episode and past.bars]
        return frozenset(pk for past in had for pk in (past.to, past.by) if pk)

    def earlier(self, lead: int, episode: int, *, before: datetime) -> tuple[int, ...]:
        """Who had the lead, or another one of the same person, until then; the latest first.

        Whose last word on it was no is left out.
        """
        last: dict[int, Past] = {}
        for past in sorted(self.verdicts(lead, episode, before=before), key=lambda past: past.at or before):
            last[past.by or 0] = past
        said_no = {person for person, past in last.items() if past.status == HandoffStatus.REJECTED}
        owner = self.owners.get(lead) if episode > 1 else None
        found = [owner or 0, *(person for person in sorted(last, key=lambda pk: last[pk].at or before, reverse=True))]
        return tuple(dict.fromkeys(person for person in found if person and person not in said_no))

    def verdicts(self, lead: int, episode: int, *, before: datetime) -> list[Past]:
        """What was answered about the lead in earlier times round, and about its kin at any time, until then."""
        return [
            past
            for relative in self.kin.get(lead, ())
            for past in self.past.get(relative, ())
            if past.by and past.at and past.at < before and past.status in VERDICTS
            and (relative != lead or past.episode < episode)
        ]  # fmt: skip


def past_of(leads: set[int]) -> dict[int, list[Past]]:
    found: dict[int, list[Past]] = defaultdict(list)
    rows = Handoff.objects.filter(lead__in=leads).order_by("id").annotate(next_one=F("followed_by"))
    names = ("lead", "episode", "to_user", "decided_by", "status", "route", "decided_at", "next_one")
    for lead, episode, to, by, status, route, at, next_one in rows.values_list(*names):
        found[lead].append(Past(lead, episode, to, by, status, route, at, passed_on=next_one is not None))
    return found


def kin_of(leads: Mapping[int, Mapping[str, Any]]) -> dict[int, set[int]]:
    """For each lead itself, what was merged into it, and the other leads of its contact."""
    contacts = {row["contact_id"] for row in leads.values()} - {None}
    rows = Lead.objects.filter(Q(merged_into__in=leads) | Q(contact__in=contacts)).order_by()
    merged: dict[int, set[int]] = defaultdict(set)
    of_contact: dict[int, set[int]] = defaultdict(set)
    for pk, survivor, contact in rows.values_list("id", "merged_into", "contact"):
        if survivor:
            merged[survivor].add(pk)
        if contact:
            of_contact[contact].add(pk)
    return {
        lead: {lead} | merged[lead] | (of_contact[row["contact_id"]] if row["contact_id"] else set())
        for lead, row in leads.items()
    }
