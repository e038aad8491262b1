"""Excel files: read in a process of its own, with limits that a zip bomb meets first. Files are made by hand here."""

import csv
import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from leads.importing import xlsx_to_csv
from leads.importing.errors import UnreadableFile
from leads.importing.storing import keep_file, stored

BOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Leads" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
ROOT_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship'
    ' Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>'
)
BOOK_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
    ' Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Target="styles.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>'
)
# Style 1 is a date, style 2 a date with time.
STYLES = (
    '<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<cellXfs count="3">'
    '<xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/>'
    "</cellXfs></styleSheet>"
)
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
DATE, MOMENT = 1, 2


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def number(value: float, style: int = 0) -> str:
    return f'<c s="{style}"><v>{value}</v></c>'


def sheet_of(rows: list[list[str]]) -> str:
    body = "".join(f"<row>{''.join(cells)}</row>" for cells in rows)
    return f'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>'


def workbook(sheet: str, **extra: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", ROOT_RELATIONS)
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", BOOK_RELATIONS)
        archive.writestr("xl/styles.xml", STYLES)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in extra.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def keep(content: bytes) -> str:
    return stored(str(keep_file([content]))).read_text()


def refusal(content: bytes, media: Path) -> str:
    with pytest.raises(UnreadableFile) as error:
        keep_file([content])
    assert [path for path in media.rglob("*") if path.is_file()] == []
    return str(error.value)


def test_cells_become_what_a_csv_file_would_have() -> None:
    rows = [
        [text("id"), text("name"), text("created"), text("at"), text("size")],
        [number(7), text("Jürgen, &quot;JG&quot;"), number(45364, DATE), number(45364.5, MOMENT), number(1.5)],
        [text("=1+1"), "<c><f>A2*2</f><v>14</v></c>", '<c t="b"><v>1</v></c>', "<c/>", "<c/>"],
    ]
    assert keep(workbook(sheet_of(rows))).splitlines() == [
        "id,name,created,at,size", '7,"Jürgen, ""JG""",2024-03-13,2024-03-13 12:00:00,1.5', "=1+1,14,true,,",
    ]  # fmt: skip


def test_row_numbers_are_those_of_the_sheet() -> None:
    sheet = sheet_of([]).replace(
        "<sheetData></sheetData>",
        '<sheetData><row r="3"><c r="B3"><v>1</v></c></row><row r="5"><c r="B5"><v>2</v></c></row></sheetData>',
    )
    assert list(csv.reader(keep(workbook(sheet)).splitlines())) == [[""], [""], ["1"], [""], ["2"]]


def test_a_zip_bomb_is_refused_by_its_directory(media: Path) -> None:
    bomb = workbook(sheet_of([]), **{"xl/media/zeros.bin": b"\0" * (201 * 1024 * 1024)})
    assert len(bomb) < 300_000
    assert "unpacks to more than 200 MB" in refusal(bomb, media)


def test_a_directory_that_lies_meets_the_limits_of_the_process(media: Path) -> None:
    """The directory promises 1 kB; what unpacks is endless rows."""
    row = "<row>" + "<c><v>1</v></c>" * 200 + "</row>"
    sheet = sheet_of([]).replace("</sheetData>", row * 120_000 + "</sheetData>")
    content = bytearray(workbook(sheet))
    real = struct.pack("<I", len(sheet))
    assert len(sheet) > xlsx_to_csv.MAX_UNPACKED_BYTES
    while (at := content.find(real)) >= 0:
        content[at : at + 4] = struct.pack("<I", 1024)
    assert refusal(bytes(content), media)


def test_a_sheet_as_wide_as_excel_allows_does_not_eat_the_memory(media: Path) -> None:
    sheet = sheet_of([]).replace(
        "</sheetData>",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="100000"><c r="XFD100000"><v>1</v></c></row></sheetData>',
    )
    assert refusal(workbook(sheet), media) in {
        "This Excel file has 16,384 columns; at most 1,000 are read.",
        "This Excel file needs more memory or time to read than is allowed. Save the sheet as CSV and import that.",
    }


def test_at_most_a_hundred_thousand_rows(media: Path) -> None:
    rows = [[number(1)]] * 100_002
    assert (
        refusal(workbook(sheet_of(rows)), media)
        == "This Excel file has 100,001 rows; at most 100,000 are read. Save it as CSV."
    )
    assert keep(workbook(sheet_of(rows[:-1]))).count("\n") == 100_001


def test_an_interrupted_upload(media: Path) -> None:
    whole = workbook(sheet_of([[text("id")], [number(1)]]))
    assert "damaged or incomplete" in refusal(whole[: len(whole) // 2], media)


def test_other_zip_files(media: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refusal(file.getvalue(), media) == "This is a zip file, but not an Excel file (.xlsx)."


def test_an_empty_sheet(media: Path) -> None:
    assert refusal(workbook(sheet_of([])), media) == "This Excel file has no rows."


def test_the_reader_has_little_memory() -> None:
    """The limit is set in the process that reads, not in ours."""
    code = (
        "import resource, runpy, sys; sys.argv = ['x', '/nowhere.xlsx', '/nowhere.csv']\n"
        f"try: runpy.run_path({xlsx_to_csv.__file__!r}, run_name='__main__')\n"
        "except SystemExit: print(resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == str(xlsx_to_csv.CPU_SECONDS)
