"""The import pages in a real browser: a file dropped, its columns matched, checked, imported, refused rows fetched."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.importing.running import run_import
from leads.models import Import, Lead
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = (
    "Lead ID,First Name,E-Mail,Lead Source,Created Date\n"
    "1,Ada,ada@example.com,fair,03/04/2024\n2,Bob,bob,fair,04/05/2024\n"
)
# What a person's drop does: the browser gives the area a list of files.
DROP = """([area, name, text]) => {
    const items = new DataTransfer();
    items.items.add(new File([text], name, { type: "text/csv" }));
    for (const kind of ["dragenter", "drop"])
        area.dispatchEvent(new DragEvent(kind, { dataTransfer: items, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_once_round_with_a_question_about_dates(page_for: Callable[[Any], Page]) -> None:
    page = page_for(make_user("mia", role="marketer", team=make_team("Growth", kind="marketing")))
    page.goto("/imports/")
    expect(page.get_by_text("No file imported yet")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Import a file").first.click()

    # Modules have run once the page is loaded.
    page.wait_for_load_state("load")
    area = page.locator("[data-file-drop]").element_handle()
    page.evaluate(DROP, [area, "fair.csv", CONTENT])
    expect(page.locator("[data-file-drop-hint]")).to_contain_text("fair.csv")
    page.get_by_role("button", name="Upload and go on").click()

    expect(page.get_by_role("heading", name="Match the columns")).to_be_visible()
    assert page.get_by_label("E-Mail").input_value() == "email"
    expect(page.get_by_text("ada@example.com")).to_be_visible()
    page.get_by_label("Where is the file from?").fill("fair")
    page.get_by_label("Save these columns as").fill("Fair")
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_text("Nothing is written yet")).to_be_visible()
    found = Import.objects.get()
    run_import(found.pk)  # as the worker does
    page.get_by_label("Created Date").select_option("month-first")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("Nothing is written yet")).to_be_visible()
    run_import(found.pk)
    expect(page.get_by_text("“E-Mail”: “bob” is not an e-mail address.")).to_be_visible()
    assert not Lead.objects.exists()

    page.get_by_role("button", name="Import 1 row").click()
    expect(page.get_by_text("the import goes on where it was")).to_be_visible()
    run_import(found.pk)
    expect(page.get_by_role("link", name="Show leads")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="All refused rows as a file").click()
    assert "2,Bob,bob,fair,04/05/2024,3," in Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert str(Lead.objects.get().captured_at.date()) == "2024-03-04"


def test_a_file_too_large_is_named_before_it_is_sent(page_for: Callable[[Any], Page], settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1024
    page = page_for(make_user("ada", role="admin"))
    page.goto("/imports/new/")
    page.evaluate(DROP, [page.locator("[data-file-drop]").element_handle(), "big.csv", "x" * 5000])
    expect(page.locator("[data-file-drop-hint]")).to_contain_text("at most 0.0 MB are taken")
    page.get_by_role("button", name="Upload and go on").click()
    expect(page).to_have_url(re.compile(r"/imports/new/$"))
    assert not Import.objects.exists()


@pytest.mark.parametrize("address", ["/imports/", "/imports/new/", "/imports/{pk}/columns/", "/imports/{pk}/"])
def test_fits_a_phone(page_for: Callable[[Any], Page], address: str) -> None:
    from leads.importing.starting import check_import, receive_file

    admin = make_user("ada", role="admin")
    found = receive_file(
        [CONTENT.encode()], name="a-file-with-a-rather-long-name-of-a-fair.csv", kind="leads", by=admin
    )
    fields = {
        "external_id": "Lead ID",
        "email": "E-Mail",
        "captured_at": {"column": "Created Date", "format": "day-first"},
    }
    check_import(found, {"kind": "leads", "source_system": "fair", "fields": fields})
    run_import(found.pk)
    page = page_for(admin)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address.format(pk=found.pk))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
