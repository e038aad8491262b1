import pytest
from django.db import IntegrityError, transaction

from crm.errors import BusinessError, NotAllowed, StaleState
from leads.converting import convert_lead
from leads.errors import CannotUndo
from leads.opportunities import change_stage, close_opportunity, reopen_opportunity
from leads.transitions import transition_lead
from tests.factories import DAY, HOUR, MONDAY, make_opportunity, reason
from tests.leads.test_converting import accepted_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rob):
    return convert_lead(accepted_lead(rob), by=rob, at=MONDAY + HOUR)[0]


def stage_of(deal):
    deal.lead.refresh_from_db()
    return deal.lead.stage


def test_stages_carry_their_probability(deal, rob):
    changed = change_stage(deal, "proposal", by=rob, at=MONDAY + DAY)
    assert (changed.stage, changed.probability, changed.stage_since) == ("proposal", 60, MONDAY + DAY)


def test_won_and_lost_are_not_set_as_stages(deal, rob):
    with pytest.raises(BusinessError) as error:
        change_stage(deal, "won", by=rob, at=MONDAY)
    assert error.value.code == "use_action"


def test_the_first_won_deal_makes_a_customer(deal, rob):
    won = close_opportunity(deal, outcome="won", by=rob, at=MONDAY + DAY)
    assert (won.stage, won.outcome, won.probability, won.forecast_category) == ("won", "won", 100, "closed")
    assert stage_of(deal) == "customer"


def test_lost_demands_a_reason(deal, rob):
    with pytest.raises(BusinessError, match="why it was lost"):
        close_opportunity(deal, outcome="lost", by=rob, at=MONDAY + DAY)
    assert stage_of(deal) == "opportunity"


def test_a_lead_is_lost_only_when_no_deal_of_it_is_open_or_won(deal, rob, north):
    second = make_opportunity(lead=deal.lead, owner=rob, team=north)
    close_opportunity(deal, outcome="lost", by=rob, at=MONDAY + DAY, reason=reason("price", "loss"))
    assert stage_of(deal) == "opportunity"
    close_opportunity(second, outcome="lost", by=rob, at=MONDAY + DAY, reason=reason("no_decision", "loss"))
    assert stage_of(deal) == "lost"


def test_closing_twice_is_told(deal, rob):
    close_opportunity(deal, outcome="won", by=rob, at=MONDAY + DAY)
    with pytest.raises(StaleState, match="was won"):
        close_opportunity(deal, outcome="lost", by=rob, at=MONDAY + DAY, reason=reason("price", "loss"))


def test_only_owner_and_manager_work_it(deal, rosa, mia, max_):
    for stranger in (rosa, mia):
        with pytest.raises(NotAllowed):
            change_stage(deal, "proof", by=stranger, at=MONDAY)
    assert change_stage(deal, "proof", by=max_, at=MONDAY).stage == "proof"


def test_reopen_takes_deal_and_lead_back(deal, rob):
    change_stage(deal, "negotiation", by=rob, at=MONDAY + DAY)
    close_opportunity(deal, outcome="won", by=rob, at=MONDAY + 2 * DAY)

    open_again = reopen_opportunity(deal, by=rob, at=MONDAY + 3 * DAY)

    assert (open_again.stage, open_again.outcome, open_again.closed_at) == ("negotiation", "", None)
    assert stage_of(deal) == "opportunity"


def test_reopening_one_won_deal_of_two_keeps_the_customer(deal, rob, north):
    second = make_opportunity(lead=deal.lead, owner=rob, team=north)
    close_opportunity(deal, outcome="won", by=rob, at=MONDAY + DAY)
    close_opportunity(second, outcome="won", by=rob, at=MONDAY + DAY)
    reopen_opportunity(deal, by=rob, at=MONDAY + DAY)
    assert stage_of(deal) == "customer"


def test_reopen_is_refused_once_the_lead_moved_on(deal, rob):
    close_opportunity(deal, outcome="lost", by=rob, at=MONDAY + DAY, reason=reason("timing", "loss"))
    lead = deal.lead
    lead.refresh_from_db()
    transition_lead(lead, "nurture", by=rob, at=MONDAY + 2 * DAY)
    with pytest.raises(CannotUndo, match="In nurture"):
        reopen_opportunity(deal, by=rob, at=MONDAY + 3 * DAY)
    deal.refresh_from_db()
    assert deal.outcome == "lost"


@pytest.mark.parametrize("fields", [{"amount": "-1"}, {"outcome": "won"}, {"closed_at": MONDAY}, {"stage": "won"}])
def test_the_database_keeps_amounts_and_closes_honest(db, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_opportunity(**fields)
