"""What an agreement's lists mean, and what is said of those that mean nothing."""

from decimal import Decimal

import pytest

from feedback.models import Agreement
from feedback.terms import (
    MEASURES,
    BadTerms,
    Goal,
    LevelException,
    RoleLine,
    Worth,
    check_terms,
    read_exceptions,
    read_goals,
    read_roles,
)
from leads.lifecycle import Stage


def band(score_from: int, worth: str | int) -> dict[str, str | int]:
    return {"score_from": score_from, "worth": worth}


def texts(terms: Agreement) -> list[str]:
    with pytest.raises(BadTerms) as caught:
        check_terms(terms)
    return [str(problem) for problem in caught.value.problems]


def test_exceptions_are_read_in_their_order():
    terms = Agreement(
        exceptions=[
            {"name": "Enterprise", "segments": ["Enterprise", "Public"], "score_from": 70, "hours_to_verdict": 4},
            {"name": "Cold", "score_to": 20, "min_attempts": 2, "hours_to_first_attempt": None},
        ]
    )

    assert read_exceptions(terms) == (
        LevelException("Enterprise", ("Enterprise", "Public"), score_from=70, hours_to_verdict=4),
        LevelException("Cold", score_to=20, min_attempts=2),
    )


@pytest.mark.parametrize(
    ("segment", "score", "fits"),
    [("Enterprise", 70, True), ("Enterprise", 69, False), ("Enterprise", 90, True), ("Enterprise", 91, False),
     ("Small", 80, False), ("", 80, False)],
)  # fmt: skip
def test_an_exception_fits_by_segment_and_score_with_both_bounds(segment, score, fits):
    exception = LevelException("Enterprise", ("Enterprise",), score_from=70, score_to=90)

    assert exception.fits(segment=segment, score=score) is fits


def test_an_exception_without_segment_fits_any():
    assert LevelException("Hot", score_from=80).fits(segment="", score=80)


def test_goals_and_roles_are_typed():
    terms = Agreement(
        goals=[
            {"measure": "mqls", "target": "240"},
            {"measure": "mql_value", "target": "300000", "worth": [band(60, "900"), band(0, "150.50")]},
        ],
        roles=[{"stage": "mql", "side": "marketing", "owner": "Nora", "promise": "handed over within a day"}],
    )

    assert read_goals(terms) == (
        Goal(MEASURES["mqls"], Decimal(240)),
        Goal(MEASURES["mql_value"], Decimal(300_000), (Worth(0, Decimal("150.50")), Worth(60, Decimal(900)))),
    )
    assert read_roles(terms) == (RoleLine(Stage.MQL, "marketing", "Nora", "handed over within a day"),)


def test_every_problem_is_named_with_its_place():
    terms = Agreement(
        exceptions=[
            {"name": "Fine", "segments": ["Enterprise"], "hours_to_verdict": 4},
            {"name": "Turned", "score_from": 80, "score_to": 20, "hours_to_verdict": 4},
            {"name": "", "segments": ["A"], "hours_to_verdict": 4.5},
        ],
        goals=[{"measure": "mqls", "target": "240"}, {"measure": "mqls", "target": "250"}],
        roles=[{"stage": "won", "side": "marketing"}],
    )

    assert texts(terms) == [
        "Exception 2: score_from is above score_to.",
        "Exception 3: name is missing.",
        "Exception 3: hours_to_verdict must be a whole number from 1 to 1000.",
        "Goal 2: this measure is there already.",
        f"Role 1: stage must be one of {', '.join(Stage.values)}.",
    ]


@pytest.mark.parametrize(
    ("exception", "text"),
    [
        ({"name": "All", "hours_to_verdict": 4}, "it needs a segment or a score, else it holds for all leads."),
        ({"name": "Idle", "segments": ["A"]}, "it changes nothing: give hours or attempts."),
        ({"name": "A", "segments": "A", "min_attempts": 1}, "segments must be a list of texts."),
        ({"name": "A", "score_from": True, "min_attempts": 1}, "score_from must be a whole number from 0 to 100."),
        ({"name": "A", "segments": ["A"], "min_attempts": 1, "hours": 3}, "there is no “hours” here."),
        ("A", "must be an object with named fields."),
    ],
)
def test_an_exception_that_makes_no_sense(exception, text):
    assert texts(Agreement(exceptions=[exception])) == [f"Exception 1: {text}"]


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        ({"measure": "likes", "target": "4"}, f"measure must be one of {', '.join(MEASURES)}."),
        ({"measure": "mqls", "target": "0"}, "target must be a number above zero."),
        ({"measure": "mqls", "target": "NaN"}, "target must be a number above zero."),
        ({"measure": "mqls", "target": "4.5"}, "a number of leads is whole."),
        ({"measure": "acceptance_rate", "target": "50"}, "a rate is a number from 0 to 1."),
        ({"measure": "mql_value", "target": "50"}, "say what a lead of each score is worth."),
        ({"measure": "mqls", "target": "5", "worth": [band(0, 1)]},
         "only Value of MQLs needs to know what leads are worth."),
        ({"measure": "mql_value", "target": "5", "worth": [band(0, -1)]},
         "each score from 0 to 100 needs an amount, not below zero."),
        ({"measure": "mql_value", "target": "5", "worth": [band(0, 1), band(0, 2)]},
         "each score may be there once."),
    ],
)  # fmt: skip
def test_a_goal_that_makes_no_sense(goal, text):
    assert text in texts(Agreement(goals=[goal]))[0]


@pytest.mark.parametrize("rows", ["x", {"a": 1}, None, [{}] * 51])
def test_what_is_no_list_is_refused(rows):
    assert texts(Agreement(exceptions=rows))[0] == "Exception 1: must be a list of at most 50 entries."
