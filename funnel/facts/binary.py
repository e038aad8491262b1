"""Whole numbers by the million in and out of PostgreSQL: its binary COPY format, read and written as numpy arrays.

A row of fixed width is a record of a numpy array: how many fields, then each with its length before it. Days are days
since 2000-01-01, moments microseconds since then, both as PostgreSQL keeps them.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

# A column is an array of numbers, words of one length each (dtype S), or one word for every row.
Column = NDArray[Any] | bytes


def read_numbers(sql: Any, query: str, columns: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """The rows of ``query``, a column an array; ``columns`` has the type of each (i2, i4, i8). None may be NULL."""
    received = BytesIO()
    sql.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", received)
    rows = np.frombuffer(received.getbuffer()[len(HEADER) : -len(TRAILER)], dtype=record(columns))
    return {name: rows[name].astype(kind) for name, kind in columns.items()}


def write_rows(sql: Any, table: str, columns: Mapping[str, Column]) -> None:
    """Append rows to ``table``."""
    size = next(len(column) for column in columns.values() if not isinstance(column, bytes))
    kinds = {name: kind_of(column) for name, column in columns.items()}
    rows = np.empty(size, dtype=record(kinds))
    rows["fields"] = len(columns)
    for name, column in columns.items():
        kind = np.dtype(kinds[name])
        rows[f"{name} length"] = kind.itemsize
        if kind.itemsize:
            rows[name] = column
    sent = BytesIO(HEADER + rows.tobytes() + TRAILER)
    sql.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)", sent)


def kind_of(column: Column) -> str:
    if isinstance(column, bytes):
        return f"V{len(column)}" if not column else f"S{len(column)}"
    return column.dtype.str[1:]


def record(kinds: Mapping[str, str]) -> np.dtype[Any]:
    """A row as it is sent: numbers with their highest byte first."""
    fields: Sequence[tuple[str, str]] = [
        field for name, kind in kinds.items() for field in ((f"{name} length", ">i4"), (name, f">{kind}"))
    ]
    return np.dtype([("fields", ">i2"), *fields])
