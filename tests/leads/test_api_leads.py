from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.utils import timezone

from crm.models import Change
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead, Opportunity, Transition
from leads.transitions import move_lead
from tests.api import Caller, in_own_connection
from tests.factories import HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql

FIELDS = (
    "id external_id source_system first_name last_name email phone title company_name company contact stage episode "
    "side owner team campaign channel source segment country product_interest sourced_by score grade scored_at custom "
    "captured_at revisit_on merged_into version created_at updated_at"
)


def accepted(rob, mia=None):
    """A lead that Rob has accepted."""
    handoff = make_handoff(to=rob, by=mia)
    move = handoff.lead
    Caller(rob).post(f"handoffs/{handoff.pk}/accept/")
    return Lead.objects.get(pk=move.pk)


def problem(answer):
    return answer.status_code, answer.json()["code"]


def test_a_lead_shows_the_fields_of_the_design(mia, rob):
    lead = make_mql(owner=rob, team=rob.team, campaign=make_campaign(), custom={"size": 3})
    shown = Caller(mia).get(f"leads/{lead.pk}/").json()
    assert set(FIELDS.split()) <= set(shown)
    assert {
        name: shown[name] for name in "stage side episode owner team score grade scored_at custom version".split()
    } == {
        "stage": "mql",
        "side": "marketing",
        "episode": 1,
        "owner": rob.pk,
        "team": rob.team_id,
        "score": 0,
        "grade": "",
        "scored_at": None,
        "custom": {"size": 3},
        "version": 2,
    }


def test_a_marketer_captures_a_lead_with_the_touch_that_brought_it(mia):
    campaign = make_campaign()
    body = {"email": "lea@example.com", "campaign": campaign.pk, "captured_at": "2026-03-02T10:00:00+01:00"}
    answer = Caller(mia).post("leads/", body)
    shown = answer.json()
    assert (answer.status_code, shown["stage"], shown["channel"], shown["sourced_by"], shown["captured_at"]) == (
        201,
        "inquiry",
        "webinar",
        "marketing",
        "2026-03-02T09:00:00Z",
    )
    touch = Caller(mia).get("touches/", lead=shown["id"]).json()["results"][0]
    assert (touch["campaign"], touch["channel"], touch["at"]) == (campaign.pk, "webinar", "2026-03-02T09:00:00Z")
    log = Caller(mia).get("transitions/", lead=shown["id"]).json()["results"]
    assert [(row["seq"], row["from_stage"], row["to_stage"], row["by"]) for row in log] == [(1, "", "inquiry", mia.pk)]
    assert ("lead", shown["id"]) in Change.objects.values_list("topic", "object_id")


def test_a_reps_lead_is_their_own_and_sourced_by_sales(rob, rosa):
    answer = Caller(rob).post("leads/", {"first_name": "Lea"})
    shown = answer.json()
    assert (answer.status_code, shown["sourced_by"], shown["owner"], shown["team"]) == (
        201,
        "sales",
        rob.pk,
        rob.team_id,
    )
    assert problem(Caller(rob).post("leads/", {"owner": rosa.pk})) == (403, "not_allowed")

    claimed = Caller(rob).post(f"leads/{shown['id']}/transition/", {"to": "accepted"})
    assert (claimed.status_code, claimed.json()["stage"]) == (200, "accepted")


def test_a_lead_without_name_or_address_is_a_lead(mia):
    assert (
        Caller(mia)
        .post("leads/", {"source": "organic_search", "external_id": "8f3a", "source_system": "x"})
        .status_code
        == 201
    )


