"""What sales does for the leads it holds: calls until somebody answers, meetings, notes, and the next step.

Told after the lives, from their moves, with a chance of its own: who works more changes no fate.
"""

from datetime import datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from crm.models import User
from desk.demo import words
from desk.demo.cast import Cast
from desk.demo.clock import next_working
from desk.demo.life import Life
from leads.lifecycle import CLOCK_OF, Clock, Stage
from leads.models import (
    ActivityKind,
    ActivityOutcome,
    BuyingRole,
    Contact,
    Lead,
    Opportunity,
    OpportunityPerson,
    TaskKind,
    Transition,
)

# Calls in vain before the first answer.
IN_VAIN = [0, 0, 1, 1, 1, 2, 2, 3, 4]
QUIET, UNPLANNED, OVERDUE = 0.22, 0.2, 0.14
DAYS_BETWEEN = 9


def work_on(life: Life, cast: Cast, rng: Random) -> None:
    """Everything that was done for one lead and its opportunity, and what is to come."""
    ends = [*life.effective[1:], None]
    for row, following in zip(life.effective, ends, strict=True):
        until = following.at if following else life.frame.ends_at
        if row.to_stage == Stage.ACCEPTED:
            call(life, row, following, until, rng)
        elif row.to_stage == Stage.OPPORTUNITY:
            sell(life, row.at, until, cast, rng)
    for deal in life.opportunities:
        involve(life, deal, rng)
    look_forward(life, rng)
    life.activities.sort(key=lambda row: row.at)
    repeat_newest(life)


def call(life: Life, accepted: Transition, following: Transition | None, until: datetime, rng: Random) -> None:
    """Call after call until somebody answers; nobody ever does where the lead was given back for that."""
    answered = following is None or following.to_stage in (Stage.QUALIFIED, Stage.OPPORTUNITY)
    in_vain = rng.choice(IN_VAIN) if answered else rng.randint(4, 6)
    if following is None:
        answered = rng.random() < 0.5
    days_open = max((until - accepted.at) / timedelta(days=1), 0.05)
    moments = [accepted.at + timedelta(days=days_open * (n + rng.random()) / (in_vain + 2)) for n in range(in_vain + 1)]
    for number, at in enumerate(working(life, moments, until, rng)):
        note = rng.choice(words.CALL_NOTES) if answered and number == in_vain else ""
        if life.lead.phone:
            in_vain_too = rng.choice([ActivityOutcome.NO_ANSWER, ActivityOutcome.VOICEMAIL])
            length = timedelta(minutes=rng.randint(4, 25)) if note else None
            outcome = ActivityOutcome.REACHED if note else in_vain_too
            life.log(ActivityKind.CALL, at=at, by=accepted.by, outcome=outcome, note=note, duration=length)
        else:
            life.log(
                ActivityKind.EMAIL, at=at, by=accepted.by, outcome=ActivityOutcome.REPLIED if note else "", note=note
            )


def sell(life: Life, since: datetime, until: datetime, cast: Cast, rng: Random) -> None:
    """Something every week or two; some of those still open have gone quiet."""
    is_open = until == life.frame.ends_at
    last = until - timedelta(days=rng.uniform(16, 40)) if is_open and rng.random() < QUIET else until
    moments, at = [], since + timedelta(days=rng.uniform(1, DAYS_BETWEEN))
    while at < last:
        moments.append(at)
        at += timedelta(days=rng.uniform(0.5, 1.5) * DAYS_BETWEEN)
    for at in working(life, moments, until, rng):
        deed(life, at, cast, rng)


def deed(life: Life, at: datetime, cast: Cast, rng: Random) -> None:
    kind = rng.choices([ActivityKind.CALL, ActivityKind.EMAIL, ActivityKind.MEETING, ActivityKind.NOTE], [4, 3, 2, 1])[
        0
    ]
    if kind == ActivityKind.CALL:
        life.log(kind, at=at, outcome=ActivityOutcome.REACHED, note=rng.choice(words.SELLING_NOTES))
    elif kind == ActivityKind.MEETING:
        met = life.log(
            kind, at=at, outcome=ActivityOutcome.HELD, duration=timedelta(minutes=rng.choice([30, 45, 60, 90]))
        )
        met.note = rng.choice(words.SELLING_NOTES)
        if rng.random() < 0.3:
            life.guests[met.pk] = cast.mia
    else:
        known = [touch.asset for touch in life.touches if touch.asset_id]
        sent = rng.choice(known) if known and kind == ActivityKind.EMAIL and rng.random() < 0.5 else None
        life.log(kind, at=at, asset=sent, note=rng.choice(words.SELLING_NOTES) if kind == ActivityKind.NOTE else "")


