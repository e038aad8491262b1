"""People from staged rows, and what the rows say about their teams.

Without an e-mail nobody can log in as them; with one, an admin sends them a reset link.
"""

from collections import Counter
from typing import ClassVar

from django.contrib.auth.hashers import make_password

from crm.memberships import follow_teams
from crm.models import Role, Side, Team, User
from crm.periods import own_day
from leads.importing.sql import (
    BY_ID,
    BY_KEY,
    CHUNK,
    differs,
    execute,
    insert_select,
    make_people,
    make_table,
    taken_over,
)
from leads.importing.staging import STAGED
from leads.importing.writers import Writer

PLAIN = ("first_name", "last_name", "role")
FOUND_BY_ID = BY_KEY.format(table="crm_user", key="s.external_id", name="by_id")
CLASSIFY = """
    SELECT found.*, CASE WHEN is_taken THEN 'refused' WHEN user_id IS NULL THEN 'created' WHEN is_changed THEN 'updated'
            ELSE 'unchanged' END AS verdict,
        'The e-mail belongs to another person.' AS reason
    FROM (
        SELECT s.*, u.id AS user_id, {team} AS team, ({changed}) AS is_changed,
            {by_email} IS NOT NULL AND (by_email.id IS DISTINCT FROM u.id
                OR s.external_id IS NOT NULL AND by_email.external_id <> ''
                    AND (by_email.external_id, by_email.source_system) <> (s.external_id, %(system)s)) AS is_taken
        FROM {staged} s
        {by_id}
        LEFT JOIN crm_user by_email ON by_email.email = {email}
        LEFT JOIN crm_user u ON u.id = coalesce(by_id.id, by_email.id)
        {teams}
        WHERE s.row BETWEEN %(first)s AND %(last)s
    ) found
"""
# The team that somebody answers for; the first where there are several.
TEAM_OF_MANAGER = """
    LEFT JOIN LATERAL (
        SELECT min(id) AS id FROM crm_team WHERE manager_id = {manager} AND kind = {kind}
    ) of_manager ON true
"""
# As User.get_full_name.
NAME_OF = "coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.email, u.external_id)"


