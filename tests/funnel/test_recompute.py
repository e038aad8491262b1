"""funnel/facts/recompute.py: a few histories by hand, and every fact and cell they must give."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.models import Organisation
from crm.outbox import record_change
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict, withdraw_handoff
from funnel.facts.checking import check_metrics
from funnel.models import LeadFact, StageMetric
from leads.lifecycle import Stage
from leads.models import Lead
from leads.opportunities import close_opportunity
from leads.transitions import move_lead, undo_move
from tests.factories import (
    MONDAY,
    make_campaign,
    make_handoff,
    make_mql,
    make_opportunity,
    make_team,
    make_user,
    reason,
)
from tests.funnel.histories import add_step, day, drain_all, keep_up, make_history

pytestmark = pytest.mark.django_db(transaction=True)

DAY_US = 86_400_000_000
CELLS = ("dimension", "grain", "day", "stage", "entered", "converted", "advanced", "reached")


def facts(*names):
    return list(LeadFact.objects.order_by("lead_id", "episode").values_list(*names))


def cells(**which):
    order = ("day", "stage")
    return list(StageMetric.objects.filter(**which).order_by(*order).values_list(*CELLS[2:]))


def stored():
    return list(LeadFact.objects.order_by("pk").values()), list(StageMetric.objects.order_by("pk").values())


def clocks():
    found = facts("marketing_us", "waiting_us", "sales_us")
    return [tuple(time / DAY_US for time in row) for row in found]


def test_time_of_a_recycled_lead_is_split_without_a_gap():
    """METRICS V4–V6: marketing 38, waiting 3, sales 44, together 85 days."""
    make_history(
        ("inquiry", day(0)), ("mql", day(10)), ("offered", day(10)), ("nurture", day(12)), ("mql", day(40)),
        ("offered", day(40)), ("accepted", day(41)), ("qualified", day(50)), ("opportunity", day(55)),
        ("customer", day(85)),
    )  # fmt: skip
    keep_up()
    assert clocks() == [(38, 2, 0), (0, 1, 44)]
    assert tuple(map(sum, zip(*clocks(), strict=True))) == (38, 3, 44)
    assert sum(map(sum, clocks())) == 85
    assert facts("episode", "outcome", "open_clock", "furthest", "began_on") == [
        (1, "nurture", "", 3, day(0).date()),
        (2, "customer", "", 7, day(40).date()),
    ]
    assert facts("qualified_us", "opportunity_us")[1] == (5 * DAY_US, 30 * DAY_US)


def test_cells_of_one_lead_that_skips_stages():
    """Inquiry on 5 January, accepted on the 7th without being MQL or offered, opportunity in February."""
    make_history(("inquiry", day(4)), ("accepted", day(6)), ("opportunity", day(40)))
    keep_up()
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    assert cells(dimension="all", grain="day") == [
        # day, stage, entered, converted, advanced, reached
        (date(2026, 1, 5), 1, 1, 1, 0, 1),
        (date(2026, 1, 5), 2, 0, 0, 0, 1),
        (date(2026, 1, 5), 3, 0, 0, 0, 1),
        (date(2026, 1, 5), 4, 0, 0, 0, 1),
        (date(2026, 1, 5), 5, 0, 0, 0, 1),
        (date(2026, 1, 5), 6, 0, 0, 0, 1),
        (date(2026, 1, 7), 1, 0, 0, 1, 0),
        (date(2026, 1, 7), 2, 0, 0, 1, 0),
        (date(2026, 1, 7), 3, 0, 0, 1, 0),
        (date(2026, 1, 7), 4, 1, 1, 0, 0),
        (date(2026, 2, 10), 4, 0, 0, 1, 0),
        (date(2026, 2, 10), 5, 0, 0, 1, 0),
        (date(2026, 2, 10), 6, 1, 0, 0, 0),
    ]
    assert cells(dimension="all", grain="month") == [
        (january, 1, 1, 1, 1, 1),
        (january, 2, 0, 0, 1, 1),
        (january, 3, 0, 0, 1, 1),
        (january, 4, 1, 1, 0, 1),
        (january, 5, 0, 0, 0, 1),
        (january, 6, 0, 0, 0, 1),
        (february, 4, 0, 0, 1, 0),
        (february, 5, 0, 0, 1, 0),
        (february, 6, 1, 0, 0, 0),
    ]


def test_draining_the_same_changes_twice_changes_nothing():
    lead = make_history(("inquiry", day(0)), ("mql", day(1)), source="google")
    keep_up()
    before = stored()
    record_change("lead", [lead.pk])
    drain_all()
    assert stored() == before


def test_an_undone_verdict_leaves_no_trace():
    rob = make_user("rob", team=make_team())
    handoff = make_handoff(to=rob)
    keep_up()
    before = stored()
    accept_handoff(handoff, by=rob, at=MONDAY)
    drain_all()
    assert facts("stage", "furthest") == [("accepted", 4)]
    undo_verdict(handoff, by=rob, at=MONDAY + timedelta(minutes=5))
    drain_all()
    assert stored() == before


def test_undoing_what_opened_an_episode_removes_its_fact():
    mia = make_user("mia", role="marketer")
    lead = make_history(("inquiry", day(0)), ("mql", day(1)), ("nurture", day(2)))
    keep_up()
    before = stored()
    row = move_lead(lead, Stage.MQL, by=mia, at=day(3))
    drain_all()
    assert facts("episode", "outcome", "marketing_us")[1:] == [(2, "", 0)]
    undo_move(lead, row, by=mia, at=day(3))
    drain_all()
    assert stored() == before


def test_an_edited_dimension_moves_the_lead_to_its_new_key_and_leaves_no_empty_cell():
    spring = make_campaign()
    lead = make_history(("inquiry", day(0)), source="google")
    keep_up()
    Lead.objects.filter(pk=lead.pk).update(campaign=spring, source="")
    record_change("lead", [lead.pk])
    drain_all()
    keys = StageMetric.objects.filter(grain="day").order_by("dimension").values_list("dimension", "key")
    assert dict(keys) == {
        "all": "", "campaign": str(spring.pk), "channel": "", "country": "", "definition_version": "", "industry": "",
        "origin": "marketing", "owner": "", "product": "", "segment": "", "source": "", "team": "",
    }  # fmt: skip


def test_rows_imported_out_of_order_are_kept_as_they_are():
    """A deal dated 1.18 days before its first contact: negative time, never clamped, counted on its own day."""
    make_history(("inquiry", day(10)), ("mql", day(10)), ("customer", day(8.82)))
    keep_up()
    assert clocks() == [(pytest.approx(-1.18), 0, 0)]
    assert facts("began_on", "customer_on", "furthest") == [(day(10).date(), day(8).date(), 7)]
    assert check_metrics().differences == []


@pytest.mark.parametrize(("zone", "month"), [("UTC", 1), ("Europe/Berlin", 2)])
def test_days_are_cut_in_the_organisations_zone(zone, month):
    """METRICS 1.5: 2025-01-31T23:30Z is in January in UTC, in February in Berlin."""
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": zone})
    make_history(("inquiry", datetime(2025, 1, 31, 23, 30, tzinfo=UTC)))
    keep_up()
    assert [row[0].month for row in cells(dimension="all", grain="month")] == [month]


def test_elapsed_time_is_real_time_whatever_the_clocks_on_the_wall_do():
    """METRICS 1.5: noon to noon in Berlin is 23 hours when summer time begins, 25 when it ends."""
    berlin = ZoneInfo("Europe/Berlin")
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Berlin"})
    for start, end in (((2025, 3, 29, 12), (2025, 3, 30, 12)), ((2025, 10, 25, 12), (2025, 10, 26, 12))):
        make_history(("inquiry", datetime(*start, tzinfo=berlin)), ("mql", datetime(*end, tzinfo=berlin)))
    keep_up()
    assert [row[0] / 3_600_000_000 for row in facts("inquiry_us")] == [23, 25]


def test_won_deals_are_paid_to_the_first_episode_that_became_a_customer():
    rob = make_user("rob", team=make_team())
    lead = make_history(("inquiry", day(0)), ("mql", day(1)), ("opportunity", day(2)), owner=rob)
    for amount in ("100.00", "50.50"):
        deal = make_opportunity(lead=lead, owner=rob, amount=amount)
        close_opportunity(deal, outcome="won", by=rob, at=MONDAY)
    keep_up()
    assert [(str(amount), currency) for amount, currency in facts("won_amount", "won_currency")] == [("150.50", "EUR")]


def test_a_second_time_round_does_not_count_as_a_first():
    lead = make_history(("inquiry", day(0)), ("mql", day(1)), ("disqualified", day(2)))
    add_step(lead, "nurture", day(3))
    add_step(lead, "mql", day(4))
    keep_up()
    mqls = StageMetric.objects.filter(dimension="all", grain="month", stage=2)
    assert list(mqls.values_list("entered", "entered_first", "reached", "reached_first")) == [(2, 1, 2, 1)]


def test_a_lead_that_sales_has_not_accepted_counts_for_the_team_that_was_asked(mia, rob, rosa, sam, marketing, south):
    """Else every no would stand with marketing, and every sales team would accept all it gets."""
    lead = make_mql(owner=mia, team=marketing)
    assert team_of_fact(lead) == marketing.pk
    first = make_handoff(to=rob, by=mia, lead=lead)
    assert team_of_fact(lead) == rob.team_id
    withdraw_handoff(first, by=mia, at=MONDAY)
    assert team_of_fact(lead) == marketing.pk
    lead.refresh_from_db()
    second = make_handoff(to=south, by=mia, lead=lead)
    reject_handoff(second, by=sam, at=MONDAY, reason=reason("company_size"))
    assert team_of_fact(lead) == south.pk
    undo_verdict(second, by=sam, at=MONDAY)
    accept_handoff(second, by=sam, at=MONDAY)
    assert team_of_fact(lead) == south.pk


def team_of_fact(lead):
    drain_all()
    return LeadFact.objects.get(lead_id=lead.pk, episode=1).team
