"""The settings page of reasons."""

import pytest

from leads.lifecycle import ReasonUse
from leads.models import Reason
from tests.factories import reason

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["mia", "mona", "rob"])
def test_reasons_are_for_sales_managers_and_admins(client_for, request, who, max_, ada):
    client = client_for(request.getfixturevalue(who))

    assert client.get("/settings/reasons/").status_code == 403
    assert client.post(f"/settings/reasons/{reason('other').pk}/position/", {"step": "1"}).status_code == 403
    assert {client_for(each).get("/settings/reasons/").status_code for each in (max_, ada)} == {200}


def test_a_new_reason_stands_last_with_a_code_of_its_own(client_for, max_):
    client, address = client_for(max_), "/settings/reasons/new/?use=loss"

    for label in ("No budget!", "No budget?", "没有预算"):
        assert client.post(address, {"label": label}).status_code == 302

    made = Reason.objects.filter(use=ReasonUse.LOSS).order_by("-position")[:3]
    assert [row.code for row in made][::-1] == ["no_budget", "no_budget_2", "reason"]


def test_a_reason_to_reject_says_what_becomes_of_the_lead(client_for, max_):
    client, address = client_for(max_), "/settings/reasons/new/?use=verdict"

    asked = client.post(address, {"label": "Too far away"})
    client.post(address, {"label": "Too far away", "family": "definitional", "default_route": "nurture"})

    assert (asked.status_code, asked.content.decode().count("This field is required")) == (422, 2)
    made = Reason.objects.get(code="too_far_away")
    assert (made.family, made.default_route) == ("definitional", "nurture")


def test_a_reason_is_renamed_and_retired_and_its_code_stays(client_for, max_):
    present = reason("price", use="loss")

    client_for(max_).post(f"/settings/reasons/{present.pk}/", {"label": "Too dear", "retired": "on"})

    present.refresh_from_db()
    assert (present.label, present.retired, present.code) == ("Too dear", True, "price")


def test_reasons_move_within_their_use(client_for, max_):
    rows = Reason.objects.filter(use=ReasonUse.RETURN)
    before = list(rows.values_list("code", flat=True))
    second = rows[1]

    client_for(max_).post(f"/settings/reasons/{second.pk}/position/", {"step": "-1"})

    assert list(rows.values_list("code", flat=True)) == [before[1], before[0], *before[2:]]


def test_an_unknown_use_is_not_found(client_for, max_):
    assert client_for(max_).get("/settings/reasons/new/?use=nonsense").status_code == 404
