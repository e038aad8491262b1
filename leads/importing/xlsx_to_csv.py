"""Turns the first sheet of an Excel file into CSV, in a process of its own with little memory and time.

Run as a program: ``python xlsx_to_csv.py IN.xlsx OUT.csv``. It knows nothing of Django. Exit status 3 says that the
reason, fit for users, stands on standard output; anything else unexpected means that a limit ended it.
"""

import contextlib
import csv
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

MAX_ROWS = 100_000
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_PARTS = 10_000
MAX_COLUMNS = 1_000
# Address space, not what is used: the interpreter and its libraries take some 300 MB of it.
MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 50
REFUSED = 3


class Refused(Exception):
    """The file is not taken; the text says why."""


def main(source: Path, target: Path) -> None:
    limit(resource.RLIMIT_AS, MEMORY_BYTES)
    limit(resource.RLIMIT_CPU, CPU_SECONDS)
    limit(resource.RLIMIT_FSIZE, 4 * MAX_UNPACKED_BYTES)
    try:
        check_directory(source)
        write_csv(first_sheet(source), target)
    except Refused as refusal:
        print(refusal)
        sys.exit(REFUSED)


def limit(what: int, amount: int) -> None:
    """Lower a limit of this process; a system that does not know the limit (macOS: address space) goes without."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (amount, amount))


def check_directory(source: Path) -> None:
    """Refuse what would unpack to too much before a byte of it is unpacked."""
    try:
        with zipfile.ZipFile(source) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Refused("This Excel file is damaged or incomplete: was the upload interrupted?") from error
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise Refused("This Excel file unpacks to more than 200 MB. Save the sheet as CSV and import that.")
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise Refused("This is a zip file, but not an Excel file (.xlsx).")


def first_sheet(source: Path) -> Iterator[list[Any]]:
    """The rows of the first visible sheet that holds anything."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(source))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.height:
                check_size(sheet.height + (sheet.start or (0, 0))[0], sheet.width)
                return sheet.iter_rows()
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise Refused(f"This Excel file cannot be read ({error}).") from error
    raise Refused("This Excel file has no rows.")


def check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS + 1:
        raise Refused(f"This Excel file has {rows - 1:,} rows; at most {MAX_ROWS:,} are read. Save it as CSV.")
    if columns > MAX_COLUMNS:
        raise Refused(f"This Excel file has {columns:,} columns; at most {MAX_COLUMNS:,} are read.")


def write_csv(rows: Iterator[list[Any]], target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow([as_text(cell) for cell in row])


def as_text(cell: Any) -> str:
    """A cell as a CSV file has it: dates in ISO, whole numbers without “.0”."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell).replace("\0", "") if not isinstance(cell, timedelta) else str(cell.total_seconds())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
