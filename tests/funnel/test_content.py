"""The report content (METRICS X1 to X3) by hand."""

from datetime import date, timedelta

import pytest

from campaigns.models import Asset
from crm.intervals import Counted
from funnel.handoffs.days import Days
from funnel.models import Attribution, Credit
from funnel.reports.content import CONTENT, tell
from funnel.reports.question import read
from funnel.times.lift import NOT_ENOUGH, NOT_PROVEN, PROVEN, Asked, lift, lifts, uses
from leads.merging import merge_leads
from leads.models import Activity, Touch
from tests.factories import make_lead
from tests.funnel.histories import count_figures, day, make_history

pytestmark = pytest.mark.django_db
AT = day(200)
YEAR = Days(date(2026, 1, 1), date(2027, 1, 1), AT)
ASKED = Asked(YEAR, timedelta(days=14), timedelta(days=60))


@pytest.fixture
def guide():
    return Asset.objects.create(name="Guide", kind="data_sheet")


def meets(lead, asset, at):
    return Touch.objects.create(lead=lead, kind="download", asset=asset, at=at, by="buyer")


def lead_of(moves=None, met=None, asset=None, **fields):
    """An MQL on day 1 that moved on and met the content on these days, if at all."""
    later = [("accepted", day(moves))] if moves is not None else []
    lead = make_history(("inquiry", day(0)), ("mql", day(1)), *later, **fields)
    if met is not None:
        meets(lead, asset, day(met))
    return lead


def mql(asked=ASKED, key=""):
    count_figures()
    return {place[1]: found for place, found in lifts(asked).items() if place[0] == key and place[2] == "mql"}


@pytest.fixture
def x1(guide):
    """METRICS X1: 10 touched of which 5 advance, 30 not touched of which 9 advance."""
    for number in range(10):
        lead_of(moves=30 if number < 5 else None, met=5, asset=guide)
    for number in range(30):
        lead_of(moves=30 if number < 9 else None)


def test_x1_lift_is_1_667_and_not_proven_as_the_intervals_overlap(x1, guide):
    found = mql()[guide.pk]

    assert (found.touched, found.others) == (Counted(5, 10), Counted(9, 30))
    assert found.ratio == pytest.approx(5 / 3)
    assert [round(bound, 3) for bound in (*found.touched.share[1:], *found.others.share[1:])] == [
        0.237, 0.763, 0.167, 0.479,
    ]  # fmt: skip
    assert found.verdict == NOT_PROVEN
    assert found.low < 1 < found.high


def test_x1_what_is_met_after_the_landmark_proves_nothing(guide):
    """Immortal time: who stays long meets more; who moved on before the landmark is not compared at all."""
    for _ in range(10):
        lead_of(moves=40, met=20, asset=guide)  # met after day 15
        lead_of(moves=3, met=2, asset=guide)  # moved on before
        lead_of(moves=None, met=2, asset=guide)

    found = mql()[guide.pk]
    assert (found.touched, found.others) == (Counted(0, 10), Counted(10, 10))


def test_x1_a_move_counts_within_the_time_after_the_landmark(guide):
    lead_of(moves=75, met=2, asset=guide)  # the last day: 1 + 14 + 60
    lead_of(moves=75.01, met=2, asset=guide)
    assert mql()[guide.pk].touched == Counted(1, 2)


def test_x1_whose_time_has_not_passed_is_left_out(guide):
    lead_of(met=2, asset=guide)
    count_figures()
    assert lifts(Asked(Days(YEAR.start, YEAR.end, day(75)), ASKED.landmark, ASKED.within))[("", guide.pk, "mql")]
    early = Asked(Days(YEAR.start, YEAR.end, day(74.9)), ASKED.landmark, ASKED.within)
    assert ("", guide.pk, "mql") not in lifts(early)


def test_x1_is_stratified_by_source(guide):
    """Simpson: the fair's leads move on and mostly met it, the web's do neither; within a source it changes nothing."""
    for source, touched, others in (("fair", (16, 20), (8, 10)), ("web", (2, 10), (8, 40))):
        for (moved, all_), met in ((touched, 5), (others, None)):
            for number in range(all_):
                lead_of(moves=30 if number < moved else None, met=met, asset=guide, source=source)

    found = mql()[guide.pk]
    assert found.ratio == pytest.approx(1.0)
    assert found.touched.rate / found.others.rate > 1.8


def test_x1_of_a_source_in_which_everybody_met_it_nothing_can_be_said(guide):
    """A prize draw: whoever came by it met it, and moved on rarely; other sources are no comparison."""
    for number in range(40):
        lead_of(met=5, asset=guide, source="draw")
        lead_of(moves=30 if number < 30 else None, source="web")

    found = mql()[guide.pk]
    assert (found.touched, found.compared, found.others) == (Counted(0, 40), Counted(0, 0), Counted(0, 0))
    assert (found.ratio, found.verdict) == (None, NOT_ENOUGH)


def test_the_interval_is_that_of_greenland_and_robins(x1, guide):
    """Of one source it is the usual one of a ratio of two shares (Katz)."""
    from math import exp, log, sqrt

    found = mql()[guide.pk]
    reach = 1.959964 * sqrt(1 / 5 - 1 / 10 + 1 / 9 - 1 / 30)
    assert (found.low, found.high) == pytest.approx((exp(log(5 / 3) - reach), exp(log(5 / 3) + reach)), rel=1e-6)


