from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import call_command
from django.utils import timezone

from feedback.models import Agreement, Handoff
from feedback.tasks import escalate
from leads.models import Lead, Transition
from tests.api import Caller, in_own_connection
from tests.factories import make_handoff, make_lead, make_mql


def problem(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def waiting(mia, rob):
    """A lead that Mia handed to Rob."""
    return make_handoff(to=rob, by=mia)


def act(user, handoff, verb, body=None):
    return Caller(user).post(f"handoffs/{handoff.pk}/{verb}/", body)


def test_a_lead_is_offered_once_and_shows_what_was_promised(mia, rob, north):
    lead = make_mql()
    answer = Caller(mia).post(f"leads/{lead.pk}/offer/", {"to_user": rob.pk, "promised": "A call this week"})
    shown = answer.json()
    assert answer.status_code == 201
    names = "lead status to_user to_team offered_by promised reason route episode"
    assert {name: shown[name] for name in names.split()} == {
        "lead": lead.pk, "status": "open", "to_user": rob.pk, "to_team": None, "offered_by": mia.pk,
        "promised": "A call this week", "reason": None, "route": "", "episode": 1,
    }  # fmt: skip
    due = datetime.fromisoformat(shown["due_at"]) - datetime.fromisoformat(shown["offered_at"])
    assert due == timedelta(hours=24)
    second = Caller(mia).post(f"leads/{lead.pk}/offer/", {"to_team": north.pk})
    assert (*problem(second), second.json()["handoff"]) == (409, "already_waiting", shown["id"])


def test_an_answer_tells_what_a_reader_is_told_afterwards(waiting, rob, mia):
    for verb, body in (
        ("accept", {"rating": 4, "comment": "Good"}),
        ("undo", None),
        ("reject", {"reason": "wrong_data"}),
    ):
        answered = act(rob, waiting, verb, body).json()
        assert answered == Caller(mia).get(f"handoffs/{waiting.pk}/").json(), verb
    assert problem(Caller(rob).post("handoffs/999999/accept/", {})) == (404, "not_found")


def test_a_hand_off_needs_one_recipient_in_sales(mia, mona, ada, rob, north, marketing):
    lead, calls = make_mql(), Caller(mia)
    nobody = {"to_user": 999_999}
    assert problem(calls.post(f"leads/{lead.pk}/offer/", nobody)) == (400, "invalid")
    for body in (
        {"to_user": rob.pk, "to_team": north.pk},
        {"to_user": mona.pk},
        {"to_user": ada.pk},
        {"to_team": marketing.pk},
    ):
        assert problem(calls.post(f"leads/{lead.pk}/offer/", body)) == (422, "no_recipient"), body
    assert not Handoff.objects.exists()


def test_without_a_recipient_the_rules_choose(mia, rob):
    answer = Caller(mia).post(f"leads/{make_mql().pk}/offer/", {})

    assert (answer.status_code, answer.json()["to_user"], answer.json()["routing"]["rule"]) == (
        201,
        rob.pk,
        "first_team",
    )


def test_without_a_recipient_and_without_a_sales_team_nobody_gets_it(mia):
    assert problem(Caller(mia).post(f"leads/{make_mql().pk}/offer/", {})) == (422, "no_recipient")


def test_only_an_mql_is_offered(mia, rob):
    lead = make_lead()
    assert problem(Caller(mia).post(f"leads/{lead.pk}/offer/", {"to_user": rob.pk})) == (422, "use_action")


def test_who_accepts_owns_the_lead(rosa, mia, north):
    handoff = make_handoff(to=north, by=mia)
    answer = act(rosa, handoff, "accept", {"rating": 4, "comment": "Knows what they want"})
    shown = answer.json()
    assert (answer.status_code, shown["status"], shown["decided_by"], shown["rating"]) == (200, "accepted", rosa.pk, 4)
    lead = Caller(rosa).get(f"leads/{handoff.lead_id}/").json()
    assert (lead["stage"], lead["owner"], lead["team"], lead["side"]) == ("accepted", rosa.pk, north.pk, "sales")


@pytest.mark.parametrize("rating", [0, 6, -1, "good", 10**20, 2.5])
def test_a_rating_is_one_to_five(rob, waiting, rating):
    assert act(rob, waiting, "accept", {"rating": rating}).status_code == 400


@pytest.mark.parametrize(
    ("body", "route", "stage", "status"),
    [
        ({"reason": "company_size", "comment": "4 people"}, "disqualify", "disqualified", "rejected"),
        ({"reason": "missing_data"}, "repair", "mql", "rejected"),
        ({"reason": "budget_later", "revisit_on": "2027-01-15"}, "nurture", "nurture", "rejected"),
        ({"reason": "wrong_rep"}, "reroute", "offered", "rejected"),
        ({"reason": "company_size", "route": "nurture"}, "nurture", "nurture", "rejected"),
    ],
)
def test_a_rejection_says_why_and_the_route_decides_where_the_lead_goes(rob, rosa, waiting, body, route, stage, status):
    shown = act(rob, waiting, "reject", body).json()
    assert (shown["status"], shown["reason"], shown["route"], shown["comment"]) == (
        status,
        body["reason"],
        route,
        body.get("comment", ""),
    )
    lead = Caller(rob).get(f"leads/{waiting.lead_id}/").json()
    assert lead["stage"] == stage
    if "revisit_on" in body:
        assert lead["revisit_on"] == body["revisit_on"]
    if route == "reroute":
        following = Caller(rob).get("handoffs/", status="open", lead=waiting.lead_id).json()["results"][0]
        assert (following["to_user"], following["follows"]) == (rosa.pk, waiting.pk)


def test_a_rejection_without_a_valid_reason_is_none(rob, waiting):
    assert problem(act(rob, waiting, "reject", {})) == (422, "reason_required")
    assert problem(act(rob, waiting, "reject", {"reason": "price"})) == (422, "unknown_reason")
    assert problem(act(rob, waiting, "reject", {"reason": "other"})) == (422, "comment_required")
    assert problem(act(rob, waiting, "reject", {"reason": "wrong_rep", "route": "bin"})) == (400, "invalid")
    assert Handoff.objects.get().status == "open"


def test_a_decided_one_is_409_for_who_might_answer_the_winner_too_and_403_for_who_never_may(
    rob, rosa, max_, sam, mia, ada, waiting
):
    act(rob, waiting, "accept")
    for verb, body in (("accept", {}), ("reject", {"reason": "wrong_rep"})):
        for person in (rob, rosa, max_, sam):
            answer = act(person, waiting, verb, body)
            assert (*problem(answer), answer.json()["by_name"]) == (409, "already_decided", "Rob")
            assert answer.json()["status"] == 409
        for person in (mia, ada):
            assert problem(act(person, waiting, verb, body)) == (403, "not_allowed")


def test_a_verdict_is_undone_for_ten_minutes(rob, rosa, waiting):
    due = Caller(rob).get(f"handoffs/{waiting.pk}/").json()["due_at"]
    act(rob, waiting, "accept")
    assert problem(act(rosa, waiting, "undo")) == (403, "not_allowed")

    shown = act(rob, waiting, "undo").json()

    assert (shown["status"], shown["due_at"], shown["decided_by"]) == ("open", due, None)
    assert Caller(rob).get(f"leads/{waiting.lead_id}/").json()["stage"] == "offered"
    assert problem(act(rob, waiting, "undo")) == (403, "not_allowed"), "there is no verdict of his any more"
    act(rob, waiting, "accept")
    Handoff.objects.update(decided_at=timezone.now() - timedelta(minutes=11))
    assert problem(act(rob, waiting, "undo")) == (409, "cannot_undo")


def test_nothing_is_undone_once_somebody_acted_since(rob, waiting):
    act(rob, waiting, "accept")
    Caller(rob).post(f"leads/{waiting.lead_id}/transition/", {"to": "qualified"})
    assert problem(act(rob, waiting, "undo")) == (409, "cannot_undo")


def test_marketing_takes_back_what_nobody_answered(mia, rob, waiting):
    assert act(mia, waiting, "withdraw").json()["status"] == "withdrawn"
    assert Caller(mia).get(f"leads/{waiting.lead_id}/").json()["stage"] == "mql"
    assert problem(act(mia, waiting, "withdraw")) == (409, "already_decided")
    answer = act(rob, waiting, "accept")
    assert (*problem(answer), answer.json()["by_name"]) == (409, "already_decided", "Mia")


def test_hand_offs_are_made_by_offering_only(mia, waiting):
    calls = Caller(mia)
    assert calls.post("handoffs/", {"lead": waiting.lead_id}).status_code == 405
    assert calls.patch(f"handoffs/{waiting.pk}/", {"status": "accepted"}).status_code == 405
    assert calls.delete(f"handoffs/{waiting.pk}/").status_code == 405


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verbs", [("accept", "accept"), ("accept", "reject"), ("accept", "withdraw")])
def test_of_two_answers_at_once_one_counts_and_the_other_is_told(mia, rob, rosa, north, verbs):
    handoff = make_handoff(to=north, by=mia)
    people = (rob, mia if verbs[1] == "withdraw" else rosa)
    bodies = {"reject": {"reason": "company_size"}}
    together, callers = Barrier(2), [Caller(person) for person in people]

    def answer(number):
        together.wait()
        return callers[number].post(f"handoffs/{handoff.pk}/{verbs[number]}/", bodies.get(verbs[number]))

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(in_own_connection(answer), range(2)))

    assert sorted(got.status_code for got in answers) == [200, 409]
    winner = [got.status_code for got in answers].index(200)
    told = answers[1 - winner].json()
    assert (told["code"], told["by"], told["by_name"]) == ("already_decided", people[winner].pk, str(people[winner]))
    assert Transition.objects.filter(lead=handoff.lead_id).count() == Lead.objects.get().seq == 4