def involve(life: Life, deal: Opportunity, rng: Random) -> None:
    """Who has a part in the buying: the lead, and often somebody else of the company."""
    assert deal.contact is not None
    roles = [BuyingRole.DECIDER, BuyingRole.CHAMPION, BuyingRole.INFLUENCER, BuyingRole.USER]
    join(life, deal, deal.contact, rng.choice(roles[:2]))
    if deal.company and rng.random() < 0.45:
        firsts, lasts, *_ = words.COUNTRIES[life.lead.country or "Germany"]
        other = Contact(
            id=life.frame.ids.next(Contact), first_name=rng.choice(firsts), last_name=rng.choice(lasts),
            title=rng.choice(words.COLLEAGUES), company=deal.company, is_sample=True, created_at=deal.created_at,
            updated_at=deal.created_at,
        )  # fmt: skip
        life.colleagues.append(other)
        join(life, deal, other, rng.choice(roles[1:]))


def join(life: Life, deal: Opportunity, contact: Contact, role: BuyingRole) -> None:
    ids = life.frame.ids
    life.parts.append(
        OpportunityPerson(
            id=ids.next(OpportunityPerson), opportunity=deal, contact=contact, role=role, created_at=deal.created_at
        )
    )


def look_forward(life: Life, rng: Random) -> None:
    """The next step of a lead that sales holds: mostly in the coming days, sometimes late, sometimes forgotten."""
    owner, stage = life.lead.owner, Stage(life.lead.stage)
    if CLOCK_OF[stage] != Clock.SALES or owner is None or rng.random() < UNPLANNED:
        return
    was_called = any(row.kind == ActivityKind.CALL for row in life.activities)
    steps = [step for step in words.NEXT_STEPS[stage] if step != words.FIRST_CALL or not was_called]
    kind, title = rng.choice(steps)
    days = -rng.randint(1, 6) if rng.random() < OVERDUE else rng.choice([0, 0, 1, 1, 2, 3, 4, 7, 9])
    due_at = working_day(life, days, time(rng.randint(8, 16), rng.choice([0, 30])))
    late = due_at <= life.frame.ends_at
    life.plan(TaskKind(kind), title, due_at, owner=owner, remind_at=due_at, reminded_at=due_at if late else None)


def working_day(life: Life, days: int, at: time) -> datetime:
    """So many days from the end of the story; a weekend gives way to the Monday after it."""
    zone = life.frame.zone
    day = life.frame.ends_at.astimezone(zone).date() + timedelta(days=days)
    day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
    return datetime.combine(day, at, tzinfo=zone)


def working(life: Life, moments: list[datetime], until: datetime, rng: Random) -> list[datetime]:
    """These moments put off to working hours, in order, none after ``until``."""
    put_off = sorted(min(next_working(at, life.frame.zone, rng).replace(microsecond=0), until) for at in moments)
    assert all(earlier <= later for earlier, later in pairwise(put_off))
    return put_off


def repeat_newest(life: Life) -> None:
    """What leads/subjects.py keeps on a lead and on its opportunities."""
    records: list[Lead | Opportunity] = [life.lead, *life.opportunities]
    for record in records:
        done, planned = (of_record(record, rows) for rows in (life.activities, life.tasks))
        record.last_activity_at = max((row.at for row in done if row.kind != ActivityKind.NOTE), default=None)
        record.next_step_at = min((row.due_at for row in planned), default=None)


def of_record(record: Lead | Opportunity, rows: list[Any]) -> list[Any]:
    """A lead's are all; an opportunity's its own and those that name no opportunity."""
    return rows if isinstance(record, Lead) else [row for row in rows if row.opportunity_id in (None, record.pk)]


def guests_of(lives: list[Life]) -> list[tuple[int, User]]:
    """(activity, participant) of every meeting with a guest from marketing."""
    return [guest for life in lives for guest in life.guests.items()]