@pytest.mark.django_db(transaction=True)
def test_an_edit_of_what_somebody_changed_meanwhile_names_them(mia, mona):
    lead = make_lead()
    assert Caller(mona).patch(f"leads/{lead.pk}/", {"phone": "1", "version": 1}).json()["version"] == 2

    answer = Caller(mia).patch(f"leads/{lead.pk}/", {"phone": "2", "version": 1})

    stale = answer.json()
    assert (answer.status_code, stale["code"], stale["by"], stale["by_name"], stale["version"]) == (
        409,
        "stale",
        mona.pk,
        "Mona",
        2,
    )
    assert stale["fields"] == {"phone": {"yours": "2", "theirs": "1"}}
    assert Caller(mia).patch(f"leads/{lead.pk}/", {"phone": "2"}).json()["version"] == 3


def test_a_move_makes_an_edit_stale_too(mia, mona):
    lead = make_lead()
    Caller(mona).post(f"leads/{lead.pk}/transition/", {"to": "mql"})
    answer = Caller(mia).patch(f"leads/{lead.pk}/", {"phone": "2", "version": 1})
    assert (answer.status_code, answer.json()["by_name"]) == (409, "Mona")


def test_an_edit_that_changes_nothing_is_no_write(mia):
    lead = make_lead(phone="1")
    Change.objects.all().delete()
    assert Caller(mia).patch(f"leads/{lead.pk}/", {"phone": "1", "version": 1}).json()["version"] == 1
    assert not Change.objects.exists()


def test_a_new_owner_brings_their_team(max_, sam):
    lead = make_lead()
    shown = Caller(max_).patch(f"leads/{lead.pk}/", {"owner": sam.pk}).json()
    assert (shown["owner"], shown["team"]) == (sam.pk, sam.team_id)


def test_a_move_takes_the_lead_there_and_a_repeat_writes_nothing(mia):
    lead, calls = make_lead(), Caller(mia)
    for _time in range(2):
        answer = calls.post(f"leads/{lead.pk}/transition/", {"to": "mql"})
        assert (answer.status_code, answer.json()["stage"], answer.json()["version"]) == (200, "mql", 2)
    assert Transition.objects.filter(lead=lead).count() == 2


@pytest.mark.parametrize("to", ["offered", "opportunity", "customer", "lost"])
def test_moves_with_an_action_of_their_own_are_no_transition(mia, to):
    lead = make_mql()
    assert problem(Caller(mia).post(f"leads/{lead.pk}/transition/", {"to": to})) == (422, "use_action")


def test_a_move_that_is_not_in_the_table_names_those_that_are(mia):
    lead = make_lead()
    answer = Caller(mia).post(f"leads/{lead.pk}/transition/", {"to": "qualified"})
    assert problem(answer) == (422, "illegal_move")
    assert answer.json()["allowed"] == ["mql", "nurture", "disqualified", "accepted"]


def test_a_move_is_dated_back_but_not_before_the_last_nor_forward(mia):
    lead, calls = make_lead(at=MONDAY), Caller(mia)
    path = f"leads/{lead.pk}/transition/"
    before, later = (MONDAY - HOUR).isoformat(), (timezone.now() + HOUR).isoformat()
    assert problem(calls.post(path, {"to": "mql", "at": before})) == (422, "at_before_last_move")
    assert problem(calls.post(path, {"to": "mql", "at": later})) == (422, "at_in_future")
    assert calls.post(path, {"to": "mql", "at": (MONDAY + HOUR).isoformat()}).status_code == 200
    assert Transition.objects.get(lead=lead, seq=2).at == MONDAY + HOUR


@pytest.mark.django_db(transaction=True)
def test_a_move_based_on_an_old_version_is_stale(mia, mona):
    lead = make_lead()
    Caller(mona).patch(f"leads/{lead.pk}/", {"phone": "1"})
    answer = Caller(mia).post(f"leads/{lead.pk}/transition/", {"to": "mql", "version": 1})
    assert (*problem(answer), answer.json()["by_name"]) == (409, "stale", "Mona")
    assert Caller(mia).post(f"leads/{lead.pk}/transition/", {"to": "mql", "version": 2}).status_code == 200


