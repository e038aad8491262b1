"""Reads for the pages of the score: how leads stand now, what became of each week, and which version comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from crm.models import Side, User
from crm.periods import local_day, start_of_day, start_of_week, zone
from feedback.access import may_propose, may_sign
from feedback.agreements import mark_of, missing_sides
from feedback.models import Agreement, SignedStatus
from leads.lifecycle import Stage
from scoring.definitions import card_of, written
from scoring.fields import catalogue
from scoring.models import Definition
from scoring.proposing import agreement_about, changes_nothing_else
from scoring.rules import Card, InvalidDefinition, read_signed_card

# Three quarters of a year.
WEEKS = 39
MOST_VERSIONS = 50
# Versions that set the score, now or once.
IN_FORCE = (SignedStatus.ACTIVE, SignedStatus.RETIRED)
# So many scores, of whole pages of the table taken by chance, tell how a large installation stands.
SAMPLE = 20_000

COUNT_BY_GRADE = """
    SELECT score.grade, count(*)
    FROM leads_leadscore score {sample} JOIN leads_lead lead ON lead.id = score.lead_id
    WHERE lead.merged_into_id IS NULL AND lead.archived_at IS NULL
    GROUP BY score.grade
"""
ROWS = "SELECT reltuples FROM pg_class WHERE oid = 'leads_leadscore'::regclass"
# Week by week the index of moves by stage is counted without looking at a row; what was undone is few and taken off.
MQLS_A_WEEK = """
    WITH week AS (SELECT * FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        AS week (day, starts, ends)),
    never AS MATERIALIZED (
        SELECT CASE WHEN undo.to_stage = %(mql)s THEN undo.at END AS at
        FROM leads_transition undo WHERE undo.undoes_id IS NOT NULL
        UNION ALL
        SELECT (SELECT at FROM leads_transition move WHERE move.id = undo.undoes_id AND move.to_stage = %(mql)s)
        FROM leads_transition undo WHERE undo.undoes_id IS NOT NULL
    )
    SELECT week.day,
        (SELECT count(*) FROM leads_transition move
            WHERE move.to_stage = %(mql)s AND move.at >= week.starts AND move.at < week.ends)
        - (SELECT count(*) FROM never WHERE never.at >= week.starts AND never.at < week.ends)
    FROM week ORDER BY week.day
"""


@dataclass(frozen=True)
class Grades:
    """Present leads by grade. ``is_sample``: counted in a part of them, large enough to tell the shares."""

    counts: Mapping[str, int]
    is_sample: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def without_grade(self) -> int:
        """Those that an exclusion takes out."""
        return self.counts.get("", 0)


@dataclass(frozen=True)
class Break:
    """A version that came into force in a week."""

    week: date
    day: date
    version: int


def standing_now() -> Grades:
    """How many leads have which grade; of more than SAMPLE about that many are looked at."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        rows = max(cursor.fetchone()[0], 0)
        share = 100 * SAMPLE / rows if rows > 2 * SAMPLE else 100
        # The same pages each time: a figure that nothing changed stays the same.
        sample = "TABLESAMPLE SYSTEM (%s) REPEATABLE (7)" if share < 100 else ""
        cursor.execute(COUNT_BY_GRADE.format(sample=sample), [share] if sample else None)
        return Grades(dict(cursor.fetchall()), bool(sample))


def mqls_a_week(*, at: datetime) -> list[tuple[date, int]]:
    """Leads that became MQL, by the Monday of each of the last WEEKS weeks; the present week is still running."""
    tz = zone()
    this_week = start_of_week(local_day(at, tz))
    days = [this_week - timedelta(weeks=number) for number in reversed(range(WEEKS))]
    asked: dict[str, Any] = {
        "mql": Stage.MQL.value,
        "days": days,
        "starts": [start_of_day(day, tz) for day in days],
        "ends": [start_of_day(day + timedelta(weeks=1), tz) for day in days],
    }
    with connection.cursor() as cursor:
        cursor.execute(MQLS_A_WEEK, asked)
        return list(cursor.fetchall())


def breaks(versions: list[Definition], weeks: list[tuple[date, int]]) -> list[Break]:
    """The versions that came into force within these weeks, oldest first."""
    first = weeks[0][0]
    return [
        Break(start_of_week(version.effective_from), version.effective_from, version.version)
        for version in reversed(versions)
        if version.effective_from and version.effective_from >= first and version.status in IN_FORCE
    ]


def versions() -> list[Definition]:
    """The newest versions, drafts included."""
    return list(Definition.objects.select_related("written_by").order_by("-version")[:MOST_VERSIONS])


def readable_card(definition: Definition) -> Card:
    """Its card, of a version that makes no sense (any more) as far as it does."""
    try:
        return card_of(definition)
    except InvalidDefinition:
        return read_signed_card(**written(definition), fields=catalogue())


@dataclass(frozen=True)
class Proposal:
    """A proposed definition for one reader, with the version of the agreement that is signed for it.

    ``sides``: for which they may sign now. ``alone``: the agreement changes nothing else.
    """

    agreement: Agreement
    sides: list[Side]
    may_withdraw: bool
    alone: bool
    mark: str

    @property
    def waits_for(self) -> str:
        """ "marketing and sales"; "" once both have signed and only its day is to come."""
        return " and ".join(side.label.lower() for side in missing_sides(self.agreement))


def proposal_for(user: User, definition: Definition) -> Proposal | None:
    """None unless it is proposed."""
    agreement = agreement_about(definition) if definition.status == SignedStatus.PROPOSED else None
    if agreement is None or agreement.status != SignedStatus.PROPOSED:
        return None
    return Proposal(
        agreement=agreement,
        sides=[side for side in missing_sides(agreement) if may_sign(user, side)],
        may_withdraw=may_propose(user),
        alone=changes_nothing_else(agreement),
        mark=mark_of(agreement),
    )


def signatures_of(definition: Definition) -> list[dict[str, Any]]:
    """Both sides, with who signed for each and when."""
    by_side = {one.get("side"): one for one in definition.signatures}
    return [
        {
            "side": side.value, "label": side.label, "name": by_side.get(side.value, {}).get("name", ""),
            "at": moment_of(by_side.get(side.value, {})),
            "for_both": by_side.get(side.value, {}).get("heads_both", False),
        }
        for side in Side
    ]  # fmt: skip


def moment_of(signature: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(signature["at"]) if signature.get("at") else None
