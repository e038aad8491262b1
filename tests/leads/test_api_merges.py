"""`leads/{id}/merge/` and `merges/`."""

import pytest

from leads.lifecycle import Stage
from leads.models import Lead, Merge
from leads.transitions import move_lead
from tests.api import Caller
from tests.factories import MONDAY, make_handoff, make_lead

pytestmark = pytest.mark.django_db


def test_merging_and_undoing(mia):
    survivor, duplicate = make_lead(phone="1"), make_lead(phone="2")
    calls = Caller(mia)

    answer = calls.post(f"leads/{survivor.pk}/merge/", {"duplicate": duplicate.pk, "take": ["phone"]})

    merge = answer.json()
    assert (answer.status_code, merge["survivor"], merge["duplicate"], merge["replaced"]) == (
        201, survivor.pk, duplicate.pk, {"phone": "1"},
    )  # fmt: skip
    assert calls.get(f"leads/{duplicate.pk}/").json()["merged_into"] == survivor.pk
    assert calls.get(f"leads/?merged_into={survivor.pk}").json()["results"][0]["id"] == duplicate.pk
    assert calls.get("merges/?is_undone=false").json()["results"] == [merge]

    undone = calls.post(f"merges/{merge['id']}/undo/", {})
    assert (undone.status_code, undone.json()["undone_by"]) == (200, mia.pk)
    assert calls.get("merges/?is_undone=false").json()["results"] == []
    assert Lead.objects.get(pk=survivor.pk).phone == "1"


def test_refusals_are_problems(mia, rob, rosa):
    survivor, waiting = make_lead(owner=rob), make_handoff(to=rob).lead
    answers = [
        Caller(mia).post(f"leads/{survivor.pk}/merge/", {"duplicate": waiting.pk}),
        Caller(mia).post(f"leads/{survivor.pk}/merge/", {"duplicate": survivor.pk}),
        Caller(rosa).post(f"leads/{survivor.pk}/merge/", {"duplicate": make_lead().pk}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (422, "lead_offered"), (422, "same_lead"), (403, "not_allowed"),
    ]  # fmt: skip
    assert Caller(mia).post(f"leads/{survivor.pk}/merge/", {"duplicate": 10**9}).status_code in (400, 422)
    assert Caller(mia).post("merges/", {}).status_code == 405


def test_undo_after_a_move_is_a_conflict(mia):
    survivor, duplicate = make_lead(), make_lead()
    Caller(mia).post(f"leads/{survivor.pk}/merge/", {"duplicate": duplicate.pk})
    survivor.refresh_from_db()
    move_lead(survivor, Stage.MQL, by=mia, at=MONDAY)
    answer = Caller(mia).post(f"merges/{Merge.objects.get().pk}/undo/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_undo")


def test_the_list_of_merges_costs_the_same_queries_however_many(mia, django_assert_max_num_queries):
    for _ in range(3):
        Caller(mia).post(f"leads/{make_lead().pk}/merge/", {"duplicate": make_lead().pk})
    with django_assert_max_num_queries(8):
        assert len(Caller(mia).get("merges/").json()["results"]) == 3
