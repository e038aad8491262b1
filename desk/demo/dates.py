"""When reps expect their opportunities to close, put off whenever the day comes, and what was forecast week by week."""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from crm.fiscal import last_full_quarters
from crm.periods import own_day
from desk.demo.arrivals import SEED
from desk.demo.life import STATE, DealEvent, Life
from funnel.deals.forecasting import take_snapshot
from leads.models import Opportunity

# Of those open at the end so many have a day that passed and that nobody put off.
FORGOTTEN = 0.2
WEEK = timedelta(days=7)
QUARTERS_KEPT = 5


def move_dates(life: Life) -> None:
    """A rep who sees that the day will not hold names a later one; each time the history gets a row."""
    for deal in life.opportunities:
        rng = Random(f"{SEED} dates {deal.pk}")
        others = [row for row in life.deal_history if row.pgh_obj_id != deal.pk]
        told = [row for row in life.deal_history if row.pgh_obj_id == deal.pk]
        life.deal_history = [*others, *retold(life, deal, told, rng)]


def retold(life: Life, deal: Opportunity, told: list[Any], rng: Random) -> list[Any]:
    """The history of a deal with what was put off in between; its ids go up as its days do."""
    written: list[Any] = []
    expected, since = deal.expected_close, deal.opened_at
    changes: list[tuple[Any, datetime]] = [(row, row.pgh_created_at) for row in told]
    if deal.is_open and rng.random() >= FORGOTTEN:
        changes.append((deal, life.frame.ends_at))
    for before, at in changes:
        while expected and since and (seen := seen_coming(life, expected, since, rng)) < at:
            written.append(change(life, deal, before, seen, expected))
            expected, since = max(expected, seen.date()) + timedelta(days=rng.randint(14, 75)), seen
        if before is not deal:
            written.append(change(life, deal, before, at, expected))
            since = at
    deal.expected_close = expected
    return written


def seen_coming(life: Life, expected: date, since: datetime, rng: Random) -> datetime:
    """When it shows that the day will not hold: some afternoon of the week before it, after the change before."""
    day = expected - timedelta(days=rng.randint(0, 6))
    at = datetime.combine(day, time(rng.randint(13, 17), rng.randint(0, 59)), tzinfo=life.frame.zone)
    return max(at, since + timedelta(hours=1))


def change(life: Life, deal: Opportunity, before: Any, at: datetime, expected: date | None) -> Any:
    """A row of the history: what the deal was until ``at``."""
    state = {name: getattr(before, name) for name in STATE} | {"expected_close": expected}
    pgh_id = life.frame.ids.next(DealEvent)
    return DealEvent(pgh_id=pgh_id, pgh_created_at=at, pgh_label="update", pgh_obj_id=deal.pk, **state)


def keep_forecasts(ends_at: datetime) -> None:
    """What was forecast at the end of each week of this quarter and those before, by the history of the deals."""
    today = own_day(ends_at)
    day = last_full_quarters(QUARTERS_KEPT, today)[0].start
    while (day := day + WEEK) < today:
        take_snapshot(day, at=ends_at, is_sample=True)
