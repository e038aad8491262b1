"""CSV files as rows, whatever their encoding and delimiter, with memory flat in the number of rows."""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from leads.importing.errors import UnreadableFile

SAMPLE_BYTES = 64 * 1024
BLOCK_BYTES = 1024 * 1024
LINE_LIMIT = 1_000_000
DELIMITERS = (",", ";", "\t")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
# Characters that no text holds: a file that has more than a few is something else.
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
NOT_TEXT = "This is not a CSV file: it holds bytes that no text has. Save it as CSV or as .xlsx and try again."
ENDS_IN_QUOTES = (
    "The file ends inside a quoted cell that begins in row {row}: it was cut off on its way, or a quote is missing."
)


@dataclass(frozen=True)
class Dialect:
    """How the bytes of a file become cells."""

    encoding: str
    delimiter: str

    def __str__(self) -> str:
        return f"{self.encoding}, {DELIMITER_NAMES.get(self.delimiter, self.delimiter)}"


@dataclass(frozen=True)
class Row:
    """``number`` as a spreadsheet shows it: the header is row 1."""

    number: int
    cells: list[str]


def detect_dialect(path: Path, *, encoding: str = "", delimiter: str = "") -> Dialect:
    """How to read the file; what is given is taken as it is, the rest is found out from the file itself."""
    encoding = encoding or detect_encoding(path)
    return Dialect(encoding, delimiter or detect_delimiter(sample_lines(path, encoding)))


def detect_encoding(path: Path) -> str:
    """By its byte-order mark, else UTF-8 when all of it is UTF-8, else the one-byte encoding of western Europe."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if not sample:
        raise UnreadableFile("The file is empty.")
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample:
        return utf_16_without_mark(sample)
    if len(sample.translate(None, CONTROLS)) < len(sample) * 0.99:
        raise UnreadableFile(NOT_TEXT)
    return "utf-8" if is_utf_8(path) else one_byte_encoding(path)


def utf_16_without_mark(sample: bytes) -> str:
    """Latin text in UTF-16 has a zero in nearly every second byte; zeros elsewhere mean that it is no text."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.1:
        return "utf-16-be"
    raise UnreadableFile(NOT_TEXT)


def is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def one_byte_encoding(path: Path) -> str:
    """Windows' dialect of Latin-1 where its extra characters occur."""
    extras = bytes(range(0x80, 0xA0))
    undefined = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
    has_extras = False
    for block in blocks(path):
        if len(block.translate(None, undefined)) < len(block):
            return "latin-1"
        has_extras = has_extras or len(block.translate(None, extras)) < len(block)
    return "cp1252" if has_extras else "latin-1"


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def sample_lines(path: Path, encoding: str) -> list[str]:
    """The first lines of the file, without one that the sample cuts off."""
    with open_text(path, encoding) as file:
        text = decoded(lambda: file.read(SAMPLE_BYTES), encoding)
    lines = text.splitlines(keepends=True)
    return lines[:-1] if len(text) == SAMPLE_BYTES and len(lines) > 1 else lines


def detect_delimiter(lines: Iterable[str]) -> str:
    """The delimiter that cuts most of the sample's rows into as many cells as the header, and into more than one."""
    lines = list(lines)

    def fit(delimiter: str) -> tuple[float, int]:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        width = len(rows[0]) if rows else 0
        if width < 2:
            return 0, 0
        return sum(len(row) == width for row in rows) / len(rows), width

    try:
        return max(DELIMITERS, key=fit)
    except csv.Error as error:
        raise UnreadableFile(f"This is not a CSV file ({error}).") from error


def read_rows(path: Path, dialect: Dialect) -> Iterator[Row]:
    """The header, then every row that is not blank. Raises UnreadableFile where the file breaks off."""
    with open_text(path, dialect.encoding) as file:
        lines = _Lines(file, dialect.encoding)
        reader = csv.reader(lines, delimiter=dialect.delimiter)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnreadableFile(f"Row {number} cannot be read ({error}): is a quote missing?") from error
            if lines.ended:
                raise UnreadableFile(ENDS_IN_QUOTES.format(row=number))
            if any(cells):
                yield Row(number, cells)


class _Lines:
    """The lines of a file. ``ended`` while a row is being read means that the row is not complete."""

    def __init__(self, file: TextIO, encoding: str) -> None:
        self.file = file
        self.encoding = encoding
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = decoded(lambda: self.file.readline(LINE_LIMIT), self.encoding)
        if not line:
            self.ended = True
            raise StopIteration
        if len(line) == LINE_LIMIT:
            raise UnreadableFile("A line of the file has over a million characters: this is not a CSV file.")
        if "\0" in line:
            raise UnreadableFile(NOT_TEXT)
        return line


def decoded(read: Callable[[], str], encoding: str) -> str:
    try:
        return read()
    except UnicodeError as error:
        raise UnreadableFile(f"The file is not in the encoding {encoding} throughout ({error}).") from error


def open_text(path: Path, encoding: str) -> TextIO:
    try:
        return path.open(encoding=encoding, newline="")
    except LookupError as error:
        raise UnreadableFile(f"“{encoding}” is not an encoding.") from error
    except FileNotFoundError as error:
        raise UnreadableFile("The file is no longer there; upload it again.") from error
