"""The board: desk/queries/board.py, desk/views/board.py and the verbs asked from it."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from desk.queries.board import CARDS, Board, Total, first_of_each
from leads.models import Company, Contact, Opportunity, PipelineStage, Task
from leads.opportunities import AlreadyClosed, change_stage, close_opportunity
from tests.factories import DAY, MONDAY, make_lead, make_opportunity, make_user, reason

pytestmark = pytest.mark.django_db

ON_BOARD = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/board/?whose=all"}


def columns(client, **query):
    return client.get("/board/", query).context["columns"]


def names(column):
    return [card.deal.name for card in column.cards]


def by_stage(found):
    return {column.stage.stage: column for column in found}


def test_columns_are_the_open_stages_with_the_most_valuable_first(client_for, rob):
    for name, amount in (("Small", 5), ("None", None), ("Big", 900), ("Middle", 70)):
        make_opportunity(name, amount=amount, owner=rob, stage="proof")
    make_opportunity("Won", owner=rob, stage="won", outcome="won", closed_at=MONDAY)
    make_opportunity("Put away", owner=rob, stage="proof", archived_at=MONDAY)

    found = columns(client_for(rob))

    assert [column.stage.stage for column in found] == ["discovery", "solution", "proof", "proposal", "negotiation"]
    assert names(by_stage(found)["proof"]) == ["Big", "Middle", "Small", "None"]


def test_totals_are_weighted_and_never_add_up_currencies(rob):
    make_opportunity(owner=rob, amount=1000, probability=10, currency="EUR")
    make_opportunity(owner=rob, amount=500, probability=50, currency="EUR")
    make_opportunity(owner=rob, amount=2000, probability=10, currency="USD")
    make_opportunity(owner=rob, amount=None, probability=10, currency="EUR")

    board = Board(Opportunity.objects.all(), rob, now=MONDAY)

    assert board.columns()[0].totals == [
        Total("USD", 1, Decimal(2000), Decimal(200)),
        Total("EUR", 3, Decimal(1500), Decimal(350)),
    ]


def test_whose_and_kind(client_for, rob, rosa, sam, max_, mia, north):
    make_opportunity("Rob's", owner=rob, team=north)
    make_opportunity("Rosa's", owner=rosa, team=north, kind="renewal")
    make_opportunity("Sam's", owner=sam, team=sam.team)

    def shown(user, **query):
        return sorted(names(columns(client_for(user), **query)[0])) if user else []

    assert shown(rob) == ["Rob's"]
    assert shown(rob, whose="team") == ["Rob's", "Rosa's"]
    assert shown(rob, whose="all") == ["Rob's", "Rosa's", "Sam's"]
    assert shown(rob, whose="all", kind="renewal") == ["Rosa's"]
    assert shown(rob, whose="nonsense", kind="nonsense") == ["Rob's"]
    assert shown(max_) == ["Rob's", "Rosa's"]
    assert shown(mia) == ["Rob's", "Rosa's", "Sam's"]


def test_a_column_shows_fifty_and_leads_to_the_rest(client_for, rob):
    Opportunity.objects.bulk_create(
        Opportunity(name=f"Deal {n}", amount=n, owner=rob, stage="proposal", opened_at=MONDAY, stage_since=MONDAY)
        for n in range(CARDS + 31)
    )
    page = client_for(rob).get("/board/")
    column = by_stage(page.context["columns"])["proposal"]
    assert (len(column.cards), column.count, column.left_out) == (CARDS, CARDS + 31, 31)
    html = page.content.decode()
    assert "and 31 more" in html
    assert "?tab=open&amp;stage=proposal&amp;owner=me" in html


def test_a_retired_stage_is_a_column_while_something_stands_in_it(client_for, rob):
    PipelineStage.objects.filter(stage__in=["solution", "proof"]).update(retired=True)
    make_opportunity("Late", owner=rob, stage="proof")
    found = by_stage(columns(client_for(rob)))
    assert list(found) == ["discovery", "proof", "proposal", "negotiation"]
    assert (found["proof"].may_be_entered, found["proposal"].may_be_entered) == (False, True)


def test_a_card_says_what_comes_next_and_what_stands_still(client_for, rob):
    now = timezone.now()
    PipelineStage.objects.filter(stage="discovery").update(stay_p90=timedelta(days=10))
    lead = make_lead()
    planned = make_opportunity("Planned", owner=rob, stage_since=now - 20 * DAY, lead=lead, amount=3)
    make_opportunity("Quiet", owner=rob, opened_at=now - 20 * DAY, stage_since=now, amount=2)
    make_opportunity("Fresh", owner=rob, opened_at=now, stage_since=now, amount=1)
    Task.objects.create(title="Ask for the budget", lead=lead, owner=rob, due_at=now + DAY)
    Opportunity.objects.filter(pk=planned.pk).update(next_step_at=now + DAY)

    cards = columns(client_for(rob))[0].cards

    said = [(card.deal.name, card.next_step and card.next_step.title, card.is_stalled, card.is_quiet) for card in cards]
    assert said == [
        ("Planned", "Ask for the budget", True, False),
        ("Quiet", None, False, True),
        ("Fresh", None, False, False),
    ]


def test_the_board_costs_the_same_with_one_and_fifty_cards(client_for, rob, max_):
    client = client_for(max_)

    def fill(count):
        for n in range(count):
            company = Company.objects.create(name=f"Company {n}")
            owner = make_user(f"rep{n}{count}", team=rob.team)
            deal = make_opportunity(
                f"Deal {n}", owner=owner, team=rob.team, company=company, amount=n, next_step_at=MONDAY,
                stage=["discovery", "proof"][n % 2],
            )  # fmt: skip
            Task.objects.create(title="Call", opportunity=deal, owner=owner, due_at=MONDAY)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/board/").status_code == 200
        return len(queries)

    fill(2)
    cost()  # the first request also makes the organisation
    with_two = cost()
    fill(50)
    assert cost() == with_two


def test_a_move_answers_with_its_columns_and_an_undo(client_for, rob):
    deal = make_opportunity("Press", owner=rob, amount=1000)
    client = client_for(rob)

    answer = client.post(f"/opportunities/{deal.pk}/stage/", {"stage": "proof", "seen": "discovery"}, **ON_BOARD)

    html, trigger = answer.content.decode(), json.loads(answer["HX-Trigger"])
    assert (answer.status_code, answer["HX-Reswap"]) == (200, "none")
    assert all(f'id="column-{name}"' in html for name in ("discovery", "proof"))
    assert 'id="column-proposal"' not in html
    assert "€400 weighted" in html
    assert trigger["toast"]["text"] == "Press is now in Proof, 40 % probable."
    undone = client.post(trigger["toast"]["undo_url"], **ON_BOARD)
    deal.refresh_from_db()
    assert (undone.status_code, deal.stage, deal.probability) == (200, "discovery", 10)


def test_who_comes_second_is_told_who_was_faster_and_sees_the_columns_as_they_are(client_for, rob, max_):
    deal = make_opportunity("Press", owner=rob, team=rob.team)
    client_for(max_).post(f"/opportunities/{deal.pk}/stage/", {"stage": "proposal", "seen": "discovery"})

    answer = client_for(rob).post(
        f"/opportunities/{deal.pk}/stage/", {"stage": "proof", "seen": "discovery"}, **ON_BOARD
    )

    html = answer.content.decode()
    assert answer.status_code == 409
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "Max moved this opportunity to “Proposal” meanwhile."
    assert all(f'id="column-{name}"' in html for name in ("discovery", "proof", "proposal"))


@pytest.mark.parametrize(
    ("stage", "words"), [("won", "action of their own"), ("proof", "no longer used"), ("x", "no such")]
)
def test_moves_that_are_not_allowed_leave_the_card_where_it_was(client_for, rob, stage, words):
    PipelineStage.objects.filter(stage="proof").update(retired=True)
    deal = make_opportunity(owner=rob)
    answer = client_for(rob).post(f"/opportunities/{deal.pk}/stage/", {"stage": stage, "seen": "discovery"}, **ON_BOARD)
    deal.refresh_from_db()
    assert (answer.status_code, deal.stage) == (422, "discovery")
    assert words in json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert 'id="column-discovery"' in answer.content.decode()


def test_won_and_lost_from_the_board(client_for, rob):
    won, lost = make_opportunity("Press", owner=rob), make_opportunity("Valve", owner=rob)
    client = client_for(rob)

    answer = client.post(f"/opportunities/{won.pk}/closing/", {"outcome": "won"}, **ON_BOARD)
    refused = client.post(
        f"/opportunities/{lost.pk}/closing/", {"outcome": "lost"}, HTTP_HX_TARGET="panel-body", **ON_BOARD
    )
    closed = client.post(
        f"/opportunities/{lost.pk}/closing/", {"outcome": "lost", "reason": reason("price", "loss").pk}, **ON_BOARD
    )

    assert json.loads(answer["HX-Trigger"])["toast"] == {
        "text": "Press is won.", "level": "success", "undo_url": f"/opportunities/{won.pk}/reopening/",
    }  # fmt: skip
    assert (refused.status_code, "Choose why it was lost." in refused.content.decode()) == (422, True)
    assert "panel:close" in json.loads(closed["HX-Trigger"])
    assert list(Opportunity.objects.order_by("id").values_list("outcome", flat=True)) == ["won", "lost"]
    client.post(f"/opportunities/{won.pk}/reopening/", **ON_BOARD)
    won.refresh_from_db()
    assert won.is_open


def test_without_javascript_the_menu_leads_back_to_the_board(client_for, rob):
    deal = make_opportunity("Press", owner=rob)
    client = client_for(rob)
    page = client.get(f"/opportunities/{deal.pk}/stage/", {"on": "board"}).content.decode()
    assert 'name="on" value="board"' in page
    answer = client.post(f"/opportunities/{deal.pk}/stage/", {"stage": "proof", "seen": "discovery", "on": "board"})
    assert (answer.status_code, answer["Location"]) == (302, "/board/")


def test_only_what_one_may_work_can_be_carried(client_for, rob, rosa, mia):
    deal = make_opportunity("Press", owner=rob, team=rob.team)
    assert "data-may-move" in client_for(rob).get("/board/?whose=all").content.decode()
    for other in (rosa, mia):
        client = client_for(other)
        assert "data-may-move" not in client.get("/board/?whose=all").content.decode()
        assert client.post(f"/opportunities/{deal.pk}/stage/", {"stage": "proof"}, **ON_BOARD).status_code == 403


def test_an_empty_board_says_what_to_do(client_for, rob, mia):
    assert "No open opportunity here" in client_for(rob).get("/board/").content.decode()
    assert "No open opportunity of this kind" in client_for(rob).get("/board/?kind=renewal").content.decode()
    assert "New opportunity" not in client_for(mia).get("/board/").content.decode()


def test_names_in_script_and_without_end(client_for, rob):
    company = Company.objects.create(name="שלום " * 30)
    Contact.objects.create(last_name="x")
    make_opportunity("<script>alert(1)</script>" + "W" * 170, owner=rob, company=company)
    html = client_for(rob).get("/board/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_each_column_is_read_from_its_end_of_the_index(rob):
    for stage in ("discovery", "proof"):
        Opportunity.objects.bulk_create(
            Opportunity(name="x", stage=stage, amount=n, stage_since=MONDAY) for n in range(2000)
        )
    with connection.cursor() as sql:
        sql.execute("ANALYZE leads_opportunity")
    plan = first_of_each(
        Opportunity.objects.filter(outcome="", archived_at__isnull=True), ["discovery", "proof"]
    ).explain()
    assert plan.count("opportunity_board") == 2
    assert "Seq Scan on leads_opportunity" not in plan


def test_a_race_for_the_last_stage_has_one_winner(rob, max_):
    deal = make_opportunity(owner=rob, team=rob.team)
    close_opportunity(deal, outcome="won", by=max_, at=MONDAY)
    with pytest.raises(AlreadyClosed, match="was won"):
        change_stage(deal, "proof", by=rob, at=MONDAY, seen="discovery")
