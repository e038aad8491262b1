"""Rows that name another record: the lead, the company."""

from leads.importing.sql import BY_ID, BY_KEY, LEAD_BY_EMAIL
from leads.importing.writers import Writer

COMPANY_BY_NAME = """
    LEFT JOIN LATERAL (
        SELECT min(id + 0) AS id FROM leads_company
        WHERE lower(name) = lower(s.company_key) AND archived_at IS NULL AND company_by_key.id IS NULL
    ) company_by_name ON true
"""


class NamesLead(Writer):
    """By its external id or its e-mail."""

    def lead_joins(self, *, known: str = "NULL::bigint") -> str:
        """`l`: the lead that ``known`` or else the row names; of merged ones the one that stays."""
        joins = ""
        if "lead_key" in self.columns:
            joins += BY_KEY.format(table="leads_lead", key="s.lead_key", name="lead_by_key")
        if "lead_email" in self.columns:
            joins += LEAD_BY_EMAIL.format(email="s.lead_email", name="lead_by_email")
        joins += BY_ID.format(table="leads_lead", id=f"coalesce({known}, {self.known_lead})", name="direct")
        return joins + BY_ID.format(table="leads_lead", id="coalesce(direct.merged_into_id, direct.id)", name="l")

    @property
    def known_lead(self) -> str:
        ids = [
            *(["lead_by_key.id"] if "lead_key" in self.columns else []),
            *(["lead_by_email.id"] if "lead_email" in self.columns else []),
        ]
        return f"coalesce({', '.join(ids)})" if ids else "NULL::bigint"

    @property
    def names_lead(self) -> str:
        return f"coalesce({self.value('lead_key')}, {self.value('lead_email')}) IS NOT NULL"

    @property
    def named_lead(self) -> str:
        key, email = self.value("lead_key"), self.value("lead_email")
        return f"coalesce('with external id “' || {key} || '”', 'with e-mail “' || {email} || '”')"

    @property
    def no_lead(self) -> str:
        return f"'There is no lead ' || {self.named_lead} || '.'"


class NamesCompany(Writer):
    """By its external id or its name."""

    @property
    def company_joins(self) -> str:
        if "company_key" not in self.columns:
            return ""
        return BY_KEY.format(table="leads_company", key="s.company_key", name="company_by_key") + COMPANY_BY_NAME

    @property
    def company(self) -> str:
        return "coalesce(company_by_key.id, company_by_name.id)" if "company_key" in self.columns else "NULL::bigint"

    @property
    def names_unknown_company(self) -> str:
        return f"({self.value('company_key')} IS NOT NULL AND {self.company} IS NULL)"

    @property
    def no_company(self) -> str:
        return f"'There is no company “' || {self.value('company_key')} || '”; import the companies first.'"
