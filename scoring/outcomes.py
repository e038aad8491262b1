"""What became of leads, as far as a model may learn from it, and the moment at which it would have been asked.

Acceptance: what sales answered because of what the lead is. An acceptance counts, and a rejection whose reason is a
label (“Not a fit”); bad data, wrong person and bad timing say nothing about the lead. Asked when it was handed over.

Win: whether a lead that sales worked was won within the horizon. Asked when it was handed over, else when it became an
MQL, else when it was captured. A label is mature once the horizon has passed: younger leads are left out, the closed
ones among them too, for losses close sooner than wins and would crowd the newest weeks (METRICS.md L5). A lead that was
imported with its end is known at once: nobody waited for it.

A merged family is one lead with the log of the one that stays.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm.fetching import fetch_rows
from scoring.models import Target

# The horizon is the time in which this share of the wins came, once so many are known; else the default.
HORIZON_SHARE, LEAST_WINS = 0.8, 30
DEFAULT_HORIZON, SHORTEST_HORIZON, LONGEST_HORIZON = 90, 30, 365
# More rows cost time and say nothing new; the newest ones say how it is now.
MOST_ROWS = 200_000

# One number for all that must stay on one side of a split: a person, else a company, else the lead.
GROUP = """
    CASE WHEN root.contact_id IS NOT NULL THEN root.contact_id * 3
        WHEN root.company_id IS NOT NULL THEN root.company_id * 3 + 1 ELSE root.id * 3 + 2 END
"""
# Of several answers in one time round the last one counts.
ACCEPTANCE = f"""
    SELECT DISTINCT ON (root.id, handoff.episode) handoff.lead_id AS lead_id, handoff.offered_at AS at,
        (handoff.status = 'accepted')::int AS label, handoff.decided_at AS known_at, {GROUP} AS kin
    FROM feedback_handoff handoff
    JOIN leads_lead lead ON lead.id = handoff.lead_id
    JOIN leads_lead root ON root.id = coalesce(lead.merged_into_id, lead.id)
    LEFT JOIN leads_reason reason ON reason.id = handoff.reason_id
    WHERE handoff.decided_at <= %(at)s
        AND (handoff.status = 'accepted' OR handoff.status = 'rejected' AND reason.is_label)
    ORDER BY root.id, handoff.episode, handoff.decided_at DESC, handoff.id DESC
"""
# When a time round is asked about, from its moves; and which of them count: those that were not taken back.
ASKED_AT = """
    coalesce(
        max(move.at) FILTER (WHERE move.to_stage = 'offered'),
        min(move.at) FILTER (WHERE move.to_stage = 'mql'),
        min(move.at)
    )
"""
COUNTS = """
    move.at <= %(at)s AND move.kind <> 'undo'
    AND NOT EXISTS (SELECT 1 FROM leads_transition undo WHERE undo.undoes_id = move.id)
"""
# Every time round of the leads that were not merged into another.
ROUND = f"""
    round AS (
        SELECT move.lead_id, move.episode, {ASKED_AT} AS at,
            min(move.at) FILTER (WHERE move.to_stage = 'customer') AS won_at,
            bool_or(
                move.to_stage IN ('accepted', 'qualified', 'opportunity', 'customer', 'lost')
                OR move.to_stage = 'disqualified' AND move.from_stage IN ('offered', 'accepted', 'qualified')
            ) AS worked,
            bool_or(move.kind = 'import' AND move.to_stage IN ('customer', 'lost')) AS came_with_its_end
        FROM leads_transition move JOIN leads_lead lead ON lead.id = move.lead_id AND lead.merged_into_id IS NULL
        WHERE {COUNTS} {{only}}
        GROUP BY move.lead_id, move.episode
    )
"""
WIN = f"""
    WITH {ROUND.format(only="")}
    SELECT round.lead_id, round.at, coalesce(round.won_at <= round.at + %(horizon)s::interval, false)::int AS label,
        least(round.at + %(horizon)s::interval, %(at)s) AS known_at, {GROUP} AS kin
    FROM round JOIN leads_lead root ON root.id = round.lead_id
    WHERE round.worked AND (round.at + %(horizon)s::interval <= %(at)s OR round.came_with_its_end)
"""
NEWEST = """
    SELECT DISTINCT ON (at, lead_id) lead_id, at, label, known_at, kin FROM (
        SELECT * FROM ({outcomes}) outcome ORDER BY at DESC, lead_id DESC LIMIT %(most)s
    ) newest ORDER BY at, lead_id
