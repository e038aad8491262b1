"""Every page that takes a POST, tried by everybody on the same record (DESIGN: "Who may").

The table is held against the addresses of the product: a new page that takes a POST fails here until it has its line.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone
from django.utils.http import urlencode

from campaigns.content import use_asset
from campaigns.spending import remove_spend
from crm.models import CurrencyRate, Holiday, HolidayCalendar, Token
from desk.models import BulkDeed, SavedView
from feedback.agreements import draft_agreement, propose_agreement
from leads.models import (
    Company,
    Contact,
    Import,
    Lead,
    OpportunityPerson,
    PickValue,
    Touch,
)
from leads.models.imports import ImportKind
from scoring.backtesting import ask_for_backtest
from scoring.drafting import draft_definition
from scoring.models import Backtest, Definition
from scoring.proposing import propose_definition
from tests.factories import HOUR, MONDAY, make_mql, make_spend, reason
from tests.records import (
    activity,
    answered_handoff,
    asset,
    campaign,
    done_task,
    form,
    improvement,
    mailed,
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
from tests.roles import EVERYBODY, People, accepted, deal, lost, make_people, undone

MARKETING = "mia mila mona ada"
MARKETING_OWN = "mia mona ada"
SALES_MANAGERS = "max sue ada"
MANAGERS = "mona max sue ada"
SELLERS = "rob rosa max sam sue ada"
ROBS = "rob max ada"
DECIDERS = "rob max"
MARKETERS_AND_MANAGERS = "mia mila mona max sue ada"

# Given the people, makes the record; gives what stands in the address (behind "?" its query) and what is sent.
Ask = Callable[[People], tuple[dict[str, Any], dict[str, Any]]]


def bare(query: str = "", **body: Any) -> Ask:
    return lambda p: ({"?": query}, body)


def on(make: Callable[[People], Any], query: str = "", **body: Any) -> Ask:
    return lambda p: ({"pk": make(p).pk, "?": query}, body)


def waiting_lead(p: People) -> tuple[dict[str, Any], dict[str, Any]]:
    handoff = waits(p)
    return {"pk": handoff.lead_id}, {"handoff": handoff.pk, "reason": "company_size"}


def marketings(p: People) -> Lead:
    return make_mql()


def view(p: People) -> SavedView:
    return SavedView.objects.create(list="leads", name="Mine", owner=p.rob, team=p.rob.team)


def person_in_it(p: People, **body: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = OpportunityPerson.objects.get(pk=part(p)["part_pk"])
    return {"pk": found.opportunity_id}, {"contact": found.contact_id, **body}


def spend(p: People) -> dict[str, int]:
    found = campaign(p)
    return {"pk": found.pk, "spend_pk": make_spend(found).pk}


def spend_taken_out(p: People) -> tuple[dict[str, Any], dict[str, Any]]:
    found = campaign(p)
    return {"pk": found.pk, "?": urlencode({"kept": remove_spend(make_spend(found), by=p.mia)})}, {}


def used(p: People) -> dict[str, int]:
    found, content = campaign(p), asset(p)
    use_asset(found, content, by=p.mia)
    return {"pk": found.pk, "asset_pk": content.pk}


def drafted(p: People) -> Definition:
    return draft_definition(by=p.ada, at=MONDAY)


def drafted_and_proposed(p: People) -> Definition:
    definition = drafted(p)
    propose_definition(definition, by=p.ada, at=MONDAY)
    return definition


def backtested(p: People) -> Backtest:
    return ask_for_backtest(drafted(p), by=p.ada, at=timezone.now())


def upload(p: People) -> Import:
    return Import.objects.create(kind="leads", by=p.rob, file_name="a.csv", path="", status="done")


def rate(p: People) -> CurrencyRate:
    return CurrencyRate.objects.create(currency="USD", on=MONDAY.date(), rate=Decimal("0.9"))


def holidays(p: People) -> HolidayCalendar:
    return HolidayCalendar.objects.create(name="Bavaria")


def day(p: People) -> Holiday:
    return Holiday.objects.create(calendar=holidays(p), day=MONDAY.date(), name="Monday")


def draft(**body: Any) -> Ask:
    def make(p: People) -> tuple[dict[str, Any], dict[str, Any]]:
        draft_agreement(by=p.ada, at=MONDAY)
        return {}, body

    return make


def proposed(**body: Any) -> Ask:
    def make(p: People) -> tuple[dict[str, Any], dict[str, Any]]:
        propose_agreement(draft_agreement(by=p.ada, at=MONDAY), by=p.ada, at=MONDAY)
        return {}, body

    return make


def deed(p: People) -> BulkDeed:
    return BulkDeed.objects.create(list_key="leads", verb="tag", by=p.rob, at=timezone.now(), key="k", what="tagged")


def touch(p: People) -> Touch:
    return Touch.objects.create(lead=accepted(p), at=MONDAY + HOUR)


def value(p: People) -> PickValue:
    return PickValue.objects.create(list="source", value="Fair 2026")


RULES: dict[str, tuple[str, Ask]] = {
    # The inbox.
    "desk:inbox-acceptance": (DECIDERS, on(waits)),
    "desk:inbox-rejection": (DECIDERS, on(waits, reason="company_size")),
    "desk:inbox-withdrawal": ("mia mona max sue ada", on(waits)),
    "desk:inbox-undo": (DECIDERS, on(answered_handoff)),
    "desk:inbox-snooze": (DECIDERS, on(waits, until=(timezone.now() + HOUR).isoformat())),
    "desk:inbox-wake": (DECIDERS, on(waits)),
    "desk:inbox-many": ("rob rosa max sam sue", lambda p: ({"verb": "accept"}, {"id": waits(p).pk})),
    "desk:replies": (EVERYBODY, on(waits, text="Why?")),
    "feedback:rerouting": (  # only who waits for Rob
        "max ada",
        lambda p: ({"pk": p.rob.pk}, {"recipient": "rules"}),
    ),
    "feedback:rerouting-undo": ("max ada", lambda p: ({"pk": p.rob.pk, "moment": 1}, {})),
    # The lead.
    "desk:lead-undo": (DECIDERS, lambda p: ({"pk": answered_handoff(p).lead_id}, {})),
    "desk:lead-handoff": (MARKETERS_AND_MANAGERS, on(marketings, recipient="rules")),
    "desk:lead-acceptance": (DECIDERS, waiting_lead),
    "desk:lead-rejection": (DECIDERS, waiting_lead),
    "desk:lead-withdrawal": ("mia mona max sue ada", waiting_lead),
    "desk:lead-move": (ROBS, lambda p: ({"pk": (found := accepted(p)).pk}, {"to": "qualified", "seq": found.seq})),
    "desk:lead-conversion": (ROBS, on(accepted, name="Deal")),
    "desk:lead-touches": (MARKETERS_AND_MANAGERS + " rob", on(accepted)),
    "desk:lead-impression": ("rob max", on(accepted, moment="qualify", question="quality", value="3")),
    "desk:lead-edit": ("mona rob max sue ada", on(accepted, "field=phone", value="1")),
    "desk:lead-archive": ("mona rob max sue ada", on(accepted)),
    "desk:lead-restore": ("mona rob max sue ada", on(accepted)),
    "desk:lead-merge": (
        MARKETERS_AND_MANAGERS + " rob",
        lambda p: ({"pk": accepted(p).pk}, {}),
    ),
    "desk:merge-undo": (MARKETERS_AND_MANAGERS, on(merge)),
    "desk:touch-correction": (MARKETERS_AND_MANAGERS + " rob", on(touch)),
    "leads:lead-new": (EVERYBODY, bare()),
    "leads:duplicates": (EVERYBODY, lambda p: ({"kind": "lead"}, {})),
    # People.
    "leads:contact-new": (EVERYBODY, bare()),
    "leads:company-new": (EVERYBODY, bare()),
    # Campaigns and content.
    "campaigns:campaign-new": (MARKETING, bare()),
    "campaigns:content-new": (MARKETING, bare()),
    "desk:campaign-edit": (MARKETING_OWN, on(campaign, "field=name", value="x")),
    "desk:campaign-archive": (MARKETING_OWN, on(campaign)),
    "desk:campaign-restore": (MARKETING_OWN, on(campaign)),
    "desk:campaign-handoffs": (MARKETERS_AND_MANAGERS, on(campaign)),
    "desk:campaign-content": (MARKETING_OWN, on(campaign)),
    "desk:campaign-content-removal": (MARKETING_OWN, lambda p: (used(p), {})),
    "desk:campaign-spends": (MARKETING_OWN, on(campaign)),
    "desk:campaign-spend-return": (MARKETING_OWN, spend_taken_out),
    "desk:campaign-spend": (MARKETING_OWN, lambda p: (spend(p), {})),
    "desk:campaign-spend-removal": (MARKETING_OWN, lambda p: (spend(p), {})),
    "desk:asset-edit": (MARKETING_OWN, on(asset, "field=name", value="x")),
    "desk:asset-archive": (MARKETING_OWN, on(asset)),
    "desk:asset-restore": (MARKETING_OWN, on(asset)),
    "desk:asset-file": (MARKETING_OWN, on(asset)),
    "desk:asset-file-removal": (MARKETING_OWN, on(asset)),
    "desk:improvement-new": ("mona ada", bare()),
    "desk:improvement": (MARKETING_OWN, on(improvement)),
    "desk:improvement-removal": (MARKETING_OWN, on(improvement)),
    # What sales asks for.
    "desk:request-new": (SELLERS, bare()),
    "desk:request-promise": (MARKETING, on(request)),
    "desk:request-refusal": (MARKETING, on(request)),
    "desk:request-delivery": (MARKETING, on(request)),
    "desk:request-taking-back": (ROBS, on(request)),
    "desk:request-undo": (MARKETING, on(promised, seen="accepted")),
    # Opportunities.
    "desk:opportunity-new": (SELLERS, bare()),
    "desk:opportunity-edit": (ROBS, on(deal, "field=name", value="x")),
    "desk:opportunity-stage": (ROBS, on(deal, stage="proof")),
    "desk:opportunity-closing": (ROBS, on(deal)),
    "desk:opportunity-reopening": (ROBS, on(lost)),
    "desk:opportunity-archive": (ROBS, on(deal)),
    "desk:opportunity-restore": (ROBS, on(deal)),
    "desk:opportunity-people": (ROBS, on(deal)),
    "desk:opportunity-role": (ROBS, lambda p: person_in_it(p, role="user")),
    "desk:opportunity-main": (ROBS, person_in_it),
    "desk:opportunity-person-removal": (ROBS, lambda p: (part(p), {})),
    # Work.
    "desk:activities": (
        MARKETERS_AND_MANAGERS + " rob",
        lambda p: ({"?": f"lead={accepted(p).pk}"}, {"kind": "note", "note": "x"}),
    ),
    "desk:activity": ("rob " + MANAGERS, on(activity)),
    "desk:activity-removal": ("rob " + MANAGERS, on(activity)),
    "desk:emails": (MARKETERS_AND_MANAGERS + " rob", lambda p: ({"?": f"lead={accepted(p).pk}"}, {})),
    "desk:mail-again": ("rob ada", on(mailed)),
    "desk:task-new": (EVERYBODY, lambda p: ({}, {"lead": accepted(p).pk})),
    "desk:task": ("rob " + MANAGERS, on(task)),
    "desk:task-done": ("rob " + MANAGERS, on(task)),
    "desk:task-reopening": ("rob " + MANAGERS, on(done_task)),
    "desk:task-snooze": ("rob " + MANAGERS, on(task, days="1")),
    "desk:task-snooze-undo": ("rob " + MANAGERS, on(task, due_at="2036-03-02T09:00:00+00:00")),
    "desk:task-removal": ("rob " + MANAGERS, on(task)),
    "desk:task-owner": ("rob " + MANAGERS, lambda p: ({"pk": task(p).pk}, {"owner": p.rosa.pk})),
    "desk:tasks-postponement": (EVERYBODY, bare()),
    # One's own, and what a team shares.
    "desk:view-new": (EVERYBODY, bare(list="leads")),
    "desk:view-edit": ("rob max ada", on(view)),
    "desk:view-overwrite": ("rob max ada", on(view)),
    "desk:view-removal": ("rob max ada", on(view)),
    "desk:bulk": (EVERYBODY, lambda p: ({"verb": "tag"}, {"list": "leads", "id": accepted(p).pk, "add": "x"})),
    "desk:bulk-undo": ("rob", on(deed)),
    "desk:first-steps-putting-away": (EVERYBODY, bare()),
    "desk:first-steps-return": (EVERYBODY, bare()),
    "notifications-read": (EVERYBODY, bare()),
    "crm:me": (EVERYBODY, bare()),
    "crm:absence": (EVERYBODY, bare()),
    "crm:mail-choices": (EVERYBODY, bare()),
    "crm:token-new": (EVERYBODY, bare()),
    "crm:token-removal": ("rob", on(lambda p: Token.objects.create(user=p.rob, key_hash="x"))),
    # The agreement.
    "desk:agreement-draft": (MANAGERS, bare()),
    "desk:agreement-part": (MANAGERS, lambda p: ({**draft()(p)[0], "key": "levels"}, {})),
    "desk:agreement-proposal": (MANAGERS, draft()),
    "desk:agreement-removal": (MANAGERS, draft()),
    "desk:agreement-withdrawal": (MANAGERS, proposed()),
    "desk:agreement-signature": ("mona max sue", proposed()),
    # Prediction.
    "scoring:beginning": (MANAGERS, bare()),
    "scoring:definition": (MANAGERS, on(drafted, name="Makers")),
    "scoring:rows": (MANAGERS, on(drafted, deed="add:fit")),
    "scoring:preview": (MANAGERS, on(drafted)),
    "scoring:proposal": (MANAGERS, on(drafted)),
    "scoring:removal": (MANAGERS, on(drafted)),
    "scoring:withdrawal": (MANAGERS, on(drafted_and_proposed)),
    "scoring:signature": ("mona max sue", on(drafted_and_proposed)),
    "scoring:backtests": (MANAGERS, on(drafted)),
    "scoring:backtest-threshold": (MANAGERS, on(backtested, threshold="60")),
    "scoring:training": (MANAGERS, lambda p: ({"target": "win"}, {})),
    "scoring:retirement": (MANAGERS, lambda p: ({"pk": trained().pk}, {})),
    # Settings.
    "funnel:figure-settings": (MANAGERS, bare()),
    "funnel:currencies": (MANAGERS, bare()),
    "funnel:rate-removal": (MANAGERS, on(rate)),
    "funnel:quotas": (MANAGERS, bare(measure="revenue")),
    "funnel:quota-copying": (MANAGERS, bare(measure="revenue")),
    "feedback:routing-plan": (SALES_MANAGERS, bare()),
    "feedback:routing-rule-new": (SALES_MANAGERS, bare()),
    "feedback:routing-rule": (SALES_MANAGERS, on(rule)),
    "feedback:routing-rule-position": (SALES_MANAGERS, on(rule, step="up")),
    "feedback:routing-rule-switch": (SALES_MANAGERS, on(rule)),
    "feedback:routing-rule-removal": (SALES_MANAGERS, on(rule)),
    "feedback:routing-rep": ("max ada", lambda p: ({"pk": p.rob.pk}, {})),
    "leads:field-new": ("ada", bare("record=lead", label="Size", kind="text")),
    "leads:field": ("ada", on(own_field)),
    "leads:field-position": ("ada", on(own_field, step="1")),
    "leads:field-removal": ("ada", on(own_field)),
    "leads:reason-new": (SALES_MANAGERS, bare("use=loss")),
    "leads:reason": (SALES_MANAGERS, on(lambda p: reason("company_size"))),
    "leads:reason-position": (SALES_MANAGERS, on(lambda p: reason("company_size"), step="up")),
    "leads:value-new": ("mona ada", bare(list="source", value="Fair")),
    "leads:value": ("mona ada", on(value)),
    "leads:value-position": ("mona ada", on(value, step="up")),
    "leads:pipeline-stage": (SALES_MANAGERS, lambda p: ({"stage": "proof"}, {})),
    "leads:pipeline-retirement": (SALES_MANAGERS, lambda p: ({"stage": "proof"}, {})),
    "leads:template-new": (EVERYBODY, bare()),
    "leads:template": (MANAGERS, on(template)),
    "leads:template-position": (MANAGERS, on(template, step="up")),
    "leads:capture-form-new": (MARKETING, bare()),
    "leads:capture-form-edit": (MARKETING_OWN, on(form)),
    "leads:capture-form-retry": (MARKETING_OWN, on(form)),
    "leads:capture-form-removal": (MARKETING_OWN, on(form)),
    "leads:submission-retry": (MARKETING_OWN, on(submission)),
    "leads:import-new": (EVERYBODY, bare(kind="leads")),
    "leads:import-columns": ("rob " + MANAGERS, on(upload)),
    "leads:import-notations": ("rob " + MANAGERS, on(upload)),
    "leads:import-known": ("rob " + MANAGERS, on(upload)),
    "leads:import-start": ("rob " + MANAGERS, on(upload)),
    "leads:import-removal": ("rob " + MANAGERS, on(upload)),
    "desk:leaving": ("ada", lambda p: ({"pk": p.rob.pk}, {})),
    "crm:person-new": ("ada", bare()),
    "crm:person": ("ada", lambda p: ({"pk": p.rob.pk}, {})),
    "crm:person-link": ("ada", lambda p: ({"pk": p.rob.pk}, {})),
    "crm:person-return": ("ada", lambda p: ({"pk": p.rob.pk}, {})),
    "crm:team-new": ("ada", bare()),
    "crm:team": ("ada", lambda p: ({"pk": p.rob.team_id}, {})),
    "crm:holidays": ("ada", bare()),
    "crm:holiday-calendar": ("ada", on(holidays)),
    "crm:holiday-import": ("ada", on(holidays)),
    "crm:holiday-name": ("ada", on(holidays, name="France")),
    "crm:holiday-removal": ("ada", on(holidays)),
    "crm:holiday-day-removal": ("ada", on(day)),
    "crm:organisation": ("ada", bare()),
    "crm:sample": ("ada", bare()),
    "crm:mail-test": ("ada", bare()),
    "crm:mails-again": ("ada", bare()),
    "crm:mail-again": ("rob ada", on(mailed)),
}
for record, model, own in (("contact", Contact, "last_name"), ("company", Company, "name")):
    everybodys = on(lambda p, model=model, own=own: model.objects.create(**{own: "Acme"}), f"field={own}", value="x")
    RULES |= {f"desk:{record}-{verb}": (EVERYBODY, everybodys) for verb in ("edit", "archive", "restore")}

# What takes a POST and is for everybody, logged in or not.
OPEN = {"leads:capture", "health"}


def pages(patterns: list[Any], space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each page of the product by its name; the API and allauth's own pages are tested elsewhere."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern
        elif str(pattern.pattern) not in ("api/v1/", "accounts/"):
            yield from pages(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)


PAGES = {name: page for name, page in pages(get_resolver().url_patterns) if page.name}


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Iterator[People]:
    """The same people for every page: the transaction they stand in is undone after the last one."""
    with django_db_blocker.unblock(), undone():
        yield make_people()


@pytest.fixture(scope="module")
def clients(people: People) -> dict[str, Client]:
    found = {person: Client() for person in EVERYBODY.split()}
    for person, client in found.items():
        client.force_login(getattr(people, person), backend="allauth.account.auth_backends.AuthenticationBackend")
    return found


@pytest.fixture(autouse=True)
def db(people: People) -> Iterator[None]:
    """In place of pytest-django's: each page finds only the people, and these as they were."""
    with undone():
        yield
    for person in EVERYBODY.split():
        getattr(people, person).refresh_from_db()


