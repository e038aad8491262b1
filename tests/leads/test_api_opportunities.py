import pytest
from django.utils import timezone

from crm.models import Change, Organisation
from leads.models import Company, Lead, Opportunity, Reason, Touch
from tests.api import Caller
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_opportunity


def problem(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def deal(rob, mia):
    """Rob's deal, made by converting a lead."""
    handoff = make_handoff(to=rob, by=mia)
    Caller(rob).post(f"handoffs/{handoff.pk}/accept/")
    made = (
        Caller(rob)
        .post(f"leads/{handoff.lead_id}/convert/", {"opportunity": {"name": "Press", "amount": "900"}})
        .json()
    )
    return Opportunity.objects.get(pk=made["id"])


def test_a_deal_of_its_own_needs_no_lead(rob):
    Organisation.get()
    Organisation.objects.update(currency="BRL")
    answer = Caller(rob).post("opportunities/", {"name": "Renewal", "kind": "renewal", "amount": None})
    shown = answer.json()
    assert (
        answer.status_code,
        shown["owner"],
        shown["team"],
        shown["currency"],
        shown["amount"],
        shown["probability"],
    ) == (
        201,
        rob.pk,
        rob.team_id,
        "BRL",
        None,
        10,
    )
    assert Change.objects.filter(topic="opportunity", object_id=shown["id"]).exists()


def test_a_further_deal_of_a_converted_lead_knows_its_company(rob, deal):
    Opportunity.objects.filter(pk=deal.pk).update(company=Company.objects.create(name="Acme"))
    Lead.objects.filter(pk=deal.lead_id).update(company=Company.objects.get())
    shown = Caller(rob).post("opportunities/", {"name": "Second press", "lead": deal.lead_id}).json()
    assert (shown["lead"], shown["company"]) == (deal.lead_id, Company.objects.get().pk)


def test_the_first_deal_of_a_lead_is_made_by_converting(rob, rosa):
    lead = make_lead(owner=rob)
    assert problem(Caller(rob).post("opportunities/", {"name": "x", "lead": lead.pk})) == (422, "use_action")
    assert problem(Caller(rosa).post("opportunities/", {"name": "x", "lead": lead.pk})) == (403, "not_allowed")


def test_a_deal_is_not_born_won_nor_in_the_name_of_another(rob, rosa, sam, max_):
    assert problem(Caller(rob).post("opportunities/", {"name": "x", "stage": "won"})) == (422, "use_action")
    assert problem(Caller(rob).post("opportunities/", {"name": "x", "owner": rosa.pk})) == (403, "not_allowed")
    assert Caller(max_).post("opportunities/", {"name": "x", "owner": rosa.pk}).status_code == 201
    assert problem(Caller(max_).post("opportunities/", {"name": "x", "owner": sam.pk})) == (403, "not_allowed")


def test_a_stage_is_set_with_the_probability_it_stands_for(rob, deal):
    calls, path = Caller(rob), f"opportunities/{deal.pk}/"
    assert calls.patch(path, {"stage": "proposal"}).json()["probability"] == 60
    shown = calls.patch(path, {"stage": "negotiation", "probability": 55, "amount": "1000.00"}).json()
    assert (shown["stage"], shown["probability"], shown["amount"]) == ("negotiation", 55, "1000.00")
    assert [problem(calls.patch(path, {"stage": stage})) for stage in ("won", "lost")] == [(422, "use_action")] * 2
    assert calls.patch(path, {"stage": "finished"}).status_code == 400
    deal.refresh_from_db()
    assert deal.stage == "negotiation"


@pytest.mark.parametrize(
    "body",
    [
        {"amount": "-1"},
        {"probability": 101},
        {"lead": 1},
        {"outcome": "won"},
        {"closed_at": "2026-01-01"},
        {"currency": "x"},
        {"name": ""},
    ],
)
def test_a_senseless_edit_is_refused_and_nothing_changes(rob, deal, body):
    assert Caller(rob).patch(f"opportunities/{deal.pk}/", {"stage": "proof", **body}).status_code == 400
    deal.refresh_from_db()
    assert deal.stage == "discovery"


def test_a_won_deal_makes_a_customer_and_is_closed_once(rob, deal):
    calls, path = Caller(rob), f"opportunities/{deal.pk}/close/"
    shown = calls.post(path, {"outcome": "won"}).json()
    assert (shown["stage"], shown["outcome"], shown["probability"]) == ("won", "won", 100)
    assert calls.get(f"leads/{deal.lead_id}/").json()["stage"] == "customer"
    again = calls.post(path, {"outcome": "lost", "reason": "price"})
    assert (again.status_code, again.json()["outcome"]) == (409, "won")
    assert calls.patch(f"opportunities/{deal.pk}/", {"stage": "proof"}).status_code == 409


def test_a_lost_deal_says_why_and_when(rob, deal):
    calls, path = Caller(rob), f"opportunities/{deal.pk}/close/"
    later = (timezone.now() + DAY).isoformat()
    assert [
        problem(calls.post(path, body))
        for body in (
            {"outcome": "lost"},
            {"outcome": "lost", "reason": "spam"},
            {"outcome": "lost", "reason": "other"},
            {"outcome": "won", "at": later},
            {"outcome": "stolen"},
            {},
        )
    ] == [
        (422, "reason_required"),
        (422, "unknown_reason"),
        (422, "comment_required"),
        (422, "at_in_future"),
        (400, "invalid"),
        (400, "invalid"),
    ]
    shown = calls.post(path, {"outcome": "lost", "reason": "price", "note": "Too dear"}).json()
    assert (shown["outcome"], shown["reason"], shown["note"]) == ("lost", "price", "Too dear")
    assert calls.get(f"leads/{deal.lead_id}/").json()["stage"] == "lost"


def test_a_close_is_taken_back_with_the_leads_move(rob, deal):
    calls = Caller(rob)
    assert calls.post(f"opportunities/{deal.pk}/reopen/").status_code == 409
    calls.post(f"opportunities/{deal.pk}/close/", {"outcome": "won"})
    shown = calls.post(f"opportunities/{deal.pk}/reopen/").json()
    assert (shown["stage"], shown["outcome"], shown["closed_at"]) == ("discovery", "", None)
    assert calls.get(f"leads/{deal.lead_id}/").json()["stage"] == "opportunity"


def test_deals_without_an_amount_come_last_in_either_order(rob):
    for amount in ("5", None, "70"):
        make_opportunity(amount=amount)
    for ordering, amounts in (("amount", ["5.00", "70.00", None]), ("-amount", ["70.00", "5.00", None])):
        rows = Caller(rob).get("opportunities/", ordering=ordering).json()["results"]
        assert [row["amount"] for row in rows] == amounts


def test_a_touch_is_corrected_by_another_never_edited(mia, rob):
    lead, other, calls = make_lead(), make_lead(), Caller(mia)
    body = {"lead": lead.pk, "kind": "attend", "campaign": make_campaign().pk, "at": (MONDAY + HOUR).isoformat()}
    wrong = calls.post("touches/", body)
    assert (wrong.status_code, wrong.json()["channel"], wrong.json()["by"]) == (201, "webinar", "buyer")
    path = f"touches/{wrong.json()['id']}/"
    assert (calls.patch(path, {"kind": "click"}).status_code, calls.delete(path).status_code) == (405, 405)

    correction = {**body, "kind": "click", "corrects": wrong.json()["id"]}
    assert problem(calls.post("touches/", {**correction, "lead": other.pk})) == (422, "other_lead")
    assert calls.post("touches/", correction).status_code == 201
    assert calls.post("touches/", correction).status_code == 400, "corrected already"
    assert [touch.kind for touch in Touch.objects.effective()] == ["click"]
    assert problem(Caller(rob).post("touches/", body)) == (403, "not_allowed")
    assert problem(calls.post("touches/", {**body, "at": "2999-01-01T00:00:00Z"})) == (422, "at_in_future")


def test_reasons_are_kept_by_sales_managers_and_retire(max_, mona, ada):
    body = {"code": "no_visa", "use": "loss", "label": "No visa"}
    assert problem(Caller(mona).post("reasons/", body)) == (403, "not_allowed")
    made = Caller(max_).post("reasons/", body).json()
    calls, path = Caller(ada), f"reasons/{made['id']}/"
    assert calls.patch(path, {"label": "Visa refused", "retired": True}).json()["retired"] is True
    assert calls.patch(path, {"code": "other_code"}).status_code == 400
    assert calls.delete(path).status_code == 405
    assert Caller(max_).post("reasons/", body).status_code == 400, "the code is used"
    assert Caller(max_).post("reasons/", {**body, "code": "x", "use": "verdict"}).status_code == 400, (
        "needs family, route"
    )
    assert Reason.objects.filter(code="no_visa").get().label == "Visa refused"
