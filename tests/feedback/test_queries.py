from datetime import timedelta

import pytest

from feedback.models import Handoff
from feedback.queries import latest_verdicts, unanswered, verdicts_of
from feedback.replies import reply_to
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict, withdraw_handoff
from tests.factories import HOUR, MONDAY, make_handoff, make_team, make_user, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def rob():
    return make_user("rob", team=make_team())


def test_verdicts_of_counts_acceptance_without_what_was_not_mine(rob):
    for hours in (1, 3):
        accept_handoff(make_handoff(to=rob), by=rob, at=MONDAY + hours * HOUR)
    for code, hours in (("company_size", 2), ("wrong_data", 10), ("no_project", 20), ("wrong_rep", 4)):
        reject_handoff(make_handoff(to=rob), by=rob, at=MONDAY + hours * HOUR, reason=reason(code))

    found = verdicts_of(Handoff.objects.all())

    assert (found.accepted, found.rejected, found.judged, found.acceptance) == (2, 3, 5, 0.4)
    assert found.answer_time == timedelta(hours=3.5)
    # Rerouted: the rejection opened the next hand-off.
    assert found.waiting == 1
    assert [(why.label, why.family_label, why.count) for why in found.reasons] == [
        ("Belongs to another rep", "Not mine", 1),
        ("Data is wrong", "Bad data", 1),
        ("Company too small or too large", "Not a fit", 1),
        ("No project at present", "Not now", 1),
    ]


def test_verdicts_of_forgets_what_was_undone_or_withdrawn(rob):
    undone = make_handoff(to=rob)
    accept_handoff(undone, by=rob, at=MONDAY)
    undo_verdict(undone, by=rob, at=MONDAY)
    mia = make_user("mia", role="marketer")
    withdraw_handoff(make_handoff(to=rob, by=mia), by=mia, at=MONDAY)

    found = verdicts_of(Handoff.objects.all())

    assert (found.accepted, found.reasons, found.waiting, found.acceptance, found.answer_time) == (0, [], 1, None, None)


def test_latest_verdicts_are_newest_first_and_no_open_ones(rob):
    first, second = make_handoff(to=rob), make_handoff(to=rob)
    make_handoff(to=rob)
    accept_handoff(second, by=rob, at=MONDAY + HOUR)
    reject_handoff(first, by=rob, at=MONDAY + 2 * HOUR, reason=reason("industry"))

    assert list(latest_verdicts(Handoff.objects.all())) == [first, second]


def test_an_answer_took_working_time(rob):
    handoff = make_handoff(to=rob)
    accept_handoff(handoff, by=rob, at=MONDAY + 60 * HOUR)
    Handoff.objects.update(answered_in=2 * HOUR)

    assert verdicts_of(Handoff.objects.all()).answer_time == timedelta(hours=2)


def test_a_comment_is_unanswered_until_marketing_replies(rob):
    handoff = make_handoff(to=rob)
    heads_marketing = make_user("mona", role="manager")
    make_team("North marketing", kind="marketing", manager=heads_marketing)
    reply_to(handoff, by=heads_marketing, at=MONDAY, text="Please call soon.")
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR, comment="Who is this?")
    reply_to(handoff, by=make_user("rosa"), at=MONDAY + HOUR, text="No idea.")
    everything = Handoff.objects.all()

    assert list(unanswered(everything)) == [handoff]

    reply_to(handoff, by=heads_marketing, at=MONDAY + 2 * HOUR, text="The owner.")

    assert list(unanswered(everything)) == []
