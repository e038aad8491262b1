"""Saved views: desk/lists/saved_views.py and desk/views/saved_views.py."""

from typing import Any

import pytest

from desk.lists.saved_views import LONGEST_QUERY
from desk.models import SavedView
from tests.factories import make_lead, make_mql, make_user

pytestmark = pytest.mark.django_db


def saved(owner: Any, name: str = "Hot", query: str = "tab=all&stage=mql", **fields: Any) -> SavedView:
    return SavedView.objects.create(list="leads", owner=owner, name=name, query=query, **fields)


def names(response: Any) -> list[str]:
    return [tab.label for tab in response.context["tabs"]][5:]


def test_a_view_is_saved_without_the_place_in_the_list(client_for, rob):
    query = "tab=all&stage=mql&ordering=-score&after=5~7&edit=stage&view=3"

    answer = client_for(rob).post("/views/new/", {"list": "leads", "query": query, "name": "Hot"})

    view = SavedView.objects.get()
    assert (view.list, view.name, view.query, view.owner, view.team) == (
        "leads", "Hot", "tab=all&stage=mql&ordering=-score", rob, None,
    )  # fmt: skip
    assert answer.url == f"/leads/?tab=all&stage=mql&ordering=-score&view={view.pk}"


def test_a_view_stands_beside_the_tabs_and_shows_what_was_saved(client_for, rob):
    mql = make_mql()
    make_lead()
    view = saved(rob)

    page = client_for(rob).get(f"/leads/?{view.query}&view={view.pk}")

    assert [lead.pk for lead in page.context["page"].rows] == [mql.pk]
    assert [tab.label for tab in page.context["tabs"] if tab.is_present] == ["Hot"]
    assert not page.context["view_differs"]
    assert client_for(rob).get(f"/leads/?tab=all&view={view.pk}").context["view_differs"]


def test_a_private_view_is_nobody_elses_and_a_teams_is_the_teams(client_for, rob, rosa, sam, north):
    saved(rob, "Private")
    saved(rob, "Ours", team=north)

    assert names(client_for(rob).get("/leads/")) == ["Ours", "Private"]
    assert names(client_for(rosa).get("/leads/")) == ["Ours"]
    assert names(client_for(sam).get("/leads/")) == []


def test_a_name_is_taken_once_by_a_person(client_for, rob, rosa):
    saved(rob, "Hot")
    sent = {"list": "leads", "query": "stage=mql", "name": "Hot"}

    again = client_for(rob).post("/views/new/", sent)
    hers = client_for(rosa).post("/views/new/", sent)

    assert (again.status_code, hers.status_code) == (422, 302)
    assert "There is a view “Hot” already." in again.content.decode()


def test_a_view_is_shared_with_the_own_team_only(client_for, rob, south):
    answer = client_for(rob).post("/views/new/", {"list": "leads", "query": "", "name": "Hot", "team": south.pk})

    assert answer.status_code == 422
    assert not SavedView.objects.exists()


def test_a_view_is_renamed_shared_overwritten_and_deleted_by_its_owner(client_for, rob, north):
    view, client = saved(rob), client_for(rob)

    client.post(f"/views/{view.pk}/edit/", {"name": "Warm", "team": north.pk})
    client.post(f"/views/{view.pk}/overwriting/", {"query": "tab=waiting&after=3"})
    view.refresh_from_db()
    assert (view.name, view.team, view.query) == ("Warm", north, "tab=waiting")

    client.post(f"/views/{view.pk}/removal/")
    assert not SavedView.objects.exists()


def test_others_may_look_at_a_shared_view_but_not_change_it(client_for, rob, rosa, sam, north):
    view = saved(rob, team=north)

    answers = [
        client_for(person).post(f"/views/{view.pk}/{verb}/", {"name": "Mine", "query": ""}).status_code
        for person in (rosa, sam)
        for verb in ("edit", "overwriting", "removal")
    ]

    assert answers == [403, 403, 403, 404, 404, 404]
    view.refresh_from_db()
    assert (view.name, view.query) == ("Hot", "tab=all&stage=mql")


def test_a_view_of_somebody_who_left_works_says_so_and_the_manager_may_delete_it(client_for, rosa, max_, north):
    mql = make_mql()
    left = make_user("leo", team=north, is_active=False)
    view = saved(left, team=north)

    page = client_for(rosa).get(f"/leads/?{view.query}&view={view.pk}")
    assert [lead.pk for lead in page.context["page"].rows] == [mql.pk]
    assert "Made by Leo, who has left" in page.content.decode()

    assert client_for(max_).post(f"/views/{view.pk}/edit/", {"name": "Team", "team": north.pk}).status_code == 302
    assert client_for(max_).post(f"/views/{view.pk}/removal/").status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "query", ["&&&=;%%%", "stage=&stage=zzz&after=x&ordering=--", "q=%00%ff&tab=\ud83d", "view=1&view=2"]
)
def test_a_bad_stored_query_breaks_no_page(client_for, rob, query):
    make_lead()
    view = saved(rob, query=query.encode("utf-8", "replace").decode())

    page = client_for(rob).get("/leads/?tab=all")
    [address] = [tab.address for tab in page.context["tabs"] if tab.label == "Hot"]

    assert page.status_code == 200
    assert client_for(rob).get(f"/leads/{address}").status_code in (200, 400)
    assert view.pk


def test_a_view_too_long_to_keep_is_refused(client_for, rob):
    sent = {"list": "leads", "query": "source=" + "x" * LONGEST_QUERY, "name": "Long"}

    answer = client_for(rob).post("/views/new/", sent)

    assert answer.status_code == 422
    assert "too many filters" in answer.content.decode()


def test_a_view_saved_from_the_panel_leads_to_its_list(client_for, rob):
    headers = {"hx-request": "true", "hx-target": "panel-body"}
    client = client_for(rob)

    asked = client.get("/views/new/?list=leads&query=stage%3Dmql", headers=headers)
    answer = client.post("/views/new/", {"list": "leads", "query": "stage=mql", "name": "Hot"}, headers=headers)

    assert 'name="query" value="stage=mql"' in asked.content.decode()
    assert answer["HX-Redirect"] == f"/leads/?stage=mql&view={SavedView.objects.get().pk}"


def test_a_view_of_no_list_is_not_found(client_for, rob):
    assert client_for(rob).get("/views/new/?list=wishes").status_code == 404


def test_own_views_come_first_however_many_a_team_shares(client_for, rob, rosa, north):
    for number in range(40):
        saved(rosa, f"A {number:02}", team=north)
    saved(rob, "Mine")

    assert names(client_for(rob).get("/leads/"))[0] == "Mine"
