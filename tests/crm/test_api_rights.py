"""Who may, as DESIGN's table has it: every action, tried by everybody on the same record."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLResolver, get_resolver, resolve
from django.utils import timezone

from feedback.agreements import draft_agreement, propose_agreement
from feedback.models import Agreement
from funnel.models import Quota
from leads.converting import convert_lead
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead
from leads.transitions import move_lead, transition_lead
from scoring.drafting import draft_definition
from scoring.proposing import propose_definition
from tests.api import ROOT, Caller
from tests.factories import (
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_spend,
    reason,
)
from tests.records import (
    activity,
    asset,
    campaign,
    done_task,
    form,
    improvement,
    merge,
    own_field,
    part,
    promised,
    request,
    rule,
    submission,
    task,
    template,
    trained,
    waits,
)
from tests.roles import EVERYBODY, People, accepted, answered, deal, lost, make_people, undone


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker) -> Iterator[People]:
    """The same people for every call: the transaction they stand in is undone after the last one."""
    with django_db_blocker.unblock(), undone():
        yield make_people()


@pytest.fixture(scope="module")
def callers(people) -> dict[str, Caller]:
    return {name: Caller(getattr(people, name)) for name in EVERYBODY.split()}


@pytest.fixture(autouse=True)
def db(people) -> Iterator[None]:
    """In place of pytest-django's: each call finds only the people, and these as they were."""
    with undone():
        yield
    for name in EVERYBODY.split():
        getattr(people, name).refresh_from_db()


def disqualified(people: People) -> Lead:
    lead = make_lead()
    move_lead(lead, Stage.DISQUALIFIED, by=people.mia, at=MONDAY)
    return lead


def own_find(people: People) -> Lead:
    return make_lead(by=people.rob, owner=people.rob, team=people.rob.team, sourced_by="sales")


def robs(people: People) -> Lead:
    return make_lead(owner=people.rob, team=people.rob.team)


def company() -> Company:
    return Company.objects.create(name="Acme")


def contact() -> Contact:
    return Contact.objects.create(last_name="Boss")


def member() -> dict[str, Any]:
    return {"contact": contact().pk, "role": "champion"}


def ended(people: People) -> Any:
    return make_campaign(owner=people.mia, status="ended")


def part_path(people: People) -> str:
    return "opportunities/{pk}/people/{part_pk}/".format(**part(people))


def note(people: People) -> dict[str, Any]:
    return {"lead": accepted(people).pk, "kind": "note", "note": "x"}


def letter(people: People) -> dict[str, Any]:
    return {"lead": accepted(people).pk, "subject": "Hi", "text": "Hello"}


def change(people: People) -> dict[str, Any]:
    return {"campaign": campaign(people).pk, "kind": "targeting", "text": "x"}


def impression(people: People) -> dict[str, Any]:
    lead = transition_lead(accepted(people), "qualified", by=people.rob, at=MONDAY + 2 * HOUR).lead
    return {"lead": lead.pk, "moment": "qualify", "question": "quality", "quality": 3}


def fresh_deal(people: People) -> Any:
    return convert_lead(accepted(people), by=people.rob, at=timezone.now())[0]


def drafted(people: People) -> Agreement:
    return draft_agreement(by=people.ada, at=MONDAY)


def proposed(people: People) -> Agreement:
    return propose_agreement(drafted(people), by=people.ada, at=MONDAY)


def definition_path(people: People, *, proposed: bool = False) -> str:
    draft = draft_definition(by=people.ada, at=MONDAY)
    if proposed:
        propose_definition(draft, by=people.ada, at=MONDAY)
    return f"definitions/{draft.pk}/"


QUOTA = {"measure": "revenue", "starts_on": "2026-01-01", "ends_on": "2026-03-31", "amount": "5"}


def rob_sells(people: People) -> dict[str, Any]:
    return {**QUOTA, "user": people.rob.pk}


def quota(people: People) -> Quota:
    return Quota.objects.create(user=people.rob, currency="EUR", **QUOTA)


def to(stage: str, **body: str) -> dict[str, str]:
    return {"to": stage, **body}


