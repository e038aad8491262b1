"""What a model can be made again from, and judged by: data, versions, split."""

import hashlib
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import lightgbm
import numpy as np
import sklearn

from scoring.learning.splitting import Split
from scoring.learning.table import Column, Floats, Rows, Table, is_missing


def versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "lightgbm": lightgbm.__version__,
    }


def described(table: Table) -> dict[str, Any]:
    """Rows, positives, the range of moments, each feature's kind and gaps, and a fingerprint of all of it."""
    features = [
        {"name": name, "kind": column.kind, "missing": missing_in(column)}
        for name, column in sorted(table.columns.items())
    ]
    return {**part(table, np.arange(len(table))), "features": features, "sha256": fingerprint(table)}


def told_split(table: Table, split: Split) -> dict[str, Any]:
    return {
        "by": "time" if split.begins is not None else "chance",
        "train": part(table, split.train),
        "test": part(table, split.test),
        "known_too_late": split.unknown,
        "in_both_groups": split.straddling,
    }


def part(table: Table, rows: Rows) -> dict[str, Any]:
    first, last = moments(table.at[rows])
    return {"rows": len(rows), "positives": int(table.labels[rows].sum()), "from": first, "to": last}


def moments(at: Floats) -> tuple[str | None, str | None]:
    known = at[~np.isnan(at)]
    if not len(known):
        return None, None
    first, last = (datetime.fromtimestamp(float(moment), tz=UTC).isoformat() for moment in (known.min(), known.max()))
    return first, last


def missing_in(column: Column) -> float:
    """The share of rows without a value."""
    if not len(column.values):
        return 0.0
    if column.kind == "category":
        return sum(map(is_missing, column.values.tolist())) / len(column.values)
    return float(np.isnan(column.numbers()).mean())


def fingerprint(table: Table) -> str:
    """Two tables with the same fingerprint teach the same model."""
    digest = hashlib.sha256()
    for piece in pieces(table):
        digest.update(piece)
    return digest.hexdigest()


def pieces(table: Table) -> Iterator[bytes]:
    for name, column in sorted(table.columns.items()):
        yield f"{name}\0{column.kind}\0".encode()
        yield repr(column.values.tolist()).encode() if column.kind == "category" else column.numbers().tobytes()
    for array in (table.labels, table.at, table.known_at, table.groups, table.rules):
        yield np.ascontiguousarray(array).tobytes()
