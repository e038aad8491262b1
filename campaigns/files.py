"""Files of content: what may be uploaded, and where it lies. Below MEDIA_ROOT, read only through a view."""

import secrets
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from campaigns.models import Asset

MOST_BYTES = 20 * 1024 * 1024
# In bytes: file systems count so, and a sign of Chinese takes three.
LONGEST_NAME = 180
# The first bytes of a file, enough to know any kind of these.
START = 16

TOO_LARGE = f"The file is larger than {MOST_BYTES // 1024**2} MB. Make it smaller, or give a link instead."


def begins(*signs: bytes, at: int = 0) -> Callable[[IO[bytes]], bool]:
    return lambda file: file.read(START)[at:].startswith(signs)


def is_webp(file: IO[bytes]) -> bool:
    start = file.read(START)
    return start.startswith(b"RIFF") and start[8:].startswith(b"WEBP")


def holds(*parts: str) -> Callable[[IO[bytes]], bool]:
    """Whether it is a ZIP with these names in it, as the files of office programs are."""

    def test(file: IO[bytes]) -> bool:
        try:
            names = zipfile.ZipFile(file).namelist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return False
        return all(any(name.startswith(part) for name in names) for part in parts)

    return test


@dataclass(frozen=True)
class FileType:
    """``is_it`` looks into the bytes: a name alone says nothing."""

    content_type: str
    is_it: Callable[[IO[bytes]], bool]


OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
JPEG = FileType("image/jpeg", begins(b"\xff\xd8\xff"))
TYPES = {
    ".pdf": FileType("application/pdf", begins(b"%PDF-")),
    ".docx": FileType(f"{OFFICE}wordprocessingml.document", holds("[Content_Types].xml", "word/")),
    ".pptx": FileType(f"{OFFICE}presentationml.presentation", holds("[Content_Types].xml", "ppt/")),
    ".xlsx": FileType(f"{OFFICE}spreadsheetml.sheet", holds("[Content_Types].xml", "xl/")),
    ".odt": FileType(f"{OPEN}text", holds("mimetype", "content.xml")),
    ".odp": FileType(f"{OPEN}presentation", holds("mimetype", "content.xml")),
    ".ods": FileType(f"{OPEN}spreadsheet", holds("mimetype", "content.xml")),
    ".png": FileType("image/png", begins(b"\x89PNG\r\n\x1a\n")),
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".gif": FileType("image/gif", begins(b"GIF87a", b"GIF89a")),
    ".webp": FileType("image/webp", is_webp),
    ".mp4": FileType("video/mp4", begins(b"ftyp", at=4)),
}
ALLOWED = ", ".join(TYPES)
WHICH = "PDF, Word, PowerPoint, Excel, OpenDocument, picture or MP4, at most 20 MB."


def check_file(file: UploadedFile) -> None:
    """Raises ValidationError for what is too large, empty, of another type, or not what its name says."""
    if not file.size:
        raise ValidationError("The file is empty.", code="empty")
    if file.size > MOST_BYTES:
        raise ValidationError(TOO_LARGE, code="too_large")
    suffix = suffix_of(str(file.name))
    if suffix not in TYPES:
        raise ValidationError(f"This type of file is not taken. Give a {WHICH}", code="unknown_type")
    file.seek(0)
    if not TYPES[suffix].is_it(file):
        raise ValidationError(f"This is no {suffix[1:].upper()} file, though its name says so.", code="not_its_type")
    file.seek(0)


def keep_file(file: UploadedFile) -> str:
    """Store it and give its name in the storage: a folder that nobody guesses, and the name that people gave it."""
    path = Path(str(file.name))
    printable = "".join(filter(str.isprintable, path.stem))
    stem = printable.encode(errors="ignore")[:LONGEST_NAME].decode(errors="ignore").strip(". ") or "file"
    return default_storage.save(f"content/{secrets.token_hex(8)}/{stem}{path.suffix.lower()}", file)


def forget_file(name: str) -> None:
    if name:
        default_storage.delete(name)


def name_of(asset: Asset) -> str:
    """What the file is called when somebody saves it."""
    return Path(asset.file.name or "").name


def content_type_of(asset: Asset) -> str:
    found = TYPES.get(suffix_of(asset.file.name or ""))
    return found.content_type if found else "application/octet-stream"


def opened(asset: Asset) -> IO[bytes]:
    """The bytes. Raises FileNotFoundError when the disk has lost them."""
    found: Any = default_storage.open(asset.file.name or "", "rb")
    return found


def size_of(asset: Asset) -> int | None:
    """In bytes; None when there is no file, or the disk has lost it."""
    try:
        return asset.file.size if asset.file else None
    except OSError:
        return None


def suffix_of(name: str) -> str:
    return Path(name).suffix.lower()
