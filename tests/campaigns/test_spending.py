"""campaigns/spending.py and its rows on the page of a campaign: corrected, taken out, brought back."""

from decimal import Decimal

import pytest

from campaigns.models import Spend
from campaigns.spending import bring_back_spend, change_spend, remove_spend
from crm.editing import trace
from crm.errors import BusinessError, NotAllowed
from tests.factories import make_campaign, make_spend

pytestmark = pytest.mark.django_db


@pytest.fixture
def spend(mia):
    return make_spend(make_campaign(owner=mia), "120.50", note="Speakers", source_system="ads", external_id="7", by=mia)


def test_a_spend_taken_out_comes_back_as_it_was_once(spend, mia):
    was = Spend.objects.values().get()

    kept = remove_spend(spend, by=mia)
    assert not Spend.objects.exists()
    for _click in range(2):
        bring_back_spend(kept, by=mia)

    now, times = Spend.objects.values().get(), {"created_at": None, "updated_at": None}
    assert {**now, **times} == {**was, **times}


def test_undo_needs_the_right_and_a_token_of_ours(spend, mia, rob):
    kept = remove_spend(spend, by=mia)
    with pytest.raises(NotAllowed):
        bring_back_spend(kept, by=rob)
    with pytest.raises(BusinessError, match="no longer be undone"):
        bring_back_spend(kept + "x", by=mia)


def test_undo_on_the_page(client_for, spend, mia):
    client, url = client_for(mia), f"/campaigns/{spend.campaign_id}/spends/"
    page = client.post(f"{url}{spend.pk}/removal/", follow=True).content.decode()
    undo = page.split(f'action="{url}return/')[1].split('"')[0].replace("&amp;", "&")
    assert client.post(f"{url}return/{undo}").status_code == 302
    assert Spend.objects.get().note == "Speakers"


def test_only_what_was_changed_is_written_and_a_conflict_is_shown_first(client_for, spend, mia, mona):
    client, url = client_for(mia), f"/campaigns/{spend.campaign_id}/spends/{spend.pk}/"
    seen = {f"seen_{name}": trace(getattr(spend, name)) for name in ("on", "amount", "note")}
    change_spend(spend, by=mona, amount=Decimal(80))

    merged = client.post(url, {"on": "2026-03-02", "amount": "120.50", "note": "Adverts", **seen})
    assert (merged.status_code, *Spend.objects.values_list("amount", "note").get()) == (302, Decimal(80), "Adverts")

    refused = client.post(url, {"on": "2026-03-02", "amount": "99", "note": "Speakers", **seen})
    page = refused.content.decode()
    assert (refused.status_code, "wrote “80.00” meanwhile" in page, 'value="99"' in page) == (422, True, True)
    again = {**seen, "seen_amount": "80", "seen_note": "Adverts"}
    assert client.post(url, {"on": "2026-03-02", "amount": "99", "note": "Adverts", **again}).status_code == 302
    assert Spend.objects.get().amount == 99
