"""Back-tests: what a definition would have done with the leads of some weeks, beside the one it is compared with.

The row is the truth: it is made when somebody asks, a worker takes it up, and a lock that the worker's connection holds
tells a back-test at work from one whose worker died. It goes through the leads in chunks; what a broken one had written
is overwritten by the next.
"""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from crm.access import require
from crm.errors import BusinessError
from crm.fiscal import fiscal_quarter
from crm.locks import session_lock
from crm.models import User
from crm.periods import own_day, start_of_day, start_of_week, zone
from feedback.access import may_propose
from feedback.agreements import digest
from scoring.backtest_figures import Capacity, Looked, Tally, capacity_of, weeks_between
from scoring.backtest_histories import (
    UNKNOWN,
    Worked,
    busy_leads,
    histories_of,
    room_of_teams,
    standings_of,
    week_of,
    worked_until,
)
from scoring.definitions import active_definition, card_of
from scoring.drafting import fingerprint_of
from scoring.models import Backtest, BacktestLead, Definition, Fate, RunStatus
from scoring.rules import NO_CARD, Card

logger = logging.getLogger(__name__)

AT_A_TIME = 2_000
WEEK = timedelta(days=7)
QUARTER = 13 * WEEK
LONGEST = 26 * WEEK
# Nobody has leads of before; moments of the year 1 cannot even be told in every zone.
EARLIEST = date(1970, 1, 1)
# Older ones of a definition are forgotten, with their leads.
MOST_KEPT = 10
# What nobody took up by then was lost by the queue.
TAKEN_UP_WITHIN = timedelta(minutes=2)
AT_WORK = (RunStatus.WAITING, RunStatus.RUNNING)
NOT_YOURS = "Only managers of marketing or sales and admins start back-tests."
INTERRUPTED = "The back-test was interrupted: the process that ran it ended. Start it again."
CHANGED = "The definition was changed before the back-test began. Start it again."


class BadWeeks(BusinessError):
    code = "bad_weeks"


class Question(TypedDict, total=False):
    """What is asked beside a definition; what is left out is the one in force, and the last full quarter."""

    against: Definition | None
    # Both Mondays: the first day, and the day after the last one.
    starts_on: date | None
    ends_on: date | None


def run_backtest(definition: Definition, *, by: User | None, at: datetime, **question: Unpack[Question]) -> Backtest:
    """Test now, in this process. Raises NotAllowed, InvalidDefinition, BadWeeks."""
    return run(ask_for_backtest(definition, by=by, at=at, **question))


def start_backtest(definition: Definition, *, by: User | None, at: datetime, **question: Unpack[Question]) -> Backtest:
    """Have a worker test it; the same question asked while one is at work gives that one. Raises as `run_backtest`."""
    from scoring.tasks import run_backtest

    asked = ask_for_backtest(definition, by=by, at=at, **question)
    transaction.on_commit(lambda: run_backtest.apply_async((asked.pk,), retry=False), robust=True)
    return asked


