"""What the next attempt to reach a buyer is worth: on one's own leads, and on average on everybody's (METRICS A3).

The worth of attempt k is V·p(win | contact)·h(k): what buyers like this one have brought on average once they were
reached, times the chance of reaching one who was not reached before, smoothed so that it never rises. Both are told of
leads whose fit has the same letter where ten of them got that far, else of all leads together.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from crm.currencies import converted
from crm.models import User
from crm.periods import own_day
from funnel.keeping import kept
from funnel.models import FigureSettings
from funnel.reports.question import Question
from funnel.statistics.attempts import REACHED, life_table, smoothed, trusted
from funnel.times.attempts import TRIED, read
from leads.models import Lead

YEAR = timedelta(days=365)
MOST_SHOWN = 10
# Below so many buyers reached, what one is worth is not told.
ENOUGH_REACHED = 10
# All letters together; "" are leads without a score.
ALL = "all"

BAND = "left(coalesce(score.grade, ''), 1)"
ENDED = (
    TRIED
    + f""" SELECT {BAND}, attempts, ended, count(*),
        coalesce(sum({converted("won_amount", "won_currency", "customer_on")}), 0)::float8
    FROM unit LEFT JOIN leads_leadscore score ON score.lead_id = unit.lead_id GROUP BY 1, 2, 3"""
)
# Taken on by sales, open, and not heard yet; ``made``: attempts until now.
WAITING = (
    TRIED
    + f""", waiting AS (
        SELECT path.lead_id, {BAND} AS band, count(attempt.number) AS made
        FROM path
        JOIN leads_lead present ON present.id = path.lead_id AND present.stage = 'accepted'
            AND present.archived_at IS NULL
        LEFT JOIN attempt ON attempt.lead_id = path.lead_id AND attempt.episode = path.episode
        LEFT JOIN leads_leadscore score ON score.lead_id = path.lead_id
        WHERE path.outcome = '' AND path.reached_at IS NULL AND path.ended_at IS NULL
        GROUP BY path.lead_id, path.episode, score.grade
    )"""
)
EVERYBODYS = WAITING + " SELECT band, made, count(*) FROM waiting GROUP BY 1, 2"
OWN = WAITING + " SELECT lead_id, band, made FROM waiting"


@dataclass(frozen=True)
class Band:
    """What is known of leads of one letter. ``chances``: of each attempt from the first, as far as ten leads got it;
    ``contacts``: buyers reached, ``value``: what they have brought together so far."""

    chances: tuple[float, ...] = ()
    contacts: int = 0
    value: float = 0.0

    @property
    def value_of_contact(self) -> float | None:
        return self.value / self.contacts if self.contacts >= ENOUGH_REACHED else None


@dataclass(frozen=True)
class Worth:
    """Of one attempt: ``chance`` to reach the buyer, ``value`` of a buyer who was reached."""

    number: int
    chance: float
    value: float

    @property
    def amount(self) -> float:
        return self.chance * self.value


@dataclass(frozen=True)
class Elsewhere:
    """By letter what is known, and how many of everybody's leads wait after how many attempts."""

    bands: Mapping[str, Band] = field(default_factory=dict)
    waiting: Mapping[tuple[str, int], int] = field(default_factory=dict)

    def worth(self, band: str, made: int) -> Worth | None:
        """Of the attempt after ``made``; None where too little is known of it."""
        known = [self.bands.get(band, Band()), self.bands.get(ALL, Band())]
        chance = next((one.chances[made] for one in known if len(one.chances) > made), None)
        value = next((one.value_of_contact for one in known if one.value_of_contact is not None), None)
        return None if chance is None or value is None else Worth(made + 1, chance, value)

    @property
    def average(self) -> float | None:
        """What the next attempt is worth on all leads that wait, of those it can be told of."""
        worths = [(one.amount, many) for key, many in self.waiting.items() if (one := self.worth(*key))]
        leads = sum(many for _amount, many in worths)
        return sum(amount * many for amount, many in worths) / leads if leads else None

    @property
    def reached(self) -> int:
        return self.bands.get(ALL, Band()).contacts


