"""The funnel page and its drill-down: the same figures as the report, every one a link to exactly its leads."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from crm.outbox import drain_all
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.pages.funnel import dashboard, sentence
from funnel.pages.page import Asked
from funnel.reports.question import read
from funnel.views.filter_line import as_parameters
from leads.lifecycle import SUCCESS
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql, reason

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/dashboards/funnel/"


@pytest.fixture
def two_campaigns(mia, rob, north):
    """Webinar: 12 MQLs handed over, 6 accepted. Draw: 12 MQLs handed over, 1 accepted, 4 not a fit, 7 waiting."""
    webinar, draw = make_campaign("Webinar"), make_campaign("Prize draw", channel="social")
    for campaign, accepted, rejected in ((webinar, 6, 0), (draw, 1, 4)):
        for number in range(12):
            lead = make_mql(campaign=campaign, channel=campaign.channel)
            handoff = make_handoff(to=rob, by=mia, lead=lead, at=MONDAY + HOUR)
            if number < accepted:
                accept_handoff(handoff, by=rob, at=MONDAY + 3 * HOUR)
            elif number < accepted + rejected:
                reject_handoff(handoff, by=rob, at=MONDAY + 3 * HOUR, reason=reason("competitor_or_student"))
    make_lead(campaign=draw, at=MONDAY + DAY)
    drain_all()
    return webinar, draw


def board(**parameters):
    today = (MONDAY + 30 * DAY).date()
    asked = Asked(compare="compare" in parameters, ordering=parameters.pop("ordering", ""))
    return dashboard(read(as_parameters(parameters), today=today), at=MONDAY + 2 * HOUR, today=today, asked=asked)


def test_bars_count_who_got_there_and_name_who_left(two_campaigns):
    shown = board()
    counts = [(bar["stage"], bar["count"], bar["rate"]) for bar in shown.bars[:5]]
    assert counts == [
        ("inquiry", 25, None),
        ("mql", 24, 24 / 25),
        ("offered", 24, 1.0),
        ("accepted", 7, 7 / 24),
        ("qualified", 0, 0.0),
    ]
    offered = shown.bars[2]
    assert [(leaver["label"], leaver["count"]) for leaver in offered["aside"]] == [("disqualified", 4)]
    assert offered["running"] == 13


def test_nothing_vanishes(two_campaigns):
    """By cohort: who entered a stage went on, left, or is still there."""
    for bar, following in zip(board().bars, board().bars[1:], strict=False):
        assert bar["count"] == following["count"] + bar["running"] + sum(row["count"] for row in bar["aside"])


def test_cut_by_campaign_with_the_rates_people_ask_for(two_campaigns):
    rows = {row.label: (row.accepted.rate, row.won.rate, row.is_thin) for row in board(dimension="campaign").table}
    assert rows == {"Webinar": (0.5, 0.0, False), "Prize draw": (1 / 12, 0.0, False)}


def test_a_table_can_be_ordered_by_name_stage_or_rate(two_campaigns):
    labels = {
        ordering: [row.label for row in board(dimension="campaign", ordering=ordering).table]
        for ordering in ("label", "-label", "-accepted", "inquiry")
    }
    assert labels == {
        "label": ["Prize draw", "Webinar"],
        "-label": ["Webinar", "Prize draw"],
        "-accepted": ["Webinar", "Prize draw"],
        "inquiry": ["Webinar", "Prize draw"],
    }


def test_the_sentence_names_the_drop_and_who_lets_wait(two_campaigns):
    assert board().sentence == (
        "Of 24 MQLs, 29 % were accepted (likely 15–49 %); most who get no further stop at Waiting for sales (4)."
    )
    assert sentence([], {}, []) == ""
    nobody_left = {stage.value: {"open": 12} for stage in SUCCESS}
    entered = [{"stage": "mql", "entered": 12}, {"stage": "accepted", "entered": 3}]
    assert sentence(entered, nobody_left, []) == "Of 12 MQLs, 25 % were accepted (likely 9–53 %)."


def figures_of(html):
    """Every number of the live part that is a link to a drill-down."""
    links = re.findall(r'<a href="(/dashboards/funnel/leads/\?[^"]+)"[^>]*>([\d,]+)', html)
    return [(address.replace("&amp;", "&"), int(count.replace(",", ""))) for address, count in links]


@pytest.mark.parametrize("query", ["", "?dimension=campaign", "?dimension=month&unit=episodes", "?basis=period"])
def test_every_figure_opens_exactly_its_leads(client_for, max_, two_campaigns, query):
    client = client_for(max_)
    figures = figures_of(client.get(f"{PAGE}{query}").content.decode())
    assert len(figures) > 7
    for address, count in figures:
        page = client.get(address)
        assert (page.status_code, page.context["page"].total) == (200, count), address
        assert len(page.context["page"].rows) == min(count, 50)


def test_who_waits_opens_who_waits(client_for, max_, rob, two_campaigns):
    client = client_for(max_)
    page = client.get(PAGE).content.decode()
    assert f"/dashboards/funnel/waiting/?rep={rob.pk}" in page
    counts = {
        query: len(client.get(f"/dashboards/funnel/waiting/{query}").context["handoffs"])
        for query in ("", f"?rep={rob.pk}", f"?team={rob.team_id}", "?rep=x")
    }
    assert counts == {"": 13, f"?rep={rob.pk}": 13, f"?team={rob.team_id}": 0, "?rep=x": 0}


def test_a_row_narrows_to_its_campaign_and_a_chip_takes_it_away(client_for, max_, two_campaigns):
    webinar, _ = two_campaigns
    client = client_for(max_)
    row = client.get(f"{PAGE}?dimension=campaign").context["board"].table[-1]
    narrowed = client.get(PAGE + row.href)
    assert parse_qs(urlsplit(row.href).query)["campaign"] == [str(webinar.pk)]
    assert narrowed.context["board"].bars[0]["count"] == 12
    [chip] = narrowed.context["chips"]
    assert chip["label"] == "Campaign: Webinar"
    assert client.get(PAGE + chip["address"]).context["board"].bars[0]["count"] == 25


def test_the_last_day_is_counted(client_for, max_, two_campaigns):
    client = client_for(max_)
    for until, expected in (("2026-03-02", 24), ("2026-03-03", 25)):
        page = client.get(f"{PAGE}?from=2026-03-02&until={until}")
        assert page.context["board"].bars[0]["count"] == expected


@pytest.mark.parametrize("query", ["?from=soon", "?dimension=shoe", "?from=2026-03-02&until=2026-01-01", "?campaign=x"])
def test_a_bad_address_is_a_page_that_says_so(client_for, max_, query):
    page = client_for(max_).get(f"{PAGE}{query}")
    assert page.status_code == 400
    assert "problem" in page.context


def test_without_leads_the_page_says_what_good_looks_like(client_for, max_):
    client = client_for(max_)
    assert "Import a list" in client.get(PAGE).content.decode()
    make_lead()
    drain_all()
    assert "No lead in these days" in client.get(f"{PAGE}?from=2020-01-01&until=2020-12-31").content.decode()


def test_under_ten_leads_there_are_no_rates(client_for, max_):
    make_mql()
    drain_all()
    assert "Too few for rates" in client_for(max_).get(PAGE).content.decode()


def live(client, mark, **query):
    return client.get(PAGE, {"seen": mark, **query}, headers={"HX-Request": "true", "HX-Target": "figures"})


def test_an_open_page_hears_only_of_news(client_for, max_, two_campaigns):
    client = client_for(max_)
    mark = client.get(PAGE).context["board"].mark
    assert live(client, mark).status_code == 204
    make_mql()
    drain_all()
    news = live(client, mark)
    assert news.status_code == 200
    assert news.content.decode().lstrip().startswith('<section id="figures"')
    assert live(client, news.context["board"].mark).status_code == 204


def test_a_page_costs_the_same_queries_whatever_it_counts(client_for, max_, django_assert_max_num_queries):
    client = client_for(max_)
    client.get(PAGE)
    for campaigns in (1, 12):
        for number in range(campaigns):
            make_mql(campaign=make_campaign(f"Campaign {campaigns}.{number}"))
        drain_all()
        # Lengths are read in a transaction of their own, with room to sort in: that is five of them.
        with django_assert_max_num_queries(31) as queries:
            client.get(f"{PAGE}?dimension=campaign")
        counted = len(queries)
    with django_assert_max_num_queries(counted):
        client.get(f"{PAGE}?dimension=campaign")


def test_strangers_are_sent_to_the_login(client):
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")


def test_cut_by_month_draws_what_the_table_says(two_campaigns):
    shown = board(dimension="month")
    assert shown.months.categories == [row.label for row in shown.table] == ["Mar 2026"]
    assert {series.name: series.values for series in shown.months.series} == {
        "MQL": [24], "Accepted (SAL)": [7], "Customer": [0],
    }  # fmt: skip
    assert board(dimension="campaign").months is None


def test_with_nothing_cut_the_months_are_drawn_as_soon_as_there_are_two(two_campaigns):
    assert board().months is None
    make_mql(at=MONDAY - 30 * DAY)
    drain_all()
    assert board().months.categories == ["Jan 2026", "Mar 2026"]
    assert board().table == []


def test_compared_with_the_days_before_bars_and_table_have_both(two_campaigns):
    """Nothing in the month before; of the campaigns only those that were there then have a count."""
    shown = board(compare="1", dimension="campaign", **{"from": "2026-03-03", "to": "2026-03-04"})
    assert [(bar["count"], bar["count_before"]) for bar in shown.bars[:2]] == [(1, 24), (0, 24)]
    assert [(line.label, line.before.cells[0]["entered"]) for line in shown.table] == [("Prize draw", 12)]
