"""The report win-loss: what was won of what was decided, and why the rest was lost."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import CurrencyRate
from funnel.deals.chosen import opportunities_behind, read_chosen
from funnel.models import FigureSettings
from funnel.reports.question import Question
from funnel.reports.win_loss import tell
from leads.models import Company, Opportunity
from tests.factories import make_lead, make_opportunity, make_team, make_user, reason

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 10, 12, tzinfo=UTC)
QUARTER = Question(date(2026, 1, 1), date(2026, 4, 1), basis="period")


def deal(outcome="", *, closed=date(2026, 2, 1), days=30, amount=None, **fields):
    """One opened ``days`` before it closed at noon; the open ones on the day before the quarter."""
    at = datetime.combine(closed, datetime.min.time(), UTC).replace(hour=12) if outcome else None
    opened = at - timedelta(days=days) if at else datetime(2025, 12, 31, tzinfo=UTC)
    return make_opportunity(
        stage=outcome or "discovery", outcome=outcome, closed_at=at, opened_at=fields.pop("opened_at", opened),
        amount=amount and Decimal(amount), **fields,
    )  # fmt: skip


def deals(won=0, lost=0, open_=0, **fields):
    """Many at once."""
    for outcome, count in (("won", won), ("lost", lost), ("", open_)):
        for _number in range(count):
            deal(outcome, **fields)


def rows_by(dimension, **changes):
    return {row["key"]: row for row in tell(replace(QUARTER, dimension=dimension, **changes), NOW).rows}


def counts(row):
    return row["won"], row["lost"], row["open"]


def behind(address, at=NOW):
    query = address.partition("?")[2]
    parameters = dict(part.split("=") for part in query.split("&"))
    return opportunities_behind(read_chosen(parameters, today=at.date()), at=at).total


# Known answers


def test_p1_won_of_won_and_lost_with_open_ones_left_out():
    deals(won=45, lost=135, open_=80)
    [row] = tell(QUARTER, NOW).rows
    assert (counts(row), row["win_rate"]) == ((45, 135, 80), 0.25)
    assert (row["win_rate_low"], row["win_rate_high"]) == pytest.approx((0.1924, 0.3180), abs=5e-5)


def test_p1_by_value():
    for outcome, amount in (("won", "100"), ("won", "50"), ("lost", "300")):
        deal(outcome, amount=amount)
    deal("", amount="1000")
    [row] = tell(QUARTER, NOW).rows
    assert row["value_win_rate"] == pytest.approx(1 / 3)
    assert row["won_value"] == {"amount": "150.00", "currency": "EUR"}
    assert row["mean_won_value"] == row["median_won_value"] == {"amount": "75.00", "currency": "EUR"}


def test_no_decision_is_a_loss_of_a_class_of_its_own():
    deals(lost=3, reason=reason("no_decision", "loss"))
    deals(lost=2, reason=reason("price", "loss"))
    deals(lost=1, won=1)
    found = rows_by("reason")
    assert {key: (row["label"], row["lost"]) for key, row in found.items()} == {
        "no_decision": ("No decision", 3), "price": ("Price or budget", 2), "(missing)": ("No reason given", 1),
    }  # fmt: skip
    first = found["no_decision"]
    assert (first["share_of_lost"], first["share_of_lost_low"], first["share_of_lost_high"]) == pytest.approx(
        (0.5, 0.1876, 0.8124), abs=5e-5
    )
    [row] = tell(QUARTER, NOW).rows
    assert row["no_decision"] == 3


# Edges


def test_only_what_closed_in_the_days_counts():
    for closed in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1)):
        deal("won", closed=closed)
    [row] = tell(QUARTER, NOW).rows
    assert counts(row) == (2, 0, 1)  # the one closed in April was open at the end of March


def test_nothing_to_divide_by_is_no_rate():
    [row] = tell(QUARTER, NOW).rows
    assert counts(row) == (0, 0, 0)
    assert [row[name] for name in ("win_rate", "value_win_rate", "mean_days_to_win", "mean_won_value")] == [None] * 4


def test_losses_without_an_amount_leave_the_rate_by_value_untold():
    deal("won", amount="100")
    deal("lost")
    told = tell(QUARTER, NOW)
    assert told.rows[0]["value_win_rate"] is None
    assert "No lost opportunity has an amount, so the win rate by value cannot be told." in told.notes


def test_money_by_the_rate_of_the_day_of_the_close():
    for on, rate in ((date(2026, 1, 1), "0.5"), (date(2026, 3, 1), "2")):
        CurrencyRate.objects.create(currency="USD", on=on, rate=Decimal(rate))
    deal("won", amount="100", currency="USD")
    deal("won", amount="100", currency="GBP")
    told = tell(QUARTER, NOW)
    assert told.rows[0]["won_value"]["amount"] == "50.00"
    assert any("GBP" in note for note in told.notes)


def test_days_run_from_the_opening_to_the_close_in_local_days():
    for length in (10, 20, 90):
        deal("won", days=length)
    deal("lost", days=-2)
    undated = deal("won", opened_at=None)
    Opportunity.objects.filter(pk=undated.pk).update(created_at=NOW - timedelta(days=50))
    told = tell(QUARTER, NOW)
    [row] = told.rows
    assert (row["mean_days_to_win"], row["median_days_to_win"], row["p90_days_to_win"]) == (40, 20, 76)
    assert (row["mean_days_to_lose"], row["median_days_to_close"]) == (-2, 15)
    assert "1 won without a day of opening: left out of the days to win." in told.notes
    assert "1 closed before the day of opening: counted with negative days." in told.notes


# Dimensions


def test_by_every_dimension_there_is():
    boss = make_user("max", role="manager")
    team = make_team(manager=boss, region="North")
    rob = make_user("rob", team=team)
    acme = Company.objects.create(name="Acme", industry="retail", country="DE")
    lead = make_lead(source="fair", channel="event", segment="Large")
    facts = {"owner": rob, "team": team, "company": acme, "product": "Pump", "competitor": "Rival", "kind": "renewal"}
    deals(won=1, lost=2, open_=1, **facts, lead=lead)
    expected = {
        "owner": str(rob.pk), "team": str(team.pk), "manager": str(boss.pk), "region": "North", "industry": "retail",
        "country": "DE", "product": "Pump", "source": "fair", "channel": "event", "segment": "Large",
        "competitor": "Rival", "kind": "renewal", "origin": "marketing",
    }  # fmt: skip
    for dimension, key in expected.items():
        found = rows_by(dimension)
        assert {name: counts(row) for name, row in found.items()} == {key: (1, 2, 1)}, dimension
        assert [behind(found[key][f"{state}_url"]) for state in ("won", "lost", "open")] == [1, 2, 1], dimension


def test_opportunities_without_a_lead_are_missing_what_only_leads_have():
    deals(won=1)
    assert counts(rows_by("source")["(missing)"]) == (1, 0, 0)
    assert counts(rows_by("owner")["(missing)"]) == (1, 0, 0)


def test_by_month_and_quarter_of_the_close():
    deal("won", closed=date(2026, 1, 31), days=60)
    deal("lost", closed=date(2026, 3, 31), days=100)
    deal("won", closed=date(2026, 4, 2), days=10)
    deals(open_=1)
    year = replace(QUARTER, start=date(2026, 1, 1), end=date(2027, 1, 1))
    by_month = tell(replace(year, dimension="month"), NOW).rows
    assert [(row["key"], *counts(row)) for row in by_month] == [
        ("2026-01", 1, 0, 2), ("2026-03", 0, 1, 2), ("2026-04", 1, 0, 1),
    ]  # fmt: skip
    by_quarter = tell(replace(year, dimension="quarter"), NOW).rows
    assert [(row["key"], row["label"], *counts(row)) for row in by_quarter] == [
        ("2026-01-01", "Q1 2026", 1, 1, 2), ("2026-04-01", "Q2 2026", 1, 0, 1),
    ]  # fmt: skip
    assert behind(by_quarter[0]["lost_url"]) == 1
    assert by_quarter[0]["open_url"] == ""


def test_one_key_alone():
    deals(won=2, product="Pump")
    deals(won=1, product="Valve")
    told = tell(replace(QUARTER, dimension="product", key="Pump"), NOW)
    assert [(row["key"], row["won"]) for row in told.rows] == [("Pump", 2)]
    deals(lost=1, product="Pump", reason=reason("price", "loss"))
    deals(lost=1, product="Valve", reason=reason("timing", "loss"))
    told = tell(replace(QUARTER, dimension="product", key="Pump"), NOW)
    assert [row["key"] for row in told.page.reasons] == ["price"]
    assert behind(told.page.reasons[0]["lost_url"]) == 1


def test_within_the_reps_specialisms_and_outside():
    rob, rosa = make_user("rob", specialisms=["Packaging", "pump"]), make_user("rosa")
    deals(won=3, owner=rob, product="Pump")
    deals(won=1, lost=1, owner=rob, product="Valve")
    deals(lost=2, owner=rosa, product="Pump")
    deals(lost=1, owner=rob)
    found = rows_by("specialism")
    assert {key: (row["label"], *counts(row)) for key, row in found.items()} == {
        "own": ("Within the rep’s specialisms", 3, 0, 0),
        "other": ("Outside them", 1, 1, 0),
        "(missing)": ("Rep without specialisms", 0, 3, 0),
    }


def test_people_stand_by_name_unless_a_manager_ranks_them():
    anna, zoe = make_user("anna"), make_user("zoe")
    deals(won=2, owner=zoe)
    deals(won=1, owner=anna)

    def names():
        return [row["label"] for row in tell(replace(QUARTER, dimension="owner"), NOW).rows]

    assert names() == ["Anna", "Zoe"]
    settings = FigureSettings.get()
    settings.ranks_people = True
    settings.save()
    assert names() == ["Zoe", "Anna"]


def test_archived_ones_count_still():
    deals(won=1)
    Opportunity.objects.update(archived_at=NOW)
    assert counts(tell(QUARTER, NOW).rows[0]) == (1, 0, 0)


def test_the_same_queries_for_one_row_and_for_many():
    def queries():
        with CaptureQueriesContext(connection) as seen:
            tell(replace(QUARTER, dimension="product"), NOW)
        return len(seen)

    deals(won=1, lost=1, product="P", competitor="C", reason=reason("price", "loss"))
    queries()  # the settings are made when first asked for
    few = queries()
    for number in range(30):
        deal("won" if number % 2 else "lost", product=f"P{number}", competitor=f"C{number}")
    assert queries() == few
