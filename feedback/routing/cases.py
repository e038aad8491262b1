"""What counts of each lead when it is placed: the same few queries for one lead and for thousands."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedback.models import RoutingPlan
from feedback.routing.accounts import Account, account_owners
from feedback.routing.conditions import FIELDS, normal
from feedback.routing.deciding import Case
from feedback.routing.history import History
from leads.models import Lead


@dataclass(frozen=True)
class Question:
    """One lead to be placed in this time round. ``before``: what happened later does not count.

    ``tried``: who else shall not have it; ``afresh``: whoever had it in this time round may have it again.
    """

    lead: int
    episode: int
    before: datetime
    tried: frozenset[int] = frozenset()
    team: int | None = None
    afresh: bool = False


def cases_of(questions: Sequence[Question], plan: RoutingPlan) -> list[Case]:
    """What counts of each lead, in the order asked; a lead that is gone is left out."""
    leads = {row["id"]: row for row in lead_facts({question.lead for question in questions})}
    history = History(leads)
    accounts = account_owners(leads) if plan.account_owner_first else {}
    return [
        Case(
            lead=asked.lead,
            values=values_of(leads[asked.lead]),
            language=normal("language", leads[asked.lead]["language"]),
            owners=owners_of(accounts.get(asked.lead, ()), asked),
            earlier=(
                history.earlier(asked.lead, asked.episode, before=asked.before) if plan.earlier_owner_first else ()
            ),
            tried=asked.tried if asked.afresh else asked.tried | history.tried(asked.lead, asked.episode),
            team=asked.team,
        )
        for asked in questions
        if asked.lead in leads
    ]


def lead_facts(ids: Collection[int]) -> Any:
    names = ("company_name", "email", "contact_id", "owner_id", "company_id", "contact__company_id", "company__country")
    return Lead.objects.filter(pk__in=ids).order_by().values("id", *FIELDS, *names)


def values_of(lead: Mapping[str, Any]) -> dict[str, str]:
    """What rules ask of it; a lead without a country is where its company is."""
    country = lead["country"] or lead["company__country"] or ""
    return {name: normal(name, country if name == "country" else lead[name]) for name in FIELDS}


def owners_of(accounts: Iterable[Account], asked: Question) -> tuple[int, ...]:
    """Who has the account, of an open opportunity before a won one, of the newest first."""
    counting = [account for account in accounts if account.was_there(asked.lead, asked.before)]
    return tuple(dict.fromkeys(account.owner for account in sorted(counting, key=Account.order, reverse=True)))
