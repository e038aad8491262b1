"""The first page of the reports: the questions of each role, each answered by a report."""

import pytest

from crm.outbox import drain_all
from funnel.pages import overview
from funnel.pages.overview import MARKETER, MARKETING, REP, SALES, Reader, Tile, tiles_of
from funnel.pages.overview import overview as overview_of
from funnel.reports.registry import REPORTS
from tests.factories import HOUR, MONDAY, make_campaign, make_handoff, make_mql, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/dashboards/"


def keys(tiles):
    return [tile.key for tile in tiles if tile.report in REPORTS]


def test_each_role_has_its_questions(mia, rob, max_):
    nora = make_user("Nora", "manager", make_team("Marketing abroad", "marketing"))
    ada = make_user("Ada", "admin")
    asked = {person: [tile.key for tile in tiles_of(person)] for person in (mia, rob, max_, nora, ada)}
    assert asked == {mia: keys(MARKETER), rob: keys(REP), max_: keys(SALES), nora: keys(MARKETING), ada: keys(SALES)}


def test_both_managers_find_the_five_questions_first():
    for tiles in (SALES, MARKETING):
        assert {tile.key for tile in tiles[:5]} == {"quarter", "waits", "die", "helped", "stop"}


@pytest.mark.parametrize("person", ["mia", "rob", "max_"])
def test_a_page_of_an_empty_product_says_what_is_missing(client_for, request, person):
    page = client_for(request.getfixturevalue(person)).get(PAGE)
    assert page.status_code == 200
    placed = [one for column in page.context["columns"] for one in column]
    assert not [one.tile.key for one in placed if one.shown and one.shown.failed]


def test_who_waits_is_named(max_, mia, rob):
    for _ in range(3):
        make_handoff(to=rob, by=mia, lead=make_mql(), at=MONDAY + HOUR)
    drain_all()
    reader = Reader(max_, MONDAY + 200 * HOUR, (MONDAY + 200 * HOUR).date())
    shown = {one.tile.key: one.shown for one in overview_of(reader, patience=60)}
    assert shown["waits"].sentence == f"3 of 3 hand-offs wait past their time, most for {rob} (3)."
    assert shown["waits"].address == "/dashboards/funnel/waiting/"


def test_a_marketer_reads_of_own_campaigns_alone(mia):
    own, _other = make_campaign("Own", owner=mia), make_campaign("Somebody else’s")
    for campaign in (own, _other):
        make_mql(campaign=campaign)
    drain_all()
    reader = Reader(mia, MONDAY + 48 * HOUR, (MONDAY + 48 * HOUR).date())
    [first, *_] = overview_of(reader, patience=60)
    assert first.tile.key == "my-campaigns"
    assert [line.cells[0].text for line in first.shown.table.lines] == ["Own"]


def test_what_takes_longer_comes_after_the_page(client_for, max_, monkeypatch):
    monkeypatch.setattr(overview, "PATIENCE_SECONDS", 0)
    reader = Reader(max_, MONDAY, MONDAY.date())
    assert all(one.shown is None for one in overview_of(reader, patience=0))
    client = client_for(max_)
    part = client.get(f"{PAGE}tiles/waits/", headers={"HX-Request": "true"})
    assert "Nothing waits" in part.content.decode()
    assert client.get(f"{PAGE}tiles/waits/").status_code == 302
    assert client.get(f"{PAGE}tiles/luck/", headers={"HX-Request": "true"}).status_code == 404


def test_a_tile_that_fails_leaves_the_others_alone(client_for, max_, monkeypatch, caplog):
    def breaks(tile, reader):
        raise ZeroDivisionError

    monkeypatch.setattr(overview, "SALES", (Tile("broken", "Who?", "sla", breaks), *SALES))
    html = client_for(max_).get(PAGE).content.decode()
    assert "This could not be counted" in html
    assert "Who waits?" in html
    assert "The tile broken could not be counted" in caplog.text
