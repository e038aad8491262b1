"""What buyers met, from staged rows. Touches are append-only: one that is there stays as it is."""

from collections import Counter
from typing import ClassVar

from leads.importing.lead_writer import make_content
from leads.importing.naming import NamesLead
from leads.importing.plain_writer import PlainWriter
from leads.importing.sql import BY_ID, BY_KEY
from leads.importing.writers import UPDATED
from leads.models import Touch


class TouchWriter(PlainWriter, NamesLead):
    """Without an external id a row is the touch of its lead, kind, moment, campaign and content."""

    tables: ClassVar = ("leads_touch",)
    model: ClassVar = Touch
    topic: ClassVar = "lead"
    told_of: ClassVar = "lead_id"
    alike: ClassVar = ("lead_key", "lead_email", "kind", "at", "campaign_id", "asset_key")

    def prepare(self, rows: dict[str, int]) -> None:
        if "asset_key" in self.columns:
            make_content(self.mapping.asset_kind, source_system=self.mapping.source_system, rows=rows, at=self.at)

    def named(self) -> dict[str, str]:
        return {"lead": "l.id", "asset": self.asset, "campaign_channel": "c.channel"}

    @property
    def joins(self) -> str:
        joins = self.lead_joins() + BY_ID.format(
            table="campaigns_campaign", id=f"{self.value('campaign_id')}::bigint", name="c"
        )
        if "asset_key" in self.columns:
            joins += BY_KEY.format(table="campaigns_asset", key="s.asset_key", name="a")
        return joins

    @property
    def asset(self) -> str:
        return "a.id" if "asset_key" in self.columns else "NULL::bigint"

    @property
    def kind(self) -> str:
        return self.value("kind", default=f"'{self.mapping.touch_kind}'")

    @property
    def found_alike(self) -> str:
        return f"""
            SELECT id FROM leads_touch t WHERE t.lead_id = l.id AND t.at = s.at AND t.kind = {self.kind}
                AND t.campaign_id IS NOT DISTINCT FROM {self.value("campaign_id")}
                AND t.asset_id IS NOT DISTINCT FROM {self.asset}
        """

    @property
    def reason(self) -> str:
        return f"""
            CASE WHEN NOT ({self.names_lead}) THEN 'The row names no lead.' WHEN l.id IS NULL THEN {self.no_lead} END
        """

    def write(self, counts: Counter[str]) -> Counter[str]:
        return super().write(Counter({**counts, UPDATED: 0}))

    def values(self) -> dict[str, str]:
        return {
            **super().values(), "lead_id": "s.lead", "asset_id": "s.asset", "at": "s.at", "kind": self.kind,
            "campaign_id": f"{self.value('campaign_id')}::bigint",
            "by": self.value("by", default=f"'{self.mapping.touch_by}'"),
            "channel": self.value("channel", default="coalesce(s.campaign_channel, '')"),
            "raised_hand": self.value("raised_hand", default="false"),
        }  # fmt: skip
