"""feedback/quality.py: METRICS R5."""

import pytest

from crm.intervals import Counted
from feedback.quality import QualityIndex, index, promised, quality_index
from feedback.verdicts import accept_handoff, reject_handoff
from leads.lifecycle import Stage
from leads.models import LeadScore
from leads.transitions import move_lead
from tests.factories import MONDAY, make_campaign, make_handoff, make_lead, reason


def test_the_known_answer():
    assert index(12, 10) == pytest.approx(17 / 15)
    assert QualityIndex(accepted=12, judged=20, expected=10).value == pytest.approx(1.1333, abs=5e-5)


def test_no_verdict_is_neither_better_nor_worse():
    assert index(0, 0) == 1


def test_a_band_with_few_verdicts_is_pulled_to_the_whole():
    others = {7: Counted(40, 45), 2: Counted(0, 5)}
    assert promised(others, 7) == pytest.approx((40 + 5 * 0.8) / 50)
    assert promised(others, 2) == pytest.approx((0 + 5 * 0.8) / 10)
    assert promised(others, 5) == 0.8
    assert promised({}, 5) == 0.5


@pytest.mark.django_db
def test_what_other_campaigns_taught_about_a_score(rob):
    """
    others, score 70s:  8 accepted of 10; score 20s: 2 of 10; together 10 of 20
    promised 70s: (8 + 2.5) / 15 = 0.7; 20s: (2 + 2.5) / 15 = 0.3; unknown band: 0.5
    own: 2 of 3 in the 70s, 1 of 1 in the 20s, 1 of 1 in the 90s -> expected 2.1 + 0.3 + 0.5 = 2.9
    """
    webinar, fair = make_campaign("Webinar"), make_campaign("Fair")

    def answer(campaign, score, accepted, rejected):
        for number in range(accepted + rejected):
            lead = make_lead(campaign=campaign)
            LeadScore.objects.update_or_create(lead=lead, defaults={"shown": score, "scored_at": MONDAY})
            lead.refresh_from_db()
            move_lead(lead, Stage.MQL, by=None, at=MONDAY)
            handoff = make_handoff(to=rob, lead=lead)
            if number < accepted:
                accept_handoff(handoff, by=rob, at=MONDAY)
            else:
                reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("industry"))

    answer(fair, 72, 8, 2)
    answer(fair, 25, 2, 8)
    answer(webinar, 78, 2, 1)
    answer(webinar, 20, 1, 0)
    answer(webinar, 100, 1, 0)
    reject_handoff(make_handoff(to=rob), by=rob, at=MONDAY, reason=reason("wrong_rep"))

    found = quality_index(webinar.pk)

    assert (found.accepted, found.judged) == (4, 5)
    assert found.expected == pytest.approx(2.9)
    assert found.value == pytest.approx(9 / 7.9)
    assert found.is_thin
