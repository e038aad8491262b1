"""The list and the page of content, its file, and the content that a campaign uses."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.content import create_asset, put_file
from campaigns.models import Asset
from desk.queries.content import COUNT_UP_TO, Uses, is_stale, stale_rows, uses_of
from desk.search.results import search
from feedback.models import Impression
from leads.activities import log_activity
from leads.subjects import Subject
from leads.touches import log_touch, record_touch
from tests.factories import DAY, MONDAY, make_campaign, make_lead

pytestmark = pytest.mark.django_db
NOW = MONDAY + 120 * DAY
PDF = b"%PDF-1.7 some pages"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def make_asset(name="Data sheet", *, at=MONDAY, **fields):
    asset = Asset.objects.create(name=name, kind="data_sheet", **fields)
    Asset.objects.filter(pk=asset.pk).update(created_at=at)
    asset.refresh_from_db()
    return asset


def test_uses_count_touches_that_stand_and_what_sales_showed(rob, mia):
    asset, other = make_asset(), make_asset("Other")
    lead = make_lead(owner=rob)
    wrong = record_touch(lead, at=MONDAY, kind="visit", asset=asset)
    log_touch(lead, user=mia, at=MONDAY + DAY, kind="download", asset=other, corrects=wrong)
    record_touch(lead, at=MONDAY, kind="visit", asset=asset)
    log_activity(Subject(lead=lead), by=rob, at=MONDAY + 2 * DAY, kind="email", note="Sent it", asset=asset)

    assert uses_of([asset.pk, other.pk]) == {
        asset.pk: Uses(1, 1, MONDAY + 2 * DAY), other.pk: Uses(1, 0, MONDAY + DAY),
    }  # fmt: skip
    assert uses_of([asset.pk], since=MONDAY + DAY) == {asset.pk: Uses(0, 1, MONDAY + 2 * DAY)}
    assert uses_of([]) == {}
    assert Uses(COUNT_UP_TO + 1).touches_words == "1,000+"


def test_stale_is_what_nobody_met_or_showed_for_ninety_days(rob):
    met, shown, once, _never, new = (make_asset(name) for name in ("met", "shown", "once", "never", "new"))
    Asset.objects.filter(pk=new.pk).update(created_at=NOW - DAY)
    lead = make_lead(owner=rob)
    record_touch(lead, at=NOW - 89 * DAY, kind="visit", asset=met)
    record_touch(lead, at=NOW - 91 * DAY, kind="visit", asset=once)
    log_activity(Subject(lead=lead), by=rob, at=NOW - DAY, kind="meeting", asset=shown)

    stale = set(Asset.objects.filter(stale_rows(at=NOW)).values_list("name", flat=True))
    uses = uses_of(Asset.objects.values_list("pk", flat=True))
    by_row = {asset.name for asset in Asset.objects.all() if is_stale(asset, uses[asset.pk], at=NOW)}

    assert stale == by_row == {"once", "never"}


def test_the_list_costs_the_same_for_one_and_fifty(client_for, rob, mia):
    page, lead = client_for(mia), make_lead(owner=rob)

    def fill(count):
        for number in range(count):
            asset = make_asset(f"Sheet {number}", owner=mia)
            make_campaign(owner=mia).assets.add(asset)
            record_touch(lead, at=MONDAY, kind="visit", asset=asset)

    fill(1)
    page.get("/content/")
    with CaptureQueriesContext(connection) as one:
        assert "No touch in 90 d" in page.get("/content/").content.decode()
    fill(49)
    with CaptureQueriesContext(connection) as many:
        page.get("/content/")
    assert len(many) == len(one)


def test_filters_of_the_list(client_for, mia):
    campaign, used = make_campaign(owner=mia), make_asset("Used sheet", buyer_stage="decision", owner=mia)
    campaign.assets.add(used)
    make_asset("Gone", archived_at=MONDAY)
    make_asset("Fresh", at=timezone.now())
    page = client_for(mia)

    def names(query):
        body = page.get(f"/content/?{query}").content.decode()
        return {name for name in ("Used sheet", "Fresh", "Gone") if f">{name}</a>" in body}

    assert names("") == {"Used sheet", "Fresh"}
    assert names("tab=mine") == names(f"campaign={campaign.pk}") == names("buyer_stage=decision") == {"Used sheet"}
    assert names("use=stale") == names("tab=stale") == {"Used sheet"}
    assert names("buyer_stage=any") == names("q=fre") == {"Fresh"}
    assert names("archived=only") == {"Gone"}


def test_the_page_says_who_met_it_and_what_sales_says(client_for, rob, mia):
    asset, lead = make_asset(owner=mia), make_lead(owner=rob, last_name="Lovelace")
    make_campaign("Spring fair").assets.add(asset)
    record_touch(lead, at=timezone.now() - timedelta(days=1), kind="download", asset=asset)
    Impression.objects.create(
        lead=lead, episode=1, moment="qualify", question="content", asset=asset, by=rob, at=timezone.now()
    )
    page = client_for(mia)
    body = page.get(f"/content/{asset.pk}/").content.decode()
    for words in ("Lea Lovelace", "Spring fair", "Where it helped, says sales", "Add a file", "1 in 90 days"):
        assert words in body
    with CaptureQueriesContext(connection) as one:
        page.get(f"/content/{asset.pk}/")
    for _more in range(20):
        record_touch(make_lead(owner=rob), at=timezone.now(), kind="download", asset=asset)
        make_campaign().assets.add(asset)
    with CaptureQueriesContext(connection) as many:
        page.get(f"/content/{asset.pk}/")
    assert len(many) == len(one)
    assert "Add a file" not in client_for(rob).get(f"/content/{asset.pk}/").content.decode()


def test_a_file_is_saved_and_never_shown(client_for, client, rob, mia):
    asset = create_asset(by=mia, name="Data sheet")
    page, address = client_for(mia), f"/content/{asset.pk}/file/"
    assert page.get(address).status_code == 404
    answer = page.post(address, {"file": SimpleUploadedFile("Sheet.pdf", PDF), "seen": ""}, follow=True)
    assert "The file is there." in answer.content.decode()

    got = client_for(rob).get(address)
    assert b"".join(got.streaming_content) == PDF
    assert got["Content-Disposition"] == 'attachment; filename="Sheet.pdf"'
    assert (got["Content-Type"], got["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert client.get(address).status_code == 302
    refused = page.post(address, {"file": SimpleUploadedFile("Sheet.pdf", b"<html>"), "seen": ""})
    assert (refused.status_code, "This is no PDF file" in refused.content.decode()) == (422, True)
    assert client_for(rob).post(address, {"file": SimpleUploadedFile("a.pdf", PDF)}).status_code == 403


def test_a_file_replaced_by_somebody_else_is_told(client_for, mia, mona):
    asset = create_asset(by=mia, name="Data sheet")
    put_file(asset, SimpleUploadedFile("theirs.pdf", PDF), by=mona)
    page = client_for(mia)
    answer = page.post(
        f"/content/{asset.pk}/file/", {"file": SimpleUploadedFile("a.pdf", PDF), "seen": ""}, follow=True
    )
    assert "changed this piece of content" in answer.content.decode()
    page.post(f"/content/{asset.pk}/file/removal/", {"seen": "content/other.pdf"})
    asset.refresh_from_db()
    assert asset.file.name.endswith("theirs.pdf")


def test_new_content_for_a_campaign_with_its_file(client_for, mia):
    campaign = make_campaign(owner=mia)
    sent = {
        "name": "Case study", "kind": "case_study", "buyer_stage": "decision", "url": "example.com/case",
        "file": SimpleUploadedFile("Case.pdf", PDF), "idempotency_key": "once",
    }  # fmt: skip
    page = client_for(mia)
    answer = page.post(f"/content/new/?campaign={campaign.pk}", sent)
    assert answer["Location"] == f"/campaigns/{campaign.pk}/"
    page.post(f"/content/new/?campaign={campaign.pk}", {**sent, "file": SimpleUploadedFile("Case.pdf", PDF)})
    [asset] = Asset.objects.all()
    assert (asset.owner, asset.url, list(campaign.assets.all())) == (mia, "https://example.com/case", [asset])
    assert asset.file.name.endswith("Case.pdf")
    wrong = page.post("/content/new/", {"name": "", "kind": ""})
    assert wrong.status_code == 422


def test_a_campaign_names_the_content_it_uses(client_for, mia, rob):
    campaign, asset = make_campaign(owner=mia), make_asset()
    page = client_for(mia)
    page.post(f"/campaigns/{campaign.pk}/content/", {"asset": asset.pk})
    body = page.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "Content used" in body
    assert f"/content/{asset.pk}/" in body
    gone = page.post(f"/campaigns/{campaign.pk}/content/{asset.pk}/removal/", follow=True).content.decode()
    assert not campaign.assets.exists()
    assert f"/campaigns/{campaign.pk}/content/?asset={asset.pk}" in gone
    page.post(f"/campaigns/{campaign.pk}/content/?asset={asset.pk}")
    assert list(campaign.assets.all()) == [asset]
    assert client_for(rob).post(f"/campaigns/{campaign.pk}/content/", {"asset": asset.pk}).status_code == 403


def test_the_search_finds_content_by_name():
    asset = make_asset("Interface on a page")
    make_asset("Interface, old", archived_at=MONDAY)
    [group] = search("interface", limit=5).groups
    assert [(hit.record, hit.url, hit.detail) for hit in group.hits] == [(asset, f"/content/{asset.pk}/", "Data sheet")]
