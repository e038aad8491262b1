from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models import Campaign, Spend
from crm.models import Change
from tests.api import Caller
from tests.factories import make_campaign, make_spend, make_user


@pytest.fixture
def calls(mia):
    return Caller(mia)


def test_a_marketer_makes_a_campaign_and_logs_its_spend(calls, mia):
    campaign = calls.post(
        "campaigns/", {"name": "Spring fair", "channel": "event", "currency": "BRL", "budget": "5000.00"}
    )
    assert (campaign.status_code, campaign.json()["owner"]) == (201, mia.pk)

    spend = calls.post("spends/", {"campaign": campaign.json()["id"], "on": "2026-03-02", "amount": "199.90"})
    assert spend.status_code == 201
    shown = spend.json()
    assert (shown["amount"], shown["currency"], shown["by"]) == ("199.90", "BRL", mia.pk)
    told = [("campaign", campaign.json()["id"]), ("spend", shown["id"])]
    assert list(Change.objects.values_list("topic", "object_id")) == told


def test_a_corrected_and_a_removed_spend_tell_the_figures(calls, mia):
    spend = make_spend(make_campaign(owner=mia))
    assert calls.patch(f"spends/{spend.pk}/", {"amount": "80.00"}).json()["amount"] == "80.00"
    assert calls.patch(f"spends/{spend.pk}/", {"amount": "80.00"}).status_code == 200
    assert calls.delete(f"spends/{spend.pk}/").status_code == 204

    assert list(Change.objects.values_list("topic", "object_id")) == [("spend", spend.pk)] * 2
    assert not Spend.objects.exists()


def test_a_spend_moves_only_to_a_campaign_one_may_write(calls, mia, mona):
    mine, hers = make_campaign(owner=mia), make_campaign(owner=mona)
    spend = make_spend(mine)
    assert calls.patch(f"spends/{spend.pk}/", {"campaign": hers.pk}).status_code == 403
    assert Spend.objects.get().campaign == mine
    assert Caller(mona).patch(f"spends/{spend.pk}/", {"campaign": hers.pk}).status_code == 200


def test_marketers_write_only_their_own(calls, mona):
    theirs = make_campaign(owner=mona)
    spend = make_spend(theirs)
    answers = [
        calls.patch(f"campaigns/{theirs.pk}/", {"name": "Mine now"}),
        calls.post("campaigns/", {"name": "For Mona", "owner": mona.pk}),
        calls.post("spends/", {"campaign": theirs.pk, "on": "2026-03-02", "amount": "1"}),
        calls.patch(f"spends/{spend.pk}/", {"amount": "1"}),
        calls.delete(f"spends/{spend.pk}/"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert (Campaign.objects.get().name, Spend.objects.get().amount) == ("Spring webinar", Decimal("100.00"))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amount": "1"},
        {"on": "2026-03-02", "amount": "-0.01"},
        {"on": "2026-03-02", "amount": "0.001"},
        {"on": "2026-03-02", "amount": "1e400"},
        {"on": "2026-03-02", "amount": "NaN"},
        {"on": "2026-03-02", "amount": "9" * 20},
        {"on": "2026-03-02", "amount": "1", "currency": "euro"},
        {"on": "2026-03-02", "amount": "1", "currency": "eur"},
        {"on": "2026-03-02", "amount": "1", "note": "x" * 201},
        {"on": "2026-03-02", "amount": "1", "by": 1},
    ],
)
def test_senseless_money_is_refused(calls, mia, body):
    campaign = make_campaign(owner=mia)
    assert calls.post("spends/", {"campaign": campaign.pk, **body}).status_code == 400
    assert not Spend.objects.exists()