"""
EVER_WON = "AND lead.id IN (SELECT won.lead_id FROM leads_transition won WHERE won.to_stage = 'customer')"
HORIZON = f"""
    WITH {ROUND.format(only=EVER_WON)}
    SELECT count(*), percentile_cont(%(share)s) WITHIN GROUP (ORDER BY greatest(won_at - at, interval '0')) FROM round
    WHERE won_at IS NOT NULL
"""
# Back with marketing a lead is asked about anew; from the hand-over on it stays as it was handed over.
MOMENTS = f"""
    SELECT lead.id, coalesce(round.at, %(at)s)
    FROM unnest(%(leads)s::bigint[]) AS asked (id)
    JOIN leads_lead lead ON lead.id = asked.id AND lead.merged_into_id IS NULL
    LEFT JOIN LATERAL (
        SELECT {ASKED_AT} AS at FROM leads_transition move
        WHERE move.lead_id = lead.id AND move.episode = lead.episode AND {COUNTS}
            AND lead.stage NOT IN ('inquiry', 'nurture', 'mql')
    ) AS round ON true
    ORDER BY lead.id
"""
# The leads that each target was asked about, whatever came of them since.
ASKED = {
    Target.ACCEPTANCE: """
        SELECT DISTINCT lead_id, offered_at AS at FROM feedback_handoff
        WHERE offered_at > %(since)s AND offered_at <= %(at)s
    """,
    Target.WIN: """
        SELECT DISTINCT lead_id, at FROM leads_transition
        WHERE to_stage IN ('offered', 'accepted') AND kind <> 'undo' AND at > %(since)s AND at <= %(at)s
    """,
}
LATEST = "SELECT lead_id, at FROM ({asked}) asked ORDER BY at DESC, lead_id LIMIT %(most)s"


@dataclass(frozen=True)
class Outcomes:
    """Rows in the order of their moments. ``labels``: 1 reached, 0 not. ``groups``: kin are never split."""

    leads: list[int]
    moments: list[datetime]
    labels: NDArray[np.int8]
    known_at: list[datetime]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.leads)

    def take(self, places: list[int]) -> "Outcomes":
        return Outcomes(
            [self.leads[place] for place in places],
            [self.moments[place] for place in places],
            self.labels[places],
            [self.known_at[place] for place in places],
            self.groups[places],
        )

    @property
    def pairs(self) -> list[tuple[int, datetime]]:
        return list(zip(self.leads, self.moments, strict=True))


def outcomes_of(target: Target, *, at: datetime, horizon_days: int | None = None) -> Outcomes:
    """What is known at ``at``, the newest MOST_ROWS. ``horizon_days``: of wins; as the data has it where left out."""
    if target is Target.ACCEPTANCE:
        return _read(ACCEPTANCE, at=at)
    return _read(WIN, at=at, horizon=f"{horizon_days or horizon_of_wins(at=at)} days")


def horizon_of_wins(*, at: datetime) -> int:
    """Days within which most wins came (METRICS.md L5: the 80th percentile of the time to win)."""
    [(wins, within)] = fetch_rows(HORIZON, {"at": at, "share": HORIZON_SHARE})
    if wins < LEAST_WINS:
        return DEFAULT_HORIZON
    return int(np.clip(np.ceil(within.total_seconds() / 86_400), SHORTEST_HORIZON, LONGEST_HORIZON))


def moments_of(leads: list[int], *, at: datetime) -> list[tuple[int, datetime]]:
    """The moment each of these leads is to be predicted for: now, or when it was handed over, once it was.

    What sales makes of a lead is not to foretell what sales makes of it. Leads merged into another are left out.
    """
    return fetch_rows(MOMENTS, {"leads": leads, "at": at})


def asked_lately(target: Target, *, since: datetime, at: datetime, most: int) -> list[tuple[int, datetime]]:
    """The leads handed to sales (or taken by it) in a time, with the moment; the newest ``most``."""
    return fetch_rows(LATEST.format(asked=ASKED[target]), {"since": since, "at": at, "most": most})


def _read(outcomes: str, **asked: Any) -> Outcomes:
    rows = fetch_rows(NEWEST.format(outcomes=outcomes), {**asked, "most": MOST_ROWS})
    leads, moments, labels, known_at, groups = zip(*rows, strict=True) if rows else ([], [], [], [], [])
    return Outcomes(
        list(leads), list(moments), np.array(labels, np.int8), list(known_at), np.array(groups, np.int64)
    )  # fmt: skip


def seconds(moments: list[datetime]) -> NDArray[np.float64]:
    """Moments in epoch seconds."""
    return np.array([moment.astimezone(UTC).timestamp() for moment in moments], np.float64)
