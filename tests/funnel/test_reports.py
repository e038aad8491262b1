"""funnel/reports/: what reports answer, by cells and by facts alike, to the questions of METRICS."""

from datetime import date
from itertools import product
from types import SimpleNamespace

import pytest

from campaigns.models import Campaign
from funnel.queries import left_path
from funnel.reports import counts
from funnel.reports.funnel import notes as funnel_notes
from funnel.reports.funnel import rows as funnel_rows
from funnel.reports.question import DIMENSIONS, BadQuestion, Question, read
from funnel.selection import Selection, read_selection
from leads.lifecycle import SUCCESS
from tests.factories import MONDAY, make_campaign, make_team, make_user
from tests.funnel.histories import add_step, count_figures, day, make_history

pytestmark = pytest.mark.django_db

JANUARY = Question(date(2026, 1, 1), date(2026, 2, 1))
FEBRUARY = Question(date(2026, 2, 1), date(2026, 3, 1))
YEAR = Question(date(2026, 1, 1), date(2027, 1, 1))


def steps(question, *stages):
    found = {row["stage"]: (row["entered"], row["converted"]) for row in funnel_rows(question)}
    return [found[stage] for stage in stages]


def ask(question, **changes):
    from dataclasses import replace

    return replace(question, **changes)


@pytest.fixture
def c1_and_c2():
    """METRICS C1, C2: 40 MQLs in January (10 accepted then, 10 in February), 10 in February (5 then, 5 in March)."""
    for accepted, many in ((day(20), 10), (day(40), 10), (None, 20)):
        for _ in range(many):
            make_history(("inquiry", day(5)), ("mql", day(6)), *([("accepted", accepted)] if accepted else []))
    for accepted in (day(50), day(70)):
        for _ in range(5):
            make_history(("inquiry", day(5)), ("mql", day(35)), ("accepted", accepted))
    count_figures()


def test_conversion_by_period_and_by_cohort(c1_and_c2):
    assert steps(ask(JANUARY, basis="period"), "mql") == [(40, 10)]
    assert steps(ask(FEBRUARY, basis="period"), "mql") == [(10, 15)]
    [february] = [row for row in funnel_rows(ask(FEBRUARY, basis="period")) if row["stage"] == "mql"]
    assert (february["rate"], february["rate_low"]) == (1.5, None)
    assert steps(ask(JANUARY, cohort="mql"), "mql", "accepted") == [(40, 20), (20, 0)]
    assert steps(ask(FEBRUARY, cohort="mql"), "mql", "accepted") == [(10, 10), (10, 0)]
    assert [row["stage"] for row in funnel_rows(ask(FEBRUARY, cohort="accepted"))] == [
        "accepted", "qualified", "opportunity", "customer",
    ]  # fmt: skip


def test_a_second_time_round_counts_for_episodes_and_not_for_leads():
    """METRICS 1.3: MQL, rejected, MQL again, accepted."""
    lead = make_history(("inquiry", day(0)), ("mql", day(1)), ("offered", day(2)), ("nurture", day(3)))
    for stage, at in (("mql", day(40)), ("offered", day(41)), ("accepted", day(42))):
        add_step(lead, stage, at)
    count_figures()
    assert steps(ask(YEAR, unit="episodes"), "mql", "offered", "accepted") == [(2, 2), (2, 1), (1, 0)]
    assert steps(YEAR, "mql", "offered", "accepted") == [(1, 1), (1, 0), (0, 0)]


@pytest.fixture
def mixed():
    """Leads of several dimensions, months and ends, some skipping, one recycled, one dated backwards."""
    rob, rosa = make_user("rob", team=make_team()), make_user("rosa", team=make_team("Team South"))
    fair, mail = make_campaign("Fair", channel="event"), make_campaign("Mail", channel="email")
    ends = (
        [("mql", 1), ("offered", 2), ("accepted", 3), ("qualified", 9), ("opportunity", 12), ("customer", 40)],
        [("mql", 1), ("offered", 2), ("mql", 3)],
        [("mql", 33), ("offered", 34)],
        [("accepted", 20), ("opportunity", 31), ("lost", 60)],
        [("mql", 0), ("customer", -1)],
        [("disqualified", 1)],
        [],
        [("mql", 2), ("offered", 3), ("nurture", 4), ("mql", 50), ("offered", 51), ("accepted", 52)],
    )
    for number, end in enumerate(ends):
        start = 3 + number * 9
        make_history(
            ("inquiry", day(start)),
            *((stage, day(start + after)) for stage, after in end),
            campaign=[fair, mail, None][number % 3],
            channel=["event", "email", ""][number % 3],
            owner=[rob, rosa][number % 2],
            team=[rob, rosa][number % 2].team,
            source=["", "google"][number % 2],
        )
    count_figures()
    return SimpleNamespace(fair=fair, rob=rob)