MARKETING = "mia mila mona ada"
MARKETING_OWN = "mia mona ada"
SALES_MANAGERS = "max sue ada"
MANAGERS = "mona max sue ada"
SELLERS = "rob rosa max sam sue ada"
DECIDERS = "rob max"
MARKETERS_AND_MANAGERS = "mia mila mona max sue ada"
EDITORS = MARKETERS_AND_MANAGERS + " rob"

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
    # Answers and asking.
    ("put off", DECIDERS, lambda p: ("post", f"handoffs/{waits(p).pk}/snooze/", {"until": None})),
    ("reply", EVERYBODY, lambda p: ("post", f"handoffs/{waits(p).pk}/replies/", {"text": "Why?"})),
    ("ask marketing", SELLERS, lambda p: ("post", "requests/", {"kind": "data_sheet", "text": "Prices"})),
    ("promise", MARKETING, lambda p: ("post", f"requests/{request(p).pk}/accept/", {"promised_on": "2036-03-02"})),
    ("decline", MARKETING, lambda p: ("post", f"requests/{request(p).pk}/decline/", {"answer": "No."})),
    ("fulfil", MARKETING, lambda p: ("post", f"requests/{request(p).pk}/fulfil/", {"answer": "Sent."})),
    ("take a request back", "rob max ada", lambda p: ("post", f"requests/{request(p).pk}/withdraw/", {})),
    ("undo a promise", MARKETING, lambda p: ("post", f"requests/{promised(p).pk}/undo/", {})),
    ("say how a lead was", "rob max", lambda p: ("post", "impressions/", impression(p))),
    ("record a change", MARKETING_OWN, lambda p: ("post", "improvements/", change(p))),
    ("edit a change", MARKETING_OWN, lambda p: ("patch", f"improvements/{improvement(p).pk}/", {"text": "y"})),
    ("remove a change", MARKETING_OWN, lambda p: ("delete", f"improvements/{improvement(p).pk}/", None)),
    # The agreement and routing.
    ("draft an agreement", MANAGERS, lambda p: ("post", "agreements/", {})),
    ("edit an agreement", MANAGERS, lambda p: ("patch", f"agreements/{drafted(p).pk}/", {"min_attempts": 4})),
    ("propose", MANAGERS, lambda p: ("post", f"agreements/{drafted(p).pk}/propose/", {})),
    ("take a proposal back", MANAGERS, lambda p: ("post", f"agreements/{proposed(p).pk}/withdraw/", {})),
    ("sign", "mona max sue", lambda p: ("post", f"agreements/{proposed(p).pk}/sign/", {})),
    ("draft a definition", MANAGERS, lambda p: ("post", "definitions/", {})),
    ("edit a definition", MANAGERS, lambda p: ("patch", definition_path(p), {"name": "Sharper"})),
    ("throw a definition away", MANAGERS, lambda p: ("delete", definition_path(p), None)),
    ("propose a definition", MANAGERS, lambda p: ("post", f"{definition_path(p)}propose/", {})),
    ("take a definition back", MANAGERS, lambda p: ("post", f"{definition_path(p, proposed=True)}withdraw/", {})),
    ("sign a definition", "mona max sue", lambda p: ("post", f"{definition_path(p, proposed=True)}sign/", {})),
    ("back-test a definition", MANAGERS, lambda p: ("post", f"{definition_path(p)}backtest/", {})),
    ("add a rule", SALES_MANAGERS, lambda p: ("post", "routing-rules/", {"name": "x", "to_team": p.rob.team_id})),
    ("edit a rule", SALES_MANAGERS, lambda p: ("patch", f"routing-rules/{rule(p).pk}/", {"name": "x"})),
    ("remove a rule", SALES_MANAGERS, lambda p: ("delete", f"routing-rules/{rule(p).pk}/", None)),
    ("add a field", "ada", lambda p: ("post", "custom-fields/", {"record": "lead", "label": "Size", "kind": "text"})),
    ("edit a field", "ada", lambda p: ("patch", f"custom-fields/{own_field(p).pk}/", {"label": "x"})),
    ("delete a field", "ada", lambda p: ("delete", f"custom-fields/{own_field(p).pk}/", None)),
    ("edit a reason", SALES_MANAGERS, lambda p: ("patch", f"reasons/{reason('company_size').pk}/", {"label": "x"})),
    # Quotas.
    ("set Rob's quota", "max ada", lambda p: ("post", "quotas/", rob_sells(p))),
    ("set the organisation's", SALES_MANAGERS, lambda p: ("post", "quotas/", QUOTA)),
    ("set marketing's", "mona ada", lambda p: ("post", "quotas/", QUOTA | {"measure": "mqls"})),
    ("edit Rob's quota", "max ada", lambda p: ("patch", f"quotas/{quota(p).pk}/", {"amount": "6"})),
    ("remove Rob's quota", "max ada", lambda p: ("delete", f"quotas/{quota(p).pk}/", None)),
    # Prediction.
    ("train a model", MANAGERS, lambda p: ("post", "models/", {"target": "win"})),
    ("retire a model", MANAGERS, lambda p: ("post", f"models/{trained().pk}/retire/", {})),
    # Records.
    ("archive Rob's lead", "mona rob max sue ada", lambda p: ("post", f"leads/{accepted(p).pk}/archive/", {})),
    ("restore Rob's lead", "mona rob max sue ada", lambda p: ("post", f"leads/{accepted(p).pk}/restore/", {})),
    ("merge with Rob's lead", EDITORS, lambda p: ("post", f"leads/{accepted(p).pk}/merge/", {"duplicate": robs(p).pk})),
    ("undo a merge", MARKETERS_AND_MANAGERS, lambda p: ("post", f"merges/{merge(p).pk}/undo/", {})),
    ("add a company", EVERYBODY, lambda p: ("post", "companies/", {"name": "Acme"})),
    ("edit a company", EVERYBODY, lambda p: ("patch", f"companies/{company().pk}/", {"name": "x"})),
    ("archive a company", EVERYBODY, lambda p: ("post", f"companies/{company().pk}/archive/", {})),
    ("restore a company", EVERYBODY, lambda p: ("post", f"companies/{company().pk}/restore/", {})),
    ("add a contact", EVERYBODY, lambda p: ("post", "contacts/", {"last_name": "Boss"})),
    ("edit a contact", EVERYBODY, lambda p: ("patch", f"contacts/{contact().pk}/", {"last_name": "x"})),
    ("archive a contact", EVERYBODY, lambda p: ("post", f"contacts/{contact().pk}/archive/", {})),
    ("restore a contact", EVERYBODY, lambda p: ("post", f"contacts/{contact().pk}/restore/", {})),
    ("archive Rob's deal", "rob max ada", lambda p: ("post", f"opportunities/{lost(p).pk}/archive/", {})),
    ("restore Rob's deal", "rob max ada", lambda p: ("post", f"opportunities/{deal(p).pk}/restore/", {})),
    ("add to Rob's deal", "rob max ada", lambda p: ("post", f"opportunities/{deal(p).pk}/people/", member())),
    ("change a part", "rob max ada", lambda p: ("patch", part_path(p), {})),
    (
        "remove a part",
        "rob max ada",
        lambda p: ("delete", part_path(p), None),
    ),
    ("undo a conversion", "rob max ada", lambda p: ("post", f"leads/{fresh_deal(p).lead_id}/undo-conversion/", {})),
    ("archive a campaign", MARKETING_OWN, lambda p: ("post", f"campaigns/{ended(p).pk}/archive/", {})),
    ("restore a campaign", MARKETING_OWN, lambda p: ("post", f"campaigns/{campaign(p).pk}/restore/", {})),
    ("edit spend", MARKETING_OWN, lambda p: ("patch", f"spends/{make_spend(campaign(p)).pk}/", {"amount": "2"})),
    ("edit content", MARKETING_OWN, lambda p: ("patch", f"assets/{asset(p).pk}/", {"name": "x"})),
    ("archive content", MARKETING_OWN, lambda p: ("post", f"assets/{asset(p).pk}/archive/", {})),
    ("restore content", MARKETING_OWN, lambda p: ("post", f"assets/{asset(p).pk}/restore/", {})),
    ("remove a file", MARKETING_OWN, lambda p: ("delete", f"assets/{asset(p).pk}/file/", None)),
    # Work.
    ("log on Rob's lead", EDITORS, lambda p: ("post", "activities/", note(p))),
    ("write to Rob's lead", EDITORS, lambda p: ("post", "activities/email/", letter(p))),
    ("edit Rob's entry", "rob " + MANAGERS, lambda p: ("patch", f"activities/{activity(p).pk}/", {"note": "y"})),
    ("remove Rob's entry", "rob " + MANAGERS, lambda p: ("delete", f"activities/{activity(p).pk}/", None)),
    ("plan", EVERYBODY, lambda p: ("post", "tasks/", {"title": "Call", "due_at": "2027-03-02T09:00:00Z"})),
    ("edit Rob's task", "rob " + MANAGERS, lambda p: ("patch", f"tasks/{task(p).pk}/", {"title": "Ring"})),
    ("remove Rob's task", "rob " + MANAGERS, lambda p: ("delete", f"tasks/{task(p).pk}/", None)),
    ("do Rob's task", "rob " + MANAGERS, lambda p: ("post", f"tasks/{task(p).pk}/complete/", {})),
    ("reopen Rob's task", "rob " + MANAGERS, lambda p: ("post", f"tasks/{done_task(p).pk}/reopen/", {})),
    ("make a form", MARKETING, lambda p: ("post", "capture-forms/", {"name": "Demo"})),
    ("edit Mia's form", MARKETING_OWN, lambda p: ("patch", f"capture-forms/{form(p).pk}/", {"name": "x"})),
    ("remove Mia's form", MARKETING_OWN, lambda p: ("delete", f"capture-forms/{form(p).pk}/", None)),
    ("retry", MARKETING_OWN, lambda p: ("post", f"submissions/{submission(p).pk}/retry/", {})),
    ("own template", EVERYBODY, lambda p: ("post", "mail-templates/", {"name": "x", "subject": "x", "text": "x"})),
    ("edit a template", MANAGERS, lambda p: ("patch", f"mail-templates/{template(p).pk}/", {"name": "x"})),
    ("read all", EVERYBODY, lambda p: ("post", "notifications/read/", {})),
    ("add a person", "ada", lambda p: ("post", "users/", {"first_name": "New"})),
    ("edit a person", "ada", lambda p: ("patch", f"users/{p.rob.pk}/", {"first_name": "Robert"})),
    ("add a team", "ada", lambda p: ("post", "teams/", {"name": "East", "kind": "sales"})),
    ("edit a team", "ada", lambda p: ("patch", f"teams/{p.rob.team_id}/", {"region": "North"})),
]


