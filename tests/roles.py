"""Everybody that a rule tells apart, and records in the hands of one of them: for the tests of who may what."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.models import User
from feedback.verdicts import accept_handoff
from leads.converting import convert_lead
from leads.models import Lead
from leads.opportunities import close_opportunity
from tests.factories import HOUR, MONDAY, make_handoff, make_team, make_user, reason

# Mia and Mila market, Mona heads them; Rob and Rosa sell in the north under Max, Sam in the south under Sue.
EVERYBODY = "mia mila mona rob rosa max sam sue ada"


@dataclass
class People:
    mia: User
    mila: User
    mona: User
    rob: User
    rosa: User
    max: User
    sam: User
    sue: User
    ada: User


def make_people() -> People:
    marketing, north, south = make_team("Marketing", "marketing"), make_team("North"), make_team("South")
    roles = {
        "mia": ("marketer", marketing),
        "mila": ("marketer", marketing),
        "mona": ("manager", marketing),
        "rob": ("rep", north),
        "rosa": ("rep", north),
        "max": ("manager", north),
        "sam": ("rep", south),
        "sue": ("manager", south),
        "ada": ("admin", None),
    }
    return People(**{name: make_user(name, role, team) for name, (role, team) in roles.items()})


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside never was."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def accepted(people: People) -> Lead:
    """Mia's lead, accepted by Rob."""
    handoff = accept_handoff(make_handoff(to=people.rob, by=people.mia), by=people.rob, at=MONDAY + HOUR)
    return handoff.lead


def deal(people: People) -> Any:
    return convert_lead(accepted(people), by=people.rob, at=MONDAY + 2 * HOUR)[0]


def lost(people: People) -> Any:
    return close_opportunity(
        deal(people), outcome="lost", by=people.rob, at=MONDAY + 3 * HOUR, reason=reason("price", "loss")
    )


def answered(people: People) -> int:
    """A hand-off that Rob has accepted a moment ago."""
    now = timezone.now()
    return accept_handoff(make_handoff(to=people.rob, by=people.mia, at=now), by=people.rob, at=now).pk