SPANS = [
    (date(2026, 1, 1), date(2027, 1, 1)),
    (date(2026, 1, 8), date(2026, 4, 20)),
    (date(2026, 2, 3), date(2026, 2, 27)),
]


@pytest.mark.parametrize(("basis", "unit"), list(product(["cohort", "period"], ["leads", "episodes"])))
def test_cells_and_facts_and_the_leads_behind_them_tell_the_same(mixed, basis, unit):
    for (start, end), dimension in product(SPANS, ["", "month", *DIMENSIONS]):
        question = Question(start, end, basis=basis, unit=unit, dimension=dimension)
        assert counts.from_cells(question) == counts.from_facts(question)
        for row in funnel_rows(question) if start == SPANS[1][0] else ():
            address = dict(pair.split("=") for pair in row["leads_url"].split("?")[1].split("&"))
            address = {name: value.replace("%28", "(").replace("%29", ")") for name, value in address.items()}
            selection = read_selection(address, today=end)
            assert selection.facts(at=MONDAY).count() == row["entered"], address
            on = Selection(selection.question, row["stage"], "converted")
            assert on.facts(at=MONDAY).count() == row["converted"], address


def test_nothing_vanishes_between_stages(mixed):
    for unit in ("leads", "episodes"):
        question = ask(YEAR, unit=unit)
        left = left_path(question, at=day(300))
        for row in funnel_rows(question):
            gone = sum(left[row["stage"]].values())
            assert row["entered"] == row["converted"] + gone or row["stage"] == "customer"
            for way, many in left[row["stage"]].items():
                chosen = Selection(question, row["stage"], "left", way)
                assert chosen.facts(at=day(300)).count() == many
    assert left["offered"] == {"lost": 0, "disqualified": 0, "nurture": 1, "returned": 1, "unanswered": 0, "open": 1}


def test_two_dimensions_at_once_are_read_from_facts(mixed):
    question = ask(YEAR, dimension="owner", filters=(("campaign", str(mixed.fair.pk)),))
    assert not counts.cells_suffice(question)
    rows = [row for row in funnel_rows(question) if row["stage"] == "inquiry"]
    assert {(row["label"], row["entered"]) for row in rows} == {("Rob", 2), ("Rosa", 1)}
    held = [row for row in funnel_rows(ask(question, key=str(mixed.rob.pk))) if row["stage"] == "inquiry"]
    assert [(row["label"], row["entered"]) for row in held] == [("Rob", 2)]


def test_keys_are_strings_with_names_and_an_empty_value_is_called_missing(mixed):
    rows = [row for row in funnel_rows(ask(YEAR, dimension="campaign")) if row["stage"] == "inquiry"]
    fair, mail = Campaign.objects.order_by("name")
    assert [(row["key"], row["label"], row["entered"]) for row in rows] == [
        (str(fair.pk), "Fair", 3),
        (str(mail.pk), "Mail", 3),
        ("(missing)", "(missing)", 2),
    ]
    assert [row["key"] for row in funnel_rows(YEAR)] == [None] * len(SUCCESS)


def test_an_empty_answer_has_no_rates():
    count_figures()
    assert [(row["entered"], row["rate"]) for row in funnel_rows(YEAR)] == [(0, None)] * 7
    assert funnel_rows(ask(YEAR, dimension="campaign")) == []


def test_a_deal_dated_before_its_first_contact_is_counted_and_told(mixed):
    assert funnel_notes(YEAR) == ["1 won lead is dated before its first contact."]
    assert funnel_notes(ask(YEAR, start=date(2026, 6, 1))) == []


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "to"),
        ({"basis": "guess"}, "basis"),
        ({"dimension": "colour"}, "dimension"),
        ({"dimension": "campaign", "key": "Fair"}, "key"),
        ({"dimension": "month", "key": "May"}, "key"),
        ({"key": "7"}, "key"),
        ({"owner": "rob"}, "owner"),
        ({"cohort": "mql", "basis": "period"}, "cohort"),
    ],
)
def test_a_parameter_without_meaning_is_named(parameters, wrong):
    with pytest.raises(BadQuestion) as error:
        read(parameters, today=date(2026, 3, 2))
    assert error.value.extra == {"parameter": wrong}


def test_a_question_survives_its_address():
    question = Question(
        date(2026, 1, 5), date(2026, 2, 1), basis="period", unit="episodes", dimension="source", key="",
        filters=(("campaign", "4"), ("owner", "")),
    )  # fmt: skip
    assert read(question.parameters(), today=date(2026, 3, 2)) == question


def test_without_dates_a_question_is_about_everything(mixed):
    question = read({}, today=date(2026, 3, 2))
    assert (question.start, question.end) == (date(2026, 1, 1), date(2026, 5, 1))