@transaction.atomic
def ask_for_backtest(
    definition: Definition,
    *,
    by: User | None,
    at: datetime,
    against: Definition | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Backtest:
    """The row of a back-test that is to be run, or of the one at work on the same question."""
    if by is not None:
        require(may_propose(by), NOT_YOURS)
    if (starts_on is None) != (ends_on is None):
        raise BadWeeks("Name both the first day and the day after the last one, or neither.")
    first, before = (starts_on, ends_on) if starts_on and ends_on else last_quarter(at)
    check_weeks(first, before, at=at)
    # Held, so that of two who ask the same at once the second finds the first.
    definition = Definition.objects.select_for_update().get(pk=definition.pk)
    against = against or active_definition()
    if against is not None and against.pk == definition.pk:
        against = version_before(definition)
    card_of(definition)
    question: dict[str, Any] = {
        "definition": definition, "against": against, "starts_on": first, "ends_on": before,
        "fingerprint": fingerprint_between(definition, against),
    }  # fmt: skip
    at_work = Backtest.objects.filter(status__in=AT_WORK, **question).first()
    if at_work:
        return at_work
    keep_few(definition)
    return Backtest.objects.create(asked_by=by, asked_at=at, is_sample=definition.is_sample, **question)


def last_quarter(at: datetime) -> tuple[date, date]:
    """The thirteen whole weeks that end with the last full quarter."""
    before = start_of_week(fiscal_quarter(own_day(at)).start)
    return before - QUARTER, before


def check_weeks(first: date, before: date, *, at: datetime) -> None:
    """Raises BadWeeks unless these are whole weeks of the past, and no more than a back-test bears."""
    if first.weekday() or before.weekday():
        raise BadWeeks("A back-test looks at whole weeks: both days are Mondays.")
    if not timedelta() < before - first <= LONGEST:
        raise BadWeeks(f"A back-test looks at 1 to {LONGEST // WEEK} weeks.")
    if before > own_day(at):
        raise BadWeeks("A back-test looks at weeks that are over.")
    if first < EARLIEST:
        raise BadWeeks(f"A back-test looks at weeks from {EARLIEST.year} on.")


def version_before(definition: Definition) -> Definition | None:
    """What the definition in force is compared with: the last one before it that was signed."""
    return Definition.objects.filter(version__lt=definition.version, effective_from__isnull=False).order_by(
        "-version"
    ).first()  # fmt: skip


def fingerprint_between(definition: Definition, against: Definition | None) -> str:
    """Tells whether a back-test still speaks about what both definitions say."""
    return digest([fingerprint_of(definition), fingerprint_of(against) if against else ""])


def is_void(backtest: Backtest) -> bool:
    """Whether one of the definitions was edited since."""
    return backtest.fingerprint != fingerprint_between(backtest.definition, backtest.against)


def keep_few(definition: Definition) -> None:
    """Forget the oldest back-tests of a definition, so that there is room for one more."""
    finished = Backtest.objects.filter(definition=definition).exclude(status__in=AT_WORK)
    for old in finished.order_by("-id")[MOST_KEPT - 1 :]:
        old.delete()


def run(backtest: Backtest) -> Backtest:
    """Do what was asked for and keep what came of it; done twice or side by side, the second does nothing."""
    with backtest_lock(backtest) as held:
        if held and begin(backtest):
            try:
                replay(backtest)
            except Exception as failure:  # the rim of a worker: people read what went wrong
                logger.exception("The back-test %s failed.", backtest.pk)
                fail(backtest, str(failure) if isinstance(failure, BusinessError) else f"It failed: {failure}")
    backtest.refresh_from_db()
    return backtest


def begin(backtest: Backtest) -> bool:
    """Whether it may begin. One that had begun before lost its worker, and is not tried over and over."""
    backtest.refresh_from_db()
    if backtest.status == RunStatus.RUNNING:
        fail(backtest, INTERRUPTED)
    elif backtest.status == RunStatus.WAITING and is_void(backtest):
        fail(backtest, CHANGED)
    elif backtest.status == RunStatus.WAITING:
        return change(backtest, RunStatus.WAITING, status=RunStatus.RUNNING)
    return False


def replay(backtest: Backtest) -> None:
    """Go through the leads of these weeks in chunks, each in a transaction of its own; then write the result."""
    tz = zone()
    start, end = start_of_day(backtest.starts_on, tz), start_of_day(backtest.ends_on, tz)
    card, before = card_of(backtest.definition), card_of(backtest.against) if backtest.against else NO_CARD
    BacktestLead.objects.filter(backtest=backtest).delete()
    leads, tally = busy_leads(start, end), Tally()
    change(backtest, RunStatus.RUNNING, leads_in_all=len(leads))
    for first in range(0, len(leads), AT_A_TIME):
        chunk = leads[first : first + AT_A_TIME]
        rows = replayed(chunk, backtest, card=card, before=before, start=start, end=end)
        for row in rows:
            tally.add(looked_at(row, tz))
        if not keep(backtest, rows, done=first + len(chunk)):
            return  # somebody took it for dead meanwhile
    result = tally.result(weeks_between(backtest.starts_on, backtest.ends_on), capacities(end, zone=str(tz)))
    change(backtest, RunStatus.RUNNING, status=RunStatus.DONE, result=result, finished_at=timezone.now())


def replayed(
    leads: list[int], backtest: Backtest, *, card: Card, before: Card, start: datetime, end: datetime
) -> list[BacktestLead]:
    """A row for each of these leads that a definition might have made an MQL of in these weeks."""
    histories = histories_of(leads, start=start, end=end, asked_at=backtest.asked_at)
    moments = {lead: open_ for lead, history in histories.items() if (open_ := history.open_moments(start))}
    new = standings_of(moments, card=card)
    old = standings_of(moments, card=before) if before is not NO_CARD else {}
    rows = []
    for lead, after in new.items():
        earlier = old.get(lead, UNKNOWN)
        rows.append(
            BacktestLead(
                backtest=backtest, lead_id=lead, qualified_at=after.qualified_at,
                qualified_before_at=earlier.qualified_at, score=after.score, score_before=earlier.score,
                reach=after.reach, fate=histories[lead].fate(start), team_id=histories[lead].answering_team,
            )
        )  # fmt: skip
    return rows


def looked_at(row: BacktestLead, tz: Any) -> Looked:
    return Looked(
        Fate(row.fate), row.team_id, row.score, row.score_before, row.reach,
        week_of(row.qualified_at, tz), week_of(row.qualified_before_at, tz),
    )  # fmt: skip


@transaction.atomic
def keep(backtest: Backtest, rows: list[BacktestLead], *, done: int) -> bool:
    """Write these rows and how far it has come; False when it is not at work any more."""
    if not change(backtest, RunStatus.RUNNING, leads_done=done):
        return False
    BacktestLead.objects.bulk_create(rows)
    return True


def capacities(end: datetime, *, zone: str) -> dict[int | None, Capacity]:
    """What each sales team can take a week, by what it did in the half year before ``end``."""
    worked: Mapping[int, Worked] = worked_until(end, zone=zone)
    found = {team: (worked.get(team, Worked()), room) for team, room in room_of_teams().items()}
    return {
        team: capacity_of(shown.verdicts, room=room, days_held=shown.days_held)
        for team, (shown, room) in found.items()
    }  # fmt: skip


def take_up_interrupted(*, at: datetime) -> int:
    """Back-tests whose worker died fail, those that the queue lost are handed to a worker again; gives their number."""
    from scoring.tasks import run_backtest

    found = 0
    for backtest in Backtest.objects.filter(status=RunStatus.RUNNING):
        with backtest_lock(backtest) as held:
            found += held and fail(backtest, INTERRUPTED)
    lost = Backtest.objects.filter(status=RunStatus.WAITING, asked_at__lt=at - TAKEN_UP_WITHIN)
    for backtest in lost:
        run_backtest.apply_async((backtest.pk,), retry=False)
        found += 1
    return found


def fail(backtest: Backtest, error: str) -> bool:
    """Whether it was at work until now; what it had written goes."""
    failed = any(
        change(backtest, status, status=RunStatus.FAILED, error=error[:1_000], finished_at=timezone.now())
        for status in AT_WORK
    )
    if failed:
        BacktestLead.objects.filter(backtest=backtest).delete()
    return failed


def change(backtest: Backtest, before: RunStatus, /, **fields: Any) -> bool:
    """Write these fields if the back-test is still in this state."""
    return Backtest.objects.filter(pk=backtest.pk, status=before).update(**fields, updated_at=timezone.now()) == 1


def backtest_lock(backtest: Backtest) -> AbstractContextManager[bool]:
    return session_lock(f"backtest:{backtest.pk}")
