"""What sales asks marketing for: who may, who was first, who is told, and how promises are kept."""

from datetime import date, timedelta

import pytest

from campaigns.models import Asset
from crm.errors import BusinessError, NotAllowed
from crm.models import Notification
from feedback.models import Request, RequestKind, RequestStatus
from feedback.requests import (
    AlreadyAnswered,
    accept_request,
    ask_marketing,
    day_to_promise,
    decline_request,
    fulfil_request,
    open_requests_for,
    take_back_request,
    undo_answer,
)
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_lead, make_user

pytestmark = pytest.mark.django_db

TODAY = MONDAY.date()
FRIDAY = date(2026, 3, 6)


@pytest.fixture
def asked(rob, mia):
    return ask(rob)


def ask(by, *, at=MONDAY, text="One page on the interface", **about):
    return ask_marketing(by=by, at=at, kind=RequestKind.DATA_SHEET, text=text, **about)


def bell(user):
    return list(Notification.objects.filter(user=user).order_by("at", "pk").values_list("title", "text"))


def test_marketing_is_told_and_each_answer_is_told_to_who_asked(rob, mia, mona, sam):
    request = ask(rob)
    accept_request(request, by=mia, at=MONDAY + HOUR, promised_on=FRIDAY)
    fulfil_request(request, by=mona, at=MONDAY + DAY, asset=Asset.objects.create(name="Interface on a page"))

    assert (request.status, request.answered_by, request.closed_at) == ("fulfilled", mia, MONDAY + DAY)
    assert bell(mia) == bell(mona) == [("Rob asks for a data sheet", "One page on the interface")]
    assert bell(rob) == [
        ("Mia promises it for 6 March", "One page on the interface"),
        ("Mona did what you asked for", "Interface on a page"),
    ]
    assert bell(sam) == []


def test_who_runs_the_campaign_of_the_lead_hears_alone(rob, mia, mona):
    ask(rob, lead=make_lead(campaign=make_campaign(owner=mia)))
    assert (len(bell(mia)), bell(mona)) == (1, [])


def test_of_two_marketers_at_once_the_second_reads_who_was_first(asked, mia, mona):
    as_mona_sees_it = Request.objects.get(pk=asked.pk)
    accept_request(asked, by=mia, at=MONDAY, promised_on=FRIDAY)

    with pytest.raises(AlreadyAnswered, match="Mia promised this for 6 March") as promised:
        accept_request(as_mona_sees_it, by=mona, at=MONDAY, promised_on=TODAY)
    with pytest.raises(AlreadyAnswered, match="Mia promised this"):
        decline_request(as_mona_sees_it, by=mona, at=MONDAY, answer="No time")

    asked.refresh_from_db()
    assert (asked.promised_on, asked.answered_by) == (FRIDAY, mia)
    assert promised.value.extra["by_name"] == "Mia"


def test_a_step_may_be_taken_only_where_it_is_possible(asked, rob, mia):
    take_back_request(asked, by=rob, at=MONDAY)
    for act, fields in (
        (accept_request, {"promised_on": FRIDAY}),
        (decline_request, {"answer": "No"}),
        (fulfil_request, {"answer": "x"}),
    ):  # fmt: skip
        with pytest.raises(AlreadyAnswered, match="Rob took this back"):
            act(asked, by=mia, at=MONDAY, **fields)
    with pytest.raises(AlreadyAnswered):
        take_back_request(asked, by=rob, at=MONDAY)


def test_rights(asked, rob, rosa, sam, mia, max_, ada):
    with pytest.raises(NotAllowed):
        ask(mia)
    for seller in (rob, max_):
        with pytest.raises(NotAllowed):
            accept_request(asked, by=seller, at=MONDAY, promised_on=FRIDAY)
    for stranger in (rosa, sam, mia):
        with pytest.raises(NotAllowed):
            take_back_request(asked, by=stranger, at=MONDAY)
    take_back_request(asked, by=max_, at=MONDAY)
    assert asked.status == RequestStatus.WITHDRAWN
    assert ask(ada).asked_by == ada


@pytest.mark.parametrize(
    ("act", "fields", "code"),
    [
        (accept_request, {"promised_on": date(2026, 3, 1)}, "promised_in_past"),
        (decline_request, {"answer": "  "}, "comment_required"),
        (fulfil_request, {}, "say_what"),
    ],
)
def test_an_answer_that_says_nothing_is_refused(asked, mia, act, fields, code):
    with pytest.raises(BusinessError) as refused:
        act(asked, by=mia, at=MONDAY, **fields)
    asked.refresh_from_db()
    assert (refused.value.code, asked.status) == (code, "open")


def test_a_day_that_has_passed_is_not_asked_for(rob):
    with pytest.raises(BusinessError) as refused:
        ask(rob, needed_on=TODAY - timedelta(days=1))
    assert (refused.value.code, Request.objects.count()) == ("needed_in_past", 0)


def test_undo_leads_back_one_step(asked, rob, mia):
    accept_request(asked, by=mia, at=MONDAY, promised_on=FRIDAY, answer="With a picture")
    fulfil_request(asked, by=mia, at=MONDAY + HOUR, answer="Sent by mail")

    undo_answer(asked, by=mia, at=MONDAY + HOUR, seen="fulfilled")
    assert (asked.status, asked.promised_on, asked.closed_at) == ("accepted", FRIDAY, None)
    assert asked.answer == "With a picture"

    with pytest.raises(BusinessError) as late:
        undo_answer(asked, by=mia, at=MONDAY + HOUR, seen="accepted")
    assert late.value.code == "cannot_undo"
    with pytest.raises(AlreadyAnswered):
        undo_answer(asked, by=mia, at=MONDAY, seen="declined")
    with pytest.raises(NotAllowed):
        undo_answer(asked, by=rob, at=MONDAY, seen="accepted")

    undo_answer(asked, by=mia, at=MONDAY, seen="accepted")
    assert (asked.status, asked.promised_on, asked.answered_by, asked.answer) == ("open", None, None, "")


def test_a_promise_begins_with_the_day_it_is_needed_by_else_a_week_on(rob):
    saturday = date(2026, 3, 7)
    assert day_to_promise(ask(rob, needed_on=FRIDAY), today=TODAY) == FRIDAY
    assert day_to_promise(ask(rob, needed_on=TODAY), today=FRIDAY) == date(2026, 3, 13)
    assert day_to_promise(ask(rob), today=saturday) == date(2026, 3, 16)


def test_a_marketer_sees_own_promises_by_day_and_what_nobody_answered(rob, mia, mona):
    waits, own, others = ask(rob), ask(rob), ask(rob)
    accept_request(own, by=mia, at=MONDAY, promised_on=FRIDAY)
    accept_request(others, by=mona, at=MONDAY, promised_on=TODAY)

    assert list(open_requests_for(mia)) == [own, waits]
    assert list(open_requests_for(rob)) == [others, own, waits]
    assert list(open_requests_for(make_user("sue"))) == []