@dataclass(frozen=True)
class NextCall:
    """A lead of one's own that was not reached yet, and what trying again is worth; None: too little is known."""

    lead: Lead
    band: str
    made: int
    worth: Worth | None


@dataclass(frozen=True)
class NextCalls:
    """Worth most first. ``count``: of all that wait; ``paying`` of them are worth an attempt, ``untold`` are those of
    which too little is known; ``average``: on everybody's; ``cost``: of an attempt, where it is set."""

    shown: list[NextCall]
    count: int
    untold: int
    own_average: float | None
    average: float | None
    reached: int
    cost: Decimal | None
    paying: int | None

    @property
    def lines(self) -> list["CallLine"]:
        """Those shown with their worth in whole money from ten on, and whether an attempt pays."""
        return [CallLine(one, told(one.worth.amount if one.worth else None), self.pays(one)) for one in self.shown]

    @property
    def more(self) -> bool:
        return self.count > len(self.shown)

    @property
    def own_average_rounded(self) -> Decimal | None:
        return told(self.own_average)

    @property
    def average_rounded(self) -> Decimal | None:
        return told(self.average)

    def pays(self, call: NextCall) -> bool:
        return self.cost is None or call.worth is None or call.worth.amount >= float(self.cost)


class CallLine(NamedTuple):
    call: NextCall
    amount: Decimal | None
    pays: bool


def told(amount: float | None) -> Decimal | None:
    """An estimate is not told to the cent but where it is small."""
    if amount is None:
        return None
    return Decimal(round(amount)) if amount >= 10 else Decimal(f"{amount:.2f}")


def last_year(at: datetime, **more: object) -> Question:
    today = own_day(at)
    return Question(today - YEAR, today + timedelta(days=1), basis="period", **more)  # type: ignore[arg-type]


def elsewhere(*, at: datetime) -> Elsewhere:
    """Of the leads that sales accepted in the last twelve months, whoever has them."""
    question = last_year(at)
    ended: dict[str, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    value: dict[str, float] = defaultdict(float)
    for band, attempts, how, count, won in read(ENDED, question, "", at=at):
        for key in (band, ALL):
            ended[key][attempts, how] += count
            value[key] += won if how == REACHED else 0
    waiting = {(band, made): count for band, made, count in read(EVERYBODYS, question, "", at=at)}
    return Elsewhere({key: band_of(dict(counts), value[key]) for key, counts in ended.items()}, waiting)


def band_of(ended: Mapping[tuple[int, int], int], value: float) -> Band:
    table = life_table(ended)
    told = trusted(table)
    # The chances of few who got far would carry over to attempts that many got.
    chances = tuple(map(float, smoothed(told))) if told else ()
    contacts = sum(count for (_attempts, how), count in ended.items() if how == REACHED)
    return Band(chances, contacts, value)


def next_calls(person: User, *, at: datetime) -> NextCalls:
    """The person's own leads that wait for an attempt."""
    known: Elsewhere = kept(f"next-attempts:{own_day(at)}", elsewhere, at=at).value
    own = read(OWN, last_year(at, filters=(("owner", str(person.pk)),)), "", at=at)
    ranked = sorted(((known.worth(band, made), lead, band, made) for lead, band, made in own), key=most_first)
    there = Lead.objects.select_related("company").in_bulk([lead for _worth, lead, *_of in ranked[:MOST_SHOWN]])
    cost = FigureSettings.get().attempt_cost
    amounts = [worth.amount for worth, *_of in ranked if worth]
    return NextCalls(
        shown=[NextCall(there[lead], band, made, worth) for worth, lead, band, made in ranked if lead in there],
        count=len(ranked),
        untold=len(ranked) - len(amounts),
        own_average=sum(amounts) / len(amounts) if amounts else None,
        average=known.average,
        reached=known.reached,
        cost=cost,
        paying=None if cost is None else sum(amount >= float(cost) for amount in amounts),
    )


def most_first(one: tuple[Worth | None, int, str, int]) -> tuple[float, int, int]:
    """Of equal worth who was tried least first."""
    worth, lead, _band, made = one
    return -(worth.amount if worth else -1.0), made, lead
