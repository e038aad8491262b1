"""What spreadsheets make of the cells of a CSV file."""

import re

# A spreadsheet takes such a cell for a formula and runs it, whoever wrote it.
FORMULA = re.compile(r"^\s*[=+\-@\t\r]|^[\t\r]")
PLAIN_NUMBER = re.compile(r"^[+-]?\d+([.,]\d+)*$", re.ASCII)


def harmless(cell: str) -> str:
    """The cell, with an apostrophe in front when a spreadsheet might run it."""
    return f"'{cell}" if FORMULA.match(cell) and not PLAIN_NUMBER.match(cell) else cell
