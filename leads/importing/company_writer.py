"""Companies from staged rows: found again by their external id, else by their website, else by their name."""

from typing import Any, ClassVar

from leads.identity import FREE_MAIL
from leads.importing.sql import BY_ID, BY_KEY, CHUNK, differs, execute, insert_select, make_table, taken_over
from leads.importing.staging import STAGED
from leads.importing.writers import Writer
from leads.models import Company

PLAIN = ("name", "domain", "industry", "country", "region", "employees", "is_target")
WORDS = ("name", "domain", "industry", "country", "region")

# A row with an external id is never a company that has another one in the same system. `+ 0` keeps the planner from
# walking the primary key in search of the first.
ALIKE = """
    LEFT JOIN LATERAL (
        SELECT min(c.id + 0) AS id FROM leads_company c
        WHERE {same} AND c.archived_at IS NULL
            AND (s.external_id IS NULL OR c.external_id = '' OR c.source_system <> %(system)s)
    ) {name} ON true
"""
SAME_DOMAIN = "lower(c.domain) = lower(s.domain) AND s.domain <> ALL (%(free_mail)s)"
# Companies of one name with two websites are two.
SAME_NAME = "lower(c.name) = lower(s.name) AND ({domain} IS NULL OR c.domain IN ('', {domain}))"
CLASSIFY = """
    SELECT found.*, CASE WHEN company_id IS NULL OR same_company > 1 AND external_id IS NOT NULL THEN 'created'
            WHEN same_company > 1 THEN 'refused'
            WHEN is_changed THEN 'updated' ELSE 'unchanged' END AS verdict,
        'This is the same company as in row ' || first_row || '.' AS reason
    FROM (
        SELECT s.*, c.id AS company_id, ({changed}) AS is_changed,
            row_number() OVER same AS same_company, first_value(s.row) OVER same AS first_row
        FROM {staged} s {joins}
        WHERE s.row BETWEEN %(first)s AND %(last)s
        WINDOW same AS (PARTITION BY c.id ORDER BY s.row)
    ) found
"""
# The second row of a file without an external id about the website, or without a website the name, of another.
DOUBLES_BY_NAME = f"""
    SELECT row, first FROM (
        SELECT row, external_id, {{domain}} AS domain, first_value(row) OVER (
            PARTITION BY lower(name) ORDER BY external_id IS NULL, {{domain}} IS NULL, row) AS first
        FROM {STAGED}
    ) same_name WHERE external_id IS NULL AND domain IS NULL AND row <> first
"""
DOUBLES_BY_DOMAIN = f"""
    SELECT row, first FROM (
        SELECT row, external_id, first_value(row) OVER (
            PARTITION BY lower(domain) ORDER BY external_id IS NULL, row) AS first
        FROM {STAGED} WHERE domain IS NOT NULL
    ) same_domain WHERE external_id IS NULL AND row <> first
"""


class CompanyWriter(Writer):
    tables: ClassVar = ("leads_company",)

    @classmethod
    def doubles(cls, columns: frozenset[str]) -> list[str]:
        by_domain = [DOUBLES_BY_DOMAIN] if "domain" in columns else []
        name_of = "domain" if "domain" in columns else "NULL::text"
        return [*super().doubles(columns), *by_domain, DOUBLES_BY_NAME.format(domain=name_of)]

    def classify(self, rows: dict[str, int]) -> None:
        statement = CLASSIFY.format(changed=self.changed, staged=STAGED, joins=self.joins)
        make_table(CHUNK, statement, {**self.parameters, **rows})

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "free_mail": sorted(FREE_MAIL)}

    @property
    def joins(self) -> str:
        """The company each row is about, if it is there."""
        joins = BY_KEY.format(table="leads_company", key="s.external_id", name="by_key")
        known = ["by_key.id"]
        if "domain" in self.columns:
            joins += ALIKE.format(same=f"{SAME_DOMAIN} AND by_key.id IS NULL", name="by_domain")
            known.append("by_domain.id")
        same_name = SAME_NAME.format(domain="s.domain" if "domain" in self.columns else "NULL::text")
        joins += ALIKE.format(same=f"{same_name} AND coalesce({', '.join(known)}) IS NULL", name="by_name")
        return joins + BY_ID.format(table="leads_company", id=f"coalesce({', '.join(known)}, by_name.id)", name="c")

    @property
    def changed(self) -> str:
        tests = [differs(self.has(*PLAIN), new="s", old="c"), "(s.external_id IS NOT NULL AND c.external_id = '')"]
        if "custom" in self.columns:
            tests.append("(s.custom IS NOT NULL AND NOT c.custom @> s.custom)")
        return " OR ".join(tests)

    def create(self) -> None:
        source = f"FROM {CHUNK} s WHERE verdict = 'created' ORDER BY row"
        statement, defaults = insert_select(Company, self.company_values(), source=source, at=self.at)
        execute(told(f"{statement} RETURNING id"), {**defaults, **self.parameters})

    def company_values(self) -> dict[str, str]:
        return {
            **{name: self.value(name, default="''") for name in self.has(*WORDS)},
            "employees": f"{self.value('employees')}::integer",
            "is_target": self.value("is_target", default="false"),
            "custom": self.value("custom", default="'{}'::jsonb"),
            "source_system": "%(system)s", "external_id": "coalesce(s.external_id, '')",
        }  # fmt: skip

    def update(self) -> None:
        """What the file says; a company that had no external id gets that of the file."""
        custom = "custom = c.custom || coalesce(s.custom, '{}'::jsonb)," if "custom" in self.columns else ""
        execute(
            told(f"""
                UPDATE leads_company c SET {taken_over(self.has(*PLAIN), new="s", old="c")}, {custom}
                    external_id = coalesce(nullif(c.external_id, ''), s.external_id, ''),
                    source_system = CASE WHEN c.external_id = '' AND s.external_id IS NOT NULL THEN %(system)s
                        ELSE c.source_system END,
                    updated_at = %(at)s
                FROM {CHUNK} s WHERE c.id = s.company_id AND s.verdict = 'updated' RETURNING c.id
            """),
            self.parameters,
        )


def told(statement: str) -> str:
    """The statement, with a row in the outbox for every company it gives back."""
    return f"""
        WITH written AS ({statement}) INSERT INTO crm_change (topic, object_id) SELECT 'company', id FROM written
    """
