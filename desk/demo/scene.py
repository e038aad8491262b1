"""What waits on the last day, so that every home, inbox and queue has something to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from crm.models import Team, User
from desk.demo import words
from desk.demo.cast import Cast
from desk.demo.clock import worked_before
from desk.demo.fates import Fate
from desk.demo.life import Frame
from leads.models import TouchKind

# Working hours since the hand-over; beyond ten it is late.
ROB, ROSA = [0.2, 0.7, 1.5, 3.0, 5.0, 7.5, 9.2, 11.0], [0.3, 2.5, 8.0, 9.5]
TEAM_NORTH, ANNA, GUSTAV = [1.0, 4.5, 8.8], [0.5, 4.0], [11.0, 13.0, 22.0, 32.0]
# Other hours go round the clock.
TO_REPAIR = [
    ("missing_data", 30), ("wrong_data", 22), ("unreachable_data", 50), ("missing_data", 5), ("wrong_data", 71),
]  # fmt: skip
READY = [2, 3, 5, 7, 20, 24, 27, 30, 44, 46]
FRESH = [0.3, 1, 2, 4, 6, 9, 17, 21]


@dataclass
class Part:
    """Somebody who came ``days`` before the end, and what has happened since; ``recipient`` says from which region."""

    recipient: User | Team
    days: float
    act: Callable[[Fate], None]


def parts(cast: Cast, frame: Frame, rng: Random) -> Iterator[Part]:
    """Everybody of whom something waits: in the inboxes, in the repair queue, among the ready and the new."""
    for recipient, worked in waiting(cast):
        hours = (frame.ends_at - worked_before(frame.ends_at, worked, frame.schedule)) / timedelta(hours=1)
        yield Part(recipient, hours / 24 + rng.uniform(3, 12), partial(hand_over, to=recipient, hours=hours))
    for code, hours in TO_REPAIR:
        rep = rng.choice(cast.reps[cast.north.pk])
        yield Part(rep, hours / 24 + rng.uniform(3, 9), partial(send_back, rep=rep, code=code, hours=hours))
    for hours in READY:
        yield Part(cast.north, hours / 24 + rng.uniform(3, 9), partial(get_ready, hours=hours))
    for hours in FRESH:
        yield Part(cast.north, hours / 24, Fate.respond)


def waiting(cast: Cast) -> Iterator[tuple[User | Team, float]]:
    """(recipient, working hours since the hand-over) of what lies in the inboxes."""
    rob, rosa = cast.reps[cast.north.pk][:2]
    anna = cast.reps[cast.south.pk][0]
    for recipient, ages in ((rob, ROB), (rosa, ROSA), (cast.north, TEAM_NORTH), (anna, ANNA), (cast.gustav, GUSTAV)):
        yield from ((recipient, hours) for hours in ages)


def lead_up(fate: Fate, hours_before: float) -> None:
    """The days before: a first response, then what showed interest, the last of it a request for a demo."""
    life, plan = fate.life, fate.plans["search"]
    ready_at = life.frame.ends_at - timedelta(hours=hours_before)
    fate.respond()
    steps = [TouchKind.OPEN, TouchKind.CLICK, TouchKind.VISIT, TouchKind.ATTEND][: fate.rng.randint(1, 4)]
    pause = (ready_at - life.now) / (len(steps) + 1)
    for kind in steps:
        life.until(life.now + pause)
        source = fate.plans["webinar" if kind == TouchKind.ATTEND else "newsletter"]
        life.touch(kind, source.campaign, asset=fate.rng.choice(source.assets), utm={"medium": source.medium})
    life.until(ready_at)
    life.touch(TouchKind.FORM, plan.campaign, asset=plan.assets[1], utm={"source": "google", "medium": "cpc"})


def hand_over(fate: Fate, to: User | Team, hours: float) -> None:
    """Waiting since ``hours`` ago."""
    lead_up(fate, hours + 1.5)
    life, end = fate.life, fate.life.frame.ends_at
    life.until(end - timedelta(hours=hours, minutes=14))
    life.qualify_by_marketing(fate.marketer)
    life.until(end - timedelta(hours=hours))
    to_team = to if isinstance(to, Team) else None
    life.offer(by=fate.marketer, to_user=None if isinstance(to, Team) else to, to_team=to_team,
               promised=fate.rng.choice(words.PROMISES[:-2]))  # fmt: skip


def send_back(fate: Fate, rep: User, code: str, hours: float) -> None:
    """Rejected for its data ``hours`` ago: it lies in marketing's repair queue."""
    hand_over(fate, rep, hours + 4)
    fate.life.until(fate.life.frame.ends_at - timedelta(hours=hours))
    fate.life.reject(rep, code, fate.rng.choice(words.VERDICT_COMMENTS[code]))


def get_ready(fate: Fate, hours: float) -> None:
    """An MQL that nobody has handed over yet."""
    lead_up(fate, hours + 2)
    fate.life.until(fate.life.frame.ends_at - timedelta(hours=hours))
    fate.life.qualify_by_marketing(fate.marketer)
