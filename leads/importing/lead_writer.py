"""Leads from staged rows: the lead, its first moves, its first touch."""

from collections import Counter
from datetime import datetime
from typing import Any, ClassVar

from campaigns.models import Asset
from leads.importing.known import KNOWN, NOBODY_KNOWN, PARAMETERS, REASON, join_known, list_known
from leads.importing.mapping import CREATE, SKIP, UPDATE
from leads.importing.sql import (
    BY_ID,
    BY_KEY,
    CHUNK,
    LEAD_BY_EMAIL,
    differs,
    execute,
    insert_select,
    make_people,
    make_table,
    taken_over,
)
from leads.importing.staging import STAGED
from leads.importing.writers import Result, Writer
from leads.lifecycle import CLOCK_OF, Clock, Stage
from leads.models import Lead, Touch, Transition

FRESH = "import_fresh"
PLAIN = (
    "first_name", "last_name", "email", "phone", "title", "company_name", "source", "channel", "campaign_id", "segment",
    "country", "product_interest", "owner_id", "team_id", "sourced_by", "need", "authority", "timing",
)  # fmt: skip
MARKETINGS = tuple(stage.value for stage in Stage if CLOCK_OF[stage] == Clock.MARKETING)

CLASSIFY = """
    SELECT found.*, CASE
            WHEN {is_skipped} THEN 'refused'
            WHEN lead_id IS NULL THEN 'created'
            WHEN is_merged OR NOT is_changed THEN 'unchanged'
            WHEN NOT is_permitted OR same_lead > 1 THEN 'refused'
            ELSE 'updated' END AS verdict,
        CASE WHEN {is_skipped} THEN 'You have this person already: lead ' || known_id || ', ' || {why} || '.'
            WHEN NOT is_permitted THEN 'This lead is not yours to change.'
            ELSE 'This is the same lead as in row ' || first_row || '.' END AS reason
    FROM (
        SELECT s.*, {owner} AS owner, {asset} AS asset, {known}, l.id AS lead_id,
            l.merged_into_id IS NOT NULL AS is_merged, {changed} AS is_changed, {permitted} AS is_permitted,
            row_number() OVER same AS same_lead, first_value(s.row) OVER same AS first_row
        FROM {candidates}
        WINDOW same AS (PARTITION BY l.id ORDER BY s.row)
    ) found
"""


