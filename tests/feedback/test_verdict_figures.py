"""feedback/verdict_figures.py, counted by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.models import Asset
from crm.intervals import Counted
from feedback.models import Handoff, HandoffStatus, Impression
from feedback.verdict_figures import (
    DIMENSIONS,
    Asked,
    Figures,
    by_dimension,
    heard_by,
    pareto,
    quality,
    quality_by,
    reasons_by,
    totals,
)
from feedback.verdicts import accept_handoff, reject_handoff, withdraw_handoff
from leads.models import Company, Touch
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()
WEEK = Asked(TODAY, TODAY + timedelta(days=7))
LATER = MONDAY + 3 * DAY


def answer(rep, code="", *, at=MONDAY, **lead):
    """A hand-off answered an hour later; "" accepts, "open" leaves it."""
    handoff = make_handoff(to=rep, lead=make_mql(at=at, **lead), at=at)
    if code == "":
        accept_handoff(handoff, by=rep, at=at + HOUR)
    elif code != "open":
        reject_handoff(handoff, by=rep, at=at + HOUR, reason=reason(code))
    return handoff


@pytest.fixture
def known_answer(rob, north):
    """METRICS C6: 20 handed over, all due: 12 accepted, 4 rejected for quality, 2 for routing, 2 undecided."""
    for code, times in (("", 12), ("company_size", 3), ("no_project", 1), ("open", 2)):
        for _time in range(times):
            answer(rob, code)
    for _time in range(2):
        # Who was asked next is not of this table.
        Handoff.objects.filter(follows=answer(rob, "wrong_rep")).delete()


def test_c6_acceptance_and_decision_rate_are_the_known_answer(known_answer):
    found = totals(WEEK, at=LATER)

    assert (found.offered, found.due, found.answered) == (20, 20, 18)
    assert found.acceptance == Counted(12, 16)
    assert found.acceptance.rate == 0.75
    assert found.decided.rate == 0.9
    assert found.rejected / found.offered == 0.3


def test_what_waits_in_time_is_not_due_and_what_was_withdrawn_not_asked(rob, mia):
    answer(rob, "open")
    withdraw_handoff(make_handoff(to=rob, by=mia), by=mia, at=MONDAY)
    expired = answer(rob, "open")
    Handoff.objects.filter(pk=expired.pk).update(status=HandoffStatus.EXPIRED, decided_at=MONDAY + HOUR)

    found = totals(WEEK, at=MONDAY + HOUR)

    assert (found.offered, found.due, found.answered, found.expired) == (2, 1, 0, 1)
    assert found.acceptance.rate is None


def test_only_the_days_asked_count_by_when_they_were_offered(rob):
    answer(rob, at=MONDAY - DAY)
    answer(rob, at=MONDAY + 7 * DAY)
    answer(rob, at=MONDAY + 6 * DAY)
    assert totals(WEEK, at=LATER).offered == 1


def test_rows_of_each_dimension_by_hand(rob, rosa, north):
    webinar, fair = make_campaign("Webinar"), make_campaign("Fair")
    guide = Asset.objects.create(name="Guide", kind="data_sheet")
    answer(rob, "", campaign=webinar, source="google", segment="SMB")
    answer(rob, "industry", campaign=webinar, source="google")
    answer(rosa, "open", campaign=fair, source="event")
    for lead, days in ((Handoff.objects.get(lead__campaign=fair).lead, -1), (Handoff.objects.first().lead, 1)):
        Touch.objects.create(lead=lead, kind="download", asset=guide, at=MONDAY + days * DAY, by="buyer")

    def rows(dimension):
        return [(row.key, row.offered, row.accepted, row.judged) for row in by_dimension(WEEK, dimension, at=LATER)]

    assert rows("campaign") == [(str(webinar.pk), 2, 1, 2), (str(fair.pk), 1, 0, 0)]
    assert rows("source") == [("google", 2, 1, 2), ("event", 1, 0, 0)]
    assert rows("segment") == [("", 2, 0, 1), ("SMB", 1, 1, 1)]
    assert rows("content") == [("", 2, 1, 2), (str(guide.pk), 1, 0, 0)]
    assert rows("team") == [(str(north.pk), 3, 1, 2)]
    held = Asked(WEEK.start, WEEK.end, {"campaign": str(webinar.pk), "source": "google"})
    assert totals(held, at=LATER).offered == 2
    nothing = Asked(WEEK.start, WEEK.end, {"segment": "", "content": ""})
    assert totals(nothing, at=LATER).offered == 1


def test_rates_on_few_leads_come_last(rob, monkeypatch):
    monkeypatch.setattr("feedback.verdict_figures.FEWEST", 2)
    for source, codes in (("few", ("",)), ("half", ("", "industry")), ("all", ("", "")), ("none", ("open",))):
        for code in codes:
            answer(rob, code, source=source)

    def order(**wish):
        return [row.key for row in by_dimension(WEEK, "source", at=LATER, **wish)]

    assert order(order="acceptance") == ["all", "half", "few", "none"]
    assert order(order="acceptance", descending=False) == ["half", "all", "few", "none"]
    assert order(order="answered")[:2] == ["all", "half"]


def test_what_is_not_shown_is_the_rest():
    shown = [Figures(offered=5, accepted=2, judged=3), Figures(offered=2)]
    rest = Figures(offered=10, accepted=2, judged=4).without(shown, "others")
    assert (rest.offered, rest.accepted, rest.judged, rest.label) == (3, 0, 1, "others")


def test_reasons_by_frequency_with_their_running_share(known_answer):
    assert [(row.reason.code, row.count, row.share, row.running) for row in pareto(WEEK, at=LATER)] == [
        ("company_size", 3, (3, 6), (3, 6)),
        ("wrong_rep", 2, (2, 6), (5, 6)),
        ("no_project", 1, (1, 6), (6, 6)),
    ]


def test_f1_one_can_learn_from_a_rated_yes_and_from_a_no_that_names_what_is_wrong(rob):
    rated, tapped, _bare = (answer(rob) for _ in range(3))
    Handoff.objects.filter(pk=rated.pk).update(rating=4)
    Impression.objects.create(
        lead=tapped.lead, episode=1, moment="qualify", question="quality", quality=3, by=rob, at=MONDAY + DAY
    )
    answer(rob, "industry")
    answer(rob, "missing_data")
    Handoff.objects.filter(pk=answer(rob, "wrong_data").pk).update(wrong_fields=["phone"])
    answer(rob, "open")

    assert quality(WEEK, at=LATER).covered == Counted(4, 6)


def test_f2_how_long_answers_took(rob):
    for hours in (1, 3, 11):
        handoff = make_handoff(to=rob)
        reject_handoff(handoff, by=rob, at=MONDAY + hours * HOUR, reason=reason("industry"))
    answer(rob, "open")

    took = quality(WEEK, at=LATER)

    assert took.median == 3 * HOUR
    assert took.p90 == timedelta(hours=9.4)


def test_every_dimension_adds_up_to_the_whole(rob, north):
    company = Company.objects.create(name="Kaiser", industry="Machines")
    answer(rob, "", company=company, country="DE", product_interest="Drill", channel="event")
    answer(rob, "industry", source="google")
    to_team = make_handoff(to=north)
    whole, said = totals(WEEK, at=LATER), quality(WEEK, at=LATER)

    for dimension in DIMENSIONS:
        rows = by_dimension(WEEK, dimension, at=LATER)
        assert sum(row.offered for row in rows) == whole.offered == 3, dimension
        reasons = reasons_by(WEEK, dimension, at=LATER)
        assert [share.reason.code for shares in reasons.values() for share in shares] == ["industry"], dimension
        of_keys = quality_by(WEEK, dimension, at=LATER).values()
        assert sum(one.covered.whole for one in of_keys) == said.covered.whole == 2, dimension
        for row in rows:
            held = Asked(WEEK.start, WEEK.end, {dimension: row.key})
            if dimension != "month":
                assert totals(held, at=LATER) == replace(row, key=""), dimension
    assert [row.key for row in by_dimension(WEEK, "owner", at=LATER)] == [str(rob.pk), ""]
    assert [row.key for row in by_dimension(WEEK, "month", at=LATER)] == ["2026-03"]
    assert to_team.status == "open"


def test_what_was_said_by_a_tap_of_the_leads_of_each_value(rob):
    liked, twice = answer(rob, source="google"), answer(rob, source="event")
    for handoff, moment, quality_ in ((liked, "qualify", 3), (twice, "qualify", 1), (twice, "close", 1)):
        Impression.objects.create(
            lead=handoff.lead, episode=1, moment=moment, question="quality", quality=quality_, by=rob, at=LATER
        )

    assert heard_by(WEEK, "source", at=LATER) == {"google": {3: 1}, "event": {1: 2}}