@pytest.mark.parametrize(
    ("touched", "others", "verdict"),
    [((5, 9), (9, 30), NOT_ENOUGH), ((5, 10), (2, 9), NOT_ENOUGH), ((28, 30), (5, 50), PROVEN),
     ((1, 50), (30, 40), PROVEN), ((5, 10), (9, 30), NOT_PROVEN)],
)  # fmt: skip
def test_what_is_said_of_it(touched, others, verdict):
    (a, n1), (c, n0) = touched, others
    all_ = n1 + n0
    spread = (n1 * n0 * (a + c) - a * c * all_) / all_**2
    found = lift(Counted(*touched), Counted(*touched), Counted(*others), a * n0 / all_, c * n1 / all_, spread)
    assert found.verdict == verdict


def test_without_anybody_to_compare_with_there_is_no_ratio():
    assert lift(Counted(3, 10), Counted(3, 10), Counted(0, 10), 1.5, 0.0, 0.1).ratio is None
    assert lift(Counted(0, 10), Counted(0, 10), Counted(3, 10), 0.0, 1.5, 0.1).ratio == 0


def test_what_sales_showed_counts_and_what_was_corrected_does_not(guide, rob):
    shown, corrected = lead_of(), lead_of()
    Activity.objects.create(lead=shown, kind="email", direction="outbound", at=day(3), by=rob, asset=guide, outcome="")
    wrong = meets(corrected, guide, day(2))
    Touch.objects.create(lead=corrected, kind="download", at=day(2), by="buyer", corrects=wrong)
    assert mql()[guide.pk].touched == Counted(0, 1)


def test_what_a_merged_lead_met_counts_for_the_one_that_stays(guide, mona):
    stays = lead_of()
    double = make_lead(at=day(0))
    meets(double, guide, day(2))
    merge_leads(stays, double, by=mona, at=day(3))
    assert mql()[guide.pk].touched == Counted(0, 1)


def test_uses_by_the_stage_a_lead_had_come_to(guide):
    lead = lead_of(moves=10, met=0, asset=guide)
    for at in (2, 3, 20):
        meets(lead, guide, day(at))
    count_figures()
    assert uses(ASKED) == {("", guide.pk, "inquiry"): 1, ("", guide.pk, "mql"): 1, ("", guide.pk, "accepted"): 1}


def ask(**parameters):
    given = {"from": "2026-01-01", "to": "2027-01-01", **parameters}
    return read(given, today=AT.date(), dimensions=CONTENT.dimensions, own=CONTENT.parameters)


def test_rows_of_the_report(x1, guide):
    count_figures()
    [row] = [row for row in tell(ask(), AT).rows if row["stage"] == "mql"]

    said = ("name", "at_risk", "advanced", "lift", "verdict", "uses", "rate", "others_rate", "missing")
    assert [row[name] for name in said] == ["Guide", 10, 5, 1.6667, "not proven", 10, 0.5, 0.3, ""]
    assert (round(row["lift_low"], 2), round(row["lift_high"], 2)) == (0.73, 3.81)


def test_cut_and_held_by_where_leads_came_from(guide):
    lead_of(met=2, asset=guide, source="fair")
    lead_of(met=2, asset=guide, source="web")
    count_figures()
    cut = [(row["key"], row["at_risk"]) for row in tell(ask(dimension="source"), AT).rows if row["stage"] == "mql"]
    assert cut == [("fair", 1), ("web", 1)]
    months = [(row["key"], row["uses"]) for row in tell(ask(dimension="month"), AT).rows if row["stage"] == "mql"]
    assert months == [("2026-01", 2)]
    held = [row["at_risk"] for row in tell(ask(source="fair"), AT).rows if row["stage"] == "mql"]
    assert held == [1]
    assert [row["missing"] for row in tell(ask(source="fair"), AT).rows if row["stage"] == "mql"] == [
        "1 of 10 that met it"
    ]


def test_x3_what_nobody_met_for_90_days_is_stale(guide):
    fresh, never = (Asset.objects.create(name=name, kind="article") for name in ("Fresh", "Never"))
    lead = make_lead(at=day(0))
    meets(lead, guide, AT - timedelta(days=90, seconds=1))
    meets(lead, fresh, AT - timedelta(days=90))
    Asset.objects.create(name="Put away", kind="article", archived_at=AT)
    count_figures()

    told = tell(ask(), AT)

    assert [name for _id, name, _at in told.page.stale] == ["Guide", "Never"]
    [row] = [row for row in told.rows if row["asset"] == never.pk]
    assert (row["stage"], row["verdict"], row["last_used_on"], row["is_stale"]) == (None, NOT_ENOUGH, None, True)


def test_x2_influence_is_what_the_ledger_credits(x1, guide):
    deal = Attribution.objects.create(
        opportunity=1, version=1, cause="closed", at=AT, amount=1000, currency="EUR",
        closed_at=day(120), closed_on=date(2026, 5, 1), touches=2, lookback_days=180, half_life_days=30,
    )  # fmt: skip
    for model, amount in (("linear", 400), ("first", 1000)):
        Credit.objects.create(
            attribution=deal, model=model, touch=1, asset=guide.pk, share=0.4,
            amount=amount,
        )  # fmt: skip
    count_figures()

    def influence(**parameters):
        return tell(ask(**parameters), AT).rows[0]["influence"]

    assert influence() == {"amount": "400.00", "currency": "EUR"}
    assert influence(model="first") == {"amount": "1000.00", "currency": "EUR"}
    assert influence(to="2026-05-01") == {"amount": "0.00", "currency": "EUR"}
