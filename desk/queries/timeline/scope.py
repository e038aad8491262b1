"""Whose history a record tells: its own, and that of the leads, contacts and opportunities around it."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Manager, Q, QuerySet

from desk.queries.timeline.keys import Rank, Source
from feedback.models import Handoff, Impression
from leads.lifecycle import Stage
from leads.models import Activity, Company, Contact, Lead, Opportunity, Task, Touch, Transition
from leads.opportunities import opportunities_of, opportunities_with
from leads.united import family_ids, united_ids

Record = Lead | Contact | Company | Opportunity

# A company with more leads than this tells of its newest.
AROUND = 100

KINDS = {"all": "All", "touches": "Touchpoints", "sales": "Sales", "verdicts": "Verdicts", "changes": "Changes"}
ABOUT_A_VERDICT = Q(handoff__isnull=False) | Q(undoes__handoff__isnull=False) | Q(to_stage=Stage.OFFERED)


@dataclass(frozen=True)
class Scope:
    """Ids of the records whose history is told.

    ``names_leads``: an entry says which of several leads it is about, unless it is about ``itself``.
    """

    leads: list[int] = field(default_factory=list)
    opportunities: list[int] = field(default_factory=list)
    contacts: list[int] = field(default_factory=list)
    companies: list[int] = field(default_factory=list)
    names_leads: bool = False
    itself: int | None = None

    def sources(self, kind: str) -> list[Source]:
        """What a chip shows; an unknown one shows all."""
        sources = {
            "touches": self.touches(),
            "sales": [*self.work(), *self.deals(), *self.deal_edits()],
            "verdicts": [
                *self.moves(Transition.objects.filter(ABOUT_A_VERDICT)), *self.passes(), *self.impressions(),
            ],
            "changes": [*self.moves(Transition.objects.exclude(ABOUT_A_VERDICT)), *self.edits(), *self.deal_edits()],
        }.get(
            kind,
            [
                *self.moves(Transition.objects.all()), *self.passes(), *self.touches(), *self.work(), *self.deals(),
                *self.edits(), *self.deal_edits(), *self.impressions(),
            ],
        )  # fmt: skip
        return [source for source in sources if source.owners]

    def moves(self, rows: QuerySet[Transition]) -> list[Source]:
        return [Source(Rank.MOVE, rows, "lead", Lead, self.leads)]

    def passes(self) -> list[Source]:
        """Hand-offs that went on to somebody else, rejected or not answered in time: no move, but a verdict."""
        rows = Handoff.objects.filter(followed_by__isnull=False)
        return [Source(Rank.PASS, rows, "lead", Lead, self.leads, at="decided_at")]

    def impressions(self) -> list[Source]:
        """What sales said by a tap after it was qualified, returned or closed."""
        return [Source(Rank.IMPRESSION, Impression.objects.all(), "lead", Lead, self.leads)]

    def touches(self) -> list[Source]:
        return [Source(Rank.TOUCH, Touch.objects.all(), "lead", Lead, self.leads)]

    def work(self) -> list[Source]:
        """Activities, and tasks that were done."""
        done = Task.objects.filter(done_at__isnull=False)
        about = (("lead", Lead, self.leads), ("opportunity", Opportunity, self.opportunities),
                 ("contact", Contact, self.contacts))  # fmt: skip
        activities = [Source(Rank.ACTIVITY, Activity.objects.all(), of, kind, ids) for of, kind, ids in about]
        return activities + [Source(Rank.TASK, done, of, kind, ids, at="done_at") for of, kind, ids in about]

    def deals(self) -> list[Source]:
        """Opportunities opened and closed."""
        of_deals = partial(Source, of="pk", owner=Opportunity, owners=self.opportunities)
        opened, closed = Opportunity.objects.exclude(opened_at=None), Opportunity.objects.exclude(closed_at=None)
        return [of_deals(Rank.OPENED, opened, at="opened_at"), of_deals(Rank.CLOSED, closed, at="closed_at")]

    def edits(self) -> list[Source]:
        return [
            edits_of(Rank.LEAD_EDIT, Lead, self.leads),
            edits_of(Rank.CONTACT_EDIT, Contact, self.contacts),
            edits_of(Rank.COMPANY_EDIT, Company, self.companies),
        ]

    def deal_edits(self) -> list[Source]:
        return [edits_of(Rank.OPPORTUNITY_EDIT, Opportunity, self.opportunities)]


def edits_of(rank: Rank, owner: type[Record], owners: list[int]) -> Source:
    """What rows of a kind were before each edit."""
    events = owner.events.rel.related_model.objects.filter(pgh_label="update")  # type: ignore[union-attr]
    return Source(rank, events, "pgh_obj", owner, owners, at="pgh_created_at")


def scope_of(record: Record) -> Scope:
    if isinstance(record, Lead):
        family = united_ids(record)
        deals = around(opportunities_of(record))
        return Scope(leads=family, opportunities=deals, names_leads=len(family) > 1, itself=record.pk)
    if isinstance(record, Opportunity):
        return Scope(leads=sorted(family_ids(leads_of(record))), opportunities=[record.pk])
    if isinstance(record, Contact):
        deals = around(opportunities_with(record))
        return Scope(around(record.leads), deals, contacts=[record.pk], names_leads=True)
    return Scope(
        leads=around(record.leads),
        opportunities=around(record.opportunities),
        contacts=around(record.contacts),
        companies=[record.pk],
        names_leads=True,
    )


def leads_of(opportunity: Opportunity) -> list[int]:
    """The lead it was made of, and the leads that joined it."""
    joined = opportunity.parts.filter(lead__isnull=False).values_list("lead", flat=True)[:AROUND]
    made_of = [opportunity.lead_id] if opportunity.lead_id else []
    return [*made_of, *(pk for pk in joined if pk and pk not in made_of)]


def around(rows: Manager[Any] | QuerySet[Any]) -> list[int]:
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:AROUND])
