"""The report sla, its page and the promises behind its numbers."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.outbox import drain_all
from feedback.models import Agreement
from feedback.verdicts import accept_handoff
from funnel.handoffs.service_levels import Kept
from funnel.models import FigureSettings
from funnel.pages.sla import grid, heat, late_now, sentence, waits
from funnel.reports.question import BadQuestion, Question
from funnel.reports.registry import question_for
from funnel.reports.sla import SLA, tell
from leads.lifecycle import Stage
from leads.models import Activity, Touch
from leads.transitions import move_lead, transition_lead
from tests.api import Caller
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_mql
from tests.funnel.handed import handed

pytestmark = pytest.mark.django_db
AT = MONDAY + 10 * DAY
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


def ask(**parameters) -> Question:
    return question_for(SLA, {**MARCH, **parameters}, today=AT.date())


def rows(at=AT, **parameters):
    return tell(ask(**parameters), at).rows


def test_s2_the_row_of_the_known_answer(s2):
    row = rows()[0]

    said = ("clock", "key", "due", "met", "breached", "pending", "compliance", "median_hours", "p90_hours", "n")
    assert [row[name] for name in said] == ["verdict", None, 8, 6, 2, 2, 0.75, 1.0, 1.8, 7]
    assert (round(row["compliance_low"], 3), round(row["compliance_high"], 3)) == (0.409, 0.929)


def test_a_row_for_each_clock_of_both_sides(s2):
    assert [(row["clock"], row["side"]) for row in rows()] == [
        ("verdict", "sales"), ("first_attempt", "sales"), ("attempts", "sales"),
        ("requests_answered", "marketing"), ("requests_kept", "marketing"), ("comments", "marketing"),
    ]  # fmt: skip
    assert [row["clock"] for row in rows(clock="comments")] == ["comments"]
    assert rows(clock="comments")[0]["compliance"] is None


def test_people_stand_by_name_unless_a_manager_wants_a_ranking(rob, rosa):
    handed(rob)
    for _ in range(2):
        handed(rosa, after=HOUR)

    def named():
        return [row["label"] for row in rows(dimension="owner", clock="verdict")]

    assert named() == sorted(named(), key=str.casefold)
    settings = FigureSettings.get()
    settings.ranks_people = True
    settings.save()
    assert [row["due"] for row in rows(dimension="owner", clock="verdict")] == [2, 1]


def test_by_hour_and_weekday_of_the_hand_over(rob):
    handed(rob, after=HOUR)
    handed(rob, at=MONDAY + DAY + 5 * HOUR)

    assert [(row["key"], row["label"], row["met"]) for row in rows(by="hour", clock="verdict")] == [
        ("09", "09:00 to 10:00", 1), ("14", "14:00 to 15:00", 0),
    ]  # fmt: skip
    assert [row["label"] for row in rows(by="weekday", clock="verdict")] == ["Monday", "Tuesday"]
    with pytest.raises(BadQuestion):
        rows(by="hour", dimension="team")


def test_s6_s7_volume_is_told_against_the_goal_in_proportion():
    """A quarter's goal of 90 MQLs and of 9,000 euros; March has 31 of its 90 days."""
    Agreement.objects.create(
        version=1, status="active", period_starts=date(2026, 1, 1), period_ends=date(2026, 3, 31),
        goals=[
            {"measure": "mqls", "target": "90"},
            {"measure": "mql_value", "target": "9000", "worth": [{"score_from": 0, "worth": "50"}]},
        ],
    )  # fmt: skip
    for _ in range(2):
        make_mql(at=MONDAY)
    drain_all()

    count, value = rows()[-2:]
    assert (count["clock"], count["due"], count["met"], count["pending"], count["breached"]) == ("mqls", 31, 2, 29, 0)
    assert count["compliance"] == round(2 / 31, 4)
    assert (count["leads_url"], count["met_url"][:24]) == ("", "/dashboards/funnel/leads")
    over = rows(at=MONDAY + 60 * DAY)[-2]
    assert (over["pending"], over["breached"]) == (0, 29)
    assert (value["clock"], value["due"], value["actual"], value["target"]) == (
        "mql_value", None, {"amount": "100.00", "currency": "EUR"}, {"amount": "3100.00", "currency": "EUR"},
    )  # fmt: skip
    assert value["compliance"] == round(100 / 3100, 4)
    assert "mqls" not in {row["clock"] for row in rows(dimension="team")}


def test_s1_speed_to_lead_is_the_systems_delay_and_the_peoples(rob):
    lead = make_lead(at=MONDAY)
    Touch.objects.create(lead=lead, kind="form", at=MONDAY + HOUR, by="buyer")
    move_lead(lead, Stage.MQL, by=None, at=MONDAY + 2 * HOUR)
    Touch.objects.create(lead=lead, kind="open", at=MONDAY + 2.5 * HOUR, by="buyer")  # after it became MQL
    accept_handoff(make_handoff(to=rob, lead=lead, at=MONDAY + 3 * HOUR), by=rob, at=MONDAY + 4 * HOUR)
    for hours, outcome in ((6, "no_answer"), (9, "reached")):
        Activity.objects.create(
            lead=lead, by=rob, kind="call", outcome=outcome, direction="outbound", at=MONDAY + hours * HOUR
        )
    lead.refresh_from_db()
    transition_lead(lead, Stage.QUALIFIED, by=rob, at=MONDAY + 11 * HOUR)
    handed(rob)  # nobody tried: it is in no median
    drain_all()

    told = {row["clock"]: (row["n"], row["median_hours"]) for row in rows(clock="speed")}
    assert told == {
        "speed_systems": (2, 1.0),
        "speed_people": (1, 3.0),
        "speed_first_attempt": (1, 5.0),
        "speed_first_contact": (1, 8.0),
        "speed_first_qualification": (1, 10.0),
    }
    own = [one for one in tell(ask(), AT).page.speed if one.leg.key == "systems"]
    assert own[0].p90_hours == pytest.approx(1.8)


