"""Import moves, set-based: many leads forward along the life cycle, each with the row that proves it.

The same rules as leads/transitions.py, for a set: `seq` without gaps, forward only, a new time round when the lead had
come back. An `at` before the row it follows is taken and marked, never clamped.
"""

from datetime import datetime

from leads.importing.sql import insert_select, query
from leads.lifecycle import RANK, RETURNED, SUCCESS, Stage
from leads.models import Transition

MOVES = "import_moves"
REACHED_MQL = tuple(stage for stage in SUCCESS if RANK[stage] >= RANK[Stage.MQL])


def rank(column: str) -> str:
    """SQL: how far along the success stages; nurture is no progress over inquiry, a closed lead starts from nothing."""
    ranks = {**RANK, Stage.NURTURE: RANK[Stage.INQUIRY], Stage.LOST: 0, Stage.DISQUALIFIED: 0}
    cases = " ".join(f"WHEN '{stage.value}' THEN {place}" for stage, place in ranks.items())
    return f"(CASE {column} {cases} END)"


def texts(stages: tuple[Stage, ...]) -> str:
    return ", ".join(f"'{stage.value}'" for stage in stages)


# As transitions.opens_episode.
OPENS_EPISODE = f"""
    (l.stage IN ({texts(RETURNED)}) AND {rank("m.to_stage")} >= {RANK[Stage.MQL]} AND EXISTS (
        SELECT 1 FROM leads_transition t
        WHERE t.lead_id = l.id AND t.episode = l.episode AND t.kind <> 'undo' AND t.to_stage IN ({texts(REACHED_MQL)})
            AND NOT EXISTS (SELECT 1 FROM leads_transition u WHERE u.undoes_id = t.id)
    ))
"""
STANDING = f"""
    SELECT l.id, l.stage, l.seq, l.episode, l.stage_since, m.to_stage, m.at, {OPENS_EPISODE} AS opens
    FROM {MOVES} m JOIN leads_lead l ON l.id = m.lead_id
    WHERE l.merged_into_id IS NULL AND l.stage <> 'offered' AND {{forward}}
    ORDER BY l.id FOR UPDATE OF l
"""
CLAIM = """
    UPDATE leads_lead l SET stage = s.to_stage, stage_since = s.at, seq = l.seq + 1, episode = l.episode + s.opens::int,
        version = l.version + 1, revisit_on = NULL, updated_at = %(now)s
    FROM standing s WHERE l.id = s.id AND l.seq = s.seq
    RETURNING l.id, l.seq, l.episode
"""
FORWARD = f"{rank('m.to_stage')} > {rank('l.stage')}"
# Lost is no success stage: reached only from an opportunity.
CLOSED = "m.to_stage = 'lost' AND l.stage = 'opportunity'"


def move_leads(*, by: int | None, at: datetime, source: str, lost: bool = False) -> int:
    """Move the leads of the table of moves (lead_id, to_stage, at) that stand before their stage; gives their number.

    ``at``: when this is recorded; ``by``: the id of who imports.
    """
    values = {
        "lead_id": "c.id", "seq": "c.seq", "episode": "c.episode", "opens_episode": "s.opens", "kind": "'import'",
        "from_stage": "s.stage", "to_stage": "s.to_stage", "at": "s.at", "by_id": "%(by)s::bigint",
        "out_of_order": "s.at < s.stage_since", "source": "%(source)s",
    }  # fmt: skip
    insert, parameters = insert_select(
        Transition,
        values,
        source="FROM claimed c JOIN standing s USING (id) ORDER BY c.id",
        at=at,
        suffix="RETURNING id",
    )
    standing = STANDING.format(forward=CLOSED if lost else FORWARD)
    statement = f"""
        WITH standing AS ({standing}), claimed AS ({CLAIM}), written AS ({insert}) SELECT count(*) FROM written
    """
    [(moved,)] = query(statement, {**parameters, "by": by, "source": source, "now": at})
    return moved