@pytest.mark.parametrize(("who", "ask"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_who_may(people, callers, who, ask, settings):
    settings.EMAIL_HOST = "mail.test"
    method, path, body = ask(people)
    codes = {}
    for name in EVERYBODY.split():
        with undone():
            answer = getattr(callers[name], method)(path, *([] if body is None else [body]))
        assert answer.status_code < 400 or answer.json()["code"] == "not_allowed", (name, answer.json())
        codes[name] = answer.status_code

    assert {name for name, code in codes.items() if code < 400} == set(who.split())
    assert {code for code in codes.values() if code >= 400} <= {403}


# One's own alone, or a file and a definition, whose rights their own tests have.
ELSEWHERE = {("notifications-read", "post"), ("assets-file", "post")}


def test_every_call_that_writes_is_tried(people):
    tried = set()
    for _what, _who, ask in TABLE:
        with undone():
            method, path, _body = ask(people)
        tried.add((resolve(f"{ROOT}{path}").url_name, method))

    assert writing_calls() - tried - ELSEWHERE == set()


def writing_calls() -> set[tuple[str, str]]:
    """Each address of the API by its name, with each method by which it writes."""
    [api] = [part for part in get_resolver().url_patterns if str(part.pattern) == "api/v1/"]
    found, calls = list(api.url_patterns), set()
    while found:
        page = found.pop()
        if isinstance(page, URLResolver):
            found.extend(page.url_patterns)
        else:
            methods = set(getattr(page.callback, "actions", None) or ())
            calls |= {(page.name, method) for method in methods & {"post", "patch", "put", "delete"}}
    return calls


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
