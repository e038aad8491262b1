"""The table of moves, held against the one that marketing and sales agreed on."""

from leads.lifecycle import CLOCK_OF, MOVES, OWN_ACTION, RANK, SUCCESS, Clock, Stage, next_stages


def test_every_stage_is_on_one_clock():
    assert set(CLOCK_OF) == set(Stage)
    assert {stage.value for stage, clock in CLOCK_OF.items() if clock is Clock.WAITING} == {"offered"}


def test_success_stages_are_ranked_in_order_and_nurture_is_not_among_them():
    assert [RANK[stage] for stage in SUCCESS] == [1, 2, 3, 4, 5, 6, 7]
    assert Stage.NURTURE not in RANK


def test_stages_with_an_action_of_their_own_have_no_transition_door():
    doors = {to: {move.door for (_, end), move in MOVES.items() if end == to} for to in OWN_ACTION}
    assert all("transition" not in found for found in doors.values())


def test_next_stages_are_what_a_transition_may_do():
    assert {stage: [to.value for to in next_stages(stage)] for stage in Stage} == {
        Stage.INQUIRY: ["mql", "nurture", "disqualified", "accepted"],
        Stage.NURTURE: ["mql", "disqualified"],
        Stage.MQL: ["nurture", "disqualified", "accepted"],
        Stage.OFFERED: [],
        Stage.ACCEPTED: ["qualified", "nurture", "disqualified"],
        Stage.QUALIFIED: ["nurture", "disqualified"],
        Stage.OPPORTUNITY: [],
        Stage.CUSTOMER: [],
        Stage.LOST: ["nurture"],
        Stage.DISQUALIFIED: ["nurture"],
    }
