"""A report as CSV: the columns of the registry, one row a row, nothing that a spreadsheet would run."""

import csv
from io import StringIO
from typing import Any

from funnel.reports.answer import Answer

# A cell that begins so is taken for a formula by spreadsheets.
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(answer: Answer) -> str:
    names = [column.name for column in answer.report.columns]
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows([cell(row[name]) for name in names] for row in answer.rows)
    return file.getvalue()


def cell(value: Any) -> Any:
    """Numbers as they are, nothing for None, and text that begins like a formula behind an apostrophe."""
    if isinstance(value, str) and value.startswith(FORMULA_BEGINS):
        return f"'{value}"
    return value
