"""What a search shows: rows of each kind, the words as they were understood, and where one was last."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from campaigns.models import Asset, Campaign
from crm.requests import id_of
from crm.words import money
from desk.search.finding import find
from desk.search.kinds import CAMPAIGN, COMPANY, CONTACT, CONTENT, KIND_OF, KINDS, LEAD, OPPORTUNITY, Kind
from desk.search.spelling import meant_instead, spelt, tsquery_of
from leads.models import Company, Contact, Lead, Opportunity

MOST_RECENT = 8


@dataclass(frozen=True)
class Hit:
    """A record as one row: its name, and beside it what tells it from its namesakes."""

    kind: Kind
    record: Any
    detail: str
    url: str


@dataclass(frozen=True)
class Group:
    kind: Kind
    hits: Sequence[Hit]
    # The list with everything the text finds; "" when all of it stands here.
    more_url: str


@dataclass(frozen=True)
class Results:
    """``showing``: what was searched for instead of the misspelt text; "" for the text itself."""

    groups: Sequence[Group] = field(default_factory=list)
    showing: str = ""

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)


def search(text: str, *, limit: int) -> Results:
    """At most ``limit`` rows of each kind. A text that finds nothing is read as the names most like it."""
    found, showing = find(text, limit=limit + 1), ""
    if not any(found.values()) and (meant := meant_instead(text)):
        found = find(text, words=tsquery_of(text, meant), limit=limit + 1)
        showing = spelt(text, meant) if any(found.values()) else ""
    groups = [group_of(KIND_OF[key], ids, showing or text, limit) for key, ids in found.items() if ids]
    return Results([group for group in groups if group.hits], showing)


def group_of(kind: Kind, ids: list[int], text: str, limit: int) -> Group:
    more_url = list_address(kind, text) if len(ids) > limit else ""
    hits = dict.fromkeys(hits_of(kind, ids[:limit]).values())
    return Group(kind, [hit for hit in hits if not hit.record.is_archived], more_url)


def list_address(kind: Kind, text: str) -> str:
    return f"{reverse(f'desk:{kind.key}')}?{urlencode({'tab': 'all', 'q': text})}"


def hits_of(kind: Kind, ids: Iterable[int]) -> dict[int, Hit]:
    """By id, in the order of ``ids``; those that are no longer there are left out."""
    rows = kind.rows.in_bulk(list(ids))
    return {pk: hit_of(kind, kind.shown(rows[pk])) for pk in ids if pk in rows}


def hit_of(kind: Kind, record: Any) -> Hit:
    parts = (part for part in DETAIL_OF[kind.key](record) if part)
    return Hit(kind, record, ", ".join(map(str, parts)), reverse(f"desk:{kind.noun.lower()}", args=[record.pk]))


def recent_hits(names: Iterable[str]) -> list[Hit]:
    """The records that ``names`` ("leads/7") mean, in that order, without those that are gone or put away."""
    wanted = [(kind, id_of(number)) for kind, _slash, number in (name.partition("/") for name in names)]
    wanted = [(kind, pk) for kind, pk in dict.fromkeys(wanted) if kind in KIND_OF and pk][:MOST_RECENT]
    hits: dict[tuple[str, int], Hit] = {}
    for kind in KINDS:
        if ids := [pk for key, pk in wanted if key == kind.key]:
            hits |= {(kind.key, pk): hit for pk, hit in hits_of(kind, ids).items() if not hit.record.is_archived}
    return list(dict.fromkeys(hits[name] for name in wanted if name in hits))


def lead_detail(lead: Lead) -> Iterable[object]:
    return (lead.title, lead.company_label, lead.email if lead.email != str(lead) else "")


def contact_detail(contact: Contact) -> Iterable[object]:
    return (contact.title, contact.company, contact.email if contact.email != str(contact) else "")


def company_detail(company: Company) -> Iterable[object]:
    return (company.domain, company.industry, company.country)


def opportunity_detail(opportunity: Opportunity) -> Iterable[object]:
    amount = "" if opportunity.amount is None else money(opportunity.amount, opportunity.currency)
    return (opportunity.company if str(opportunity.company) != opportunity.name else "", amount, opportunity.owner)


def campaign_detail(campaign: Campaign) -> Iterable[object]:
    return (campaign.get_channel_display(), campaign.get_status_display().lower())


def content_detail(asset: Asset) -> Iterable[object]:
    return (asset.get_kind_display(),)


DETAIL_OF: dict[str, Callable[[Any], Iterable[object]]] = {
    LEAD.key: lead_detail,
    CONTACT.key: contact_detail,
    COMPANY.key: company_detail,
    OPPORTUNITY.key: opportunity_detail,
    CAMPAIGN.key: campaign_detail,
    CONTENT.key: content_detail,
}
