"""What the page /feedback/ shows: what sales answered, why not, what was said, and what waits for marketing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

from campaigns.models import Asset, Campaign
from crm.intervals import Counted
from crm.keyset import Order, Page, count_up_to, page_of
from crm.models import Side, Team, User
from crm.requests import id_of
from crm.words import interval, percent
from feedback.agreements import digest
from feedback.closed_loop import OpenRejections, open_rejections
from feedback.impressions import Heard, impressions_of
from feedback.improvements import may_record
from feedback.models import VERDICTS, Handoff, HandoffStatus, Impression, Improvement
from feedback.queries import latest_verdicts, unanswered
from feedback.talk import with_talk
from feedback.verdict_figures import (
    MOST_ROWS,
    NUMBERED,
    ORDERS,
    Asked,
    Figures,
    Quality,
    ReasonShare,
    by_dimension,
    handoffs_asked,
    pareto,
    quality,
    totals,
)
from feedback.wrong_data import still_wrong, wrong_words
from funnel.keeping import Kept, kept
from funnel.reports.question import MISSING as REPORT_MISSING
from funnel.times.rounds import Round, recycle_yield, times_round
from leads.list_queries import leads_of, needing_repair, nurture_due, present_leads
from leads.models import Lead, Reason, Route
from leads.models.lead import LeadQuerySet

SPANS = (30, 90, 365)
ROWS = 10
COMMENTS = 10
MISSING = "(none)"
NAMES = {"campaign": Campaign, "content": Asset, "team": Team}
LABELS = {"campaign": "Campaign", "content": "Content", "source": "Source", "segment": "Segment", "team": "Sales team"}
NEWEST_ANSWER = Order("decided_at", Handoff._meta.get_field("decided_at"))


@dataclass(frozen=True)
class Question:
    """What the address asks. ``days`` up to today, cut ``by`` a dimension, held at some keys."""

    days: int
    by: str
    held: Mapping[str, str]
    order: str
    descending: bool
    reason: Reason | None
    shows_all: bool
    today: date

    @property
    def asked(self) -> Asked:
        end = self.today + timedelta(days=1)
        return Asked(end - timedelta(days=self.days), end, self.held)

    @property
    def report_query(self) -> str:
        """The same days, cut and held alike, of the report *feedback*."""
        named = {"dimension": self.by, **self.held}
        asked = {name: key or REPORT_MISSING for name, key in named.items() if "content" not in (name, key)}
        return urlencode({"from": str(self.asked.start), "to": str(self.asked.end), **asked})


def read(query: QueryDict, *, today: date) -> Question:
    """What makes no sense is as if it were not there."""
    days = id_of(query.get("days"))
    by = query.get("by", "")
    wish = query.get("ordering", "-offered")
    order = wish.removeprefix("-")
    held = {name: key for name in LABELS if (key := key_of(name, query.get(name, ""))) is not None}
    reason = Reason.objects.filter(pk=id_of(query.get("reason"))).first() if query.get("reason") else None
    return Question(
        days=days if days in SPANS else SPANS[0],
        by=by if by in LABELS else "campaign",
        held=held,
        order=order if order in ORDERS else "offered",
        descending=wish.startswith("-") or order not in ORDERS,
        reason=reason,
        shows_all=query.get("show") == "all" or reason is not None,
        today=today,
    )


def key_of(dimension: str, text: str) -> str | None:
    """A key as figures know it: "" for hand-offs without one; None where the address says nothing readable."""
    if text == MISSING:
        return ""
    if dimension in NUMBERED:
        return str(id_of(text)) if id_of(text) else None
    return text.replace("\0", "")[:200] or None


def labelled(rows: Sequence[Figures], dimension: str) -> list[Figures]:
    """The rows with the names of their keys, in one query."""
    model = NAMES.get(dimension)
    names = {}
    if model:
        names = {
            str(pk): str(row)
            for pk, row in model._default_manager.in_bulk([row.key for row in rows if row.key]).items()
        }
    nothing = f"No {LABELS[dimension].lower()}"
    return [replace(row, label=names.get(row.key, row.key) or nothing) for row in rows]


@dataclass(frozen=True)
class Verdicts:
    """What the page counts of the hand-offs in question; ``by_key``: a row for each key of the dimension."""

    whole: Figures
    reasons: list[ReasonShare]
    quality: Quality
    by_key: list[Figures]
    # What was said by a tap about the leads of these hand-offs, once they had been worked.
    heard: Heard


def verdicts(question: Question, *, at: datetime) -> Kept[Verdicts]:
    key = digest([str(question.asked), question.by, question.order, question.descending])
    return kept(f"feedback:{key}", count_verdicts, question, at=at)


def count_verdicts(question: Question, *, at: datetime) -> Verdicts:
    asked = question.asked
    return Verdicts(
        whole=totals(asked, at=at),
        reasons=pareto(asked, at=at),
        quality=quality(asked, at=at),
        by_key=by_dimension(asked, question.by, at=at, order=question.order, descending=question.descending),
        heard=impressions_of(Impression.objects.filter(lead__in=handoffs_asked(asked, at=at).values("lead"))),
    )


@dataclass(frozen=True)
class Row:
    """A line of the table; ``href``: the page held at its key, "" for the rest of all keys."""

    figures: Figures
    href: str


def table(question: Question, found: Verdicts, query: QueryDict) -> list[Row]:
    """A row for each key, the rest in one."""
    shown = labelled(found.by_key, question.by)
    rows = [Row(figures, without(query, **{question.by: figures.key or MISSING})) for figures in shown]
    return [*rows, Row(found.whole.without(shown, "All others"), "")] if len(shown) == MOST_ROWS else rows


def without(query: QueryDict, *left_out: str, **added: str) -> str:
    """The address without these parameters and a place in the list, and with those added."""
    gone = {*left_out, *added, "after", "before"}
    kept = {name: str(value) for name, value in query.items() if name not in gone}
    return f"?{urlencode(kept | added)}"


def sentence(whole: Figures, reasons: Sequence[ReasonShare], *, days: int) -> str:
    """ "Sales answered 84 of 92 in the last 30 days and accepted 41 % (likely 31–52 %); main reason: …"."""
    if not whole.offered:
        return f"Nothing was handed to sales in the last {days} days."
    said = f"Sales answered {whole.answered:,} of {whole.offered:,} in the last {days} days"
    if whole.judged:
        share = whole.acceptance.share
        said += f" and accepted {percent(share.rate)} ({interval(share.low, share.high)})"
    if reasons:
        first, label = reasons[0], reasons[0].reason.label
        said += f"; main reason: {first.family.lower()}, {label[:1].lower()}{label[1:]} ({first.count:,})"
    return f"{said}."


def comments(question: Question, query: QueryDict, *, at: datetime) -> Page:
    """Verdicts with words, newest first; those for a chosen reason with and without."""
    shown = with_talk(latest_verdicts(Handoff.objects.all()))
    return page_of(commented(question, at=at), query, order=NEWEST_ANSWER, shown=shown, size=COMMENTS)


def commented(question: Question, *, at: datetime) -> QuerySet[Handoff]:
    found = handoffs_asked(question.asked, at=at).filter(status__in=VERDICTS)
    found = found.filter(reason=question.reason) if question.reason else found.exclude(comment="")
    return found if question.shows_all else unanswered(found)


def count_unanswered(question: Question, *, at: datetime) -> int:
    """Comments that nobody has answered, counted up to a hundred."""
    return count_up_to(commented(replace(question, shows_all=False, reason=None), at=at), 99)


@dataclass(frozen=True)
class Repair:
    """A lead that waits for marketing, with who said what is wrong; ``wrong``: "phone and e-mail", "" if unnamed."""

    lead: Lead
    handoff: Handoff | None
    wrong: str


def own(user: User) -> LeadQuerySet:
    """A marketer's own leads; for everybody else all."""
    return leads_of(user) if user.is_marketer else present_leads()


