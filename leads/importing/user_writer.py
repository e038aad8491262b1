"""People from staged rows. Without an e-mail nobody can log in as them; with one, an admin sends them a reset link."""

from collections import Counter
from typing import ClassVar

from django.contrib.auth.hashers import make_password

from crm.models import User
from leads.importing.sql import BY_KEY, CHUNK, differs, execute, insert_select, make_table, taken_over
from leads.importing.staging import STAGED
from leads.importing.writers import Writer

PLAIN = ("first_name", "last_name", "role", "team_id")
BY_ID = BY_KEY.format(table="crm_user", key="s.external_id", name="by_id")
CLASSIFY = """
    SELECT found.*, CASE WHEN is_taken THEN 'refused' WHEN user_id IS NULL THEN 'created' WHEN is_changed THEN 'updated'
            ELSE 'unchanged' END AS verdict,
        'The e-mail belongs to another person.' AS reason
    FROM (
        SELECT s.*, u.id AS user_id, ({changed}) AS is_changed,
            {by_email} IS NOT NULL AND (by_email.id IS DISTINCT FROM u.id
                OR s.external_id IS NOT NULL AND by_email.external_id <> ''
                    AND (by_email.external_id, by_email.source_system) <> (s.external_id, %(system)s)) AS is_taken
        FROM {staged} s
        {by_id}
        LEFT JOIN crm_user by_email ON by_email.email = {email}
        LEFT JOIN crm_user u ON u.id = coalesce(by_id.id, by_email.id)
        WHERE s.row BETWEEN %(first)s AND %(last)s
    ) found
"""


class UserWriter(Writer):
    tables: ClassVar = ("crm_user",)

    def classify(self, rows: dict[str, int]) -> None:
        statement = CLASSIFY.format(
            changed=self.changed, by_email="by_email.id", staged=STAGED, email=self.email, by_id=BY_ID
        )
        make_table(CHUNK, statement, {**self.parameters, **rows})

    @property
    def email(self) -> str:
        return f"lower({self.value('email')})"

    @property
    def changed(self) -> str:
        email = f"({self.email} IS NOT NULL AND {self.email} IS DISTINCT FROM u.email)"
        identity = "(s.external_id IS NOT NULL AND u.external_id = '')"
        return " OR ".join([differs(self.has(*PLAIN), new="s", old="u"), email, identity])

    def write(self, counts: Counter[str]) -> Counter[str]:
        source = f"FROM {CHUNK} s WHERE verdict = 'created' ORDER BY row"
        statement, defaults = insert_select(User, self.user_values(), source=source, at=self.at)
        execute(statement, {**defaults, **self.parameters, "password": make_password(None)})
        own = taken_over(self.has(*PLAIN), new="s", old="u")
        execute(
            f"""UPDATE crm_user u SET {f"{own}, " if own else ""} email = coalesce({self.email}, u.email),
                    external_id = coalesce(nullif(u.external_id, ''), s.external_id, ''),
                    source_system = CASE WHEN u.external_id = '' AND s.external_id IS NOT NULL THEN %(system)s
                        ELSE u.source_system END,
                    updated_at = %(at)s
                FROM {CHUNK} s WHERE u.id = s.user_id AND s.verdict = 'updated'""",
            self.parameters,
        )
        return Counter()

    def user_values(self) -> dict[str, str]:
        names = self.has("first_name", "last_name")
        role = User._meta.get_field("role").get_default()
        return {
            **{name: self.value(name, default="''") for name in names},
            "email": self.email, "external_id": "coalesce(s.external_id, '')", "source_system": "%(system)s",
            "role": self.value("role", default=f"'{role}'"), "team_id": self.value("team_id"),
            "password": "%(password)s",
        }  # fmt: skip
