"""Tables of a known truth."""

import numpy as np

from scoring.learning.metrics import sigmoid
from scoring.learning.table import Column, Floats, Table

DAY = 86_400.0
LONG_AGO = 1_700_000_000.0


def table_of(
    columns: dict[str, Column], labels: Floats, *, days: Floats | None = None, rules: Floats | None = None
) -> Table:
    """Rows a tenth of a day apart and known the same day, each a group of its own, unless told otherwise."""
    rows = len(labels)
    at = LONG_AGO + DAY * (np.arange(rows) / 10 if days is None else days)
    scores = np.zeros(rows) if rules is None else rules
    return Table(columns, np.asarray(labels, dtype=np.int8), at, at + DAY, np.arange(rows), scores)


def features(random: np.random.Generator, rows: int) -> dict[str, Column]:
    """An amount with gaps, a country with rare ones and gaps, a flag, and noise."""
    employees = np.exp(random.normal(4, 1.5, rows))
    employees[random.random(rows) < 0.1] = np.nan
    countries = np.array(["de", "fr", "it", "es", "at", None, "li"], dtype=object)
    return {
        "employees": Column("number", employees),
        "country": Column("category", random.choice(countries, rows, p=[0.3, 0.2, 0.15, 0.15, 0.095, 0.1, 0.005])),
        "demo": Column("flag", (random.random(rows) < 0.3).astype(float)),
        "noise": Column("number", random.normal(size=rows)),
    }


def truth_of(columns: dict[str, Column]) -> Floats:
    """Log-odds: larger firms, Germans and those who asked for a demo are likelier."""
    size = np.nan_to_num(np.log(columns["employees"].values), nan=4.0) - 4
    german = np.array([value == "de" for value in columns["country"].values])
    return -0.9 + 0.6 * size + 1.0 * german + 0.8 * columns["demo"].values


def leads(rows: int, *, seed: int = 1, signal: bool = True, interplay: bool = False) -> Table:
    random = np.random.default_rng(seed)
    columns = features(random, rows)
    odds = truth_of(columns) if signal else np.full(rows, -0.5)
    if interplay:
        # Whom a demo helps and whom it puts off depends on size.
        large = np.nan_to_num(columns["employees"].values, nan=55.0) > 55
        odds = -0.5 + 2.2 * np.where(large, 1, -1) * np.where(columns["demo"].values > 0, 1, -1)
    return table_of(columns, random.random(rows) < sigmoid(odds), rules=np.round(random.normal(size=rows)))