def test_a_reason_is_named_by_its_code(mia):
    lead, calls = make_lead(), Caller(mia)
    path = f"leads/{lead.pk}/transition/"
    assert problem(calls.post(path, {"to": "disqualified"})) == (422, "reason_required")
    unknown = calls.post(path, {"to": "disqualified", "reason": "bad_mood"})
    assert (*problem(unknown), unknown.json()["known"]) == (
        422,
        "unknown_reason",
        ["spam", "test", "competitor", "do_not_contact"],
    )
    assert calls.post(path, {"to": "disqualified", "reason": "spam", "note": "Ünsinn"}).status_code == 200
    row = calls.get("transitions/", lead=lead.pk, to_stage="disqualified").json()["results"][0]
    assert (row["reason"], row["note"]) == ("spam", "Ünsinn")


def test_a_reason_without_its_words_is_refused(rob, mia):
    lead = accepted(rob, mia)
    path, calls = f"leads/{lead.pk}/transition/", Caller(rob)
    assert problem(calls.post(path, {"to": "nurture", "reason": "other"})) == (422, "comment_required")
    back = calls.post(path, {"to": "nurture", "reason": "other", "note": "Moving office", "revisit_on": "2027-01-15"})
    assert (back.json()["stage"], back.json()["revisit_on"]) == ("nurture", "2027-01-15")


def test_qualifying_keeps_what_the_buyer_said(rob, mia):
    lead = accepted(rob, mia)
    body = {"to": "qualified", "need": "A new press", "authority": "Head of plant", "timing": "Q2"}
    shown = Caller(rob).post(f"leads/{lead.pk}/transition/", body).json()
    assert [shown[name] for name in ("stage", "need", "authority", "timing")] == ["qualified", *list(body.values())[1:]]


def test_a_merged_lead_moves_no_more(mia):
    survivor, duplicate = make_lead(), make_lead()
    Lead.objects.filter(pk=duplicate.pk).update(merged_into=survivor)
    answers = [
        Caller(mia).post(f"leads/{duplicate.pk}/transition/", {"to": "mql"}),
        Caller(mia).patch(f"leads/{duplicate.pk}/", {"phone": "1"}),
    ]
    assert [(*problem(answer), answer.json()["survivor"]) for answer in answers] == [
        (409, "lead_merged", survivor.pk)
    ] * 2


def test_converting_makes_contact_company_and_deal_once(rob, mia):
    lead = accepted(rob, mia)
    Lead.objects.filter(pk=lead.pk).update(company_name="Acme")
    body = {"opportunity": {"name": "Press", "amount": "12500.50", "currency": "BRL", "expected_close": "2026-06-30"}}

    first, again = (Caller(rob).post(f"leads/{lead.pk}/convert/", body) for _time in range(2))

    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 200, again.json()["id"])
    deal = first.json()
    assert [deal[name] for name in "name amount currency expected_close lead owner stage outcome".split()] == [
        "Press", "12500.50", "BRL", "2026-06-30", lead.pk, rob.pk, "discovery", "",
    ]  # fmt: skip
    assert (Company.objects.get().name, Contact.objects.get().pk) == ("Acme", deal["contact"])
    assert Caller(rob).get(f"leads/{lead.pk}/").json()["stage"] == "opportunity"


@pytest.mark.parametrize("deal", [{"amount": "-1"}, {"amount": "much"}, {"currency": "euro"}, {"colour": "red"}, [], 7])
def test_a_senseless_conversion_is_refused(rob, mia, deal):
    lead = accepted(rob, mia)
    assert Caller(rob).post(f"leads/{lead.pk}/convert/", {"opportunity": deal}).status_code == 400
    assert not Opportunity.objects.exists()


def test_a_lead_that_sales_has_not_accepted_is_not_converted(ada):
    lead = make_mql()
    assert problem(Caller(ada).post(f"leads/{lead.pk}/convert/")) == (422, "use_action")


