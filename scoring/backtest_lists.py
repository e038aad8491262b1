"""The leads behind a number of a back-test: what an address asks for, its rows, and that in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.http import QueryDict

from crm.models import Team
from crm.periods import start_of_day, zone
from crm.requests import id_of
from scoring.backtest_figures import ADDED, BOTH, LEFT_OUT, MOST_POINTS, NEITHER
from scoring.models import Backtest, BacktestLead, Fate

AFTER, BEFORE = Q(qualified_at__isnull=False), Q(qualified_before_at__isnull=False)
OF_FLIP = {BOTH: AFTER & BEFORE, ADDED: AFTER & ~BEFORE, LEFT_OUT: ~AFTER & BEFORE, NEITHER: ~AFTER & ~BEFORE}
OF_MQL = {"after": AFTER, "before": BEFORE}
WEEKS = {"week": "qualified_at", "week_before": "qualified_before_at"}
NO_TEAM = "none"


@dataclass(frozen=True)
class Wanted:
    """Which leads; what is empty does not matter. ``reach``, ``below``: the threshold that they would (not) reach."""

    fates: tuple[str, ...] = ()
    flip: str = ""
    mql: str = ""
    team: str = ""
    weeks: tuple[tuple[str, date], ...] = ()
    reach: int | None = None
    below: int | None = None

    def rows(self, backtest: Backtest) -> QuerySet[BacktestLead]:
        rows = BacktestLead.objects.filter(backtest=backtest)
        if self.fates:
            rows = rows.filter(fate__in=self.fates)
        for chosen, table in ((self.flip, OF_FLIP), (self.mql, OF_MQL)):
            rows = rows.filter(table[chosen]) if chosen else rows
        if self.team:
            rows = rows.filter(team=None if self.team == NO_TEAM else id_of(self.team))
        for name, monday in self.weeks:
            since, until = (start_of_day(monday + timedelta(days=days), zone()) for days in (0, 7))
            rows = rows.filter(**{f"{WEEKS[name]}__gte": since, f"{WEEKS[name]}__lt": until})
        if self.reach is not None:
            rows = rows.filter(reach__gte=self.reach)
        if self.below is not None:
            rows = rows.filter(Q(reach__isnull=True) | Q(reach__lt=self.below))
        return rows

    def words(self, backtest: Backtest) -> list[str]:
        """What the leads have in common, each part in words."""
        after = f"v{backtest.definition.version}"
        before = f"v{backtest.against.version}" if backtest.against else "no definition"
        flips = {
            BOTH: f"MQL by {after} and by {before}", ADDED: f"MQL by {after}, not by {before}",
            LEFT_OUT: f"MQL by {before}, not by {after}", NEITHER: f"MQL neither by {after} nor by {before}",
        }  # fmt: skip
        names: Mapping[str, str] = {"after": after, "before": before, "week": after, "week_before": before}
        parts = [" or ".join(Fate(fate).label.lower() for fate in self.fates)] if self.fates else []
        parts += [flips[self.flip]] if self.flip else []
        parts += [f"MQL by {names[self.mql]}"] if self.mql else []
        parts += [self.team_words] if self.team else []
        parts += [f"MQL by {names[name]} in the week of {monday:%-d %b %Y}" for name, monday in self.weeks]
        parts += [f"MQL with a threshold of {self.reach}"] if self.reach is not None else []
        parts += [f"no MQL with a threshold of {self.below}"] if self.below is not None else []
        return parts

    @property
    def team_words(self) -> str:
        if self.team == NO_TEAM:
            return "no team yet"
        found = Team.objects.filter(pk=id_of(self.team)).first()
        return found.name if found else "a team that is gone"


def read(query: QueryDict) -> Wanted:
    """What an address asks for; what makes no sense is left out."""
    team = query.get("team", "")
    weeks = ((name, monday_of(query.get(name, ""))) for name in WEEKS)
    return Wanted(
        fates=tuple(fate for fate in Fate.values if fate in query.getlist("fate")),
        flip=query.get("flip", "") if query.get("flip") in OF_FLIP else "",
        mql=query.get("mql", "") if query.get("mql") in OF_MQL else "",
        team=team if team == NO_TEAM or id_of(team) else "",
        weeks=tuple((name, monday) for name, monday in weeks if monday),
        reach=points_of(query.get("reach")),
        below=points_of(query.get("below")),
    )


def points_of(text: str | None) -> int | None:
    """A threshold from 0 to 100 as an address names it."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 3:
        return None
    return int(text) if int(text) <= MOST_POINTS else None


def monday_of(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.weekday() == 0 and 1900 < found.year < 9000 else None
