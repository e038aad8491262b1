"""The time line of a lead: moves, verdicts, touches, changed fields and opportunities, newest first, 20 at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.text import capfirst

from crm.words import duration, money
from desk.queries.edits import told_edits
from desk.telling import TOUCH_ICONS, route_line, touch_line, touch_origin, verdict_line
from feedback.models import HandoffStatus
from leads.lifecycle import CLOCK_OF, Stage
from leads.models import Lead, Opportunity, Outcome, TouchBy, Transition
from leads.models.log import TransitionKind

PAGE = 20
KINDS = {"all": "All", "touches": "Touchpoints", "verdicts": "Verdicts", "changes": "Changes"}


@dataclass
class Entry:
    """One thing that happened, as templates/partials/timeline_entry.html shows it."""

    at: datetime
    rank: int
    pk: int
    icon: str
    title: str
    side: str = ""
    by: Any = None
    text: str = ""
    quote: str = ""
    href: str = ""
    undone: bool = False
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def key(self) -> tuple[datetime, int, int]:
        return self.at, self.rank, self.pk

    @property
    def cursor(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat()}~{self.rank}~{self.pk}"


@dataclass(frozen=True)
class Page:
    """``more``: the cursor behind which older entries are, "" at the beginning of the lead."""

    entries: list[Entry]
    more: str


Key = tuple[datetime, int, int]


def timeline(lead: Lead, *, kind: str = "all", before: str = "") -> Page:
    """A page of entries older than the cursor ``before``; an unreadable cursor is the first page."""
    key = read_cursor(before)
    teller = Teller(lead)
    entries = [entry for source in teller.sources(kind) for entry in source(key)]
    entries.sort(key=lambda entry: entry.key, reverse=True)
    shown = entries[:PAGE]
    return Page(shown, shown[-1].cursor if len(entries) > PAGE else "")


def read_cursor(text: str) -> Key | None:
    try:
        at, rank, pk = text.split("~")
        return datetime.fromisoformat(at.replace(" ", "+")), int(rank), int(pk)
    except ValueError:
        return None


def older(rows: QuerySet[Any], rank: int, key: Key | None, *, at: str = "at") -> list[Any]:
    """The newest rows behind ``key``, one more than a page shows."""
    if key is not None:
        moment, key_rank, key_pk = key
        behind = Q(**{f"{at}__lt": moment})
        if rank == key_rank:
            behind |= Q(**{at: moment, "pk__lt": key_pk})
        elif rank < key_rank:
            behind |= Q(**{at: moment})
        rows = rows.filter(behind)
    return list(rows.order_by(f"-{at}", "-pk")[: PAGE + 1])


# How a move is told: by the stage it leads to, where its verb does not say it better.
ARRIVALS = {
    Stage.INQUIRY: ("Captured", "user-plus"),
    Stage.NURTURE: ("Parked", "clock-pause"),
    Stage.MQL: ("Marked as MQL", "flag"),
    Stage.OFFERED: ("Handed to sales", "send"),
    Stage.ACCEPTED: ("Accepted", "check"),
    Stage.QUALIFIED: ("Qualified", "rosette-discount-check"),
    Stage.OPPORTUNITY: ("Converted", "arrows-exchange"),
    Stage.CUSTOMER: ("Won", "trophy"),
    Stage.LOST: ("Lost", "mood-sad"),
    Stage.DISQUALIFIED: ("Disqualified", "ban"),
}
RETURNS = {
    Stage.ACCEPTED: "Returned to marketing",
    Stage.QUALIFIED: "Returned to marketing",
    Stage.LOST: "Recycled",
    Stage.DISQUALIFIED: "Recycled",
}


class Teller:
    """Tells what happened to one lead; what several sources need is read once."""

    def __init__(self, lead: Lead) -> None:
        self.lead = lead
        handoffs = lead.handoffs.select_related("to_user", "to_team", "decided_by", "reason").order_by("-id")[:200]
        self.handoffs = {handoff.pk: handoff for handoff in handoffs}
        self.offered = {handoff.offered_at: handoff for handoff in handoffs}
        self.deals = list(lead.opportunities.select_related("owner", "reason").order_by("-id")[:200])

    def sources(self, kind: str) -> Sequence[Callable[[Key | None], Iterator[Entry]]]:
        """What a chip shows; an unknown one shows all."""
        return {
            "touches": [self.touches],
            "verdicts": [self.verdict_moves, self.passes],
            "changes": [self.plain_moves, self.fields, self.opportunities],
        }.get(kind, [self.moves, self.passes, self.touches, self.fields, self.opportunities])

    # Moves

    def moves(self, key: Key | None, rows: QuerySet[Transition] | None = None) -> Iterator[Entry]:
        rows = self.lead.transitions.all() if rows is None else rows
        for row in older(rows.select_related("by", "reason", "undoes__reason", "undone_by"), 5, key):
            yield self.told_move(row)

    def verdict_moves(self, key: Key | None) -> Iterator[Entry]:
        about = Q(handoff__isnull=False) | Q(undoes__handoff__isnull=False) | Q(to_stage=Stage.OFFERED)
        return self.moves(key, self.lead.transitions.filter(about))

    def plain_moves(self, key: Key | None) -> Iterator[Entry]:
        about = Q(handoff__isnull=True, undoes__handoff__isnull=True) & ~Q(to_stage=Stage.OFFERED)
        return self.moves(key, self.lead.transitions.filter(about))

    def told_move(self, row: Transition) -> Entry:
        stage = Stage(row.to_stage)
        entry = Entry(row.at, 5, row.pk, ARRIVALS[stage][1], self.move_title(row), CLOCK_OF[stage].value, row.by)
        entry.undone = hasattr(row, "undone_by")
        if row.kind == TransitionKind.UNDO:
            entry.icon = "arrow-back"
            return entry
        entry.quote = row.note
        entry.text = self.move_text(row)
        for deal in self.deals:
            if row.at in (deal.opened_at, deal.closed_at) and stage in (Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.LOST):
                entry.text, entry.href = deal_line(deal), reverse("desk:opportunity", args=[deal.pk])
        return entry

    def move_title(self, row: Transition) -> str:
        """ "Accepted after 38 min", "Rejected: Wrong industry", "Handed to Rob", "Undid: Qualified"."""
        if row.kind == TransitionKind.UNDO and row.undoes:
            return f"Undid: {self.move_title(row.undoes)}"
        stage = Stage(row.to_stage)
        if row.kind == TransitionKind.IMPORT:
            return f"Imported: {stage.label}"
        if row.handoff:
            return self.verdict_title(row)
        if stage == Stage.OFFERED and (handoff := self.offered.get(row.at)):
            return f"Handed to {handoff.recipient}"
        title = RETURNS.get(Stage(row.from_stage), ARRIVALS[stage][0]) if stage == Stage.NURTURE else ARRIVALS[stage][0]
        return f"{title}: {row.reason}" if row.reason else title

    def verdict_title(self, row: Transition) -> str:
        handoff = self.handoffs.get(row.handoff or 0)
        if row.to_stage == Stage.ACCEPTED:
            return f"Accepted after {duration(row.at - handoff.offered_at)}" if handoff else "Accepted"
        return f"Rejected: {row.reason}" if row.reason else "Withdrawn"

    def move_text(self, row: Transition) -> str:
        if row.out_of_order:
            return "Dated before the step it follows; figures take it as it is."
        handoff = self.handoffs.get(row.handoff or 0)
        if row.to_stage == Stage.OFFERED:
            asked = self.offered.get(row.at)
            return f"Promised to the buyer: {asked.promised}" if asked and asked.promised else ""
        if row.handoff and row.to_stage == Stage.ACCEPTED:
            return handoff.comment if handoff and handoff.decided_at == row.at else ""
        if row.handoff and row.reason:
            waited = f"after {duration(row.at - handoff.offered_at)}, " if handoff else ""
            return capfirst(f"{waited}now {Stage(row.to_stage).label}")
        if row.to_stage == Stage.MQL and row.score is not None:
            return f"Score {row.score}" + (f", definition v{row.definition_version}" if row.definition_version else "")
        return ""

    def passes(self, key: Key | None) -> Iterator[Entry]:
        """Hand-offs that went on to somebody else, rejected or not answered in time: no move, but a verdict."""
        rows = self.lead.handoffs.filter(followed_by__isnull=False).select_related(
            "decided_by", "reason", "to_user", "to_team", "followed_by__to_user", "followed_by__to_team"
        )
        for handoff in older(rows, 4, key, at="decided_at"):
            expired = handoff.status == HandoffStatus.EXPIRED
            title = verdict_line(handoff) if expired else f"Rejected: {handoff.reason}"
            text = f"Passed on to {handoff.heir}" if expired else capfirst(route_line(handoff))
            icon = "hourglass-empty" if expired else "x"
            yield Entry(
                handoff.decided_at, 4, handoff.pk, icon, title, "waiting", handoff.decided_by, text, handoff.comment
            )

    # Touches, fields, opportunities

    def touches(self, key: Key | None) -> Iterator[Entry]:
        rows = self.lead.touches.select_related("campaign", "asset", "corrected_by")
        for touch in older(rows, 3, key):
            entry = Entry(touch.at, 3, touch.pk, TOUCH_ICONS[touch.kind], touch_line(touch), text=touch_origin(touch))
            entry.undone = hasattr(touch, "corrected_by")
            entry.side = "" if touch.by == TouchBy.BUYER else touch.by
            yield entry

    def fields(self, key: Key | None) -> Iterator[Entry]:
        events = self.lead.events.filter(pgh_label="update").select_related("pgh_context")  # type: ignore[attr-defined]
        for edit in told_edits(self.lead, older(events, 2, key, at="pgh_created_at")):
            count = len(edit.changes)
            title = f"{edit.changes[0][0]} changed" if count == 1 else f"{count} fields changed"
            yield Entry(edit.at, 2, edit.pk, "pencil", title, by=edit.by, changes=edit.changes)

    def opportunities(self, key: Key | None) -> Iterator[Entry]:
        """Opened and closed ones; what a move of the lead tells already is left out."""
        told = set(
            self.lead.transitions.filter(to_stage__in=[Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.LOST]).values_list(
                "at", flat=True
            )
        )
        for deal in self.deals:
            for at, rank, title, icon in deal_moments(deal):
                entry = Entry(
                    at, rank, deal.pk, icon, title, "sales", text=deal_line(deal), quote=deal.note if rank == 1 else ""
                )
                entry.href = reverse("desk:opportunity", args=[deal.pk])
                if at not in told and (key is None or entry.key < key):
                    yield entry


def deal_moments(deal: Opportunity) -> Iterator[tuple[datetime, int, str, str]]:
    """When the opportunity was opened and closed: (at, rank, title, icon)."""
    if deal.opened_at:
        yield deal.opened_at, 0, "Opportunity opened", "briefcase"
    if deal.closed_at:
        won = deal.outcome == Outcome.WON
        reason = f": {deal.reason}" if deal.reason else ""
        yield deal.closed_at, 1, f"Opportunity {deal.outcome}{reason}", "trophy" if won else "mood-sad"


def deal_line(deal: Opportunity) -> str:
    return f"{deal}, {money(deal.amount, deal.currency)}" if deal.amount is not None else str(deal)
