"""Rows about somebody who is known already though their identity is new: the same e-mail, telephone, or name and place.

Each question is one look into one index for each row. Leads of this very import are nobody known: whether a row is told
apart from the one before it must not depend on where a chunk ends.
"""

from leads.identity import FREE_MAIL
from leads.importing.sql import CHUNK, query
from leads.models import KnownRow

# Of a file so many are shown by row; all are counted.
LISTED = 200
PRESENT = "k.merged_into_id IS NULL AND k.archived_at IS NULL AND k.created_at < %(at)s"
SAME_NAME = "lower(k.last_name) = lower(s.last_name) AND lower(k.first_name) = lower(s.first_name)"
MAIL_DOMAIN = "split_part(lower({}.email), '@', 2)"
SAME_DOMAIN = (
    f"{MAIL_DOMAIN.format('k')} = {MAIL_DOMAIN.format('s')} AND {MAIL_DOMAIN.format('s')} <> ALL (%(free_mail)s)"
)
# By reason, strongest first: the staged columns needed, and the lead they name.
BY_REASON: dict[str, tuple[tuple[str, ...], str]] = {
    "the same e-mail": (("email",), "lower(k.email) = lower(s.email) AND k.email <> ''"),
    "the same phone number": (("phone_e164",), "k.phone_e164 = s.phone_e164 AND k.phone_e164 <> ''"),
    "the same name at the same company": (
        ("first_name", "last_name", "company_name"),
        f"{SAME_NAME} AND lower(k.company_name) = lower(s.company_name)",
    ),
    "the same name in the same mail domain": (
        ("first_name", "last_name", "email"),
        f"{SAME_NAME} AND {SAME_DOMAIN}",
    ),
}
# `+ 0` keeps the planner from walking the primary key in search of the newest.
QUESTION = "SELECT max(k.id + 0) AS id, {rank} AS rank FROM leads_lead k WHERE {same} AND {present}"
JOIN = """
    LEFT JOIN LATERAL (
        SELECT id, rank FROM ({questions}) asked WHERE id IS NOT NULL AND {identity} IS NULL ORDER BY rank LIMIT 1
    ) known ON true
"""
KNOWN = "known.id AS known_id, known.rank AS known_rank"
NOBODY_KNOWN = "NULL::bigint AS known_id, NULL::integer AS known_rank"
PARAMETERS = {"free_mail": sorted(FREE_MAIL)}
REASONS = tuple(BY_REASON)
# Why a row matches, from its `known_rank`.
REASON = "(ARRAY[{}])[known_rank]".format(", ".join(f"'{reason}'" for reason in REASONS))


def join_known(columns: frozenset[str], *, identity: str) -> str:
    """SQL that puts `known` (id, rank) beside each staged row whose ``identity`` finds nobody; "" if nothing tells."""
    questions = [
        QUESTION.format(rank=rank, same=same, present=PRESENT)
        for rank, (needed, same) in enumerate(BY_REASON.values(), start=1)
        if set(needed) <= columns
    ]
    return JOIN.format(questions=" UNION ALL ".join(questions), identity=identity) if questions else ""


def list_known(file_id: int) -> int:
    """Keep which rows of the chunk are about whom, as far as the list goes; gives their number."""
    listed = KnownRow.objects.filter(file_id=file_id).count()
    [(count,)] = query(f"SELECT count(*) FROM {CHUNK} WHERE known_id IS NOT NULL")
    rows = query(
        f"SELECT row, known_id, {REASON} FROM {CHUNK} WHERE known_id IS NOT NULL ORDER BY row LIMIT %(most)s",
        {"most": max(LISTED - listed, 0)},
    )
    KnownRow.objects.bulk_create(
        [KnownRow(file_id=file_id, row=row, lead_id=lead, reason=reason) for row, lead, reason in rows],
        ignore_conflicts=True,
    )
    return int(count)
