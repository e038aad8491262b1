"""What a back-test says, from the leads it looked at: pure arithmetic, no database.

A lead is *tried* when sales judged it for what it is. Only tried leads tell whether a definition is right: of the
others nobody knows what would have become of them (selective labels, METRICS.md L15), and no figure pretends to.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from crm.intervals import Counted, Share, wilson
from scoring.models import Fate

# Fewer than so many say nothing yet.
LEAST = 30
MOST_POINTS = 100
# Wins are expected by the band of the score: from these points on, up to the next.
BANDS = (0, 20, 40, 60, 80)
# What a definition changes for a lead, beside the one it is compared with.
BOTH, ADDED, LEFT_OUT, NEITHER = "both", "added", "left_out", "neither"
FLIPS = (BOTH, ADDED, LEFT_OUT, NEITHER)
# Of which leads each share is taken: those that reached it, and those that are known not to have.
ACCEPTED, WON = "accepted", "won"
REACHED = {ACCEPTED: (Fate.WON, Fate.LOST, Fate.ACCEPTED), WON: (Fate.WON,)}
MISSED = {ACCEPTED: (Fate.REJECTED,), WON: (Fate.LOST, Fate.REJECTED)}


class Looked(NamedTuple):
    """One lead of a back-test. ``week``, ``week_before``: the Monday on which it became an MQL by either definition."""

    fate: Fate
    team: int | None
    score: int
    score_before: int
    reach: int | None
    week: date | None
    week_before: date | None

    @property
    def flip(self) -> str:
        if self.week:
            return BOTH if self.week_before else ADDED
        return LEFT_OUT if self.week_before else NEITHER

    @property
    def turned(self) -> "Looked":
        """The same lead with the definitions changed places; how far it reached by the other one is not known."""
        return self._replace(
            score=self.score_before, score_before=self.score, week=self.week_before, week_before=self.week, reach=None
        )


class Wins(NamedTuple):
    """Wins expected of the ``leads`` that a definition hands over. ``known``: leads with an end, from which they are
    expected; ``unsure``: leads in bands of which nobody knows anything, and so expected to bring none; ``untried``:
    leads that nobody tried, taken to be like the tried ones.
    """

    known: int
    leads: int
    unsure: int
    untried: int
    expected: float | None
    low: float | None
    high: float | None

    @property
    def is_enough(self) -> bool:
        return self.known >= LEAST


@dataclass
class Side:
    """What one definition does: MQLs by week and by team, and by band of its score what came of leads."""

    weeks: Counter[date] = field(default_factory=Counter)
    teams: Counter[int | None] = field(default_factory=Counter)
    ended: Counter[int] = field(default_factory=Counter)
    won: Counter[int] = field(default_factory=Counter)
    handed: Counter[int] = field(default_factory=Counter)
    untried: int = 0

    def add(self, lead: Looked) -> None:
        band = band_of(lead.score)
        self.ended[band] += lead.fate in (*REACHED[WON], *MISSED[WON])
        self.won[band] += lead.fate in REACHED[WON]
        if lead.week:
            self.weeks[lead.week] += 1
            self.teams[lead.team] += 1
            self.handed[band] += 1
            self.untried += lead.fate == Fate.UNTRIED

    @property
    def wins(self) -> Wins:
        """The share won in each band, times the leads of that band that are handed over; the interval of the sum is
        that of its parts at once, and so rather too wide than too narrow.
        """
        known, sure = sum(self.ended.values()), [band for band in BANDS if self.ended[band]]
        leads = sum(self.handed.values())
        unsure = leads - sum(self.handed[band] for band in sure)
        if known < LEAST:
            return Wins(known, leads, unsure, self.untried, None, None, None)
        bounds = {band: wilson(self.won[band], self.ended[band]) for band in sure}
        expected = sum(self.handed[band] * self.won[band] / self.ended[band] for band in sure)
        low, high = (sum(self.handed[band] * bounds[band][end] for band in sure) for end in (0, 1))
        return Wins(known, leads, unsure, self.untried, expected, low, high)


def band_of(score: int) -> int:
    """The points from which the band of a score begins."""
    return max(band for band in BANDS if band <= score)


class Tally:
    """Leads added one after another, in any order; `result` is kept as JSON."""

    def __init__(self) -> None:
        self.after, self.before = Side(), Side()
        self.flips: Counter[tuple[str, str]] = Counter()
        self.reach: Counter[tuple[str, int]] = Counter()
        self.team_reach: Counter[tuple[int | None, int]] = Counter()
        self.leads = 0

    def add(self, lead: Looked) -> None:
        self.leads += 1
        self.after.add(lead)
        self.before.add(lead.turned)
        self.flips[lead.fate.value, lead.flip] += 1
        if lead.reach is not None:
            self.reach[lead.fate.value, lead.reach] += 1
            self.team_reach[lead.team, lead.reach] += 1

    def result(self, weeks: Iterable[date], capacities: Mapping[int | None, "Capacity"]) -> dict[str, Any]:
        """Everything counted, as JSON. ``weeks``: all Mondays of the back-test; ``capacities``: of the sales teams."""
        teams = sorted({*self.after.teams, *self.before.teams, *(team for team, _ in self.team_reach), *capacities},
                       key=lambda team: (team is None, team or 0))  # fmt: skip
        return {
            "leads": self.leads,
            "weeks": [
                {"on": week.isoformat(), "after": self.after.weeks[week], "before": self.before.weeks[week]}
                for week in weeks
            ],
            "fates": {fate.value: {flip: self.flips[fate.value, flip] for flip in FLIPS} for fate in Fate},
            "reach": {fate.value: from_each({at: self.reach[fate.value, at] for at in POINTS}) for fate in Fate},
            "teams": [
                {
                    "team": team, "after": self.after.teams[team], "before": self.before.teams[team],
                    "reach": from_each({at: self.team_reach[team, at] for at in POINTS}),
                    **capacities.get(team, NO_CAPACITY)._asdict(),
                }
                for team in teams
            ],
            "wins": {"after": self.after.wins._asdict(), "before": self.before.wins._asdict()},
        }  # fmt: skip


POINTS = range(MOST_POINTS + 1)


def from_each(counts: Mapping[int, int]) -> list[int]:
    """How many reach each threshold from 0 to 100 or more, from how many reach exactly so much."""
    return list(accumulate(counts[at] for at in reversed(POINTS)))[::-1]


def weeks_between(first: date, before: date) -> list[date]:
    """The Mondays from ``first`` on, which is one, until before the other."""
    return [first + timedelta(days=7 * number) for number in range((before - first).days // 7)]


class Capacity(NamedTuple):
    """How many leads a team can take a week; ``basis``: "best_weeks", "room", or "" where nobody knows."""

    capacity: float | None
    basis: str


NO_CAPACITY = Capacity(None, "")
BEST_WEEKS = 3


def capacity_of(verdicts: Sequence[int], *, room: int, days_held: float | None) -> Capacity:
    """What a team can take a week: the mean of its three best weeks, as it has shown.

    ``verdicts``: its answers in each week in which it gave any. Where there are fewer than three, the room its people
    have for open hand-offs, times how often a week one is answered (Little's law); ``days_held``: how long one stays
    open, on average.
    """
    if len(verdicts) >= BEST_WEEKS:
        return Capacity(sum(sorted(verdicts)[-BEST_WEEKS:]) / BEST_WEEKS, "best_weeks")
    if room and days_held:
        return Capacity(room * 7 / days_held, "room")
    return NO_CAPACITY


class AtThreshold(NamedTuple):
    """What a threshold would have done with the tried leads. ``precision``: of those handed over, which share was
    accepted (won); ``recall``: of all accepted (won), which share is handed over. None below LEAST.
    """

    points: int
    caught: Counted
    of_all: Counted
    precision: Share | None
    recall: Share | None


def curve(result: Mapping[str, Any], goal: str) -> list[AtThreshold]:
    """Precision and recall at every threshold from 0 to 100 for ``goal``, ACCEPTED or WON."""
    reached = [sum(result["reach"][fate][at] for fate in REACHED[goal]) for at in POINTS]
    missed = [sum(result["reach"][fate][at] for fate in MISSED[goal]) for at in POINTS]
    in_all = in_total(result, REACHED[goal])
    return [at_threshold(at, Counted(reached[at], reached[at] + missed[at]), Counted(reached[at], in_all))
            for at in POINTS]  # fmt: skip


def at_threshold(points: int, caught: Counted, of_all: Counted) -> AtThreshold:
    def known(counted: Counted) -> Share | None:
        return counted.share if counted.whole >= LEAST else None

    return AtThreshold(points, caught, of_all, known(caught), known(of_all))


def in_total(result: Mapping[str, Any], fates: Iterable[str]) -> int:
    """All leads of these fates, whatever either definition makes of them."""
    return sum(sum(result["fates"][fate].values()) for fate in fates)


def mqls_at(result: Mapping[str, Any], points: int) -> int:
    """How many leads would have become MQLs in all the weeks, with this threshold."""
    return sum(result["reach"][fate][points] for fate in result["reach"])


class Suggestion(NamedTuple):
    """The lowest threshold with which every team keeps up, and the team that one point less would ask too much of.

    ``team`` None: all teams together. ``load``: a week at this threshold; ``lower``: with one point less.
    """

    points: int
    team: int | None
    load: float
    capacity: float
    lower: float


class Bottleneck(NamedTuple):
    """A group that can take so much a week; ``team`` None: all teams together, leads without a team included."""

    team: int | None
    reach: Sequence[int]
    capacity: float


def suggest(result: Mapping[str, Any]) -> Suggestion | None:
    """The threshold that fills the teams' capacity; None where no capacity is known, where everybody's leads fit
    without any threshold, or where the hands raised alone are too many.
    """
    weeks, groups = len(result["weeks"]), bottlenecks(result)
    fits = [all(group.reach[at] / weeks <= group.capacity for group in groups) for at in POINTS]
    if not groups or True not in fits or fits[0]:
        return None
    points = fits.index(True)
    tight = max(groups, key=lambda group: group.reach[points - 1] / weeks - group.capacity)
    load, lower = tight.reach[points] / weeks, tight.reach[points - 1] / weeks
    return Suggestion(points, tight.team, load, tight.capacity, lower)


def bottlenecks(result: Mapping[str, Any]) -> list[Bottleneck]:
    """The teams whose capacity is known; together they take the leads that have no team, too, if all are known."""
    teams = [team for team in result["teams"] if team["team"] is not None]
    known = [Bottleneck(team["team"], team["reach"], team["capacity"]) for team in teams if team["capacity"]]
    if known and len(known) == len(teams):
        reach = [mqls_at(result, at) for at in POINTS]
        known.append(Bottleneck(None, reach, sum(group.capacity for group in known)))
    return known
