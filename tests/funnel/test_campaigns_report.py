"""The report *campaigns* (METRICS 9)."""

from datetime import date
from decimal import Decimal

import pytest

from crm.models import CurrencyRate
from funnel.attribution.returns import roi, romi
from funnel.facts import recompute
from funnel.models import FigureSettings
from funnel.reports.registry import REPORTS, question_for
from leads.touches import record_touch
from tests.factories import DAY, MONDAY, make_campaign, make_lead, make_opportunity, make_spend
from tests.funnel.histories import make_history

pytestmark = pytest.mark.django_db
REPORT = REPORTS["campaigns"]
PATH = ("inquiry", "mql", "accepted", "opportunity", "customer")


def told(at=MONDAY + 30 * DAY, **parameters):
    recompute.rebuild()
    asked = {"from": "2026-03-01", "to": "2026-04-01", **parameters}
    return REPORT.tell(question_for(REPORT, asked, today=at.date()), at)


def row(answer, label):
    [found] = [row for row in answer.rows if row["label"] == label]
    return found


def reached(campaign, stage, many=1):
    steps = PATH[: PATH.index(stage) + 1]
    for _ in range(many):
        make_history(*[(step, MONDAY + n * DAY) for n, step in enumerate(steps)], campaign=campaign)


def won(amount, lead=None, days=9, **fields):
    return make_opportunity(
        lead=lead, amount=Decimal(amount), stage="won", outcome="won", closed_at=MONDAY + days * DAY, **fields
    )


def euros(amount):
    return {"amount": amount, "currency": "EUR"}


def margin(share):
    FigureSettings.objects.update_or_create(pk=1, defaults={"gross_margin": Decimal(share)})


def test_r1_roi_and_r2_romi_of_50_000():
    assert roi(50_000, 10_000) == 4.0
    assert romi(50_000, 10_000, Decimal("0.6")) == pytest.approx(2.0)
    assert (roi(50_000, 0), romi(50_000, 10_000, None)) == (None, None)


def test_r2_romi_of_a_campaign_waits_for_the_gross_margin():
    fair = make_campaign("Fair")
    make_spend(fair, "10000")
    won(50_000, make_lead(campaign=fair))

    before = told()
    margin("0.6")

    assert (row(before, "Fair")["roi"], row(before, "Fair")["romi"]) == (4.0, None)
    assert before.notes[-1] == "ROMI stays empty until the gross margin is set under Settings, Figures."
    assert row(told(), "Fair")["romi"] == pytest.approx(2.0)


def test_r3_cost_per_mql_accepted_opportunity_and_customer():
    """12,000 for 80 MQL, 52 accepted, 13 opportunities and 3 won."""
    fair = make_campaign("Fair")
    make_spend(fair, "12000")
    for stage, many in (("mql", 28), ("accepted", 39), ("opportunity", 10), ("customer", 3)):
        reached(fair, stage, many)

    found = row(told(), "Fair")

    assert [found[name] for name in ("mqls", "accepted", "opportunities", "customers")] == [80, 52, 13, 3]
    assert [found[f"cost_per_{name}"]["amount"] for name in ("mql", "accepted", "opportunity", "customer")] == [
        "150.00", "230.77", "923.08", "4000.00",
    ]  # fmt: skip


def test_r3_what_nobody_reached_has_no_cost():
    make_spend(make_campaign("Prize draw"), "8200")

    found = row(told(), "Prize draw")

    assert [found[name] for name in ("cost_per_inquiry", "cost_per_customer")] == [None, None]
    assert (found["cost"], found["roi"]) == (euros("8200.00"), -1.0)


def test_cost_is_not_multiplied_by_wins_touches_or_leads():
    fair = make_campaign("Fair")
    make_spend(fair, "60")
    make_spend(fair, "40")
    for _ in range(3):
        lead = make_lead(campaign=fair)
        record_touch(lead, at=MONDAY + DAY, campaign=fair, kind="click")
        won(1_000, lead)

    found = row(told(), "Fair")

    assert found["cost"] == euros("100.00")
    assert found["sourced"] == found["influenced"] == euros("3000.00")
    assert found["cost_per_inquiry"] == euros("33.33")


def test_costs_and_wins_in_other_currencies_take_the_rate_of_their_day():
    CurrencyRate.objects.create(currency="USD", on=date(2026, 3, 2), rate=Decimal("0.9"))
    CurrencyRate.objects.create(currency="USD", on=date(2026, 3, 20), rate=Decimal("0.5"))
    fair = make_campaign("Fair")
    make_spend(fair, "100", currency="USD")
    make_spend(fair, "100", currency="USD", on=date(2026, 3, 1))
    won(200, make_lead(campaign=fair), days=20, currency="USD")

    answer = told()

    assert (row(answer, "Fair")["cost"], row(answer, "Fair")["sourced"]) == (euros("90.00"), euros("100.00"))
    assert answer.notes[0] == "1 amount in USD has no rate on its day and is left out."


