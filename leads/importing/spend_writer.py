"""Money spent on campaigns, from staged rows."""

from typing import ClassVar

from campaigns.models import Spend
from leads.importing.plain_writer import PlainWriter
from leads.importing.sql import BY_ID


class SpendWriter(PlainWriter):
    """Without an external id a row is the spend of its campaign, day and note: so its amount can be corrected."""

    tables: ClassVar = ("campaigns_spend",)
    model: ClassVar = Spend
    topic: ClassVar = "spend"
    plain: ClassVar = ("campaign_id", "on", "amount", "currency", "note")
    alike: ClassVar = ("campaign_id", "on", "note")

    def named(self) -> dict[str, str]:
        return {"campaign_currency": "c.currency"}

    @property
    def joins(self) -> str:
        return BY_ID.format(table="campaigns_campaign", id="s.campaign_id", name="c")

    @property
    def found_alike(self) -> str:
        return f"""
            SELECT id FROM campaigns_spend k WHERE k.campaign_id = s.campaign_id AND k."on" = s."on"
                AND k.note = {self.value("note", default="''")} AND k.external_id = ''
                AND k.source_system IN ('', %(system)s)
        """

    @property
    def reason(self) -> str:
        """Marketers write what is spent on their own campaigns (campaigns/access.py)."""
        if not (self.by and self.by.is_marketer):
            return "NULL"
        return "CASE WHEN c.owner_id IS DISTINCT FROM %(by)s THEN 'This campaign is not yours.' END"

    def values(self) -> dict[str, str]:
        return {
            **super().values(), **self.words("note"), "campaign_id": "s.campaign_id", "on": 's."on"',
            "amount": "s.amount", "currency": self.value("currency", default="s.campaign_currency"),
            "by_id": "%(by)s::bigint",
        }  # fmt: skip
