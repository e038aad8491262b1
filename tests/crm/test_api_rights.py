"""Who may, as DESIGN's table has it: every action, tried by everybody on the same record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from crm.models import User
from feedback.verdicts import accept_handoff
from leads.converting import convert_lead
from leads.lifecycle import Stage
from leads.models import Lead
from leads.opportunities import close_opportunity
from leads.transitions import move_lead, transition_lead
from tests.api import Caller
from tests.factories import (
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_spend,
    make_team,
    make_user,
    reason,
)

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


@pytest.fixture
def people(db) -> People:
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


def disqualified(people: People) -> Lead:
    lead = make_lead()
    move_lead(lead, Stage.DISQUALIFIED, by=people.mia, at=MONDAY)
    return lead


def own_find(people: People) -> Lead:
    return make_lead(by=people.rob, owner=people.rob, team=people.rob.team, sourced_by="sales")


def answered(people: People) -> int:
    """A hand-off that Rob has accepted a moment ago."""
    now = timezone.now()
    return accept_handoff(make_handoff(to=people.rob, by=people.mia, at=now), by=people.rob, at=now).pk


def to(stage: str, **body: str) -> dict[str, str]:
    return {"to": stage, **body}


# (what, who may, what is asked: given the people, makes the record and gives method, path and body)
Ask = Callable[[People], tuple[str, str, Any]]
TABLE: list[tuple[str, str, Ask]] = [
    ("read leads", EVERYBODY, lambda p: ("get", f"leads/{accepted(p).pk}/", None)),
    ("read deals", EVERYBODY, lambda p: ("get", f"opportunities/{deal(p).pk}/", None)),
    ("read people", EVERYBODY, lambda p: ("get", "users/", None)),
    ("capture a lead", EVERYBODY, lambda p: ("post", "leads/", {"first_name": "Lea"})),
    (
        "edit marketing's lead",
        "mia mila mona max sue ada",
        lambda p: ("patch", f"leads/{make_mql().pk}/", {"phone": "1"}),
    ),
    ("edit Rob's lead", "mona rob max sue ada", lambda p: ("patch", f"leads/{accepted(p).pk}/", {"phone": "1"})),
    ("mark as MQL", "mia mila mona ada", lambda p: ("post", f"leads/{make_lead().pk}/transition/", to("mql"))),
    ("park", "mia mila mona ada", lambda p: ("post", f"leads/{make_mql().pk}/transition/", to("nurture"))),
    (
        "discard",
        "mia mila mona max sue ada",
        lambda p: ("post", f"leads/{make_lead().pk}/transition/", to("disqualified", reason="spam")),
    ),
    ("claim the own find", "rob", lambda p: ("post", f"leads/{own_find(p).pk}/transition/", to("accepted"))),
    (
        "hand to sales",
        "mia mila mona max sue ada",
        lambda p: ("post", f"leads/{make_mql().pk}/offer/", {"to_user": p.rob.pk}),
    ),
    (
        "withdraw",
        "mia mona max sue ada",
        lambda p: ("post", f"handoffs/{make_handoff(to=p.rob, by=p.mia).pk}/withdraw/", {}),
    ),
    ("accept what waits for Rob", "rob max", lambda p: ("post", f"handoffs/{make_handoff(to=p.rob).pk}/accept/", {})),
    (
        "accept what waits for a team",
        "rob rosa max",
        lambda p: ("post", f"handoffs/{make_handoff(to=p.rob.team).pk}/accept/", {}),
    ),
    (
        "reject",
        "rob max",
        lambda p: ("post", f"handoffs/{make_handoff(to=p.rob).pk}/reject/", {"reason": "company_size"}),
    ),
    ("undo Rob's verdict", "rob max", lambda p: ("post", f"handoffs/{answered(p)}/undo/", {})),
    ("qualify as sales", "rob max ada", lambda p: ("post", f"leads/{accepted(p).pk}/transition/", to("qualified"))),
    (
        "return to marketing",
        "rob max ada",
        lambda p: ("post", f"leads/{accepted(p).pk}/transition/", to("nurture", reason="not_now")),
    ),
    (
        "disqualify",
        "rob max ada",
        lambda p: ("post", f"leads/{accepted(p).pk}/transition/", to("disqualified", reason="no_need")),
    ),
    ("convert", "rob max ada", lambda p: ("post", f"leads/{accepted(p).pk}/convert/", {})),
    (
        "recycle a disqualified lead",
        "mona max sue ada",
        lambda p: ("post", f"leads/{disqualified(p).pk}/transition/", to("nurture")),
    ),
    (
        "recycle a lost lead",
        "mia mila mona rob max sue ada",
        lambda p: ("post", f"leads/{lost(p).lead_id}/transition/", to("nurture")),
    ),
    ("open a deal", "rob rosa max sam sue ada", lambda p: ("post", "opportunities/", {"name": "Renewal"})),
    ("work Rob's deal", "rob max ada", lambda p: ("patch", f"opportunities/{deal(p).pk}/", {"stage": "proof"})),
    ("edit Rob's deal", "rob max ada", lambda p: ("patch", f"opportunities/{deal(p).pk}/", {"amount": "5"})),
    ("close Rob's deal", "rob max ada", lambda p: ("post", f"opportunities/{deal(p).pk}/close/", {"outcome": "won"})),
    ("reopen Rob's deal", "rob max ada", lambda p: ("post", f"opportunities/{lost(p).pk}/reopen/", {})),
    ("make a campaign", "mia mila mona ada", lambda p: ("post", "campaigns/", {"name": "Fair"})),
    (
        "edit Mia's campaign",
        "mia mona ada",
        lambda p: ("patch", f"campaigns/{make_campaign(owner=p.mia).pk}/", {"name": "x"}),
    ),
    (
        "log spend on Mia's campaign",
        "mia mona ada",
        lambda p: ("post", "spends/", {"campaign": make_campaign(owner=p.mia).pk, "on": "2026-03-02", "amount": "1"}),
    ),
    (
        "remove spend of Mia's campaign",
        "mia mona ada",
        lambda p: ("delete", f"spends/{make_spend(make_campaign(owner=p.mia)).pk}/", None),
    ),
    ("add content", "mia mila mona ada", lambda p: ("post", "assets/", {"name": "Prices"})),
    (
        "log a touch on Rob's lead",
        "mia mila mona rob max sue ada",
        lambda p: ("post", "touches/", {"lead": accepted(p).pk}),
    ),
    ("add a reason", "max sue ada", lambda p: ("post", "reasons/", {"code": "visa", "use": "loss", "label": "Visa"})),
    ("add a person", "ada", lambda p: ("post", "users/", {"first_name": "New"})),
    ("edit a person", "ada", lambda p: ("patch", f"users/{p.rob.pk}/", {"first_name": "Robert"})),
    ("add a team", "ada", lambda p: ("post", "teams/", {"name": "East", "kind": "sales"})),
    ("edit a team", "ada", lambda p: ("patch", f"teams/{p.rob.team_id}/", {"region": "North"})),
]


@pytest.mark.parametrize(("who", "ask"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_who_may(people, who, ask):
    method, path, body = ask(people)
    codes = {}
    for name in EVERYBODY.split():
        with transaction.atomic():
            caller = Caller(getattr(people, name))
            answer = getattr(caller, method)(path, *([] if body is None else [body]))
            transaction.set_rollback(True)
        assert answer.status_code < 400 or answer.json()["code"] == "not_allowed", (name, answer.json())
        codes[name] = answer.status_code

    assert {name for name, code in codes.items() if code < 400} == set(who.split())
    assert {code for code in codes.values() if code >= 400} <= {403}


def test_a_person_who_left_may_nothing(people):
    calls = Caller(people.rob)
    people.rob.is_active = False
    people.rob.save()
    assert calls.get("leads/").status_code == 401


def test_a_refusal_leaves_nothing_behind(people):
    lead = make_mql()
    transition_lead(lead, "nurture", by=people.mia, at=MONDAY)
    before = Lead.objects.values().get(pk=lead.pk)
    assert Caller(people.rob).post(f"leads/{lead.pk}/transition/", {"to": "mql", "need": "x"}).status_code == 403
    assert Lead.objects.values().get(pk=lead.pk) == before
