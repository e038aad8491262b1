"""The refused rows of an import as a file: the original columns, the row number and the reason."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from crm.spreadsheets import harmless
from leads.importing.mapping import read_mapping
from leads.importing.reading import detect_dialect, read_rows
from leads.importing.storing import stored
from leads.models import Import

ADDED = ["row number", "reason"]


def refused_rows(found: Import) -> Iterator[list[str]]:
    """The header, then every refused row. The file is read once beside the refusals, so memory stays flat."""
    mapping = read_mapping(found.spec)
    path = stored(found.path)
    rows = read_rows(path, detect_dialect(path, encoding=mapping.encoding, delimiter=mapping.delimiter))
    header = next(rows).cells
    yield [*map(harmless, header), *ADDED]
    refusals = found.refusals.order_by("row").values_list("row", "reason").iterator(chunk_size=2_000)
    refusal = next(refusals, None)
    for row in rows:
        if refusal is None:
            return
        if row.number == refusal[0]:
            cells = [*row.cells, *[""] * (len(header) - len(row.cells))][: len(header)]
            yield [*map(harmless, cells), str(refusal[0]), harmless(refusal[1])]
            refusal = next(refusals, None)


def as_csv(rows: Iterable[list[str]]) -> Iterator[str]:
    """Lines of CSV, with the mark that tells Excel that they are UTF-8."""
    text = StringIO()
    writer = csv.writer(text)
    yield "\ufeff"
    for row in rows:
        writer.writerow(row)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
