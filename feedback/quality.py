"""How much more sales takes of a campaign's leads than their score promised (METRICS R5).

What the score promises is learned from all other campaigns: how often sales accepted, lately, leads that were marked
as MQL with a score of the same ten points. A band with few judged leads is pulled towards the acceptance over all of
them, as if ``KAPPA`` leads more had been judged there at that rate; without any other campaign half are expected. A
trained prediction can take its place: it is `promised` that says what a score is worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from crm.intervals import Counted
from feedback.queries import ABOUT_THE_LEAD

KAPPA = 5
BAND = 10
# Nobody knows yet what sales takes.
UNKNOWN = 0.5
# Below so many judged leads the index says nothing.
FEWEST = 30

# So many of the newest verdicts are learned from, and so many of its own judged.
LATELY = 1_000

# The score a lead had when it became an MQL stands at that move; where none is known the band is -1.
BY_BAND = """
    SELECT CASE WHEN move.score IS NULL THEN -1 ELSE least(move.score, 99) / %(band)s END AS band,
           count(*) FILTER (WHERE judged.status = 'accepted')::int, count(*)::int
    FROM (
        SELECT * FROM (
            SELECT handoff.id, handoff.lead_id, handoff.status, handoff.offered_at, handoff.decided_at
            FROM feedback_handoff AS handoff
            JOIN leads_lead AS lead ON lead.id = handoff.lead_id
            LEFT JOIN leads_reason AS reason ON reason.id = handoff.reason_id
            WHERE handoff.status IN ('accepted', 'rejected')
              AND (handoff.status = 'accepted' OR reason.family = ANY(%(families)s)) AND {which}
            {fence}
        ) AS found
        ORDER BY decided_at DESC, id DESC LIMIT %(most)s
    ) AS judged
    LEFT JOIN LATERAL (
        SELECT score FROM leads_transition AS move
        WHERE move.lead_id = judged.lead_id AND move.to_stage = 'mql' AND move.at <= judged.offered_at
        ORDER BY move.seq DESC LIMIT 1
    ) AS move ON true
    GROUP BY band
"""
# Its own verdicts are found by its leads: walking all the newest ones for them would take long for a small campaign.
OWN = BY_BAND.format(which="lead.campaign_id = %(campaign)s", fence="OFFSET 0")
OF_OTHERS = BY_BAND.format(which="lead.campaign_id IS DISTINCT FROM %(campaign)s", fence="")
Bands = Mapping[int, Counted]


@dataclass(frozen=True)
class QualityIndex:
    """``judged``: how many verdicts it is made of; ``expected``: how many of them the score promised."""

    accepted: int
    judged: int
    expected: float

    @property
    def value(self) -> float:
        """Above 1: better than the score said. Few verdicts pull it towards 1."""
        return index(self.accepted, self.expected)

    @property
    def is_thin(self) -> bool:
        return self.judged < FEWEST


def index(accepted: float, expected: float) -> float:
    """R5: (accepted + κ) / (expected + κ)."""
    return (accepted + KAPPA) / (expected + KAPPA)


def promised(others: Bands, band: int) -> float:
    """The chance of acceptance that a score in this band promises, by what became of the leads of other campaigns."""
    accepted, judged = (sum(counts[place] for counts in others.values()) for place in (0, 1))
    over_all = accepted / judged if judged else UNKNOWN
    here = others.get(band, Counted(0, 0))
    return (here.part + KAPPA * over_all) / (here.whole + KAPPA)


def quality_index(campaign_id: int) -> QualityIndex:
    """R5 of the campaign's newest verdicts."""
    own, others = by_band(OWN, campaign_id), by_band(OF_OTHERS, campaign_id)
    expected = sum(counts.whole * promised(others, band) for band, counts in own.items())
    return QualityIndex(sum(counts.part for counts in own.values()), judged_in(own), expected)


def judged_in(bands: Bands) -> int:
    return sum(counts.whole for counts in bands.values())


def by_band(sql: str, campaign_id: int) -> dict[int, Counted]:
    """Accepted of judged leads by band of ten points."""
    families = [family.value for family in ABOUT_THE_LEAD]
    with connection.cursor() as cursor:
        cursor.execute(sql, {"campaign": campaign_id, "families": families, "band": BAND, "most": LATELY})
        return {band: Counted(accepted, judged) for band, accepted, judged in cursor.fetchall()}
