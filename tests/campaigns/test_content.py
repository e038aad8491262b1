"""Content: who may write it, what happens to its file, which campaigns use it."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.archiving import ASSET_RULE
from campaigns.content import create_asset, edit_asset, put_file, remove_file, stop_using_asset, use_asset
from campaigns.files import MOST_BYTES, check_file
from campaigns.models import Asset
from crm.archiving import archive_one
from crm.editing import StaleEdit
from crm.errors import BusinessError, NotAllowed
from tests.factories import MONDAY, make_campaign, make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 some pages"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def upload(name="Data sheet.pdf", content=PDF):
    return SimpleUploadedFile(name, content)


def office(*names):
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def files(tmp_path):
    return [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.fixture
def asset(mia):
    return create_asset(by=mia, name="Data sheet", kind="data_sheet")


def test_marketers_write_their_own_and_managers_any(asset, mia, mona, rob, max_, ada):
    assert asset.owner == mia
    mila = make_user("mila", "marketer", mia.team)
    for stranger in (mila, rob, max_):
        with pytest.raises(NotAllowed):
            edit_asset(asset, by=stranger, name="Mine")
    with pytest.raises(NotAllowed, match="manager gives"):
        edit_asset(asset, by=mia, owner=mila)
    with pytest.raises(NotAllowed):
        create_asset(by=mia, name="Theirs", owner=mila)
    with pytest.raises(NotAllowed):
        create_asset(by=rob, name="Mine")
    edit_asset(asset, by=mona, owner=mila)
    assert edit_asset(asset, by=mila, name="Sheet").name == "Sheet"
    nobodys = create_asset(by=ada, name="Old page", owner=None)
    assert edit_asset(nobodys, by=mia, kind="article").kind == "article"


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(asset, mia, mona):
    edit_asset(asset, by=mona, name="Prices")
    with pytest.raises(StaleEdit) as stale:
        edit_asset(asset, by=mia, seen={"name": "Data sheet"}, name="Sheet")
    assert stale.value.extra["fields"] == {"name": {"yours": "Sheet", "theirs": "Prices"}}
    assert edit_asset(asset, by=mia, seen={"kind": "data_sheet"}, kind="article").name == "Prices"


def test_a_file_keeps_its_name_and_the_old_one_goes(asset, mia, tmp_path, django_capture_on_commit_callbacks):
    first = put_file(asset, upload("Überblick 2026.pdf"), by=mia).file.name
    assert first.endswith("/Überblick 2026.pdf")
    with default_storage.open(first) as stored:
        assert stored.read() == PDF

    with django_capture_on_commit_callbacks(execute=True):
        second = put_file(asset, upload("../../etc/passwd.pdf"), by=mia, seen=first).file.name
    assert second.startswith("content/")
    assert second.endswith("/passwd.pdf")
    assert [path.name for path in files(tmp_path)] == ["passwd.pdf"]

    with django_capture_on_commit_callbacks(execute=True):
        remove_file(asset, by=mia, seen=second)
    assert (Asset.objects.get().file.name, files(tmp_path)) == ("", [])


def test_a_long_name_of_any_script_is_cut(asset, mia):
    put_file(asset, upload("製品カタログ" * 40 + ".pdf"), by=mia)

    assert Asset.objects.get().file.read() == PDF


def test_a_file_that_somebody_replaced_meanwhile_stays(asset, mia, mona, tmp_path):
    theirs = put_file(asset, upload("theirs.pdf"), by=mona, seen="").file.name
    with pytest.raises(StaleEdit):
        put_file(asset, upload("mine.pdf"), by=mia, seen="")
    with pytest.raises(StaleEdit):
        remove_file(asset, by=mia, seen="")
    assert Asset.objects.get().file.name == theirs
    assert [path.name for path in files(tmp_path)] == ["theirs.pdf"]


def test_who_may_not_write_it_leaves_no_file(asset, rob, tmp_path):
    with pytest.raises(NotAllowed):
        put_file(asset, upload(), by=rob)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"", "empty"),
        ("a.html", b"<script>", "unknown_type"),
        ("a.svg", b"<svg onload=alert(1)>", "unknown_type"),
        ("a", PDF, "unknown_type"),
        ("a.pdf", b"<html>%PDF-", "not_its_type"),
        ("a.png", PDF, "not_its_type"),
        ("a.docx", b"PK\x03\x04 broken", "not_its_type"),
        ("a.docx", office("[Content_Types].xml", "xl/workbook.xml"), "not_its_type"),
        ("a.pdf.exe", PDF, "unknown_type"),
        ("a.pdf", PDF + b" " * MOST_BYTES, "too_large"),
    ],
    ids=["empty", "html", "svg", "no suffix", "html as pdf", "pdf as png", "no zip", "excel as word", "exe", "large"],
)
def test_files_that_are_not_taken(name, content, code):
    with pytest.raises(ValidationError) as refused:
        check_file(upload(name, content))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("A.PDF", PDF),
        ("a.docx", office("[Content_Types].xml", "word/document.xml")),
        ("a.pptx", office("[Content_Types].xml", "ppt/presentation.xml")),
        ("a.odt", office("mimetype", "content.xml")),
        ("a.jpg", b"\xff\xd8\xff\xe0 picture"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 "),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42 film"),
    ],
    ids=["pdf", "word", "powerpoint", "opendocument", "jpeg", "webp", "mp4"],
)
def test_files_that_are_taken(name, content):
    check_file(upload(name, content))


def test_campaigns_use_content(asset, mia, rob):
    campaign = make_campaign(owner=mia)
    for _twice in range(2):
        use_asset(campaign, asset, by=mia)
    assert list(campaign.assets.all()) == [asset]
    with pytest.raises(NotAllowed):
        stop_using_asset(campaign, asset, by=rob)
    stop_using_asset(campaign, asset, by=mia)
    archive_one(ASSET_RULE, asset, by=mia, at=MONDAY)
    with pytest.raises(BusinessError) as refused:
        use_asset(campaign, Asset.objects.get(), by=mia)
    assert (refused.value.code, campaign.assets.exists()) == ("archived", False)
