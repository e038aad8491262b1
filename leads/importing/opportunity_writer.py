"""Opportunities from staged rows, and the move each of them means for its lead."""

from collections import Counter
from typing import ClassVar

from crm.models import Organisation
from leads.importing.moving import MOVES, move_leads, rank
from leads.importing.naming import NamesCompany, NamesLead
from leads.importing.sql import (
    BY_KEY,
    CHUNK,
    differs,
    execute,
    insert_select,
    make_people,
    make_table,
    query,
    taken_over,
)
from leads.importing.staging import STAGED
from leads.lifecycle import RANK, Stage
from leads.models import Opportunity

FRESH = "import_fresh"
PLAIN = (
    "name", "amount", "currency", "opened_at", "expected_close", "owner_id", "team_id", "kind", "product", "competitor",
    "probability", "forecast_category", "note",
)  # fmt: skip
NUMBERED = "'Opportunity ' || left(s.external_id, 8)"
IS_CLOSED = "('won', 'lost')"
FORECAST = "(SELECT p.forecast_category FROM leads_pipelinestage p WHERE p.stage = {stage})"
CHANCE = "(SELECT p.probability FROM leads_pipelinestage p WHERE p.stage = {stage})"
CLASSIFY = """
    SELECT found.*, is_new AND lead_id IS NOT NULL AND is_ahead AS moves,
        CASE WHEN is_refused THEN 'refused' WHEN deal_id IS NULL THEN 'created' WHEN is_changed THEN 'updated'
            ELSE 'unchanged' END AS verdict
    FROM (
        SELECT asked.*, reason IS NOT NULL AS is_refused FROM (
            SELECT placed.*, CASE
                    WHEN names_lead AND lead_id IS NULL THEN no_lead
                    WHEN names_unknown_company THEN no_company
                    WHEN is_new AND lead_stage = 'offered'
                        THEN 'The lead is waiting for the answer of sales; answer the hand-off first, then import '
                            || 'this row.'
                END AS reason
            FROM ({placed}) placed
        ) asked
    ) found
"""