@pytest.mark.django_db(transaction=True)
def test_of_two_offers_at_once_one_counts(mia, mona, rob, rosa):
    lead = make_mql()
    together = Barrier(2)
    offers = [(Caller(mia), rob.pk), (Caller(mona), rosa.pk)]

    def offer(pair):
        together.wait()
        return pair[0].post(f"leads/{lead.pk}/offer/", {"to_user": pair[1]})

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(in_own_connection(offer), offers))

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert Handoff.objects.get().to_user_id in {rob.pk, rosa.pk}


def test_what_nobody_answered_in_time_goes_to_the_next(mia, rob, rosa, waiting):
    Agreement.objects.create(version=1, status="active")
    out = StringIO()
    call_command("escalate", stdout=out)
    assert out.getvalue() == "1 lead passed on to somebody else.\n"
    escalate()

    shown = Caller(mia).get("handoffs/", lead=waiting.lead_id).json()["results"]
    assert [(row["status"], row["to_user"]) for row in shown] == [("open", rosa.pk), ("expired", rob.pk)]
    answer = act(rob, waiting, "accept")
    assert (*problem(answer), answer.json()["recipient"]) == (409, "already_decided", "Rosa")


@pytest.mark.parametrize(("hours_late", "status"), [(None, "open"), (24 * 365, "open"), (1, "expired")])
def test_by_itself_a_hand_off_is_passed_on_only_so_late_as_the_agreement_says(rosa, waiting, hours_late, status):
    Agreement.objects.create(version=1, status="active", hours_late_to_escalate=hours_late)
    Handoff.objects.update(due_at=timezone.now() - timedelta(hours=2))
    escalate()
    waiting.refresh_from_db()
    assert waiting.status == status