def test_r4_open_deals_are_expected_by_their_chance():
    """Too few deals ended to learn chances from, so that each has the one set on it."""
    margin("0.5")
    fair = make_campaign("Fair")
    make_spend(fair, "1000")
    won(1_000, make_lead(campaign=fair))
    make_opportunity(lead=make_lead(campaign=fair), amount=Decimal(4_000), probability=50)

    found = row(told(), "Fair")

    assert (found["open"], found["expected"]) == (1, euros("2000.00"))
    assert found["expected_return"] == pytest.approx((0.5 * (1_000 + 2_000) - 1_000) / 1_000)
    assert found["expected_return_low"] < found["expected_return"] < found["expected_return_high"]


def test_rows_of_channels_kinds_and_campaigns_above_add_up():
    year = make_campaign("Year", channel="event", kind="strategic")
    spring = make_campaign("Spring", channel="event", kind="strategic", parent=year)
    mail = make_campaign("Mail", channel="email", kind="tactical")
    for campaign, cost in ((year, "10"), (spring, "20"), (mail, "40")):
        make_spend(campaign, cost)
        reached(campaign, "mql")
    lead = make_lead(campaign=year)
    record_touch(lead, at=MONDAY + DAY, campaign=spring, kind="attend")
    won(100, lead)

    def costs(dimension):
        return {row["label"]: (row["cost"]["amount"], row["mqls"]) for row in told(dimension=dimension).rows}

    assert costs("parent") == {"Year": ("30.00", 2), "Mail": ("40.00", 1)}
    assert costs("channel") == {"Event": ("30.00", 2), "E-mail": ("40.00", 1)}
    assert costs("campaign_kind") == {"Strategic": ("30.00", 2), "Tactical": ("40.00", 1)}
    assert row(told(dimension="parent"), "Year")["influenced"] == euros("100.00")
    assert row(told(dimension="campaign", channel="email"), "Mail")["key"] == str(mail.pk)
    assert len(told(channel="email").rows) == 1


def test_sourced_of_campaigns_without_one_and_of_others_is_all_that_was_won():
    fair = make_campaign("Fair")
    won(100, make_lead(campaign=fair))
    won(50, make_lead(source="Website"))
    won(25)

    page = told().page

    assert (page.won, page.by_campaigns, page.without_campaign, page.others) == (175, 100, 50, 25)


def test_return_can_be_on_what_a_model_credits():
    from funnel.attribution import ledger

    fair, mail = make_campaign("Fair"), make_campaign("Mail", channel="email")
    make_spend(fair, "100")
    lead = make_lead(campaign=fair)
    record_touch(lead, at=MONDAY + DAY, campaign=mail, kind="click")
    won(1_000, lead)
    ledger.rebuild()

    assert row(told(), "Fair")["roi"] == 9.0
    assert row(told(credit="linear"), "Fair")["roi"] == 4.0
    assert row(told(credit="last"), "Mail")["credited"] == euros("1000.00")


def test_r5_quality_index_sets_verdicts_beside_what_scores_promised(rob):
    from feedback.verdicts import accept_handoff
    from tests.factories import make_handoff, make_mql

    good, other = make_campaign("Good"), make_campaign("Other")
    for campaign in (good, other):
        accept_handoff(make_handoff(to=rob, lead=make_mql(campaign=campaign)), by=rob, at=MONDAY)

    found = row(told(), "Good")

    # Of the other's one lead one was accepted: 1 is promised of this one, and 1 was accepted.
    assert (found["judged"], found["acceptance"], found["quality_index"]) == (1, 1.0, 1.0)


def test_by_start_date_revenue_is_of_the_leads_that_began_then():
    fair = make_campaign("Fair")
    won(100, make_lead(campaign=fair), days=60)
    won(20, make_lead(campaign=fair, at=MONDAY - 30 * DAY))
    make_opportunity(lead=make_lead(campaign=fair, at=MONDAY - 30 * DAY), amount=Decimal(10), probability=10)
    make_opportunity(lead=make_lead(campaign=fair), amount=Decimal(40), probability=50, opened_at=MONDAY - 9 * DAY)
    later = MONDAY + 70 * DAY

    by_start, by_activity = told(at=later), told(at=later, basis="period")

    started, active = row(by_start, "Fair"), row(by_activity, "Fair")
    assert (started["sourced"], started["expected"]) == (euros("100.00"), euros("20.00"))
    # What was won in May was open at the end of March.
    assert (active["sourced"], active["expected"]) == (euros("20.00"), euros("11.00"))
    assert (by_start.page.won, by_activity.page.won) == (100, 20)


@pytest.mark.parametrize("many", [1, 20])
def test_same_queries_whatever_there_is(many, django_assert_max_num_queries):
    for number in range(many):
        campaign = make_campaign(f"Campaign {number}")
        make_spend(campaign, "10")
        won(100, make_lead(campaign=campaign))
    recompute.rebuild()
    question = question_for(REPORT, {"from": "2026-03-01", "to": "2026-04-01"}, today=date(2026, 4, 1))

    with django_assert_max_num_queries(23):
        assert len(REPORT.tell(question, MONDAY + 30 * DAY).rows) == many
