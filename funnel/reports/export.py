"""A report as CSV: the columns of the registry, one row a row, nothing that a spreadsheet would run."""

import csv
import json
from io import StringIO
from typing import Any

from crm.spreadsheets import harmless
from funnel.reports.answer import Answer


def as_csv(answer: Answer) -> str:
    names = [column.name for column in answer.report.columns]
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows([cell(row[name]) for name in names] for row in answer.rows)
    return file.getvalue()


def cell(value: Any) -> Any:
    """Numbers as they are, money as its amount, nothing for None, lists as JSON, and no text that runs."""
    if isinstance(value, list):
        return json.dumps(value, default=str)
    if isinstance(value, dict):
        return value["amount"]
    return harmless(value) if isinstance(value, str) else value
