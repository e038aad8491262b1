"""A strip of single figures on the page of a report, each with what it means and the rows behind it."""

from typing import NamedTuple


class Figure(NamedTuple):
    """``value`` in words; ``note``: what it is held against; ``href``: what is behind it, "" where that is no list."""

    label: str
    value: str
    note: str = ""
    href: str = ""
