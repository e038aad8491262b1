"""feedback/giving_up.py: sales gives a lead up only after the agreed attempts."""

import pytest

from feedback.giving_up import TooFewAttempts, transition_as_agreed
from feedback.models import Agreement
from feedback.verdicts import accept_handoff
from leads.activities import log_activity
from leads.models import Lead
from leads.subjects import subject_of
from tests.factories import HOUR, MONDAY, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement():
    return Agreement.objects.create(version=1, status="active", min_attempts=2)


@pytest.fixture
def lead(rob):
    return accept_handoff(make_handoff(to=rob, lead=make_mql(phone="+49 30 1")), by=rob, at=MONDAY + HOUR).lead


def call(lead, by, after, outcome="no_answer"):
    log_activity(subject_of(lead=lead), by=by, at=MONDAY + after, kind="call", outcome=outcome)


def give_up(lead, by, to="nurture"):
    why = reason("no_answer", "return") if to == "nurture" else reason("no_need", "disqualify")
    return transition_as_agreed(Lead.objects.get(pk=lead.pk), to, by=by, at=MONDAY + 90 * HOUR, reason=why)


@pytest.mark.parametrize("to", ["nurture", "disqualified"])
def test_too_few_attempts_say_how_many_are_agreed(agreement, lead, rob, to):
    call(lead, rob, 2 * HOUR)
    with pytest.raises(TooFewAttempts) as refused:
        give_up(lead, rob, to)
    assert (refused.value.code, refused.value.status, refused.value.extra) == (
        "too_few_attempts", 422, {"made": 1, "agreed": 2},
    )  # fmt: skip
    assert str(refused.value).startswith("1 attempt so far; 2 are agreed")
    lead.refresh_from_db()
    assert lead.stage == "accepted"


def test_enough_attempts_and_the_lead_goes_back(agreement, lead, rob):
    call(lead, rob, 2 * HOUR)
    call(lead, rob, 4 * HOUR)
    assert give_up(lead, rob).to_stage == "nurture"


def test_who_answered_need_not_be_called_again(agreement, lead, rob):
    call(lead, rob, 2 * HOUR, outcome="reached")
    assert give_up(lead, rob).to_stage == "nurture"


def test_a_manager_may_at_any_time(agreement, lead, max_):
    assert give_up(lead, max_).to_stage == "nurture"


def test_who_wants_no_contact_is_not_tried(agreement, lead, rob):
    Lead.objects.filter(pk=lead.pk).update(do_not_call=True, do_not_mail=True)
    assert give_up(lead, rob).to_stage == "nurture"


def test_until_both_sides_signed_nothing_is_demanded(lead, rob):
    Agreement.objects.create(version=1, status="proposed", min_attempts=2)
    assert give_up(lead, rob).to_stage == "nurture"


def test_over_the_api_too(client_for, agreement, lead, rob):
    body = {"to": "nurture", "reason": "no_answer"}
    url = f"/api/v1/leads/{lead.pk}/transition/"
    answer = client_for(rob).post(url, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "too_few_attempts")


def test_a_marketers_park_asks_for_no_attempts(agreement, mia):
    assert transition_as_agreed(make_mql(), "nurture", by=mia, at=MONDAY + HOUR).to_stage == "nurture"
