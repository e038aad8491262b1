"""The page of a back-test, the lists behind its numbers, and what people do there."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.erasure import remove_sample_data
from leads.lifecycle import Stage
from leads.models import Touch
from leads.transitions import move_lead
from scoring import tasks
from scoring.backtest_page import start_of
from scoring.backtesting import ask_for_backtest, begin, change, run_backtest
from scoring.drafting import edit_definition
from scoring.models import Backtest, Definition, RunStatus
from tests.factories import DAY, HOUR, MONDAY, make_lead
from tests.scoring.cards import did
from tests.scoring.test_backtesting import LATER, WEEKS, make_definition

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    found = []
    monkeypatch.setattr(tasks.run_backtest, "apply_async", lambda arguments, **_: found.append(*arguments))
    return found


@pytest.fixture
def strict(db):
    return make_definition(1, did("form", 60), did("visit", 20), status="active")


@pytest.fixture
def loose(strict):
    return make_definition(2, did("form", 60), did("visit", 55))


def history(many=4):
    """The first half filled in a form, all others visited once."""
    for number in range(many):
        lead = make_lead(at=MONDAY)
        Touch.objects.create(lead=lead, kind="form" if number < many // 2 else "visit", at=MONDAY + (number + 1) * HOUR)


@pytest.fixture
def done(loose, north):
    history()
    return run_backtest(loose, by=None, at=LATER, **WEEKS)


def address(backtest, rest=""):
    return f"/scoring/backtests/{backtest.pk}/{rest}"


def test_the_page_says_in_one_sentence_what_would_have_been(client_for, done, mia):
    page = client_for(mia).get(address(done)).content.decode()

    assert (
        "v2 would have given 1 MQL a week instead of 0.5; it would have taken in 2 other leads (2 that nobody tried)."
        in page
    )
    assert "4 weeks, 2 Mar to 29 Mar 2026, beside v1" in page
    assert "Not enough data: 0 of 30" in page


NUMBERED = re.compile(
    r'href="(leads/[?][^"]+)"[^>]*>(?:<span class="figure-label">[^<]*</span><span[^>]*>)?'
    r"([0-9,]+)( leads| of them)?[ <]"
)


def test_every_number_of_the_page_opens_as_many_leads(client_for, done, max_):
    """Those of the tables and of the what-if; of MQLs a week the leads of all weeks."""
    client = client_for(max_)
    links = NUMBERED.findall(client.get(address(done)).content.decode())
    assert len(links) > 15
    for href, count, _ in links:
        behind = client.get(address(done, href.replace("&amp;", "&"))).content.decode()
        a_week = "reach" in href and "fate" not in href
        assert behind.count("row-link") == int(count) * (4 if a_week else 1), href


def test_the_list_says_what_its_leads_have_in_common(client_for, done, mia):
    page = (
        client_for(mia).get(address(done, "leads/?flip=added&fate=untried&week=2026-03-02&team=none")).content.decode()
    )
    said = "2 leads · not tried · MQL by v2, not by v1 · no team yet · MQL by v2 in the week of 2 Mar 2026 · 4 weeks"
    assert said in page
    assert page.count("row-link") == 2


@pytest.mark.parametrize(
    "query",
    ["fate=x&flip=y&mql=z&team=-1", "week=tomorrow&week_before=2026-03-03", "reach=101&below=x", "reach=9999999999",
     "after=7~x&before=~", "week=0001-01-01", "team=99999999999999999999"],
)  # fmt: skip
def test_a_list_asked_for_nonsense_shows_what_is_left(client_for, done, mia, query):
    answer = client_for(mia).get(address(done, f"leads/?{query}"))
    assert answer.status_code == 200


def test_pages_cost_the_same_with_few_and_many_leads(client_for, loose, mia, done):
    client, costs = client_for(mia), []
    for backtest in (done, more(loose)):
        client.get(address(backtest))
        found = []
        for rest in ("", "leads/"):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address(backtest, rest)).status_code == 200
            found.append(len(queries))
        costs.append(found)
    assert costs[0] == costs[1]
    assert max(costs[0]) <= 12


def more(definition):
    history(40)
    return run_backtest(definition, by=None, at=LATER, **WEEKS)


def test_a_long_list_has_pages(client_for, loose, mia):
    history(60)
    backtest, client = run_backtest(loose, by=None, at=LATER, **WEEKS), client_for(mia)
    first = client.get(address(backtest, "leads/")).content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = client.get(address(backtest, f"leads/{following}")).content.decode()

    names = [set(re.findall(r'row-link" href="([^"]+)"', page)) for page in (first, second)]
    assert [len(found) for found in names] == [50, 10]
    assert not names[0] & names[1]


def test_while_it_is_at_work_the_page_reads_itself_again(client_for, loose, mia):
    backtest, client = ask_for_backtest(loose, by=None, at=LATER, **WEEKS), client_for(mia)
    assert "Waiting for a worker to begin." in client.get(address(backtest)).content.decode()

    begin(backtest)
    change(backtest, RunStatus.RUNNING, leads_done=2_000, leads_in_all=5_000)
    part = client.get(address(backtest), headers={"HX-Request": "true", "HX-Target": "backtest"}).content.decode()
    assert part.lstrip().startswith('<div id="backtest"')
    assert "data-live=" in part
    assert "Replaying 2,000 of 5,000 leads." in part


def test_when_it_is_done_the_part_rests(client_for, done, mia):
    part = client_for(mia).get(address(done), headers={"HX-Request": "true", "HX-Target": "backtest"}).content.decode()
    assert "data-live=" not in part
    assert "would have given" in part


def test_one_that_failed_says_why_and_can_be_started_again(
    client_for, loose, max_, mia, queued, django_capture_on_commit_callbacks
):
    backtest = ask_for_backtest(loose, by=None, at=LATER, **WEEKS)
    change(backtest, RunStatus.WAITING, status=RunStatus.FAILED, error="The worker was <gone>.")

    assert "Start it again" not in client_for(mia).get(address(backtest)).content.decode()
    page = client_for(max_).get(address(backtest)).content.decode()
    assert "The worker was &lt;gone&gt;." in page
    assert "Start it again" in page
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_for(max_).post(
            f"/scoring/definitions/{loose.pk}/backtests/",
            {"starts_on": "2026-03-02", "ends_on": "2026-03-30", "against": backtest.against_id},
        )
    again = Backtest.objects.first()
    assert answer["Location"] == address(again)
    assert (again.starts_on, again.ends_on, again.against, queued) == (
        backtest.starts_on, backtest.ends_on, backtest.against, [again.pk],
    )  # fmt: skip


def test_an_edited_draft_is_said_to_be_void(client_for, done, max_):
    edit_definition(done.definition, by=max_, at=LATER, thresholds={"mql": 70})
    page = client_for(max_).get(address(done)).content.decode()
    assert "The definition was changed since" in page
    assert "Test it again" in page
    assert "Propose v2" not in page


def test_a_back_test_is_started_from_the_definition(client_for, loose, max_, mia):
    here = f"/scoring/definitions/{loose.pk}/backtests/"
    assert client_for(mia).post(here).status_code == 403
    answer = client_for(max_).post(here, {"period": "half"})
    started = Backtest.objects.get()
    assert (answer["Location"], (started.ends_on - started.starts_on).days) == (address(started), 26 * 7)


def test_weeks_that_make_no_sense_are_said_on_the_definition(client_for, loose, max_):
    answer = client_for(max_).post(
        f"/scoring/definitions/{loose.pk}/backtests/", {"starts_on": "2026-03-03", "ends_on": "2026-03-10"}, follow=True
    )
    assert "both days are Mondays" in answer.content.decode()
    assert not Backtest.objects.exists()


def test_the_what_if_stands_in_the_page_for_every_threshold(client_for, done, mia):
    page = client_for(mia).get(address(done, "?threshold=60")).content.decode()

    entries = json.loads(re.search(r'<script id="what-if-entries" type="application/json">(.*?)</script>', page)[1])
    assert len(entries) == 101
    assert entries[60]["texts"]["mqls-note"] == "2 in 4 weeks"
    assert entries[56]["texts"]["mqls-note"] == entries[60]["texts"]["mqls-note"]
    assert entries[55]["texts"]["mqls-note"] == "4 in 4 weeks"
    # Without JavaScript the server shows the one that was asked for.
    assert entries[60]["sentence"] in page
    assert 'name="threshold" min="0" max="100" step="1" value="60"' in page


@pytest.mark.parametrize("threshold", ["", "-1", "101", "x", "１", "50.5", "1e9"])
def test_a_threshold_that_is_none_shows_the_present_one(client_for, done, mia, threshold):
    page = client_for(mia).get(address(done), {"threshold": threshold}).content.decode()
    assert 'step="1" value="50"' in page


def test_the_threshold_that_was_tried_is_written_into_the_draft(client_for, done, max_, mia):
    assert client_for(mia).post(address(done, "threshold/"), {"threshold": "46"}).status_code == 403
    answer = client_for(max_).post(address(done, "threshold/"), {"threshold": "46"})

    done.definition.refresh_from_db()
    assert answer["Location"] == f"/scoring/definitions/{done.definition_id}/"
    assert (done.definition.thresholds, done.definition.written_by) == ({"mql": 46}, max_)


def test_a_version_in_force_is_copied_into_a_draft_with_the_threshold(client_for, strict, max_):
    backtest = run_backtest(strict, by=None, at=LATER, **WEEKS)
    answer = client_for(max_).post(address(backtest, "threshold/"), {"threshold": "30"})

    draft = Definition.objects.get(status="draft")
    strict.refresh_from_db()
    assert answer["Location"] == f"/scoring/definitions/{draft.pk}/"
    assert (strict.thresholds, draft.thresholds, draft.based_on) == ({"mql": 50}, {"mql": 30}, 1)


@pytest.mark.parametrize("threshold", ["", "101", "many"])
def test_a_threshold_that_makes_no_sense_changes_nothing(client_for, done, max_, threshold):
    answer = client_for(max_).post(address(done, "threshold/"), {"threshold": threshold}, follow=True)
    assert "A threshold is a whole number from 0 to 100." in answer.content.decode()
    done.definition.refresh_from_db()
    assert done.definition.thresholds == {"mql": 50}


def test_the_suggestion_names_the_team_that_is_the_bottleneck(client_for, loose, rob, mia):
    rob.capacity = 1
    rob.save()
    for days in range(4):
        lead = make_lead(at=MONDAY)
        Touch.objects.create(lead=lead, kind="visit", at=MONDAY + days * DAY)
        move_lead(lead, Stage.MQL, by=None, at=MONDAY + days * DAY)
    page = client_for(mia).get(address(run_backtest(loose, by=None, at=LATER, **WEEKS))).content.decode()
    assert "No team has answered enough hand-offs yet to tell what it can take." in page


def test_the_definition_shows_its_newest_back_test(done, max_, mia, django_assert_num_queries):
    start = start_of(done.definition, max_, at=LATER)
    assert start["sentence"].startswith("v2 would have given 1 MQL a week")
    assert (start["may_start"], start["is_void"], start["is_at_work"]) == (True, False, False)
    assert start_of(done.definition, mia, at=LATER)["may_start"] is False


def test_nobody_reads_it_without_logging_in(client, done):
    assert client.get(address(done)).status_code == 302
    assert client.get(address(done, "leads/")).status_code == 302


def test_what_is_not_there_is_not_found(client_for, mia):
    assert client_for(mia).get("/scoring/backtests/7/").status_code == 404
    assert client_for(mia).get("/scoring/backtests/99999999999999999999/").status_code == 404


def test_sample_back_tests_go_with_the_samples(strict, loose, ada):
    sample = make_lead(at=MONDAY, is_sample=True)
    Touch.objects.create(lead=sample, kind="form", at=MONDAY + HOUR)
    about_samples = run_backtest(loose, by=None, at=LATER, **WEEKS)
    sample.touches.all()
    counts = remove_sample_data(by=ada, at=LATER)
    assert counts["backtests"] == 1
    assert not Backtest.objects.filter(pk=about_samples.pk).exists()
