"""feedback/effects.py"""

from datetime import date, timedelta

import pytest

from crm.intervals import Counted
from feedback.effects import Effect, effects_on, windows
from feedback.models import Handoff, Improvement
from tests.factories import DAY, MONDAY, make_campaign, make_mql, reason

TODAY = MONDAY.date()
MARCH, MAY = date(2026, 3, 1), date(2026, 5, 1)


def change(on, kind="form"):
    return Improvement(on=on, kind=kind, text="Shorter")


def spans(pair):
    return [(window.start, window.end) for window in pair]


def test_ninety_days_on_either_side_up_to_today():
    assert spans(windows(change(MAY), [], today=date(2026, 5, 20))) == [
        (date(2026, 1, 31), MAY),
        (MAY, date(2026, 5, 21)),
    ]
    assert windows(change(MAY), [], today=date(2027, 1, 1))[1].days == 90


def test_another_change_cuts_and_one_on_purpose_does_not():
    others = [change(MARCH), change(date(2026, 6, 1)), change(date(2026, 4, 1), "none"), change(MAY)]
    assert spans(windows(change(MAY), others, today=date(2027, 1, 1))) == [(MARCH, MAY), (MAY, date(2026, 6, 1))]


@pytest.mark.parametrize(
    ("before", "after", "words", "tone"),
    [
        ((12, 30), (21, 29), "not enough data: 29 of 30", ""),
        ((9, 9), (0, 400), "not enough data: 9 of 30", ""),
        ((48, 80), (56, 70), "better, likely by 5–33 points", "good"),
        ((56, 70), (48, 80), "worse, likely by 5–33 points", "bad"),
        ((20, 40), (22, 40), "no difference proven", ""),
        ((0, 5000), (5000, 5000), "better, likely by 100 points", "good"),
    ],
)
def test_words(before, after, words, tone):
    effect = Effect(Counted(*before), Counted(*after))
    assert (effect.words, effect.tone) == (words, tone)


@pytest.mark.django_db
def test_verdicts_before_and_after_by_hand(rob, django_assert_max_num_queries):
    """Days from the change on: -91 too early; -90 and -1 before; 0 and 89 after; 90 too late."""
    webinar, now = make_campaign("Webinar"), MONDAY + 200 * DAY
    changed = Improvement.objects.create(campaign=webinar, kind="form", on=TODAY, text="Shorter")
    on_purpose = Improvement.objects.create(campaign=webinar, kind="none", on=TODAY, text="Fine as it is")
    rows = [
        (-91, "accepted", None), (-90, "rejected", "industry"), (-1, "accepted", None), (-1, "rejected", "wrong_rep"),
        (0, "accepted", None), (5, "open", None), (89, "rejected", "no_project"), (90, "accepted", None),
    ]  # fmt: skip
    for days, status, code in rows:
        at = MONDAY + days * DAY
        Handoff.objects.create(
            lead=make_mql(campaign=webinar), episode=1, to_user=rob, status=status, offered_at=at, waiting_since=at,
            due_at=at, decided_at=None if status == "open" else at, reason=code and reason(code),
            route="disqualify" if code else "",
        )  # fmt: skip

    with django_assert_max_num_queries(2):
        found = effects_on(webinar.pk, [changed, on_purpose], today=now.date())

    assert found == {changed.pk: Effect(Counted(1, 2), Counted(1, 2), 90, 90)}
    assert effects_on(webinar.pk, [on_purpose], today=now.date() + timedelta(days=1)) == {}
