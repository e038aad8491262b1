"""Uploaded files on disk: under MEDIA_ROOT/imports with random names, never larger than allowed."""

import secrets
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from leads.importing import xlsx_to_csv
from leads.importing.errors import UnreadableFile

ZIP = b"PK"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
CONVERT_WITHIN_SECONDS = 60
TOO_MUCH = "This Excel file needs more memory or time to read than is allowed. Save the sheet as CSV and import that."


def too_large(limit: int) -> UnreadableFile:
    return UnreadableFile(f"The file is larger than {limit // 1024**2} MB. Split it and import the parts.")


def keep_file(blocks: Iterable[bytes], *, limit: int | None = None) -> Path:
    """Store a file and give its path, relative to MEDIA_ROOT; an Excel file is stored as the CSV of its first sheet."""
    path = folder() / f"{secrets.token_hex(16)}.csv"
    try:
        write_limited(blocks, path, limit=limit or settings.IMPORT_MAX_BYTES)
        with path.open("rb") as file:
            start = file.read(4)
        if not start:
            raise UnreadableFile("The file is empty.")
        if start == OLD_EXCEL:
            raise UnreadableFile("This is an Excel file of the old kind (.xls). Save it as .xlsx or CSV.")
        if start.startswith(ZIP):
            convert_excel(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path.relative_to(settings.MEDIA_ROOT)


def stored(path: str) -> Path:
    """Where a kept file lies."""
    return Path(settings.MEDIA_ROOT) / path


def forget_file(path: str) -> None:
    if path:
        stored(path).unlink(missing_ok=True)


def folder() -> Path:
    path = Path(settings.MEDIA_ROOT) / "imports"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_limited(blocks: Iterable[bytes], path: Path, *, limit: int) -> None:
    size = 0
    with path.open("wb") as file:
        for block in blocks:
            size += len(block)
            if size > limit:
                raise too_large(limit)
            file.write(block)


def convert_excel(path: Path) -> None:
    """Replace an Excel file by the CSV of its first sheet, read in a process with limits of its own."""
    excel = path.rename(path.with_suffix(".xlsx"))
    try:
        done = subprocess.run(
            [sys.executable, "-I", xlsx_to_csv.__file__, str(excel), str(path)],
            capture_output=True,
            text=True,
            timeout=CONVERT_WITHIN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(TOO_MUCH) from error
    finally:
        excel.unlink()
    if done.returncode == xlsx_to_csv.REFUSED:
        raise UnreadableFile(done.stdout.strip())
    if done.returncode != 0:
        raise UnreadableFile(TOO_MUCH)