def test_before_anybody_signed_the_clock_only_advises(waiting):
    out = StringIO()
    call_command("escalate", stdout=out)
    assert out.getvalue() == "0 leads passed on to somebody else.\n"


def test_agreements_and_definitions_are_read(mia):
    Agreement.objects.create(version=1, status="active", hours_to_verdict=12)
    calls = Caller(mia)
    assert calls.get("agreements/", status="active").json()["results"][0]["hours_to_verdict"] == 12
    assert calls.get("definitions/").json()["results"] == []
    # Drafts are a manager's.
    assert (calls.post("agreements/", {}).status_code, calls.post("definitions/", {}).status_code) == (403, 403)


def test_it_is_put_off_and_brought_back(rob, waiting):
    Handoff.objects.filter(pk=waiting.pk).update(due_at=timezone.now() + timedelta(hours=5))
    until = timezone.now() + timedelta(hours=2)

    shown = act(rob, waiting, "snooze", {"until": until.isoformat()})
    assert (shown.status_code, datetime.fromisoformat(shown.json()["snoozed_until"])) == (200, until)
    assert act(rob, waiting, "snooze", {"until": None}).json()["snoozed_until"] is None

    late = act(rob, waiting, "snooze", {"until": (until + timedelta(hours=9)).isoformat()})
    assert problem(late) == (422, "cannot_snooze")
    assert "latest" in late.json()
    for body in ({}, {"until": "soon"}, {"until": until.isoformat(), "days": 1}):
        assert problem(act(rob, waiting, "snooze", body)) == (400, "invalid"), body


def test_only_who_may_answer_puts_off(mia, rosa, waiting):
    body = {"until": (timezone.now() + timedelta(hours=2)).isoformat()}
    assert problem(act(mia, waiting, "snooze", body)) == (403, "not_allowed")
    assert problem(act(rosa, waiting, "snooze", body)) == (403, "not_allowed")


def test_a_rejection_names_the_wrong_fields(rob, waiting):
    body = {"reason": "wrong_data", "wrong_fields": ["title", "phone"]}
    assert problem(act(rob, waiting, "reject", {**body, "wrong_fields": ["fax"]})) == (422, "unknown_field")
    assert act(rob, waiting, "reject", body).json()["wrong_fields"] == ["phone", "title"]
