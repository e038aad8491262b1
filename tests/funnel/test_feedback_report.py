"""The report feedback, its page and the hand-offs behind its numbers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import Handoff, Impression, Improvement
from feedback.verdict_figures import Asked, pareto, quality, totals
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.reports.feedback import FEEDBACK, tell
from funnel.reports.question import Question
from funnel.reports.registry import question_for
from tests.api import Caller
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db
AT = MONDAY + 10 * DAY
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


def ask(**parameters) -> Question:
    return question_for(FEEDBACK, {**MARCH, **parameters}, today=AT.date())


def rows(at=AT, **parameters):
    return tell(ask(**parameters), at).rows


def answer(rep, code="", *, at=MONDAY, comment="", **lead) -> Handoff:
    """A hand-off answered an hour later; "" accepts, "open" leaves it."""
    handoff = make_handoff(to=rep, lead=make_mql(at=at, **lead), at=at)
    if code == "":
        return accept_handoff(handoff, by=rep, at=at + HOUR, comment=comment)
    return (
        handoff
        if code == "open"
        else reject_handoff(handoff, by=rep, at=at + HOUR, reason=reason(code), comment=comment)
    )


@pytest.fixture
def c6(rob):
    """METRICS C6: 20 handed over, all due: 12 accepted, 4 rejected for quality, 2 for routing, 2 undecided."""
    for code, times in (("", 12), ("company_size", 3), ("no_project", 1), ("open", 2)):
        for _time in range(times):
            answer(rob, code)
    for _time in range(2):
        Handoff.objects.filter(follows=answer(rob, "wrong_rep")).delete()


def test_c6_the_row_of_the_known_answer(c6):
    [row] = rows()

    said = ("offered", "due", "answered", "accepted", "rejected", "expired", "judged")
    assert [row[name] for name in said] == [20, 20, 18, 12, 6, 0, 16]
    assert (row["acceptance_rate"], row["decision_rate"], row["rejection_rate"]) == (0.75, 0.9, 0.3)


def test_c7_leaked_is_past_its_time_without_an_answer(c6):
    assert rows()[0]["leak_rate"] == 0.1


def test_f3_reasons_come_with_their_bounds(c6):
    found = rows()[0]["reasons"]
    assert [(one["code"], one["family"], one["count"], one["share"]) for one in found] == [
        ("company_size", "definitional", 3, 0.5),
        ("wrong_rep", "procedural", 2, pytest.approx(1 / 3)),
        ("no_project", "timing", 1, pytest.approx(1 / 6)),
    ]
    assert (round(found[0]["low"], 4), round(found[0]["high"], 4)) == (0.1876, 0.8124)


def test_wilson_bounds_are_those_of_metrics_1_9(rob):
    for code, times in (("", 3), ("industry", 7)):
        for _ in range(times):
            answer(rob, code)
    [row] = rows()
    assert (round(row["acceptance_low"], 4), round(row["acceptance_high"], 4)) == (0.1078, 0.6032)


def test_f1_f2_coverage_and_latency_are_those_of_the_page_of_feedback(c6, rob):
    answer(rob, "missing_data")
    asked = Asked(ask().start, ask().end)
    [row] = rows()

    said = quality(asked, at=AT)
    assert row["coverage"] == said.covered.rate == 6 / 19
    assert row["median_hours"] == 1.0
    assert row["accepted"] == totals(asked, at=AT).accepted
    assert [one["count"] for one in row["reasons"]] == [one.count for one in pareto(asked, at=AT)]


def test_f4_by_campaign_adds_up_to_the_whole(rob):
    fair, mail = make_campaign("Fair"), make_campaign("Mail")
    for campaign in (fair, fair, mail, None):
        answer(rob, "company_size", campaign=campaign)
    answer(rob, "wrong_rep", campaign=mail)
    Improvement.objects.create(campaign=fair, kind="targeting", on=MONDAY.date() + timedelta(days=3), text="Narrower.")
    later = MONDAY + 60 * DAY

    assert rows(at=later)[0]["closed_loop"] == 0.5
    by_campaign = {row["label"]: row["closed_loop"] for row in rows(at=later, dimension="campaign")}
    assert by_campaign == {"Fair": 1.0, "Mail": 0.0, "(missing)": 0.0}
    assert rows(at=later, dimension="team")[0]["closed_loop"] is None


def test_rows_by_month_and_by_person(rob, rosa):
    answer(rob)
    answer(rosa, "industry", at=MONDAY + 2 * DAY)
    answer(rosa, at=MONDAY + 40 * DAY)

    months = rows(dimension="month", to="2026-05-01")
    assert [(row["key"], row["offered"], row["accepted"]) for row in months] == [("2026-03", 2, 1), ("2026-04", 1, 1)]
    people = rows(dimension="owner")
    assert [row["label"] for row in people] == sorted(row["label"] for row in people)
    assert [row["offered"] for row in rows(dimension="owner", key=str(rosa.pk))] == [1]
    assert [one["code"] for row in people for one in row["reasons"]] == ["industry"]


def test_what_sales_said_once_the_lead_was_worked(rob):
    handoff = answer(rob, source="google")
    Impression.objects.create(
        lead=handoff.lead, episode=1, moment="qualify", question="quality", quality=3, by=rob, at=AT
    )
    assert [rows(**asked)[0]["good"] for asked in ({}, {"dimension": "source"})] == [1, 1]


def test_api_and_csv_give_the_reasons(c6, rob):
    caller = Caller(rob)
    [row] = caller.get("reports/feedback/", **MARCH).json()["rows"]
    assert {"offered", "accepted", "rejected", "expired", "decision_rate", "acceptance_rate", "reasons"} <= set(row)
    assert row["reasons"][0]["code"] == "company_size"
    assert '""code"": ""company_size""' in caller.get("reports/feedback/", **MARCH, format="csv").content.decode()


@pytest.mark.parametrize("asked", [{}, {"dimension": "owner"}, {"dimension": "month"}, {"dimension": "campaign"}])
def test_every_number_leads_to_as_many_hand_offs(client_for, c6, rob, asked):
    client = client_for(rob)
    for row in tell(ask(**asked), AT).rows:
        for name in ("offered", "accepted", "rejected"):
            shown = client.get(row["leads_url" if name == "offered" else f"{name}_url"]).context
            assert (shown["total"], len(shown["lines"])) == (row[name], row[name])


def test_a_reason_leads_to_what_was_said(client_for, c6, rob):
    answer(rob, "company_size", comment="Two people and a dog.")
    client = client_for(rob)
    page = client.get("/dashboards/feedback/", MARCH)
    [first, *_rest] = page.context["face"].more["reasons"]

    behind = client.get(first["href"])

    assert (first["count"], behind.context["total"]) == (4, 4)
    assert "Two people and a dog." in behind.content.decode()


def test_the_page_says_what_to_know_and_leads_to_the_work(client_for, c6, rob):
    html = client_for(rob).get("/dashboards/feedback/", MARCH).content.decode()

    assert "Sales answered 18 of 20 that were due and accepted 75 % of those judged (likely 51–90 %)" in html
    assert "main reason to reject: " in html
    assert 'href="/feedback/"' in html


def test_the_page_of_feedback_leads_to_the_report_of_the_same_days(client_for, rob):
    fair = make_campaign("Fair")
    answer(rob, campaign=fair, at=timezone.now() - 2 * DAY)
    client = client_for(rob)
    query = client.get(f"/feedback/?days=90&by=source&campaign={fair.pk}").context["report_query"]

    shown = client.get(f"/dashboards/feedback/?{query}").context["answer"]

    assert (shown.question.dimension, shown.question.filters) == ("source", (("campaign", str(fair.pk)),))
    assert [row["offered"] for row in shown.rows] == [1]
    assert "content" not in client.get("/feedback/?by=content").context["report_query"]


def test_few_judged_leads_are_no_rate(client_for, rob):
    answer(rob)
    html = client_for(rob).get("/dashboards/feedback/", MARCH).content.decode()
    assert "1 of 10 leads that sales judged" in html


def test_the_page_costs_the_same_queries_whatever_it_shows(client_for, rob):
    client = client_for(rob)

    def queries() -> int:
        address = {**MARCH, "dimension": "campaign"}
        client.get("/dashboards/feedback/", address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/dashboards/feedback/", address).status_code == 200
        return len(captured)

    for code in ("", "industry"):
        for _ in range(6):
            answer(rob, code, campaign=make_campaign("Fair"))
    few = queries()
    for number in range(30):
        answer(rob, ("", "industry")[number % 2], campaign=make_campaign(f"Fair {number}"))
    assert queries() == few
