"""What marketing did for a rep's accounts: what counts, what does not, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Asset
from desk.queries.from_marketing import done_by_marketing
from feedback.models import Improvement, Request
from feedback.verdicts import reject_handoff
from leads.models import Company
from leads.touches import record_touch
from tests.factories import (
    DAY,
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_opportunity,
    reason,
)

pytestmark = pytest.mark.django_db

NOW = MONDAY + 3 * DAY


def titles(user, now=NOW):
    return [(done.title, done.text) for done in done_by_marketing(user, now=now).shown]


def improve(mia, **fields):
    return Improvement.objects.create(
        text="No students any more", by=mia, **{"kind": "targeting", "on": NOW.date(), **fields}
    )


def test_touches_of_marketing_and_answers_to_campaigns_at_own_accounts(rob, rosa):
    campaign = make_campaign()
    own, others = make_lead(last_name="Own", owner=rob), make_lead(last_name="Other", owner=rosa)
    acme = Company.objects.create(name="Acme")
    make_opportunity(owner=rob, company=acme)
    colleague = make_lead(last_name="Colleague", company=acme, owner=rosa)
    record_touch(own, at=NOW - HOUR, kind="mailed", by="marketing", campaign=campaign)
    record_touch(colleague, at=NOW - 2 * HOUR, kind="attend", by="buyer", campaign=campaign)
    for no_news in (
        {"lead": others, "at": NOW, "kind": "mailed", "by": "marketing"},
        {"lead": own, "at": NOW, "kind": "visit", "by": "buyer"},
        {"lead": own, "at": NOW, "kind": "meeting", "by": "sales"},
        {"lead": own, "at": NOW - 8 * DAY, "kind": "mailed", "by": "marketing"},
    ):
        record_touch(no_news.pop("lead"), **no_news)

    assert [title for title, _text in titles(rob)] == ["Lea Own", "Lea Colleague"]


def test_what_was_asked_for_and_done(rob, rosa, mia):
    asked = [(rob, "fulfilled", NOW), (rob, "declined", NOW), (rosa, "fulfilled", NOW)]
    for asker, status, closed in (*asked, (rob, "fulfilled", NOW - 40 * DAY)):
        Request.objects.create(
            kind="data_sheet", text="x", asked_by=asker, asked_at=MONDAY, status=status, answered_by=mia,
            answer="Sent to them", closed_at=closed,
        )  # fmt: skip

    assert titles(rob) == [("Sent to them", "You asked for a data sheet")]


def test_changes_made_because_of_what_the_rep_rejected(rob, sam, mia):
    fair, other = make_campaign("Fair"), make_campaign("Other")
    students, too_small = reason("competitor_or_student"), reason("company_size")
    handoff = make_handoff(to=rob, by=mia, lead=make_mql(campaign=fair))
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=students)

    improve(mia, campaign=fair, reason=students)
    improve(mia)
    for no_answer in ({"campaign": other}, {"reason": too_small}, {"kind": "none"}, {"on": (MONDAY - DAY).date()}):
        improve(mia, **{"campaign": fair, **no_answer})

    assert sorted(text for _title, text in titles(rob)) == [
        "Whom we aim at, Fair, because you said “Competitor or student”",
        "Whom we aim at, because of what you rejected",
    ]
    assert titles(sam) == []


def test_at_most_ten_lines_at_the_cost_of_one_of_each(rob, mia):
    lead = make_lead(owner=rob)

    def fill(count):
        for number in range(count):
            at = NOW - number * timedelta(minutes=1)
            record_touch(lead, at=at, kind="mailed", by="marketing")
            Request.objects.create(
                kind="other", text="x", asked_by=rob, asked_at=MONDAY, status="fulfilled", answer="x", closed_at=at
            )

    fill(1)
    with CaptureQueriesContext(connection) as one:
        assert len(done_by_marketing(rob, now=NOW).shown) == 2
    fill(20)
    with CaptureQueriesContext(connection) as many:
        done = done_by_marketing(rob, now=NOW)
    assert (len(done.shown), done.more, len(one), len(many)) == (10, True, 3, 3)


def test_new_content_is_news_for_everybody(rob):
    sheet = Asset.objects.create(name="Data sheet", kind="data_sheet")
    assert titles(rob, now=sheet.created_at + HOUR) == [("Data sheet", "New: data sheet")]
    assert titles(rob, now=sheet.created_at + 31 * DAY) == []
