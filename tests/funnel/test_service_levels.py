"""The clocks of both sides, by hand: funnel/handoffs/service_levels.py."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.fetching import fetch_rows
from crm.models import Team, User
from crm.periods import start_of_day, zone
from crm.working_time import schedule_of, working_time
from feedback.models import Reply, Request
from feedback.request_figures import answer_time, promises_kept
from feedback.verdicts import accept_handoff
from funnel.handoffs.days import Days
from funnel.handoffs.service_levels import Promised, behind, kept_by, kept_of, lasted
from funnel.handoffs.worked import WORKS, calendars, worked, works_of
from funnel.statistics.survival import kaplan_meier
from leads.models import Activity
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff
from tests.funnel.handed import handed

pytestmark = pytest.mark.django_db

MARCH = Promised(Days(date(2026, 3, 1), date(2026, 4, 1), MONDAY + 10 * DAY))
OFFICE = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def test_s2_compliance_is_six_of_eight(s2):
    kept = kept_of("verdict", MARCH)

    assert (kept.met, kept.breached, kept.pending) == (6, 2, 2)
    assert kept.counted == (6, 8)
    assert kept.counted.rate == 0.75


def test_s2_says_the_same_by_start_date(s2):
    assert kept_of("verdict", Promised(MARCH.days, "cohort"))[:3] == (6, 2, 2)


def test_a_promise_counts_on_the_one_day_it_was_settled(rob):
    handed(rob, due=2 * DAY, after=HOUR)  # Monday, when it was answered
    handed(rob, due=DAY, after=3 * DAY)  # Tuesday, when its time was over
    handed(rob, due=2 * DAY)  # Wednesday
    handed(rob, due=20 * DAY)  # pending: Monday, when it began

    def on(offset):
        day = MONDAY.date() + timedelta(days=offset)
        return kept_of("verdict", Promised(Days(day, day + timedelta(days=1), MARCH.days.at)))[:3]

    assert [on(offset) for offset in range(4)] == [(1, 0, 1), (0, 1, 0), (0, 1, 0), (0, 0, 0)]


def test_cut_by_person_team_segment_and_time_of_the_hand_over(rob, rosa, north):
    fair = make_campaign("Fair")
    handed(rob, after=HOUR, segment="SMB", campaign=fair)
    handed(rosa, at=MONDAY + DAY + 5 * HOUR, segment="SMB")
    to_team = make_handoff(to=north, at=MONDAY)
    accept_handoff(to_team, by=rosa, at=MONDAY + HOUR)

    def told(dimension):
        return {key: kept[:3] for key, kept in kept_by("verdict", MARCH, dimension).items()}

    assert told("owner") == {str(rob.pk): (1, 0, 0), str(rosa.pk): (1, 1, 0)}
    assert told("team") == {str(north.pk): (2, 1, 0)}
    assert told("segment") == {"SMB": (1, 1, 0), "": (1, 0, 0)}
    assert told("campaign") == {str(fair.pk): (1, 0, 0), "": (1, 1, 0)}
    assert told("hour") == {"09": (2, 0, 0), "14": (0, 1, 0)}
    assert told("weekday") == {"1": (2, 0, 0), "2": (0, 1, 0)}
    assert told("month") == {"2026-03": (2, 1, 0)}
    held = Promised(MARCH.days, "period", (("segment", "SMB"), ("owner", str(rosa.pk))))
    assert kept_of("verdict", held)[:3] == (0, 1, 0)


@pytest.mark.parametrize("dimension", ["industry", "region", "product", "country", "origin", "definition_version"])
@pytest.mark.parametrize("clock", ["verdict", "first_attempt", "attempts", "requests_answered", "comments"])
def test_every_clock_can_be_cut_by_every_dimension(rob, clock, dimension):
    handed(rob, after=HOUR)
    Request.objects.create(kind="other", text="A sheet", asked_by=rob, asked_at=MONDAY)

    whole = kept_of(clock, MARCH)
    parts = kept_by(clock, MARCH, dimension).values()

    assert tuple(map(sum, zip(*(part[:3] for part in parts), strict=True))) in {whole[:3], ()}


def test_what_stands_behind_a_number_is_as_many(s2):
    for states, count in ((("met", "breached"), 8), (("breached",), 2), (("pending",), 2)):
        rows, total = behind("verdict", MARCH, states, limit=50)
        assert (len(rows), total) == (count, count)
    assert behind("verdict", MARCH, ("met",), limit=4)[1] == 6
    [late, *_rest] = behind("verdict", MARCH, ("breached",), limit=50)[0]
    assert (late.due_at, late.state) == (MONDAY + 2 * HOUR, "breached")


def test_s3_those_who_still_wait_are_censored(rob):
    for hours in (1, 2, 3):
        handed(rob, after=hours * HOUR, due=30 * DAY)
    handed(rob, due=30 * DAY, at=MARCH.days.at - 150 * timedelta(minutes=1))

    found = lasted("verdict", MARCH)
    assert [tuple(one) for one in found] == [(60, True, 1), (120, True, 1), (150, False, 1), (180, True, 1)]
    curve = kaplan_meier(*zip(*((one.minutes, one.is_answered) for one in found), strict=True))
    assert 1 - curve.at(120.0) == pytest.approx(0.5)
    assert 1 - curve.at(180.0) == pytest.approx(1.0)


def test_the_first_attempt_takes_working_hours_of_who_accepted(rob, north):
    Team.objects.filter(pk=north.pk).update(working_hours=OFFICE)
    friday = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
    handoff = handed(rob, at=friday, after=timedelta(0))
    Activity.objects.create(
        lead=handoff.lead, by=rob, at=datetime(2026, 3, 9, 9, 45, tzinfo=UTC), kind="call", outcome="no_answer",
        direction="outbound",
    )  # fmt: skip
    handed(rob, at=datetime(2026, 3, 10, 16, 30, tzinfo=UTC), after=timedelta(0))

    assert kept_of("first_attempt", MARCH).median == 75 * 60  # METRICS S4
    # The second still waits: half an hour on Tuesday, the whole of Wednesday, nothing on Thursday at nine.
    assert [tuple(one) for one in lasted("first_attempt", MARCH)] == [(75, True, 1), (8 * 60 + 30, False, 1)]


def test_requests_say_what_the_page_of_requests_says(rob, mia):
    for status, closed, answered in (
        ("fulfilled", 1, True), ("fulfilled", 5, True), ("declined", 1, True), ("accepted", None, True),
        ("open", None, False), ("withdrawn", 1, False),
    ):  # fmt: skip
        Request.objects.create(
            kind="other", text="A sheet", asked_by=rob, asked_at=MONDAY, status=status, answer="No",
            answered_by=mia if answered else None, answered_at=MONDAY + HOUR if answered else None,
            promised_on=date(2026, 3, 4) if answered else None,
            closed_at=MONDAY + closed * DAY if closed is not None else None,
        )  # fmt: skip
    days = MARCH.days
    kept, asked = promises_kept(days.start, days.end, today=days.at.date()), answer_time(days.start, days.end)

    assert kept_of("requests_kept", MARCH).counted == (kept.met, kept.due) == (1, 4)
    assert kept_of("requests_answered", MARCH).counted == (asked.answered, asked.asked) == (4, 5)
    assert kept_by("requests_kept", MARCH, "owner") == {str(mia.pk): kept_of("requests_kept", MARCH)}


def test_a_promise_for_a_later_day_is_pending(rob, mia):
    Request.objects.create(
        kind="other", text="A sheet", asked_by=rob, asked_at=MONDAY, status="accepted", answered_by=mia,
        answered_at=MONDAY, promised_on=date(2026, 5, 1),
    )  # fmt: skip
    assert kept_of("requests_kept", MARCH)[:3] == (0, 0, 1)


def test_a_comment_belongs_to_who_answered_it_else_to_who_runs_the_campaign(rob, mia, mona):
    fair = make_campaign("Fair", owner=mona)
    for answered_by in (mia, None):
        handoff = handed(rob, campaign=fair)
        accept_handoff(handoff, by=rob, at=MONDAY + HOUR, comment="Who is this?")
        if answered_by:
            Reply.objects.create(handoff=handoff, by=mia, at=MONDAY + 3 * HOUR, text="The owner.")

    told = kept_by("comments", MARCH, "owner")
    assert {key: kept[:3] for key, kept in told.items()} == {str(mia.pk): (1, 0, 0), str(mona.pk): (0, 1, 0)}
    assert told[str(mia.pk)].median == 2 * 3_600


SPAN = st.tuples(
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 10)), st.timedeltas(timedelta(0), timedelta(days=20))
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans=st.lists(SPAN, min_size=1, max_size=8))
def test_the_database_tells_working_time_as_the_clocks_do(rob, north, spans):
    """Over the change of the clocks in Berlin; METRICS S4 holds for either, so it is enough that they agree."""
    User.objects.filter(pk=rob.pk).update(time_zone="Europe/Berlin", working_hours=OFFICE)
    moments = [(start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + length) for start, length in spans]
    rob.refresh_from_db()
    schedule = schedule_of(rob, None)

    told = fetch_rows(
        f"""WITH {WORKS}, span AS (SELECT %(rob)s::bigint AS person, * FROM unnest(
                %(starts)s::timestamptz[], %(ends)s::timestamptz[]) WITH ORDINALITY AS s (a, b, n))
            SELECT {worked("span.a", "span.b")} FROM span {works_of("span.person", "NULL::bigint")} ORDER BY span.n""",
        {
            **calendars([(rob.pk, None)], since=moments[0][0].replace(day=1, month=3), at=MONDAY + 120 * DAY),
            "rob": rob.pk,
            "starts": [start for start, _end in moments],
            "ends": [end for _start, end in moments],
        },
    )

    expected = [working_time(start, end, schedule).total_seconds() for start, end in moments]
    assert [seconds for [seconds] in told] == pytest.approx(expected, abs=1e-3)


def test_days_are_cut_in_the_zone_of_the_organisation():
    assert MARCH.days.parameters["start"] == start_of_day(date(2026, 3, 1), zone())
