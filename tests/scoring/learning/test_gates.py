import pytest

from scoring.learning.gates import ANY_GOAL, Goal, Lean, Suspect, judge, not_enough, untested

SEEN = "of 1,200 leads it had not seen it ranks"
PAIRS = "78 of 100 pairs rightly (surely 74 or more), the rules 66"
GOOD = {
    "rows": 1_200,
    "positives": 300,
    "auc": 0.78,
    "auc_low": 0.74,
    "auc_high": 0.82,
    "rules_auc": 0.66,
    "brier_skill": 0.12,
}


def judged(learnt=400, *, by_time=True, left_out=(), lean=None, goal=ANY_GOAL, **figures):
    return judge(
        GOOD | figures, positives_learnt=learnt, by_time=by_time, left_out=list(left_out), lean=lean, goal=goal
    )


def test_l13_what_is_missing_is_said_in_numbers():
    judgement = not_enough(12, 35)
    assert judgement.status == "not_enough"
    assert judgement.verdict == (
        "Not enough data: it takes 28 more leads that reached the goal (12 of 40)"
        " and 5 more leads that did not (35 of 40)."
    )
    assert not_enough(40, 39).verdict == "Not enough data: it takes 1 more leads that did not (39 of 40)."
    assert not_enough(40, 40) is None


def test_who_reads_a_verdict_reads_the_word_of_the_goal():
    won = Goal(reached="won leads", missed="leads that were not won")
    assert not_enough(12, 35, won).verdict == (
        "Not enough data: it takes 28 more won leads (12 of 40) and 5 more leads that were not won (35 of 40)."
    )
    judgement = judged(1_050, positives=29, goal=won)
    assert judgement.verdict == "In the shadow: 29 of the 30 won leads it takes in the test."
    assert [gate.as_json() for gate in judgement.gates[:2]] == [
        {"gate": "Enough won leads to learn from", "needed": "at least 100", "reached": "1,050", "passed": True},
        {"gate": "Enough won leads in the test", "needed": "at least 30", "reached": "29", "passed": False},
    ]


def test_l13_better_than_the_rules_is_published():
    judgement = judged()
    assert judgement.status == "published"
    assert judgement.verdict == f"Better than the rules: {SEEN} {PAIRS}."
    assert [gate.passed for gate in judgement.gates] == [True] * 5


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"learnt": 99}, "In the shadow: 99 of the 100 leads that reached the goal it takes to learn from."),
        ({"positives": 29}, "In the shadow: 29 of the 30 leads that reached the goal it takes in the test."),
        (
            {"auc": 0.97},
            "In the shadow: 97 of 100 pairs right is too good to be true; a field may give the answer away.",
        ),
        (
            {"auc_low": 0.66},
            f"No better than the rules: {SEEN} 78 of 100 pairs rightly (surely 66 or more), the rules 66.",
        ),
        # Rules that point the wrong way do not make a coin good.
        (
            {"auc": 0.53, "auc_low": 0.49, "rules_auc": 0.4},
            f"No better than the rules: {SEEN} 53 of 100 pairs rightly (surely 49 or more), the rules 40.",
        ),
        (
            {"brier_skill": 0.0},
            f"No better than the average: {SEEN} {PAIRS}, but its shares do not come true.",
        ),
    ],
)
def test_l13_otherwise_it_stays_in_the_shadow_and_says_why(given, verdict):
    judgement = judged(**given)
    assert (judgement.status, judgement.verdict) == ("shadow", verdict)
    assert [gate.passed for gate in judgement.gates].count(False) == 1


def test_a_test_of_one_positive_has_no_interval():
    assert judged(positives=1, auc_low=None).status == "shadow"


def test_what_gives_the_answer_away_and_what_carries_it_are_named():
    verdict = judged(
        left_out=[Suspect("lead_status", 0.991)], lean=Lean("call_minutes", 0.9, 0.71), by_time=False
    ).verdict
    assert verdict.endswith(
        "“lead_status” is left out: alone 99 of 100 pairs right. It looks like it gives the answer away."
        " It leans on “call_minutes” (90 of 100 pairs with it, 71 without):"
        " make sure that it is known before the outcome."
        " The leads carry no usable dates, so a random fifth was tested, not the newest one."
    )


def test_a_test_that_could_not_be_held_says_why():
    assert untested(1_400).verdict == (
        "In the shadow: too few outcomes to learn from one part and test on another:"
        " the outcomes of 1,400 earlier leads were known only after the newest ones came in."
    )