def test_speed_is_held_at_what_the_page_is_held_at(rob, rosa):
    handed(rob, after=HOUR, segment="SMB")
    handed(rosa)
    drain_all()
    assert rows(clock="speed", segment="SMB")[0]["n"] == 1
    assert rows(clock="speed", owner=str(rosa.pk))[0]["n"] == 1


def test_api_and_csv_have_the_columns_that_were_promised(s2, rob):
    caller = Caller(rob)
    [row, *_rest] = caller.get("reports/sla/", **MARCH).json()["rows"]
    assert {"due", "met", "breached", "pending", "compliance", "median_hours", "p90_hours"} <= set(row)
    assert caller.get("reports/sla/", **MARCH, format="csv").content.decode().startswith("key,label,clock")
    assert caller.get("reports/sla/", clock="nonsense").status_code == 400


@pytest.mark.parametrize(
    "asked", [{}, {"dimension": "owner"}, {"dimension": "month"}, {"by": "hour"}, {"basis": "cohort"}]
)
def test_every_number_leads_to_as_many_promises(client_for, s2, rob, asked):
    client = client_for(rob)
    for row in tell(ask(clock="verdict", **asked), timezone.now()).rows:
        for name, behind in (("due", "leads_url"), ("met", "met_url"), ("breached", "breached_url")):
            count, address = row[name], row[behind]
            if not address:
                assert count == 0
                continue
            shown = client.get(address).context
            assert (shown["total"], len(shown["lines"])) == (count, count)


def test_the_page_says_who_waits(client_for, rob, max_):
    for _ in range(9):
        handed(rob, after=HOUR)
    for _ in range(2):
        handed(rob)
    drain_all()
    html = client_for(max_).get("/dashboards/sla/", MARCH).content.decode()

    assert "9 of 11 hand-offs were answered in time (82 %" in html
    assert "2 wait past their time now, in Team North" in html
    assert 'id="chart-response-verdict"' in html
    assert "9/11" in html


def test_few_hand_offs_are_no_rate(client_for, rob):
    handed(rob, after=HOUR)
    html = client_for(rob).get("/dashboards/sla/", MARCH).content.decode()
    assert "1 of 10 hand-offs whose time is over" in html
    assert 'id="chart-response-verdict"' not in html


def test_the_page_costs_the_same_queries_whatever_it_shows(client_for, rob, rosa):
    client = client_for(rob)

    def queries() -> int:
        drain_all()
        client.get("/dashboards/sla/", MARCH)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get("/dashboards/sla/", MARCH).status_code == 200
        return len(captured)

    for to in (rob, rosa):
        for _ in range(5):
            handed(to, after=HOUR)
        handed(to)
    few = queries()
    for number in range(40):
        handed((rob, rosa)[number % 2], after=HOUR, at=MONDAY + number * HOUR)
    assert queries() == few


@pytest.mark.parametrize(
    ("late", "words"),
    [([], "nobody waits past their time now"), ([("Team North", 1)], "1 waits past its time now, in Team North"),
     ([("Team North", 7)], "7 wait past their time now, in Team North"),
     ([("Team North", 5), ("Team South", 2)], "7 wait past their time now, most in Team North (5)")],
)  # fmt: skip
def test_who_waits_in_words(late, words):
    assert waits(late) == words
    assert sentence(Kept(82, 14), late).startswith("82 of 96 hand-offs were answered in time (85 %, likely 77–91 %); ")


def test_late_now_is_held_as_the_page_is(rob, rosa):
    handed(rob, segment="SMB")
    handed(rosa)
    assert late_now(ask(), at=AT) == [("Team North", 2)]
    assert late_now(ask(segment="SMB"), at=AT) == [("Team North", 1)]
    assert late_now(ask(owner=str(rosa.pk)), at=AT) == [("Team North", 1)]


@pytest.mark.parametrize("agreed", [1, 2, 3, 4, 5, 7, 8, 24, 48, 72, 100, 1_000])
def test_the_agreed_time_is_on_the_axis(agreed):
    hours = grid(agreed)
    assert agreed in hours
    assert (hours[0], hours[-1]) == (0, 3 * agreed)
    assert len(hours) <= 40


def test_hours_of_the_hand_over_have_no_colour_under_ten():
    told = heat({(1, 9): Kept(9, 0), (1, 11): Kept(10, 0), (6, 10): Kept(2, 8)})
    assert told["hours"] == [9, 10, 11]
    assert [weekday for weekday, _cells in told["lines"]][-1] == "Saturday"
    assert [cell.shade for cell in told["lines"][0][1]] == [0, 0, 5]
    assert [cell.shade for cell in told["lines"][5][1]] == [0, 2, 0]
    assert heat({}) == {}


def test_days_before_stand_beside_in_the_curve(client_for, rob):
    for at in (MONDAY, MONDAY - 28 * DAY):
        for _ in range(10):
            handed(rob, after=HOUR, at=at)
    drain_all()
    html = client_for(rob).get("/dashboards/sla/", {**MARCH, "compare": "1"}).content.decode()
    assert "In the days before" in html


def test_what_waits_is_live_whatever_the_days(client_for, rob):
    handed(rob, at=MONDAY - timedelta(days=90))
    html = client_for(rob).get("/dashboards/sla/", MARCH).content.decode()
    assert "past its time" in html