class OpportunityWriter(NamesLead, NamesCompany):
    tables: ClassVar = ("leads_opportunity", "leads_lead", "leads_transition")

    def prepare(self, rows: dict[str, int]) -> None:
        for field in ("owner", "lead.owner"):
            key = f"{field.replace('.', '_')}_key"
            if key in self.columns:
                role = self.mapping.sources[field].create
                make_people(key, role, source_system=self.mapping.source_system, rows=rows, at=self.at)

    def classify(self, rows: dict[str, int]) -> None:
        make_table(CHUNK, CLASSIFY.format(placed=self.placed), {**self.parameters, **rows})

    def foreseen(self) -> Counter[str]:
        [(early,)] = query(
            f"""SELECT count(DISTINCT lead_id) FROM {CHUNK}
                WHERE verdict IN ('created', 'updated') AND moves AND wanted_at < lead_since"""
        )
        return Counter({"out_of_order": early}) if early else Counter()

    def write(self, counts: Counter[str]) -> Counter[str]:
        findings = self.foreseen()
        super().write(counts)
        self.tell_leads()
        self.move()
        execute(f"""
            INSERT INTO crm_change (topic, object_id) SELECT DISTINCT 'lead', lead_id FROM {CHUNK}
            WHERE verdict IN ('created', 'updated') AND lead_id IS NOT NULL
        """)
        return findings

    # Telling what a row means

    @property
    def placed(self) -> str:
        """The staged rows beside the deal and the lead each is about.

        ``is_new``: the row opens or closes the deal, so that its lead may have to move.
        """
        return f"""
            SELECT s.*, {self.person("owner")} AS owner, {self.person("lead_owner")} AS lead_owner_found,
                o.id AS deal_id, o.outcome AS was, l.id AS lead_id, l.stage AS lead_stage, l.stage_since AS lead_since,
                {self.names_lead} AS names_lead, {self.no_lead} AS no_lead, {self.company} AS company,
                {self.names_unknown_company} AS names_unknown_company, {self.no_company} AS no_company,
                {self.deal_stage} AS deal_stage, {self.wanted_at} AS wanted_at,
                (o.id IS NULL OR {self.is_restaged}) AS is_new,
                coalesce({self.ahead}, false) AS is_ahead, ({self.changed}) AS is_changed
            FROM {STAGED} s
            {self.joins}
            WHERE s.row BETWEEN %(first)s AND %(last)s
        """

    @property
    def joins(self) -> str:
        joins = BY_KEY.format(table="leads_opportunity", key="s.external_id", name="o")
        joins += self.company_joins + self.lead_joins(known="o.lead_id")
        for person in ("owner", "lead_owner"):
            if f"{person}_key" in self.columns:
                joins += BY_KEY.format(table="crm_user", key=f"s.{person}_key", name=f"u_{person}")
        return joins

    @property
    def deal_stage(self) -> str:
        """A closed deal stays as it was closed; people reopen it."""
        return (
            f"CASE WHEN o.outcome <> '' THEN o.stage ELSE coalesce({self.value('outcome')}, o.stage, 'discovery') END"
        )

    @property
    def is_restaged(self) -> str:
        return f"coalesce(o.outcome = '' AND {self.value('outcome')} <> o.stage, false)"

    @property
    def wanted_at(self) -> str:
        """When the lead moved with this deal."""
        opened, closed = self.value("opened_at"), self.value("closed_at")
        is_closed = f"{self.value('outcome')} IN {IS_CLOSED}"
        return f"CASE WHEN {is_closed} THEN {closed} ELSE coalesce({opened}, %(at)s) END::timestamptz"

    @property
    def ahead(self) -> str:
        """Whether the deal takes its lead forward. A lost one first makes it an opportunity."""
        goal = f"(CASE {self.deal_stage} WHEN 'won' THEN {RANK[Stage.CUSTOMER]} ELSE {RANK[Stage.OPPORTUNITY]} END)"
        return f"{goal} > {rank('l.stage')}"

    @property
    def changed(self) -> str:
        tests = [differs(self.has(*PLAIN), new="s", old="o"), self.is_restaged]
        if "owner_key" in self.columns:
            tests.append("(s.owner_key IS NOT NULL AND u_owner.id IS DISTINCT FROM o.owner_id)")
        if "custom" in self.columns:
            tests.append("(s.custom IS NOT NULL AND NOT o.custom @> s.custom)")
        if "company_key" in self.columns:
            tests.append(f"({self.company} IS NOT NULL AND {self.company} IS DISTINCT FROM o.company_id)")
        if "reason_id" in self.columns:
            tests.append("(o.outcome = 'lost' AND s.reason_id <> coalesce(o.reason_id, 0))")
        tests.append("(o.lead_id IS NULL AND l.id IS NOT NULL)")
        tests += self.lead_lacks
        return " OR ".join(tests)

    @property
    def lead_lacks(self) -> list[str]:
        """What the row knows about its lead and the lead does not."""
        tests = []
        if "lead_segment" in self.columns:
            tests.append("(s.lead_segment IS NOT NULL AND l.segment = '')")
        if "lead_owner_key" in self.columns or "lead_owner_id" in self.columns:
            staged = "lead_owner_key" if "lead_owner_key" in self.columns else "lead_owner_id"
            tests.append(f"(s.{staged} IS NOT NULL AND l.id IS NOT NULL AND l.owner_id IS NULL)")
        if "lead_custom" in self.columns:
            tests.append("(s.lead_custom IS NOT NULL AND s.lead_custom || l.custom <> l.custom)")
        return [f"coalesce({test}, false)" for test in tests]

    def person(self, name: str) -> str:
        return f"u_{name}.id" if f"{name}_key" in self.columns else f"{self.value(f'{name}_id')}::bigint"

    # Writing

    def create(self) -> None:
        make_table(
            FRESH,
            f"""SELECT c.*, nextval(pg_get_serial_sequence('leads_opportunity', 'id')) AS fresh_id
                FROM (SELECT * FROM {CHUNK} WHERE verdict = 'created' ORDER BY row) c""",
            {},
        )
        source = f"""
            FROM {FRESH} s LEFT JOIN leads_lead l ON l.id = s.lead_id LEFT JOIN leads_company c ON c.id = s.company
            ORDER BY fresh_id
        """
        statement, defaults = insert_select(Opportunity, self.deal_values(), source=source, at=self.at)
        execute(statement, {**defaults, **self.parameters, "currency": Organisation.get().currency})
        execute(
            f"INSERT INTO crm_change (topic, object_id) SELECT 'opportunity', fresh_id FROM {FRESH} ORDER BY fresh_id"
        )

    def deal_values(self) -> dict[str, str]:
        plain = {name: self.value(name) for name in self.has("amount", "opened_at", "expected_close")}
        worded = {name: self.value(name, default="''") for name in self.has("product", "competitor", "note")}
        closes = f"s.deal_stage IN {IS_CLOSED}"
        stage = "s.deal_stage"
        return {
            **plain, **worded,
            "id": "fresh_id", "source_system": "%(system)s", "external_id": "s.external_id", "lead_id": "s.lead_id",
            "company_id": "coalesce(s.company, l.company_id)", "contact_id": "l.contact_id", "owner_id": "s.owner",
            "team_id": f"coalesce({self.value('team_id')}, (SELECT team_id FROM crm_user WHERE id = s.owner))",
            "name": self.value("name", default=self.unnamed),
            "reason_id": f"CASE WHEN {stage} = 'lost' THEN {self.value('reason_id')}::bigint END",
            "kind": self.value("kind", default=f"'{Opportunity._meta.get_field('kind').get_default()}'"),
            "custom": self.value("custom", default="'{}'::jsonb"),
            "stage": stage, "outcome": f"CASE WHEN {closes} THEN {stage} ELSE '' END",
            "closed_at": f"CASE WHEN {closes} THEN {self.value('closed_at')}::timestamptz END",
            "stage_since": "s.wanted_at", "currency": self.value("currency", default="%(currency)s"),
            "probability": self.value("probability", default=CHANCE.format(stage=stage)),
            "forecast_category": self.value("forecast_category", default=FORECAST.format(stage=stage)),
        }  # fmt: skip

    @property
    def unnamed(self) -> str:
        """What an opportunity is called that the file has no name for: after who buys, else after what they buy."""
        product = self.value("product", default="''")
        bought = f"concat_ws(', ', c.name, nullif({product}, ''))"
        return f"""coalesce(nullif(l.company_name, ''), CASE WHEN c.id IS NOT NULL THEN {bought} END,
            nullif({product}, '') || ' (' || left(s.external_id, 8) || ')', {NUMBERED})"""

    def update(self) -> None:
        """What the file says about deals that are there; one that was open may be taken on, or closed."""
        plain = [name for name in self.has(*PLAIN) if name not in ("probability", "forecast_category")]
        restaged = "s.was = '' AND s.deal_stage <> o.stage"
        closes = f"{restaged} AND s.deal_stage IN {IS_CLOSED}"
        is_lost = "s.deal_stage = 'lost'"
        sets = [
            taken_over(plain, new="s", old="o"),
            "owner_id = coalesce(s.owner, o.owner_id)" if "owner_key" in self.columns else "",
            "custom = o.custom || coalesce(s.custom, '{}'::jsonb)" if "custom" in self.columns else "",
            "company_id = coalesce(s.company, o.company_id)" if "company_key" in self.columns else "",
            f"reason_id = CASE WHEN {is_lost} THEN coalesce(s.reason_id, o.reason_id) ELSE o.reason_id END"
            if "reason_id" in self.columns
            else "",
            "lead_id = coalesce(o.lead_id, s.lead_id)",
            f"stage_before_close = CASE WHEN {closes} THEN o.stage ELSE o.stage_before_close END",
            f"stage_since = CASE WHEN {restaged} THEN s.wanted_at ELSE o.stage_since END",
            f"stage = CASE WHEN {restaged} THEN s.deal_stage ELSE o.stage END",
            f"outcome = CASE WHEN {closes} THEN s.deal_stage ELSE o.outcome END",
            f"closed_at = CASE WHEN {closes} THEN {self.value('closed_at')}::timestamptz ELSE o.closed_at END",
            self.set_by_stage("probability", restaged, CHANCE),
            self.set_by_stage("forecast_category", restaged, FORECAST),
            "updated_at = %(at)s",
        ]
        execute(
            f"""WITH changed AS (
                UPDATE leads_opportunity o SET {", ".join(filter(None, sets))}
                FROM {CHUNK} s WHERE o.id = s.deal_id AND s.verdict = 'updated' RETURNING o.id
            ) INSERT INTO crm_change (topic, object_id) SELECT 'opportunity', id FROM changed""",
            self.parameters,
        )

    def set_by_stage(self, name: str, restaged: str, by_stage: str) -> str:
        told = f"{self.value(name)}," if name in self.columns else ""
        return (
            f"{name} = coalesce({told} CASE WHEN {restaged} THEN {by_stage.format(stage='s.deal_stage')} END, o.{name})"
        )

    def tell_leads(self) -> None:
        """Fill in what the leads do not know yet; what they know stays."""
        sets = []
        if "lead_segment" in self.columns:
            sets.append("segment = coalesce(nullif(l.segment, ''), s.lead_segment, '')")
        if "lead_owner_key" in self.columns or "lead_owner_id" in self.columns:
            sets.append("owner_id = coalesce(l.owner_id, s.lead_owner_found)")
        if "lead_custom" in self.columns:
            sets.append("custom = coalesce(s.lead_custom, '{}'::jsonb) || l.custom")
        if sets:
            execute(
                f"""UPDATE leads_lead l SET {", ".join(sets)}, version = l.version + 1, updated_at = %(at)s
                    FROM (SELECT DISTINCT ON (lead_id) * FROM {CHUNK}
                          WHERE verdict IN ('created', 'updated') AND lead_id IS NOT NULL ORDER BY lead_id, row) s
                    WHERE l.id = s.lead_id AND ({" OR ".join(self.lead_lacks)})""",
                self.parameters,
            )

    def move(self) -> None:
        """One move a lead: to customer with its first won deal, else to opportunity, else by way of it to lost."""
        rows = f"FROM {CHUNK} WHERE verdict IN ('created', 'updated') AND is_new AND lead_id IS NOT NULL"
        forward = f"""
            SELECT lead_id, CASE WHEN bool_or(deal_stage = 'won') THEN 'customer' ELSE 'opportunity' END AS to_stage,
                coalesce(min(wanted_at) FILTER (WHERE deal_stage = 'won'),
                    min(wanted_at) FILTER (WHERE deal_stage <> 'lost'),
                    min(coalesce({self.value("opened_at", of="c")}, wanted_at))) AS at
            FROM {CHUNK} c WHERE verdict IN ('created', 'updated') AND is_new AND lead_id IS NOT NULL GROUP BY lead_id
        """
        make_table(MOVES, forward, {})
        move_leads(by=self.parameters["by"], at=self.at, source=self.source)
        lost = f"""
            SELECT lead_id, 'lost' AS to_stage, max(wanted_at) AS at {rows} GROUP BY lead_id
            HAVING bool_and(deal_stage = 'lost') AND NOT EXISTS (
                SELECT 1 FROM leads_opportunity o WHERE o.lead_id = {CHUNK}.lead_id AND o.outcome <> 'lost')
        """
        make_table(MOVES, lost, {})
        move_leads(by=self.parameters["by"], at=self.at, source=self.source, lost=True)
