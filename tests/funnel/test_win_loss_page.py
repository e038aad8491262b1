"""The page of wins and losses: its sentence, what it says of few, and where its bars lead."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from funnel.pages.win_loss import face
from funnel.reports.question import Question
from funnel.reports.registry import answer
from funnel.reports.win_loss import WIN_LOSS
from tests.factories import make_user, reason
from tests.funnel.test_win_loss import NOW, QUARTER, deal, deals

pytestmark = pytest.mark.django_db


def face_of(question=QUARTER, before=None):
    shown = answer(WIN_LOSS, question, at=NOW)
    return face(shown, before and answer(WIN_LOSS, before, at=NOW))


def by(dimension, **changes):
    return Question(QUARTER.start, QUARTER.end, basis="period", dimension=dimension, **changes)


def charts(shown):
    return {chart.id: chart for chart in shown.charts}


def test_one_sentence_says_how_much_is_won_and_why_the_rest_is_lost():
    deals(won=5, amount="100")
    deals(lost=9, reason=reason("price", "loss"))
    deals(lost=6, reason=reason("no_decision", "loss"))
    expected = (
        "5 of 20 decided opportunities were won, worth €500: 25 % (likely 11–47 %). The reason given most for losing: "
        "price or budget, 60 %; 40 % ended without a decision."
    )
    assert face_of().sentence == expected
    assert face_of(by("reason")).sentence == expected
    assert face_of(by("product")).sentence == expected


def test_beside_the_days_before():
    deals(won=10, lost=10)
    deals(won=10, lost=30, closed=date(2025, 12, 1))
    before = Question(date(2025, 10, 1), date(2026, 1, 1), basis="period")
    assert face_of(before=before).sentence.startswith(
        "10 of 20 decided opportunities were won: 50 % (likely 30–70 %), before 25 %."
    )


def test_few_are_counted_and_not_rated():
    deals(won=3, lost=1)
    shown = face_of()
    assert (shown.sentence, shown.missing) == (
        "",
        "4 of 10 opportunities closed in these days. Until then no rate is told.",
    )
    assert (shown.rows[0]["won"], shown.rows[0]["win_rate"]) == (3, None)
    shown = face_of(by("product"))
    assert shown.rows[0]["win_rate"] is None


def test_nothing_closed_has_no_chart():
    deals(open_=3)
    assert (face_of().charts, face_of().missing) == (
        [],
        "0 of 10 opportunities closed in these days. Until then no rate is told.",
    )


def test_bars_lead_to_the_opportunities():
    deals(won=6, lost=6, product="Pump", competitor="Rival", reason=reason("price", "loss"))
    found = charts(face_of(by("product")))
    assert list(found) == ["decided", "reasons", "competitors"]
    assert found["decided"].categories == ["Pump (50 %)"]
    assert found["reasons"].categories == ["100 % Price or budget"]
    [reasons] = found["reasons"].series
    assert reasons.hrefs == [
        "/dashboards/opportunities/?from=2026-01-01&to=2026-04-01&basis=period&state=lost&by=closed&reason=price"
    ]
    by_reason = face_of(by("reason"))
    assert list(charts(by_reason)) == ["reasons", "competitors"]
    assert "win_rate" not in by_reason.columns
    assert list(charts(face_of())) == ["over-time", "reasons", "competitors"]


def test_months_then_quarters():
    deal("won")
    assert charts(face_of())["over-time"].categories == ["Feb 2026"]
    long = Question(date(2023, 1, 1), date(2026, 4, 1), basis="period")
    assert charts(face_of(long))["over-time"].categories == ["Q1 2026"]


def test_the_month_and_the_quarter_that_still_run_are_marked():
    deal("won")
    deal("won", closed=date(2026, 4, 2))
    year = Question(date(2026, 1, 1), date(2027, 1, 1), basis="period")
    assert [one.running_from for one in charts(face_of(year))["over-time"].series] == [1, 1]
    assert charts(face_of(by("quarter")))["decided"].series[0].running_from is None


def test_specialists_are_told_beside_it():
    rob = make_user("rob", specialisms=["pump"])
    deals(won=8, lost=2, owner=rob, product="Pump")
    deals(won=2, owner=rob, product="Valve")
    assert dict(face_of().more["beside"]) == {
        "Within the rep’s specialisms": "80 % of 10 decided were won (likely 49–94 %)",
        "Outside them": "Not enough data: 2 of 10 decided.",
        "Losses with a reason": "0 of 2",
    }


@pytest.mark.parametrize("dimension", ["", *WIN_LOSS.dimensions, "month"])
def test_every_cut_has_a_page_a_csv_and_an_answer(client, dimension):
    max_ = make_user("max", role="manager")
    client.force_login(max_)
    closed = timezone.localdate()
    deals(won=6, lost=6, closed=closed, reason=reason("price", "loss"), competitor="Rival", product="Pump", owner=max_)
    page = client.get(reverse("funnel:report", args=["win-loss"]), {"dimension": dimension, "from": str(closed)})
    assert page.status_code == 200
    assert "12 decided opportunities" in page.content.decode()
    api = client.get("/api/v1/reports/win-loss/", {"dimension": dimension} if dimension else {})
    assert sum(row["lost"] for row in api.json()["rows"]) == 6
    assert client.get("/api/v1/reports/win-loss/", {"format": "csv"}).content.decode().startswith("key,label,won,lost")


@pytest.mark.parametrize("name", ["reason", "competitor", "kind", "specialism", "product"])
def test_narrowed_to_one_key(client, name):
    rob = make_user("rob", specialisms=["pump"])
    client.force_login(rob)
    deals(won=2, owner=rob, product="Pump", competitor="Rival", kind="renewal", closed=timezone.localdate())
    keys = {"competitor": "Rival", "kind": "renewal", "specialism": "own", "product": "Pump", "reason": "(missing)"}
    for parameters in ({name: keys[name]}, {"dimension": name, "key": keys[name]}):
        page = client.get(reverse("funnel:report", args=["win-loss"]), parameters)
        assert page.status_code == 200, parameters
