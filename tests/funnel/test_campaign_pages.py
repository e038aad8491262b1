"""The pages *campaigns* and *attribution*: what they say first, and that they stand at any amount of data."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from funnel.attribution import ledger
from funnel.facts import recompute
from funnel.models import FigureSettings
from funnel.pages import attribution, campaigns
from funnel.reports.registry import REPORTS, answer, question_for
from leads.touches import record_touch
from tests.factories import DAY, MONDAY, make_campaign, make_lead, make_opportunity, make_spend

pytestmark = pytest.mark.django_db


def won(amount, lead, days=9):
    closed = {"stage": "won", "outcome": "won", "closed_at": MONDAY + days * DAY}
    return make_opportunity(lead=lead, amount=Decimal(amount), **closed)


def face_of(name, *, days=120, **parameters):
    recompute.rebuild()
    ledger.rebuild()
    report, at = REPORTS[name], MONDAY + days * DAY
    asked = {"from": "2026-03-01", "to": "2026-07-01", "dimension": "campaign", **parameters}
    told = answer(report, question_for(report, asked, today=at.date()), at=at)
    return {"campaigns": campaigns, "attribution": attribution}[name].face(told, None)


def campaign_of(name, cost, people, revenue=0, **fields):
    made = make_campaign(name, **fields)
    make_spend(made, str(cost))
    leads = [make_lead(campaign=made) for _ in range(people)]
    if revenue:
        won(revenue, leads[0])
    return made


def test_campaign_that_loses_is_named_with_what_to_do():
    campaign_of("Prize draw", 8_200, 40, status="running")
    campaign_of("Webinar", 1_000, 40, revenue=9_000)

    assert face_of("campaigns").sentence == (
        "Prize draw cost €8,200 and won nothing; sales has judged none of its 40 leads. Stop it?"
    )


@pytest.mark.parametrize(("index", "judged", "loses"), [(0.3, 266, True), (0.9, 266, False), (0.3, 20, False)])
def test_what_brought_less_than_it_cost_and_sales_takes_little_of_loses_before_a_margin_is_set(index, judged, loses):
    row = {
        "expected_return_high": 0.4, "judged": judged, "quality_index": index,
        "credited": {"amount": "32000", "currency": "EUR"}, "cost": {"amount": "33756", "currency": "EUR"},
    }  # fmt: skip

    assert campaigns.is_losing(row) is loses


def test_campaign_that_ended_is_not_to_be_repeated_and_one_that_runs_comes_first():
    campaign_of("Fair", 90_000, 40, status="ended", revenue=500)
    assert face_of("campaigns").sentence.endswith(
        "Fair cost €90,000 and brought €500; sales has judged none of its 40 leads. Do not repeat it?"
    )

    campaign_of("Prize draw", 200, 40, status="running")
    assert face_of("campaigns").sentence.startswith("Prize draw cost €200")


def test_campaign_whose_people_have_not_had_their_time_is_not_judged():
    campaign_of("Prize draw", 8_200, 40)

    assert face_of("campaigns", days=30).sentence == "No campaign has run long enough to be judged by its return."


def test_where_none_loses_the_weakest_is_named_beside_the_best():
    campaign_of("Webinar", "1000.40", 40, revenue=9_000)
    campaign_of("Prize draw", 3_000, 40, revenue=5_000)

    assert face_of("campaigns").sentence == (
        "No campaign loses money as far as can be told. The least: Prize draw cost €3,000 and brought €5,000; sales "
        "has judged none of its 40 leads. The most came from Webinar: €9,000 for €1,000."
    )


def test_where_none_loses_the_best_is_named():
    campaign_of("Webinar", 1_000, 40, revenue=9_000)

    assert face_of("campaigns").sentence == (
        "No campaign loses money as far as can be told. The most came from Webinar: €9,000 for €1,000."
    )


def test_margin_decides_what_loses():
    campaign_of("Webinar", 5_000, 40, revenue=9_000)
    FigureSettings.objects.update_or_create(pk=1, defaults={"gross_margin": Decimal("0.5")})

    assert face_of("campaigns").sentence.startswith("Webinar cost €5,000 and brought €9,000")


def test_kinds_are_compared_by_what_each_euro_brought():
    campaign_of("Year", 1_000, 40, revenue=5_200, kind="strategic")
    campaign_of("Prize draw", 1_000, 40, revenue=1_100, kind="tactical")

    face = face_of("campaigns", dimension="campaign_kind")

    assert face.sentence == "Won for each EUR spent: Strategic €5.20, Tactical €1.10."


def test_without_any_cost_the_page_says_what_is_missing():
    won(100, make_lead(campaign=make_campaign()))

    assert face_of("campaigns").missing.startswith("No campaign has cost anything in these days")


def test_few_verdicts_give_no_rate():
    campaign_of("Webinar", 100, 3)

    [row] = face_of("campaigns").rows
    assert (row["acceptance"], row["quality_index"]) == (None, None)


def test_models_that_agree_and_models_that_differ():
    fair, mail = make_campaign("Fair"), make_campaign("Mail", channel="email")
    for number in range(10):
        lead = make_lead(campaign=fair)
        if number:
            record_touch(lead, at=MONDAY + DAY, campaign=mail, kind="click")
        won(100, lead)

    agreed, differ = face_of("attribution", models="shared"), face_of("attribution", models="single")

    wins = "10 opportunities worth €1,000 were won."
    assert agreed.sentence == f"{wins} By every model most of it goes to Fair: 54 % to 55 %."
    assert differ.sentence == f"{wins} Who gets most depends on the model: first: Fair (100 %); last: Mail (90 %)."


def test_few_wins_say_what_is_missing_and_what_no_touch_is_known_of_stands_last():
    won(100, make_lead(campaign=make_campaign("Fair")))
    won(50, make_lead(source="Website"))
    won(25, make_lead())

    face = face_of("attribution")

    assert face.missing.startswith("2 of 10 wins with a touch before them.")
    assert [line.label for line in face.more["lines"]] == ["Fair", "No campaign on the touch"]
    assert face.more["untouched"].values == [25] * 8


@pytest.mark.parametrize("name", ["campaigns", "attribution"])
@pytest.mark.parametrize("query", ["", "?dimension=", "?dimension=channel&compare=1", "?days=all"])
def test_pages_stand_empty_and_full(client_for, mia, name, query):
    page = client_for(mia).get(f"/dashboards/{name}/{query}")
    assert page.status_code == 200

    campaign_of("Fair", 100, 3, revenue=1_000)
    recompute.rebuild()
    ledger.rebuild()
    page = client_for(mia).get(f"/dashboards/{name}/{query or '?days=all'}")
    assert page.status_code == 200
    assert b"1,000" in page.content


def test_question_of_the_days_before_has_the_same_shape():
    question = question_for(REPORTS["campaigns"], {"from": "2026-03-01", "to": "2026-04-01"}, today=date(2026, 4, 1))

    assert REPORTS["campaigns"].tell(replace(question, end=question.start), MONDAY).rows == []
