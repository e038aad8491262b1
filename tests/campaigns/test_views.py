from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import Campaign
from crm.editing import trace
from crm.models import Role
from tests.factories import make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia():
    return make_user("mia", role=Role.MARKETER)


def sent(**fields: Any) -> dict[str, Any]:
    plain = {"name": "Spring webinar", "channel": "webinar", "kind": "tactical", "status": "running", "currency": "eur"}
    return plain | fields


def test_new_campaign_belongs_to_who_made_it(client_for, mia):
    answer = client_for(mia).post("/campaigns/new/", sent(budget="1500", starts_on="2026-03-02"))

    campaign = Campaign.objects.get()
    assert answer.url == f"/campaigns/{campaign.pk}/"
    assert (campaign.owner, campaign.budget, campaign.currency, campaign.kind) == (
        mia,
        Decimal(1500),
        "EUR",
        "tactical",
    )


def test_new_campaign_sent_twice_is_one(client_for, mia):
    client = client_for(mia)

    for _click in range(2):
        client.post("/campaigns/new/", sent(idempotency_key="once"))

    assert Campaign.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "This field is required"),
        ({"budget": "-1"}, "greater than or equal to 0"),
        ({"currency": "euro"}, "at most 3 characters"),
        ({"currency": "E1R"}, "Three letters"),
        ({"starts_on": "2026-03-02", "ends_on": "2026-03-01"}, "cannot end before it starts"),
    ],
)
def test_wrong_campaign_is_asked_again(client_for, mia, wrong, says):
    answer = client_for(mia).post("/campaigns/new/", sent(**wrong))

    assert (answer.status_code, Campaign.objects.count()) == (422, 0)
    assert says in answer.content.decode()


def test_campaigns_are_made_by_marketing(client_for):
    sales, marketing = make_team(), make_team("Marketing", kind="marketing")
    people = {
        "rep": make_user("rob", team=sales),
        "sales manager": make_user("max", role=Role.MANAGER, team=sales),
        "marketing manager": make_user("mona", role=Role.MANAGER, team=marketing),
        "admin": make_user("ann", role=Role.ADMIN),
    }

    answers = {who: client_for(person).post("/campaigns/new/", sent()).status_code for who, person in people.items()}

    assert answers == {"rep": 403, "sales manager": 403, "marketing manager": 302, "admin": 302}


def in_place(client, campaign, **field):
    """One field edited where it stands."""
    [(name, value)] = field.items()
    return client.post(
        f"/campaigns/{campaign.pk}/edit/?field={name}", {"value": value, "seen": trace(getattr(campaign, name))}
    )


def test_edit_is_for_the_owner_and_keeps_what_another_person_wrote(client_for, mia):
    campaign = make_campaign("Old name", owner=mia, channel="webinar")
    other = make_user("mo", role=Role.MARKETER)

    assert in_place(client_for(other), campaign, name="Theirs").status_code == 403
    assert in_place(client_for(mia), campaign, name="Spring webinar").status_code == 302
    assert in_place(client_for(mia), campaign, status="paused").status_code == 302

    campaign.refresh_from_db()
    assert (campaign.name, campaign.status, campaign.owner) == ("Spring webinar", "paused", mia)


def test_a_marketer_cannot_set_a_campaign_up_for_another(client_for, mia):
    other = make_user("mo", role=Role.MARKETER)
    client_for(mia).post("/campaigns/new/", sent(owner=other.pk, owner_text=str(other)))
    assert Campaign.objects.get().owner == mia


def test_a_new_campaign_hangs_below_a_larger_one_three_levels_deep(client_for, mia):
    top = make_campaign("Top")
    middle = make_campaign("Middle", parent=top)
    leaf = make_campaign("Leaf", parent=middle)
    client = client_for(mia)

    assert 'value="Middle"' in client.get(f"/campaigns/new/?parent={middle.pk}").content.decode()
    assert client.post("/campaigns/new/", sent(parent=middle.pk, parent_text="Middle")).status_code == 302
    refused = client.post("/campaigns/new/", sent(parent=leaf.pk, parent_text="Leaf"))

    assert (refused.status_code, "at most 3 levels deep" in refused.content.decode()) == (422, True)
    assert Campaign.objects.get(name="Spring webinar").parent == middle
    page = client.get(f"/campaigns/{middle.pk}/").content.decode()
    assert [name in page for name in ("Top", "Leaf", "Spring webinar")] == [True, True, True]


def test_a_campaign_cannot_end_before_it_starts(client_for, mia):
    campaign = make_campaign(owner=mia, starts_on=date(2026, 3, 2))
    answer = in_place(client_for(mia), campaign, ends_on="2026-03-01")
    assert (answer.status_code, "cannot end before it starts" in answer.content.decode()) == (422, True)
