"""The report *attribution*: models side by side, reconciled to closed-won."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from campaigns.models import Asset
from crm.models import CurrencyRate
from funnel.attribution import ledger
from funnel.reports.attribution import to_cents
from funnel.reports.registry import REPORTS, question_for
from leads.touches import record_touch
from tests.factories import DAY, MONDAY, make_campaign, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
REPORT = REPORTS["attribution"]


def told(**parameters):
    ledger.rebuild()
    asked = {"from": "2026-03-01", "to": "2026-04-01", **parameters}
    return REPORT.tell(question_for(REPORT, asked, today=date(2026, 4, 1)), MONDAY + 30 * DAY)


def values(answer, model="linear"):
    return {row["label"]: row["value"]["amount"] for row in answer.rows if row["model"] == model}


def won(amount, lead=None, days=9, **fields):
    return make_opportunity(
        lead=lead,
        amount=amount and Decimal(amount),
        stage="won",
        outcome="won",
        closed_at=MONDAY + days * DAY,
        **fields,
    )


@pytest.fixture
def fair():
    return make_campaign("Fair", channel="event")


@pytest.fixture
def mail():
    return make_campaign("Mail", channel="email")


@pytest.fixture
def touched(fair, mail):
    """A lead of the fair that read two mails and a page."""
    lead = make_lead(campaign=fair, source="Stand")
    page = Asset.objects.create(name="Prices")
    record_touch(lead, at=MONDAY + DAY, campaign=mail, kind="click")
    record_touch(lead, at=MONDAY + 2 * DAY, campaign=mail, kind="click")
    record_touch(lead, at=MONDAY + 3 * DAY, channel="search", asset=page, kind="visit")
    return lead


def test_models_stand_side_by_side_by_campaign(touched):
    won(1_000, touched)

    answer = told(dimension="campaign")

    assert values(answer, "first") == {"Fair": "1000.00"}
    assert values(answer, "last") == {"(missing)": "1000.00"}
    assert values(answer) == {"Mail": "500.00", "(missing)": "250.00", "Fair": "250.00"}
    assert [row["conversions"] for row in answer.rows if row["model"] == "linear"] == [0.5, 0.25, 0.25]
    assert len({row["model"] for row in answer.rows}) == 8


@pytest.mark.parametrize(
    ("dimension", "found"),
    [
        ("channel", {"E-mail": "500.00", "Event": "250.00", "Search": "250.00"}),
        ("content", {"Prices": "250.00", "(missing)": "750.00"}),
        ("source", {"Stand": "1000.00"}),
        ("month", {"2026-03": "1000.00"}),
        ("", {"All": "1000.00"}),
    ],
)
def test_every_cut_adds_up_to_what_was_won(touched, dimension, found):
    won(1_000, touched)

    assert values(told(dimension=dimension)) == found


def test_rows_and_wins_without_touch_add_up_to_closed_won_in_every_model(touched):
    won("999.99", touched)
    won("100.01", make_lead(campaign=make_campaign("Third")))
    won(50)
    won(7, days=60)

    answer = told(dimension="campaign")

    sums = defaultdict(Decimal)
    for row in answer.rows:
        sums[row["model"]] += Decimal(row["value"]["amount"])
    assert set(sums.values()) == {Decimal("1150.00")}
    assert (answer.page.value, answer.page.deals, answer.page.untouched, answer.page.untouched_value) == (
        1_150,
        3,
        1,
        50,
    )
    assert values(answer)["No touch known"] == "50.00"
    assert sum(row["share"] for row in answer.rows if row["model"] == "full_path") == pytest.approx(1)


def test_wins_in_another_currency_are_shared_as_they_are_converted(touched):
    CurrencyRate.objects.create(currency="USD", on=date(2026, 3, 1), rate=Decimal("0.333333"))
    won("100.00", touched, currency="USD")
    won(10, make_lead(campaign=make_campaign("Third")), currency="GBP")

    answer = told(dimension="channel")

    assert sum(map(Decimal, values(answer).values())) == answer.page.value == Decimal("33.33")
    assert answer.notes[-1] == "1 amount in GBP has no rate on its day and is left out."


def test_only_the_models_asked_for(touched):
    won(1_000, touched)

    assert {row["model"] for row in told(models="single").rows} == {"first", "last"}


def test_a_row_and_a_filter_keep_their_touches_only(touched, mail):
    won(1_000, touched)

    assert values(told(dimension="campaign", key=str(mail.pk))) == {"Mail": "500.00"}
    assert values(told(dimension="campaign", channel="event")) == {"Fair": "250.00"}


def test_restatement_says_what_moved(touched):
    deal = won(1_000, touched)
    ledger.rebuild()
    visit = touched.touches.get(channel="search")

    record_touch(touched, at=visit.at, channel="email", kind="click", corrects=visit)
    page = told().page

    [restated] = page.restated
    assert (restated.opportunity, restated.words) == (deal.pk, "touches were corrected")
    assert {(one.channel, one.before, one.after) for one in restated.shifts} == {
        ("search", 250, 0),
        ("email", 500, 750),
    }


def test_nothing_won_is_no_row():
    assert told(dimension="campaign").rows == []
    assert told().page.value == 0


def test_window_and_half_life_stand_beside_the_figures(touched):
    won(1_000, touched)

    assert (
        told().notes[0].startswith("Touches of the 180 days before the close count; time decay halves every 30 days.")
    )


def test_cents_add_up_to_the_total():
    thirds = [Decimal(1) / 3] * 3

    assert to_cents(thirds, Decimal(1)) == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]
    assert to_cents([], Decimal(0)) == []


@pytest.mark.parametrize("many", [1, 20])
def test_same_queries_whatever_there_is(many, django_assert_max_num_queries):
    for number in range(many):
        won(100, make_lead(campaign=make_campaign(f"Campaign {number}")))
    ledger.rebuild()
    asked = {"from": "2026-03-01", "to": "2026-04-01", "dimension": "campaign"}
    question = question_for(REPORT, asked, today=date(2026, 4, 1))

    with django_assert_max_num_queries(10):
        assert len(REPORT.tell(question, MONDAY + 30 * DAY).rows) == 8 * many