def repairs(user: User) -> list[Repair]:
    """The longest waiting first, one more than is shown."""
    leads = list(needing_repair(own(user)).for_lists().order_by("stage_since", "pk")[: ROWS + 1])
    sent_back = Handoff.objects.filter(lead__in=leads, status=HandoffStatus.REJECTED, route=Route.REPAIR)
    newest = sent_back.select_related("lead", "decided_by", "reason").order_by("lead_id", "-id").distinct("lead_id")
    by_lead = {handoff.lead_id: handoff for handoff in newest}
    wrong = still_wrong(list(by_lead.values()))
    return [
        Repair(lead, handoff, wrong_words(wrong.get(handoff.pk, [])) if handoff else "")
        for lead in leads
        for handoff in [by_lead.get(lead.pk)]
    ]


def due_for_nurture(user: User, *, today: date) -> list[Lead]:
    """Leads to look at again, who waits longest first, one more than is shown."""
    return list(nurture_due(own(user), on=today).for_lists().order_by("revisit_on", "pk")[: ROWS + 1])


@dataclass(frozen=True)
class Recycling:
    """How leads do the second time round, and of what was recycled, how much came back to sales."""

    rounds: list[Round]
    came_back: Counted


def recycling(today: date, *, at: datetime) -> Kept[Recycling]:
    return kept(f"recycling:{today}", count_recycling, today, at=at)


def count_recycling(today: date, *, at: datetime) -> Recycling:
    return Recycling(times_round(*last_year(today)), recycle_yield(at=at))


def count_ahead(*, today: date, at: datetime) -> None:
    """What the page opens with."""
    verdicts(read(QueryDict(), today=today), at=at)
    recycling(today, at=at)


def last_year(today: date) -> tuple[date, date]:
    """Long enough for times round to come to an end: the first day, and the one after the last."""
    return today - timedelta(days=365), today + timedelta(days=1)


def waits_for_marketing(user: User, *, at: datetime) -> OpenRejections:
    """Rejections without an answer: a marketer's own campaigns', for everybody else all."""
    if not user.is_marketer:
        return open_rejections(at=at)
    return open_rejections(at=at, campaigns=list(Campaign.objects.filter(owner=user).values_list("pk", flat=True)))


@dataclass(frozen=True)
class Change:
    """An entry of what marketing changed; ``effect`` only where one campaign's page measures it."""

    improvement: Improvement
    may_edit: bool
    effect: Any = None


def latest_changes(user: User) -> list[Change]:
    found = Improvement.objects.select_related("campaign", "reason", "by").order_by("-on", "-id")[:ROWS]
    return [Change(entry, may_record(user, entry.campaign)) for entry in found]


def teams() -> list[Team]:
    return list(Team.objects.filter(kind=Side.SALES))


def held_chips(question: Question, query: QueryDict) -> list[dict[str, str]]:
    """What the figures are held at, each with the address without it."""
    chips = []
    for name, key in question.held.items():
        [row] = labelled([Figures(key=key)], name)
        chips.append({"label": f"{LABELS[name]}: {row.label}", "address": without(query, name)})
    return chips