class LeadWriter(Writer):
    tables: ClassVar = ("leads_lead", "leads_transition", "leads_touch")
    is_asked_for_known = False

    def prepare(self, rows: dict[str, int]) -> None:
        if "owner_key" in self.columns:
            role = self.mapping.sources["owner"].create
            make_people("owner_key", role, source_system=self.mapping.source_system, rows=rows, at=self.at)
        if "asset_key" in self.columns:
            make_content(self.mapping.asset_kind, source_system=self.mapping.source_system, rows=rows, at=self.at)

    def classify(self, rows: dict[str, int]) -> None:
        statement = CLASSIFY.format(
            owner=self.owner, asset="a.id" if "asset_key" in self.columns else "NULL::bigint",
            changed=self.changed, permitted=self.permitted, candidates=self.candidates,
            known=KNOWN if self.known_join else NOBODY_KNOWN,
            is_skipped="known_id IS NOT NULL" if self.mapping.known == SKIP else "false", why=REASON,
        )  # fmt: skip
        make_table(CHUNK, statement, {**self.parameters, **PARAMETERS, **rows})

    def survey(self, first: int, last: int) -> Result:
        self.is_asked_for_known = True
        return super().survey(first, last)

    def foreseen(self) -> Counter[str]:
        """Rows about people known already, whatever is to become of them."""
        found = list_known(self.file_id) if self.known_join else 0
        return Counter({"known": found}) if found else Counter()

    # Telling what a row means

    @property
    def candidates(self) -> str:
        """The staged rows beside the lead each of them is about, if it is there."""
        joins = f"{STAGED} s" + BY_KEY.format(table="leads_lead", key="s.external_id", name="by_id")
        known = "by_id.id"
        if "email" in self.columns:
            address = "CASE WHEN s.external_id IS NULL THEN s.email END"
            joins += LEAD_BY_EMAIL.format(email=address, name="by_email")
            known = "coalesce(by_id.id, by_email.id)"
        if self.known_join:
            joins += join_known(self.columns, identity=known)
            known = f"coalesce({known}, known.id)" if self.mapping.known == UPDATE else known
        joins += BY_ID.format(table="leads_lead", id=known, name="l")
        if "owner_key" in self.columns:
            joins += BY_KEY.format(table="crm_user", key="s.owner_key", name="u")
        if "asset_key" in self.columns:
            joins += BY_KEY.format(table="campaigns_asset", key="s.asset_key", name="a")
        return f"{joins} WHERE s.row BETWEEN %(first)s AND %(last)s"

    @property
    def known_join(self) -> str:
        """Empty where nobody asks who is known: an import that makes new leads of all of them."""
        if not (self.is_asked_for_known or self.mapping.known != CREATE):
            return ""
        return join_known(self.columns, identity="NULL::bigint")

    @property
    def owner(self) -> str:
        if "owner_key" in self.columns:
            return "u.id"
        return "s.owner_id" if "owner_id" in self.columns else "NULL::bigint"

    @property
    def changed(self) -> str:
        tests = [differs(self.has(*PLAIN), new="s", old="l")]
        if "owner_key" in self.columns:
            tests.append("(s.owner_key IS NOT NULL AND u.id IS DISTINCT FROM l.owner_id)")
        if "custom" in self.columns:
            tests.append("(s.custom IS NOT NULL AND NOT l.custom @> s.custom)")
        return f"({' OR '.join(tests)})"

    @property
    def permitted(self) -> str:
        """Marketers change what is marketing's, reps what is their own, others any (leads/access.py)."""
        if self.by and self.by.is_rep:
            return "l.owner_id IS NOT DISTINCT FROM %(by)s"
        if self.by and self.by.is_marketer:
            return f"l.stage IN ({', '.join(map(repr, MARKETINGS))})"
        return "true"

    # Writing

    def create(self) -> None:
        make_table(
            FRESH,
            f"""SELECT c.*, {self.captured} AS captured,
                    nextval(pg_get_serial_sequence('leads_lead', 'id')) AS fresh_id
                FROM (SELECT * FROM {CHUNK} WHERE verdict = 'created' ORDER BY row) c""",
            self.parameters,
            is_joined=False,
        )
        self.insert(Lead, self.lead_values())
        for seq, stage in enumerate(self.mapping.stages, start=1):
            self.insert(Transition, self.transition_values(seq, stage))
        self.insert(Touch, self.touch_values(), where=self.is_touched, suffix="ON CONFLICT DO NOTHING")
        execute(f"INSERT INTO crm_change (topic, object_id) SELECT 'lead', fresh_id FROM {FRESH} ORDER BY fresh_id")

    def insert(self, model: Any, values: dict[str, str], *, where: str = "true", suffix: str = "") -> None:
        source = f"FROM {FRESH} s WHERE {where} ORDER BY fresh_id"
        statement, defaults = insert_select(model, values, source=source, at=self.at, suffix=suffix)
        execute(statement, {**defaults, **self.parameters})

    @property
    def captured(self) -> str:
        return self.value("captured_at", of="c", default="%(at)s::timestamptz")

    def lead_values(self) -> dict[str, str]:
        stages = self.mapping.stages
        plain = {name: self.value(name, default=f"'{default}'") for name, default in self.plain_defaults()}
        references = {name: self.value(name) for name in self.has("campaign_id", "team_id")}
        return {
            **plain, **references,
            "id": "fresh_id", "source_system": "%(system)s", "external_id": "coalesce(s.external_id, '')",
            "owner_id": "s.owner", "stage": f"'{stages[-1]}'", "seq": str(len(stages)),
            "stage_since": "captured", "captured_at": "captured", "custom": self.value("custom", default="'{}'::jsonb"),
        }  # fmt: skip

    def plain_defaults(self) -> list[tuple[str, str]]:
        names = [name for name in self.has(*PLAIN, "phone_e164") if not name.endswith("_id")]
        defaults = {field.name: field.get_default() for field in Lead._meta.concrete_fields if field.name in names}
        return list(defaults.items())

    def transition_values(self, seq: int, stage: Stage) -> dict[str, str]:
        before = self.mapping.stages[seq - 2] if seq > 1 else ""
        return {
            "lead_id": "fresh_id", "seq": str(seq), "episode": "1", "kind": "'import'", "from_stage": f"'{before}'",
            "to_stage": f"'{stage}'", "at": "captured", "by_id": "%(by)s::bigint", "source": "%(source)s",
        }  # fmt: skip

    def touch_values(self) -> dict[str, str]:
        kind = self.mapping.touch_kind
        return {
            "lead_id": "fresh_id", "kind": f"'{kind}'", "by": f"'{self.mapping.touch_by}'", "at": "captured",
            "channel": self.value("channel", default="''"), "campaign_id": self.value("campaign_id"),
            "asset_id": "s.asset", "source_system": "%(system)s",
            "external_id": f"coalesce(s.external_id || ':{kind}', '')",
        }  # fmt: skip

    @property
    def is_touched(self) -> str:
        """Whether the row says what brought the lead."""
        known = [f"s.{name} IS NOT NULL" for name in (*self.has("campaign_id", "source"), "asset")]
        return f"({' OR '.join(known)})"

    def update(self) -> None:
        """What the file says about leads that are there; where they stand in the life cycle stays as it is."""
        sets = [
            part
            for part in (taken_over(self.has(*PLAIN, "phone_e164"), new="s", old="l"), self.owner_set, self.custom_set)
            if part
        ]
        if not sets:
            return
        execute(
            f"""WITH changed AS (
                UPDATE leads_lead l SET {", ".join(sets)}, version = l.version + 1, updated_at = %(at)s
                FROM {CHUNK} s WHERE l.id = s.lead_id AND s.verdict = 'updated' RETURNING l.id
            ) INSERT INTO crm_change (topic, object_id) SELECT 'lead', id FROM changed""",
            self.parameters,
        )

    @property
    def owner_set(self) -> str:
        return "owner_id = coalesce(s.owner, l.owner_id)" if "owner_key" in self.columns else ""

    @property
    def custom_set(self) -> str:
        return "custom = l.custom || coalesce(s.custom, '{}'::jsonb)" if "custom" in self.columns else ""


def make_content(kind: str, *, source_system: str, rows: dict[str, int], at: datetime) -> int:
    """Content that staged rows name by an external id and nobody knows yet."""
    label = Asset(kind=kind).get_kind_display()
    source = f"""
        FROM (SELECT DISTINCT asset_key AS key FROM {STAGED}
              WHERE row BETWEEN %(first)s AND %(last)s AND asset_key IS NOT NULL ORDER BY 1) AS named
        WHERE NOT EXISTS (
            SELECT 1 FROM campaigns_asset a WHERE a.source_system = %(system)s AND a.external_id = named.key)
    """
    values = {
        "external_id": "key", "source_system": "%(system)s", "kind": "%(kind)s",
        "name": "CASE WHEN length(key) > 20 AND key !~ '\\s' THEN %(label)s || ' ' || left(key, 8) ELSE key END",
    }  # fmt: skip
    statement, parameters = insert_select(Asset, values, source=source, at=at, suffix="ON CONFLICT DO NOTHING")
    return execute(statement, {**parameters, "system": source_system, "kind": kind, "label": label, **rows})
