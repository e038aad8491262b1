"""feedback/closed_loop.py: METRICS F4, counted by hand."""

from datetime import timedelta

import pytest

from feedback.closed_loop import closed_loop_rate, open_rejections
from feedback.models import Agreement, Improvement
from feedback.verdicts import reject_handoff
from tests.factories import DAY, MONDAY, make_campaign, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()
START, END = TODAY - timedelta(days=100), TODAY + timedelta(days=1)


@pytest.fixture
def webinar(db):
    return make_campaign("Webinar")


@pytest.fixture
def fair(db):
    return make_campaign("Fair")


@pytest.fixture
def rejected(rob):
    """Reject a lead of ``campaign`` so many days ago."""

    def reject(campaign, code, days):
        at = MONDAY - days * DAY
        handoff = make_handoff(to=rob, lead=make_mql(campaign=campaign, at=at), at=at)
        return reject_handoff(handoff, by=rob, at=at, reason=reason(code))

    return reject


def change(days, *, campaign=None, code="", kind="form"):
    day = TODAY - timedelta(days=days)
    answers = reason(code) if code else None
    return Improvement.objects.create(campaign=campaign, reason=answers, kind=kind, on=day, text="Something")


def rate(start=START, end=END):
    return tuple(closed_loop_rate(start, end, at=MONDAY))


def test_f4_answered_open_and_not_yet_due_by_hand(rejected, webinar, fair, north):
    """
    campaign  reason         days ago  answered by                              due  answered
    webinar   company_size   60        its own change, 40 days ago               1     1
    webinar   company_size   71        the same change, 31 days later: too late  1     0
    webinar   company_size   70        the same change, on the last day          1     1
    webinar   industry       60        nothing for this reason                   1     0
    fair      company_size   60        nothing for this campaign                 1     0
    fair      geography      10        "nothing, on purpose" 5 days ago          1     1
    fair      geography      4         that came before it                       -     -
    webinar   industry       30        nothing yet, its last day is today        -     -
    webinar   industry       31        nothing                                   1     0
    webinar   wrong_rep      60        says nothing about the lead               -     -
    """
    for campaign, code, days in (
        (webinar, "company_size", 60), (webinar, "company_size", 71), (webinar, "company_size", 70),
        (webinar, "industry", 60), (fair, "company_size", 60), (fair, "geography", 10), (fair, "geography", 4),
        (webinar, "industry", 30), (webinar, "industry", 31), (webinar, "wrong_rep", 60),
    ):  # fmt: skip
        rejected(campaign, code, days)
    change(40, campaign=webinar, code="company_size")
    change(5, campaign=fair, code="geography", kind="none")

    assert rate() == (3, 7)
    assert rate(end=TODAY - timedelta(days=59)) == (2, 5)
    assert rate() == (3, 7)


def test_a_change_without_campaign_or_reason_answers_all_of_them(rejected, webinar, fair):
    for campaign, code in ((webinar, "industry"), (fair, "no_project"), (None, "industry")):
        rejected(campaign, code, 40)
    assert rate() == (0, 3)
    for_all = change(35, code="industry")
    assert rate() == (2, 3)
    for_all.reason = None
    for_all.save()
    assert rate() == (3, 3)


def test_a_new_definition_in_force_answers_not_a_fit_alone(rejected, webinar):
    rejected(webinar, "industry", 40)
    rejected(webinar, "missing_data", 40)
    agreement = Agreement.objects.create(
        version=7, status="proposed", definition_version=2, effective_from=TODAY - timedelta(days=20)
    )
    assert rate() == (0, 2)
    agreement.status = "active"
    agreement.save()
    assert rate() == (1, 2)


def test_nothing_rejected_is_no_rate(db):
    assert rate() == (0, 0)
    assert closed_loop_rate(START, END, at=MONDAY).rate is None


def test_what_waits_for_an_answer_largest_first(rejected, webinar, fair):
    for campaign, code, days in (
        (webinar, "industry", 3), (webinar, "industry", 12), (fair, "geography", 2), (None, "geography", 5),
        (fair, "no_project", 31), (fair, "missing_data", 9), (fair, "wrong_rep", 2),
    ):  # fmt: skip
        rejected(campaign, code, days)
    change(9, campaign=fair, code="missing_data")

    found = open_rejections(at=MONDAY)

    assert found.count == 4
    assert [(group.campaign_name, group.reason, group.count) for group in found.groups] == [
        ("Webinar", reason("industry").pk, 2),
        ("", reason("geography").pk, 1),
        ("Fair", reason("geography").pk, 1),
    ]
    assert found.groups[0].answer_by == TODAY + timedelta(days=18)
    assert open_rejections(at=MONDAY, campaigns=[fair.pk]).count == 1
    assert open_rejections(at=MONDAY, campaigns=[]).count == 0