class UserWriter(Writer):
    tables: ClassVar = ("crm_user",)

    def prepare(self, rows: dict[str, int]) -> None:
        if "team_manager_key" in self.columns:
            role = self.mapping.sources["team.manager"].create
            make_people("team_manager_key", role, source_system=self.mapping.source_system, rows=rows, at=self.at)
        if self.names_manager:
            self.make_teams(rows)

    def make_teams(self, rows: dict[str, int]) -> None:
        """A team for every manager who is to answer for somebody and has none yet."""
        source = f"""
            FROM (
                SELECT DISTINCT u.id, {NAME_OF} AS name, {self.kind} AS kind FROM {STAGED} s {self.manager_join}
                JOIN crm_user u ON u.id = {self.manager}
                WHERE s.row BETWEEN %(first)s AND %(last)s AND {self.value("team_id")} IS NULL
            ) AS named
            WHERE NOT EXISTS (SELECT 1 FROM crm_team t WHERE t.manager_id = named.id AND t.kind = named.kind)
            ORDER BY named.id
        """
        values = {
            "name": "left(named.name, 100) || '’s ' || CASE named.kind WHEN 'sales' THEN 'team' ELSE 'marketing' END",
            "kind": "named.kind", "manager_id": "named.id",
        }  # fmt: skip
        taken = "ON CONFLICT (name) DO UPDATE SET manager_id = coalesce(crm_team.manager_id, excluded.manager_id)"
        statement, defaults = insert_select(Team, values, source=source, at=self.at, suffix=taken)
        execute(statement, {**defaults, **self.parameters, **rows})

    def classify(self, rows: dict[str, int]) -> None:
        statement = CLASSIFY.format(
            changed=self.changed, by_email="by_email.id", staged=STAGED, email=self.email, by_id=FOUND_BY_ID,
            team=self.team, teams=self.team_joins,
        )  # fmt: skip
        make_table(CHUNK, statement, {**self.parameters, **rows})

    @property
    def email(self) -> str:
        return f"lower({self.value('email')})"

    @property
    def changed(self) -> str:
        tests = [
            differs(self.has(*PLAIN), new="s", old="u"),
            f"({self.email} IS NOT NULL AND {self.email} IS DISTINCT FROM u.email)",
            "(s.external_id IS NOT NULL AND u.external_id = '')",
            f"({self.names_team} AND {self.team} IS DISTINCT FROM u.team_id)",
            *self.team_lacks,
        ]
        return " OR ".join(tests)

    # The team

    @property
    def names_manager(self) -> bool:
        return bool(self.has("team_manager_key", "team_manager_id"))

    @property
    def names_team(self) -> str:
        named = [f"s.{name} IS NOT NULL" for name in self.has("team_id", "team_manager_key", "team_manager_id")]
        return f"({' OR '.join(named) or 'false'})"

    @property
    def manager(self) -> str:
        return "m.id" if "team_manager_key" in self.columns else f"{self.value('team_manager_id')}::bigint"

    @property
    def manager_join(self) -> str:
        is_by_key = "team_manager_key" in self.columns
        return BY_KEY.format(table="crm_user", key="s.team_manager_key", name="m") if is_by_key else ""

    @property
    def kind(self) -> str:
        """On which side a row's team works."""
        role = self.value("role", default="''")
        return f"CASE {role} WHEN '{Role.MARKETER}' THEN '{Side.MARKETING}' ELSE '{Side.SALES}' END"

    @property
    def team(self) -> str:
        given = self.value("team_id")
        return f"coalesce({given}, of_manager.id)" if self.names_manager else f"{given}::bigint"

    @property
    def team_joins(self) -> str:
        found = TEAM_OF_MANAGER.format(manager=self.manager, kind=self.kind) if self.names_manager else ""
        return self.manager_join + found + BY_ID.format(table="crm_team", id=self.team, name="t")

    @property
    def team_lacks(self) -> list[str]:
        """What the row knows about its team and the team does not."""
        tests = ["(s.team_region IS NOT NULL AND t.region = '')"] if "team_region" in self.columns else []
        if self.names_manager:
            tests.append(f"({self.manager} IS NOT NULL AND t.id IS NOT NULL AND t.manager_id IS NULL)")
        return [f"coalesce({test}, false)" for test in tests]

    # Writing

    def write(self, counts: Counter[str]) -> Counter[str]:
        source = f"FROM {CHUNK} s WHERE verdict = 'created' ORDER BY row"
        statement, defaults = insert_select(User, self.user_values(), source=source, at=self.at)
        execute(statement, {**defaults, **self.parameters, "password": make_password(None)})
        own = taken_over(self.has(*PLAIN), new="s", old="u")
        execute(
            f"""UPDATE crm_user u SET {f"{own}, " if own else ""} email = coalesce({self.email}, u.email),
                    team_id = coalesce(s.team, u.team_id),
                    external_id = coalesce(nullif(u.external_id, ''), s.external_id, ''),
                    source_system = CASE WHEN u.external_id = '' AND s.external_id IS NOT NULL THEN %(system)s
                        ELSE u.source_system END,
                    updated_at = %(at)s
                FROM {CHUNK} s WHERE u.id = s.user_id AND s.verdict = 'updated'""",
            self.parameters,
        )
        self.tell_teams()
        follow_teams(on=own_day(self.at), are_new=True)
        return Counter()

    def user_values(self) -> dict[str, str]:
        names = self.has("first_name", "last_name")
        role = User._meta.get_field("role").get_default()
        return {
            **{name: self.value(name, default="''") for name in names},
            "email": self.email, "external_id": "coalesce(s.external_id, '')", "source_system": "%(system)s",
            "role": self.value("role", default=f"'{role}'"), "team_id": "s.team",
            "password": "%(password)s",
        }  # fmt: skip

    def tell_teams(self) -> None:
        """Fill in what the teams do not know yet; what they know stays."""
        sets = []
        if "team_region" in self.columns:
            sets.append("region = coalesce(nullif(t.region, ''), s.team_region, '')")
        if self.names_manager:
            sets.append(f"manager_id = coalesce(t.manager_id, {self.manager})")
        if not sets:
            return
        execute(
            f"""UPDATE crm_team t SET {", ".join(sets)}, updated_at = %(at)s
                FROM (SELECT DISTINCT ON (team) * FROM {CHUNK} WHERE verdict IN ('created', 'updated')
                      ORDER BY team, row) s {self.manager_join}
                WHERE t.id = s.team AND ({" OR ".join(self.team_lacks)})""",
            self.parameters,
        )
