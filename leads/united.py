"""Leads that were merged, read as one: whoever asks for a lead's history asks for that of its whole family.

A merge moves no row (leads/merging.py). `Lead.merged_into` is always the lead that stays, never one that was merged
itself, so a family is that lead and those that name it.
"""

from collections.abc import Iterable

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from leads.models import Lead

# The ids %(leads)s with all that are read as one with them: their survivors, and what was merged into either.
FAMILY = """
    SELECT unnest(%(leads)s::bigint[])
    UNION SELECT merged_into_id FROM leads_lead WHERE id = ANY(%(leads)s) AND merged_into_id IS NOT NULL
    UNION SELECT id FROM leads_lead WHERE merged_into_id = ANY(%(leads)s)
    UNION SELECT kin.id FROM leads_lead AS asked JOIN leads_lead AS kin ON kin.merged_into_id = asked.merged_into_id
        WHERE asked.id = ANY(%(leads)s)
"""


def united_ids(lead: Lead) -> list[int]:
    """The lead and those merged into it; of a merged one only itself, as it was before."""
    merged = getattr(lead, "merged_ids", None)  # as `with_family` read them
    if merged is None:
        merged = Lead.objects.filter(merged_into=lead).order_by("pk").values_list("pk", flat=True)
    return [lead.pk, *merged]


def with_family(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """The leads with who was merged into each, for a page that asks for the family again and again."""
    merged = Lead.objects.filter(merged_into=OuterRef("pk")).order_by("pk").values("pk")
    return leads.annotate(merged_ids=ArraySubquery(merged))


def family_ids(lead_ids: Iterable[int]) -> set[int]:
    """The leads with all that are read as one with them, whichever of a family is asked for."""
    with connection.cursor() as sql:
        sql.execute(FAMILY, {"leads": list(lead_ids)})
        return {pk for (pk,) in sql.fetchall()}


def united(lead_ids: Iterable[int]) -> dict[int, int]:
    """These leads and those merged into them, each with the one of them that it is read as."""
    asked = list(lead_ids)
    merged = Lead.objects.filter(merged_into__in=asked).order_by("pk").values_list("pk", "merged_into")
    return {pk: pk for pk in asked} | {pk: root for pk, root in merged if root}


def survivors(lead_ids: Iterable[int]) -> set[int]:
    """The leads that these are read as; of one that was not merged itself."""
    root = Coalesce(F("merged_into"), F("pk"))
    return set(Lead.objects.filter(pk__in=list(lead_ids)).order_by().values_list(root, flat=True))


def survivor_of(lead: Lead) -> Lead:
    """The lead that this one is read as, itself unless it was merged."""
    return lead.merged_into or lead