def any_address(name: str) -> str:
    converters = PAGES[name].pattern.converters
    words = {key: 1 if type(kind).__name__ == "IntConverter" else "x" for key, kind in converters.items()}
    return reverse(name, kwargs=words)


def test_every_page_that_takes_a_post_has_a_rule(clients: dict[str, Client]) -> None:
    calls = clients["ada"]
    without = [name for name in PAGES if name not in RULES and name not in OPEN]

    assert [name for name in without if calls.post(any_address(name)).status_code != 405] == []
    assert set(RULES) - set(PAGES) == set()


@pytest.mark.parametrize("name", RULES)
def test_who_may(name: str, people: People, clients: dict[str, Client]) -> None:
    who, ask = RULES[name]
    address, body = ask(people)
    query = {"QUERY_STRING": address.pop("?", "")}
    url, codes = reverse(name, kwargs=address), {}
    for person in EVERYBODY.split():
        with undone():
            codes[person] = clients[person].post(url, body, **query).status_code

    assert {person for person, code in codes.items() if code not in (403, 404)} == set(who.split()), codes
    assert max(codes.values()) < 500


IMPORTS = {
    "leads": EVERYBODY,
    "touches": MARKETERS_AND_MANAGERS,
    "spends": MARKETING,
    "companies": MANAGERS,
    "contacts": MANAGERS,
    "opportunities": MANAGERS,
    "activities": MANAGERS,
    "users": "ada",
}


def test_every_kind_of_import_has_a_rule() -> None:
    assert set(IMPORTS) == set(ImportKind.values)


@pytest.mark.parametrize("kind", IMPORTS)
def test_who_may_import(kind: str, clients: dict[str, Client]) -> None:
    for person in EVERYBODY.split():
        body = {"kind": kind, "file": SimpleUploadedFile("a.csv", b"id,name\n1,A\n", content_type="text/csv")}
        with undone():
            clients[person].post(reverse("leads:import-new"), body)
            assert Import.objects.exists() is (person in IMPORTS[kind].split()), person


@pytest.mark.parametrize("is_known", [False, True], ids=["nobody", "who left"])
def test_who_is_not_logged_in_is_asked_to(is_known: bool, people: People, clients: dict[str, Client]) -> None:
    calls = clients["ada"] if is_known else Client()
    if is_known:
        type(people.ada).objects.filter(pk=people.ada.pk).update(is_active=False)
    for name in set(PAGES) - OPEN:
        for answer in (calls.get(any_address(name)), calls.post(any_address(name))):
            assert (answer.status_code, answer.get("Location", "")[:16]) == (302, "/accounts/login/"), name
