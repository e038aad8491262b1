"""Calls, e-mails, meetings and notes from staged rows, with what follows for whom they are about."""

from collections import Counter
from typing import ClassVar

from leads.activities import default_direction
from leads.importing.naming import NamesLead
from leads.importing.plain_writer import PlainWriter
from leads.importing.sql import BY_ID, BY_KEY, CHUNK, make_people, query
from leads.models import Activity, ActivityKind
from leads.subjects import refresh_pulse

ABOUT = """
    SELECT array_agg(DISTINCT lead) FILTER (WHERE lead IS NOT NULL),
        array_agg(DISTINCT opportunity) FILTER (WHERE opportunity IS NOT NULL)
    FROM {chunk} WHERE verdict IN ('created', 'updated')
"""
# With the same moment and kind; each by the index of whom it is about first.
ALIKE = """
    SELECT id FROM leads_activity done WHERE {by} AND done.at = s.at AND done.kind = s.kind
        AND done.opportunity_id IS NOT DISTINCT FROM o.id AND done.contact_id IS NOT DISTINCT FROM k.id
"""
BY_SUBJECT = (
    "done.lead_id = coalesce(l.id, of_deal.id)",
    "coalesce(l.id, of_deal.id) IS NULL AND done.opportunity_id = o.id AND done.lead_id IS NULL",
    "coalesce(l.id, of_deal.id, o.id) IS NULL AND done.contact_id = k.id AND done.lead_id IS NULL",
)
# A call, e-mail or message is from us unless the row says otherwise.
DIRECTION = " ".join(f"WHEN '{kind}' THEN '{default_direction(kind)}'" for kind in ActivityKind.values)


class ActivityWriter(PlainWriter, NamesLead):
    """Without an external id a row is the activity of its kind and moment with the same lead, deal and contact."""

    tables: ClassVar = ("leads_activity",)
    model: ClassVar = Activity
    topic: ClassVar = "activity"
    plain: ClassVar = ("direction", "outcome", "note", "by_id")
    alike: ClassVar = ("lead_key", "lead_email", "opportunity_key", "contact_key", "kind", "at")

    def prepare(self, rows: dict[str, int]) -> None:
        if "by_key" in self.columns:
            role = self.mapping.sources["by"].create
            make_people("by_key", role, source_system=self.mapping.source_system, rows=rows, at=self.at)

    def named(self) -> dict[str, str]:
        return {"lead": "coalesce(l.id, of_deal.id)", "opportunity": "o.id", "contact": "k.id", "person": self.person}

    @property
    def person(self) -> str:
        return "u.id" if "by_key" in self.columns else f"{self.value('by_id')}::bigint"

    @property
    def joins(self) -> str:
        opportunity, contact = self.value("opportunity_key"), self.value("contact_key")
        joins = self.lead_joins() + BY_KEY.format(table="leads_opportunity", key=opportunity, name="o")
        joins += BY_KEY.format(table="leads_contact", key=contact, name="k")
        joins += BY_ID.format(table="leads_lead", id="o.lead_id", name="its_lead")
        joins += BY_ID.format(table="leads_lead", id="coalesce(its_lead.merged_into_id, its_lead.id)", name="of_deal")
        return joins + (BY_KEY.format(table="crm_user", key="s.by_key", name="u") if "by_key" in self.columns else "")

    @property
    def found_alike(self) -> str:
        return " UNION ALL ".join(ALIKE.format(by=by) for by in BY_SUBJECT)

    @property
    def reason(self) -> str:
        opportunity, contact = self.value("opportunity_key"), self.value("contact_key")
        return f"""CASE
            WHEN {self.names_lead} AND l.id IS NULL THEN {self.no_lead}
            WHEN {opportunity} IS NOT NULL AND o.id IS NULL THEN 'There is no opportunity “' || {opportunity} || '”.'
            WHEN {contact} IS NOT NULL AND k.id IS NULL THEN 'There is no contact “' || {contact} || '”.'
            WHEN coalesce(l.id, o.id, k.id) IS NULL THEN 'The row names no lead, opportunity or contact.'
            WHEN l.id IS NOT NULL AND of_deal.id <> l.id THEN 'This opportunity did not come of that lead.' END
        """

    @property
    def changed(self) -> str:
        tests = [super().changed]
        if "by_key" in self.columns:
            tests.append("s.by_key IS NOT NULL AND u.id IS DISTINCT FROM r.by_id")
        if "minutes" in self.columns:
            tests.append(f"s.minutes IS NOT NULL AND {self.duration} IS DISTINCT FROM r.duration")
        return f"({' OR '.join(tests)})"

    @property
    def duration(self) -> str:
        return f"{self.value('minutes')} * interval '1 minute'"

    def values(self) -> dict[str, str]:
        return {
            **super().values(), **self.words("outcome", "note"),
            "lead_id": "s.lead", "opportunity_id": "s.opportunity", "contact_id": "s.contact", "by_id": "s.person",
            "kind": "s.kind", "at": "s.at", "duration": f"({self.duration})::interval",
            "direction": self.value("direction", default=f"CASE s.kind {DIRECTION} ELSE '' END"),
        }  # fmt: skip

    def sets(self) -> list[str]:
        person = ["by_id = coalesce(s.person, r.by_id)"] if "by_key" in self.columns else []
        duration = [f"duration = coalesce({self.duration}, r.duration)"] if "minutes" in self.columns else []
        return [*super().sets(), *person, *duration]

    def write(self, counts: Counter[str]) -> Counter[str]:
        findings = super().write(counts)
        [(leads, opportunities)] = query(ABOUT.format(chunk=CHUNK))
        refresh_pulse(leads or [], opportunities or [])
        return findings
