"""Every report of the registry on its page: the frame that all of them share, and what goes wrong said calmly."""

import csv
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from io import StringIO

import pytest
from django.core.cache import cache
from django.utils import timezone

from crm.outbox import drain_all
from crm.periods import start_of_month
from feedback.models import Improvement
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.pages import registry as faces
from funnel.pages.charts import RATIO, Chart, Series
from funnel.pages.face import Face
from funnel.pages.table import MOST_ROWS, behind
from funnel.reports import registry
from funnel.reports.answer import Column, Told
from funnel.reports.funnel import FUNNEL
from funnel.reports.registry import REPORTS
from tests.api import Caller
from tests.factories import (
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_opportunity,
    make_spend,
    reason,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [name for name in REPORTS if name not in faces.OWN_PAGES]
NOW = timezone.now()
DAY = timedelta(days=1)
BEGAN = NOW - 20 * DAY
DAYS = {"from": (NOW - 60 * DAY).date().isoformat(), "to": (NOW + DAY).date().isoformat()}


@pytest.fixture(autouse=True)
def no_memory():
    """What other tests kept in the cache is not this test's."""
    cache.clear()


@pytest.fixture
def world(mia, rob, north):
    """Two campaigns that cost something; of their leads some are accepted, some rejected; won, lost and open deals."""
    for number, name in enumerate(("Webinar", "Prize draw")):
        bring(mia, rob, name, accepted=6 - 4 * number)
    drain_all()


def bring(mia, rob, name, *, accepted):
    campaign = make_campaign(name, channel="webinar", starts_on=(BEGAN + DAY).date(), owner=mia)
    make_spend(campaign, "500.00", on=BEGAN.date())
    for place in range(12):
        lead = make_mql(campaign=campaign, channel="webinar", at=BEGAN)
        handoff = make_handoff(to=rob, by=mia, lead=lead, at=BEGAN + DAY)
        if place < accepted:
            accept_handoff(handoff, by=rob, at=BEGAN + DAY + timedelta(hours=2))
        elif place < accepted + 3:
            reject_handoff(handoff, by=rob, at=BEGAN + DAY, reason=reason("competitor_or_student"))
    make_opportunity(f"{name} open", owner=rob, amount=Decimal(900), currency="EUR", opened_at=BEGAN, lead=lead)


def test_a_page_has_tabs_filters_table_or_what_is_missing_and_how_it_is_computed(client_for, max_, world):
    client = client_for(max_)
    for name in PAGES:
        page = client.get(f"/dashboards/{name}/", DAYS)
        html = unescape(page.content.decode())
        assert page.status_code == 200, name
        assert f'<a href="/dashboards/{name}/" aria-current="' in html, name
        assert 'name="compare"' in html, name
        assert REPORTS[name].how[:60] in html, name
        assert f"/api/v1/reports/{name}/?" in html, name


def test_a_page_without_anything_is_a_page(client_for, max_):
    client = client_for(max_)
    for name in PAGES:
        page = client.get(f"/dashboards/{name}/", DAYS)
        assert page.status_code == 200, name
        assert page.context["face"].sentence == "" or page.context["answer"].rows, name


def test_a_page_is_cut_by_each_dimension_it_offers(client_for, max_, world):
    client = client_for(max_)
    for name in PAGES:
        asked = client.get(f"/dashboards/{name}/", DAYS).context["form"]
        for dimension in dict(asked.fields["dimension"].choices) if REPORTS[name].cuts else {}:
            page = client.get(f"/dashboards/{name}/", {**DAYS, "dimension": dimension})
            assert page.status_code == 200, (name, dimension)


@pytest.mark.parametrize("name", ["campaigns", "forecast", "waves"])
def test_what_does_not_know_months_neither_offers_nor_takes_them(client_for, max_, name):
    client = client_for(max_)
    page = client.get(f"/dashboards/{name}/", {**DAYS, "dimension": "month"})
    assert page.status_code == 400
    assert "is not cut by month" in page.content.decode()
    assert '<option value="month"' not in client.get(f"/dashboards/{name}/", DAYS).content.decode()


def test_nothing_is_behind_a_figure_of_none():
    deals = Column("deals", "Opportunities", "count", link="deals_url")
    assert behind(deals, {"deals": 3, "deals_url": "/dashboards/opportunities/"}) == "/dashboards/opportunities/"
    assert behind(deals, {"deals": 0, "deals_url": "/dashboards/opportunities/"}) == ""


def test_a_page_stands_beside_the_days_before(client_for, max_, world):
    client = client_for(max_)
    for name in PAGES:
        page = client.get(f"/dashboards/{name}/", {**DAYS, "compare": "1"})
        assert page.status_code == 200, name
        assert page.context["before"].question.end == page.context["answer"].question.start, name
        assert "Compared with" in page.content.decode(), name


def test_page_api_and_csv_say_the_same(client_for, max_, world):
    client, caller = client_for(max_), Caller(max_)
    for name in PAGES:
        rows = (answered := client.get(f"/dashboards/{name}/", DAYS).context["answer"]).rows
        asked = answered.question.parameters()
        told = caller.get(f"reports/{name}/", **asked).json()["rows"]
        table = list(csv.DictReader(StringIO(caller.get(f"reports/{name}/", **asked, format="csv").content.decode())))
        assert len(rows) == len(told) == len(table), name
        for column in (column.name for column in REPORTS[name].columns if column.unit == "count"):
            assert [number(row[column]) for row in rows] == [number(row[column]) for row in told], (name, column)
            assert [number(row[column]) for row in rows] == [number(row[column]) for row in table], (name, column)


def number(said):
    return None if said in ("", None) else float(said["amount"] if isinstance(said, dict) else said)


def test_pages_cost_the_same_queries_with_more_rows(client_for, max_, mia, rob, north, django_assert_max_num_queries):
    client = client_for(max_)

    def costs():
        cache.clear()
        return {name: cost(client, name, django_assert_max_num_queries) for name in PAGES}

    for place in range(2):
        bring(mia, rob, f"First {place}", accepted=6)
    drain_all()
    costs()
    few = costs()
    for place in range(4):
        bring(mia, rob, f"Campaign {place}", accepted=6)
    drain_all()
    many = costs()
    assert {name: many[name] for name in PAGES if many[name] > few[name]} == {}


def cost(client, name, django_assert_max_num_queries):
    asked = {**DAYS, **({"dimension": "campaign"} if "campaign" in REPORTS[name].dimensions else {})}
    with django_assert_max_num_queries(200) as queries:
        client.get(f"/dashboards/{name}/", asked)
    return len(queries)


@pytest.mark.parametrize("query", ["from=soon", "dimension=shoe", "from=2026-03-02&until=2026-01-01", "basis=luck"])
def test_a_bad_address_is_a_page_that_says_so(client_for, max_, query):
    page = client_for(max_).get(f"/dashboards/velocity/?{query}")
    assert page.status_code == 400
    assert "problem" in page.context


def test_unknown_reports_are_not_found_and_own_pages_are_led_to(client_for, max_):
    client = client_for(max_)
    assert client.get("/dashboards/luck/").status_code == 404
    assert client.get("/dashboards/velocity/").status_code == 200


# What a page does with what its report tells


@pytest.fixture
def told(monkeypatch):
    """The report velocity tells what the test says, with a face of its own."""

    def tells(rows, face=None, **fields):
        report = FUNNEL.__class__(
            **{
                **{name: getattr(REPORTS["velocity"], name) for name in REPORTS["velocity"].__dataclass_fields__},
                "tell": rows if callable(rows) else lambda question, at: Told(rows),
                **fields,
            }
        )
        monkeypatch.setitem(registry.REPORTS, "velocity", report)
        monkeypatch.setitem(faces.FACES, "velocity", face or (lambda answer, before: Face()))

    return tells


def row(label="All", **fields):
    empty = dict.fromkeys((column.name for column in REPORTS["velocity"].columns), None)
    return {**empty, "key": label, "label": label, "measure": "mql", "n": 20, **fields}


def test_rows_are_ordered_as_asked_with_the_unknown_last(client_for, max_, told):
    told([row("b", n=2, median_days=3.0), row("a", n=30, median_days=None), row("c", n=7, median_days=9.0)])
    client = client_for(max_)

    def labels(ordering):
        page = client.get("/dashboards/velocity/", {"dimension": "channel", "ordering": ordering})
        return [line.cells[0].text for line in page.context["page"].table.lines]

    assert labels("-median_days") == ["c", "b", "a"]
    assert labels("median_days") == ["b", "c", "a"]
    assert labels("n") == ["b", "c", "a"]
    assert labels("shoe") == ["b", "a", "c"]


def test_rows_of_few_are_grey_and_too_many_are_in_the_csv(client_for, max_, told):
    told([row(str(place), n=place) for place in range(MOST_ROWS + 12)])
    page = client_for(max_).get("/dashboards/velocity/", {"dimension": "channel"})
    table = page.context["page"].table
    assert (len(table.lines), table.left_out) == (MOST_ROWS, 12)
    assert [line.is_thin for line in table.lines[8:12]] == [True, True, False, False]
    assert "12 more rows are in the" in page.content.decode()


def test_a_row_narrows_the_page_to_itself(client_for, max_, told):
    told([row("webinar")])
    page = client_for(max_).get("/dashboards/velocity/", {"dimension": "channel", **DAYS})
    assert "channel=webinar" in page.context["page"].table.lines[0].cells[0].href


def test_what_fails_is_a_calm_page_and_a_line_in_the_log(client_for, max_, told, caplog):
    def breaks(question, at):
        raise ZeroDivisionError

    told(breaks)
    page = client_for(max_).get("/dashboards/velocity/")
    assert page.status_code == 500
    assert "This report could not be counted" in page.content.decode()
    assert "Cut by" in page.content.decode()
    assert "The report velocity could not be counted" in caplog.text


def test_a_kept_answer_says_when_it_was_counted_and_that_news_are_on_their_way(client_for, max_, told, monkeypatch):
    from funnel import keeping

    monkeypatch.setattr(keeping, "SLOW_SECONDS", -1)
    monkeypatch.setattr(keeping, "FRESH_AT_MOST", timedelta(microseconds=1))
    told([row()])
    make_lead()
    drain_all()
    client = client_for(max_)
    first = client.get("/dashboards/velocity/", DAYS).context["answer"]
    second = client.get("/dashboards/velocity/", DAYS)
    assert (first.is_recounted, second.context["answer"].is_recounted) == (False, True)
    assert second.context["answer"].counted_at == first.counted_at
    assert "newer in a moment" in second.content.decode()


def test_an_open_page_asks_for_its_figures_alone(client_for, max_, world):
    client = client_for(max_)
    live = {"headers": {"HX-Request": "true", "HX-Target": "figures"}}
    page = client.get("/dashboards/velocity/", DAYS)
    mark = page.context["page"].mark
    assert client.get("/dashboards/velocity/", {**DAYS, "seen": mark}, **live).status_code == 204
    make_lead()
    drain_all()
    news = client.get("/dashboards/velocity/", {**DAYS, "seen": mark}, **live)
    html = news.content.decode().strip()
    assert news.status_code == 200
    assert html.startswith('<section id="figures"')
    assert "<html" not in html
    assert "<form" not in html


def test_charts_over_time_have_what_happened_and_the_address_takes_it_away(client_for, max_, told, world):
    month = start_of_month((NOW - 40 * DAY).date())
    chart = Chart("t", "Months", "says", ["first", "now"], [Series("A", [1, 2])], days=[month, (NOW - 21 * DAY).date()])
    told([row()], lambda answer, before: Face(charts=[chart]))
    Improvement.objects.create(kind="form", on=(NOW - 5 * DAY).date(), text="Students are left out", by=max_)
    client = client_for(max_)
    page = client.get("/dashboards/velocity/", DAYS)
    html = page.content.decode()
    [marked] = page.context["page"].charts
    assert [(mark.at, mark.label) for mark in marked.marks] == [("now", "1–3")]
    assert "Marketing changed: Students are left out" in html
    assert "Campaign began: Webinar" in html
    without = client.get("/dashboards/velocity/", {**DAYS, "marks": "off"})
    assert without.context["page"].charts[0].marks == ()
    assert "Show what happened in these days" in without.content.decode()


def test_behind_each_chart_stands_its_table(client_for, max_, told):
    chart = Chart(
        "c", "Rates", "says", ["Jan", "Feb"],
        [Series("Rate", [0.384, None], low=[0.29, None], high=[0.5, None]), Series("Cost", [0.1, 0.2])], unit=RATIO,
    )  # fmt: skip
    told([row()], lambda answer, before: Face(charts=[chart]))
    html = client_for(max_).get("/dashboards/velocity/", DAYS).content.decode()
    table = html[html.index('id="table-c"') : html.index("</details>", html.index('id="table-c"'))]
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table)
    assert cells == ["", "Rate", "likely", "Cost", "Jan", "38 %", "29 % to 50 %", "10 %", "Feb", "–", "", "20 %"]


def test_days_of_quarters_and_years_are_chips_and_stay_with_what_is_held(client_for, max_, world):
    page = client_for(max_).get("/dashboards/velocity/", {"channel": "webinar", "compare": "1", "days": "all"})
    labels = [chip["label"] for chip in page.context["spans"]]
    assert labels == ["This quarter", "Last quarter", "This fiscal year", "Last 12 months", "Everything"]
    assert all(
        "channel=webinar" in chip["address"] and "compare=1" in chip["address"] for chip in page.context["spans"]
    )
    assert [chip["label"] for chip in page.context["chips"]] == ["Channel: Webinar"]


def test_the_numbers_a_report_asks_for_itself_stay_in_the_filter_line(client_for, max_):
    if "plan" not in REPORTS:
        pytest.skip("no report asks for numbers")
    [first, *_] = [one.name for one in REPORTS["plan"].parameters if not one.choices]
    html = client_for(max_).get("/dashboards/plan/", {first: "1"}).content.decode()
    assert f'<input type="hidden" name="{first}" value="1">' in html


def test_strangers_are_sent_to_the_login(client):
    assert client.get("/dashboards/velocity/")["Location"].startswith("/accounts/login/")
