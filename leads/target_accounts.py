"""Target accounts: the companies that marketing and sales agreed to go for, marked many at once."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from crm.deeds import Deed
from crm.models import User
from crm.outbox import record_change
from leads.editing import NOT_YOUR_COMPANY, announce_leads
from leads.models import Company, Lead, Opportunity

ALREADY = {True: "It is a target account already.", False: "It is no target account."}
ARCHIVED = "It is archived; bring it back first."


@transaction.atomic
def mark_targets(ids: Iterable[int], *, wanted: bool, by: User, at: datetime) -> Deed:
    """Mark companies as target accounts, or take that from them: a few queries for any number of companies."""
    deed = Deed()
    found = list(Company.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk"))
    of_others = not_to_edit(by, [company.pk for company in found])
    for company in found:
        if company.is_archived:
            deed.refuse(company.pk, ARCHIVED)
        elif company.pk in of_others:
            deed.refuse(company.pk, NOT_YOUR_COMPANY)
        elif company.is_target == wanted:
            deed.refuse(company.pk, ALREADY[wanted])
        else:
            deed.change(company.pk, wanted=wanted)
    put(deed.changed_ids, wanted=wanted, at=at)
    return deed


@transaction.atomic
def take_back_targets(deed: Deed, *, by: User, at: datetime) -> Deed:
    """As they were before, where nobody has changed that since."""
    undone = Deed()
    for wanted in (True, False):
        ids = [row["id"] for row in deed.changed if row["wanted"] == wanted]
        rows = Company.objects.select_for_update().filter(pk__in=ids, is_target=wanted).order_by("pk")
        still = set(rows.values_list("pk", flat=True))
        for pk in ids:
            if pk in still:
                undone.change(pk, wanted=not wanted)
            else:
                undone.refuse(pk, "Somebody has changed that since.")
        put(still, wanted=not wanted, at=at)
    return undone


def put(ids: Iterable[int], *, wanted: bool, at: datetime) -> None:
    ids = list(ids)
    if ids:
        Company.objects.filter(pk__in=ids).update(is_target=wanted, updated_at=at)
        record_change("company", ids)
        announce_leads(Q(company__in=ids))


def not_to_edit(user: User, ids: list[int]) -> set[int]:
    """Those of the companies that are others' (leads/access.py, `may_edit_people`)."""
    if not user.is_rep:
        return set()
    taken: set[int] = set()
    own: set[int] = set()
    for of in (Lead, Opportunity):
        rows = of._default_manager.filter(company__in=ids).order_by()
        taken |= {pk for pk in rows.values_list("company", flat=True).distinct() if pk}
        own |= {pk for pk in rows.filter(owner=user).values_list("company", flat=True).distinct() if pk}
    return taken - own