def test_the_identity_of_another_system_is_used_once(calls):
    body = {"name": "Search", "source_system": "ads", "external_id": "c-1"}
    assert calls.post("campaigns/", body).status_code == 201
    answer = calls.post("campaigns/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["non_field_errors"])


def test_no_campaign_is_part_of_itself(calls, mia):
    top = make_campaign(owner=mia)
    below = make_campaign(owner=mia, parent=top)
    for parent in (top, below):
        answer = calls.patch(f"campaigns/{top.pk}/", {"parent": parent.pk})
        assert (answer.status_code, answer.json()["code"]) == (422, "circular_parent")
    top.refresh_from_db()
    assert top.parent is None


def test_a_copy_sent_back_whole_changes_only_what_differs(calls, mia):
    campaign = make_campaign(owner=mia)
    shown = calls.get(f"campaigns/{campaign.pk}/").json()
    answer = calls.patch(f"campaigns/{campaign.pk}/", {**shown, "name": "Renamed"})
    assert answer.json() == {**shown, "name": "Renamed", "updated_at": answer.json()["updated_at"]}
    assert calls.patch(f"campaigns/{campaign.pk}/", {"id": 999}).status_code == 400


def test_content_is_written_by_its_owner_and_managers(calls, mia, rob, mona):
    asset = calls.post(
        "assets/", {"name": "Price list", "kind": "whitepaper", "url": "https://example.com/prices"}
    ).json()
    assert (asset["owner"], asset["file"], asset["buyer_stage"]) == (mia.pk, None, "")
    assert Caller(mona).patch(f"assets/{asset['id']}/", {"name": "Prices"}).json()["name"] == "Prices"
    for stranger in (rob, make_user("mila", "marketer")):
        assert Caller(stranger).patch(f"assets/{asset['id']}/", {"name": "Mine"}).status_code == 403
    assert calls.post("assets/", {"name": "x", "url": "javascript:alert(1)"}).status_code == 400
    assert calls.patch(f"assets/{asset['id']}/", {"file": "content/x.pdf"}).status_code == 400
    assert calls.post(f"assets/{asset['id']}/archive/").json()["archived_at"]
    assert calls.get("assets/", archived="false").json()["results"] == []


def test_the_file_of_content(calls, rob, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    here = f"assets/{calls.post('assets/', {'name': 'Sheet'}).json()['id']}/file/"
    address = f"/api/v1/{here}"

    def send(caller, name, content, **headers):
        file = SimpleUploadedFile(name, content)
        return caller.client.post(address, {"file": file}, format="multipart", headers=headers)

    assert calls.get(here).status_code == 404
    shown = send(calls, "Sheet.pdf", b"%PDF-1.7").json()["file"]
    assert shown == {"name": "Sheet.pdf", "content_type": "application/pdf", "bytes": 8}
    answer = Caller(rob).get(here)
    assert (b"".join(answer.streaming_content), answer["X-Content-Type-Options"]) == (b"%PDF-1.7", "nosniff")
    assert send(Caller(rob), "Sheet.pdf", b"%PDF-1.7").status_code == 403
    assert send(calls, "Sheet.pdf", b"<html>").status_code == 400
    assert send(calls, "Sheet.pdf", b"%PDF-" + b" " * 21 * 1024**2).status_code == 413
    assert calls.post(here, {"file": "x"}).status_code == 415
    assert calls.delete(here).json()["file"] is None


def test_a_campaign_names_its_content(calls, mia):
    first, second = (calls.post("assets/", {"name": name}).json()["id"] for name in ("First", "Second"))
    campaign = calls.post("campaigns/", {"name": "Fair", "channel": "event", "assets": [first]}).json()
    assert campaign["assets"] == [first]
    changed = calls.patch(f"campaigns/{campaign['id']}/", {"assets": [second]}).json()
    assert changed["assets"] == [second]
    assert [row["id"] for row in calls.get("campaigns/", assets=second).json()["results"]] == [campaign["id"]]
    assert calls.get("campaigns/", assets=first).json()["results"] == []
    assert [row["id"] for row in calls.get("assets/", campaigns=campaign["id"]).json()["results"]] == [second]


def test_spends_of_a_campaign_between_two_days(calls, mia):
    campaign = make_campaign(owner=mia)
    for day in ("2026-03-01", "2026-03-15", "2026-04-01"):
        make_spend(campaign, on=day)
    make_spend(make_campaign(owner=make_user("mila", "marketer")), on="2026-03-15")
    rows = calls.get("spends/", campaign=campaign.pk, on__gte="2026-03-01", on__lt="2026-04-01", ordering="on").json()[
        "results"
    ]
    assert [row["on"] for row in rows] == ["2026-03-01", "2026-03-15"]
