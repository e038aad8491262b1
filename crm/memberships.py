"""Who belonged to which team on which days, so that a team's figures are those of the people it had then.

`User.team` is the truth of today; memberships follow it. What is known of nobody before is taken to have been so
always: the first membership of somebody new begins on the day they started, else before every record.
"""

from collections.abc import Iterable
from datetime import date

from django.db import connection

ALWAYS = date(1970, 1, 1)

# A membership that would end before it began was a mistake of the same day.
FORGET = """
    DELETE FROM crm_teammembership m USING crm_user u
    WHERE u.id = m.user_id AND m.ends_on IS NULL AND m.starts_on >= %(on)s AND m.team_id IS DISTINCT FROM u.team_id
        AND (%(users)s::bigint[] IS NULL OR u.id = ANY(%(users)s))
"""
END = """
    UPDATE crm_teammembership m SET ends_on = %(on)s::date - 1 FROM crm_user u
    WHERE u.id = m.user_id AND m.ends_on IS NULL AND m.team_id IS DISTINCT FROM u.team_id
        AND (%(users)s::bigint[] IS NULL OR u.id = ANY(%(users)s))
"""
BEGIN = """
    INSERT INTO crm_teammembership (user_id, team_id, starts_on)
    SELECT u.id, u.team_id,
        CASE WHEN %(are_new)s AND NOT EXISTS (SELECT FROM crm_teammembership m WHERE m.user_id = u.id)
            THEN coalesce(u.started_on, %(always)s) ELSE %(on)s END
    FROM crm_user u
    WHERE u.team_id IS NOT NULL AND (%(users)s::bigint[] IS NULL OR u.id = ANY(%(users)s))
        AND NOT EXISTS (SELECT FROM crm_teammembership m WHERE m.user_id = u.id AND m.ends_on IS NULL)
"""


def follow_teams(*, on: date, users: Iterable[int] | None = None, are_new: bool = False) -> None:
    """Bring the memberships of these people (None: of everybody) in line with their team, from the day ``on``.

    ``are_new``: whoever of them has never had a membership is new here, and gets one from the day they started.
    """
    values = {
        "on": on,
        "users": None if users is None else list(users),
        "are_new": are_new,
        "always": ALWAYS,
    }
    with connection.cursor() as cursor:
        for statement in (FORGET, END, BEGIN):
            cursor.execute(statement, values)