def test_a_person_and_a_company_are_edited_by_who_knows_them(rob, rosa, mia):
    lead = accepted(rob, mia)
    Lead.objects.filter(pk=lead.pk).update(company_name="Acme")
    Caller(rob).post(f"leads/{lead.pk}/convert/")
    company, contact = Company.objects.get(), Contact.objects.get()
    Change.objects.all().delete()

    assert Caller(rob).patch(f"companies/{company.pk}/", {"industry": "Steel"}).status_code == 200
    assert Caller(mia).patch(f"contacts/{contact.pk}/", {"title": "Dr"}).status_code == 200
    assert Caller(rosa).patch(f"companies/{company.pk}/", {"industry": "Wood"}).status_code == 403
    told = [("company", company.pk), ("lead", lead.pk), ("contact", contact.pk), ("lead", lead.pk)]
    assert list(Change.objects.values_list("topic", "object_id")) == told

    fresh = Caller(rosa).post("contacts/", {"last_name": "Lee", "email": "lee@example.com"}).json()
    assert Caller(rosa).patch(f"contacts/{fresh['id']}/", {"phone": "1"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_convert_at_once_both_get_the_same_deal(rob, max_, mia):
    lead = accepted(rob, mia)
    together, callers = Barrier(2), [Caller(rob), Caller(max_)]

    def convert(caller):
        together.wait()
        return caller.post(f"leads/{lead.pk}/convert/")

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(in_own_connection(convert), callers))

    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert {answer.json()["id"] for answer in answers} == {Opportunity.objects.get().pk}
    assert (Contact.objects.count(), Transition.objects.filter(lead=lead, to_stage="opportunity").count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_move_a_lead_at_once_one_is_told_who_was_faster(mia, mona):
    lead = make_lead()
    together, people = Barrier(2), [(Caller(mia), "nurture"), (Caller(mona), "mql")]

    def move(pair):
        together.wait()
        return pair[0].post(f"leads/{lead.pk}/transition/", {"to": pair[1], "version": 1})

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(in_own_connection(move), people))

    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert lost.json()["by_name"] == ("Mia" if won.json()["stage"] == "nurture" else "Mona")
    assert Lead.objects.get().seq == Transition.objects.filter(lead=lead).count() == 2


def test_leads_are_listed_by_the_stage_they_stand_in_now(mia):
    lead = make_lead()
    move_lead(lead, Stage.NURTURE, by=mia, at=MONDAY + timedelta(days=1))
    assert Caller(mia).get("leads/", stage="inquiry").json()["results"] == []
    assert Caller(mia).get("leads/", stage="nurture").json()["results"][0]["id"] == lead.pk


@pytest.mark.django_db
def test_a_conversion_is_taken_back_for_ten_minutes(rob, mia):
    lead = accepted(rob, mia)
    caller = Caller(rob)
    deal = caller.post(f"leads/{lead.pk}/convert/").json()

    undone = caller.post(f"leads/{lead.pk}/undo-conversion/")

    assert (undone.status_code, undone.json()["stage"]) == (200, "accepted")
    assert caller.get(f"opportunities/{deal['id']}/").status_code == 404
    assert problem(caller.post(f"leads/{lead.pk}/undo-conversion/")) == (409, "cannot_undo")


@pytest.mark.django_db
def test_a_conversion_names_its_company_and_joins_what_is_there(rob, mia):
    lead, second = accepted(rob, mia), accepted(rob, mia)
    chosen = Company.objects.create(name="The one that buys")
    caller = Caller(rob)

    deal = caller.post(f"leads/{lead.pk}/convert/", {"company": chosen.pk}).json()
    assert deal["company"] == chosen.pk
    Lead.objects.filter(pk=second.pk).update(company=chosen)
    joined = caller.post(f"leads/{second.pk}/convert/", {"join": deal["id"]})

    assert (joined.status_code, joined.json()["id"]) == (201, deal["id"])
    second.refresh_from_db()
    assert second.stage == "opportunity"
