"""What is learnt, beside what a careful notebook learns from the same rows, and how long both take.

.venv/bin/python -m bench.learning [FILE.csv LABEL ...]

LABEL is the file's column that says yes/no, 1/0 or the like; every other column is a feature. Every file's rows are
split as the product splits them; the notebook (scikit-learn's pipelines and LightGBM, its choices made by
cross-validation within the same training rows) is tested on the same test rows.
"""

import csv
import resource
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from scoring.learning.document import predict
from scoring.learning.learning import Learnt, learn
from scoring.learning.metrics import auc, sigmoid
from scoring.learning.splitting import Split, hold_out
from scoring.learning.table import Column, Floats, Table

SHARED = Path(__file__).parents[2] / "shared" / "data"
SEED = 7
DAY = 86_400.0
YES = {"1", "yes", "true", "won", "y", "converted"}
# Distinct numbers up to which a file's column of whole numbers could be a code as well as an amount: kept as number.
LARGE, WIDE, MANY = 100_000, 30, 1_000_000


def main(files: list[str]) -> None:
    print(f"{'data':<28} {'rows':>7} {'ours':>6} {'95 %':>12} {'notebook':>8} {'cal. err.':>9} {'slope':>6}")
    for name, table in tables(files):
        compare(name, table)
    measure_speed()


def tables(files: list[str]) -> Iterator[tuple[str, Table]]:
    for kind in ("straight", "interplay", "nothing"):
        yield f"made up: {kind}", made_up(10_000, 12, kind=kind)
    if SHARED.is_dir():
        yield "Olist: won in 90 days", olist()
        yield "Maven: won", maven()
    for path, label in zip(files[::2], files[1::2], strict=True):
        yield Path(path).stem, from_csv(Path(path), label)


def compare(name: str, table: Table) -> None:
    learnt, seconds = timed(lambda: learn(table, seed=SEED, embargo_days=0))
    figures = learnt.metrics
    if not figures:
        print(f"{name:<28} {len(table):>7,} {learnt.verdict}")
        return
    split = hold_out(table, seed=SEED, embargo_days=0)
    notebook = max(notebook_aucs(table.without(left_out_of(learnt)), split))
    interval = f"{figures['auc_low']:.3f}–{figures['auc_high']:.3f}"
    print(
        f"{name:<28} {len(table):>7,} {figures['auc']:>6.3f} {interval:>12} {notebook:>8.3f}"
        f" {figures['calibration_error']:>9.3f} {figures['calibration_slope'] or 0:>6.2f}"
        f"  {learnt.status}, {learnt.document.model.kind}, {seconds}"
    )


def left_out_of(learnt: Learnt) -> list[str]:
    return [one["feature"] for one in learnt.manifest["left_out"]]


def measure_speed() -> None:
    table = made_up(LARGE, WIDE, kind="interplay")
    learnt, seconds = timed(lambda: learn(table, seed=SEED, embargo_days=0))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"training on {LARGE:,} leads with {WIDE} features: {seconds}, {learnt.method}, {memory:.2f} GB at most")
    assert learnt.document
    document, many = learnt.document, made_up(MANY, WIDE, kind="interplay").columns
    _, seconds = timed(lambda: predict(document, many))
    print(f"predicting {MANY:,} rows: {seconds}")


def timed(work: Callable[[], Any]) -> tuple[Any, str]:
    """What came of it, and the seconds that went by and that its processor time took: others work here, too."""
    begin, used = perf_counter(), process_time()
    done = work()
    return done, f"{perf_counter() - begin:.1f} s ({process_time() - used:.1f} s of processor time)"


def notebook_aucs(table: Table, split: Split) -> tuple[float, float]:
    """Of a logistic regression and of LightGBM, their settings cross-validated, on the product's own test rows."""
    values = np.column_stack([column.values.astype(object) for column in table.columns.values()])
    levels = [place for place, column in enumerate(table.columns.values()) if column.kind == "category"]
    numbers = [place for place in range(len(table.columns)) if place not in levels]
    for place in levels:
        values[:, place] = [str(value) for value in values[:, place]]
    straight = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(min_frequency=10, handle_unknown="infrequent_if_exist"), levels),
            (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        ),
        LogisticRegressionCV(Cs=8, scoring="neg_log_loss", max_iter=1000, l1_ratios=(0,), use_legacy_attributes=False),
    )
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=10)
    trees = GridSearchCV(
        make_pipeline(
            make_column_transformer((codes, levels), ("passthrough", numbers)),
            LGBMClassifier(
                learning_rate=0.05, subsample=0.8, subsample_freq=1, n_jobs=1, verbosity=-1, random_state=SEED
            ),
        ),
        {"lgbmclassifier__num_leaves": (4, 15, 31), "lgbmclassifier__n_estimators": (60, 200, 500)},
        scoring="neg_log_loss",
        cv=4,
    )
    reached = []
    for model, options in ((straight, {}), (trees, {"lgbmclassifier__categorical_feature": list(range(len(levels)))})):
        model.fit(values[split.train], table.labels[split.train], **options)
        told = model.predict_proba(values[split.test])[:, 1]
        reached.append(auc(table.labels[split.test], told) or 0.5)
    return reached[0], reached[1]


def made_up(rows: int, features: int, *, kind: str) -> Table:
    """Leads of a known truth: nothing, straight effects, or one feature that turns the meaning of another round."""
    random = np.random.default_rng(SEED)
    odds = np.full(rows, -1.5)
    columns: dict[str, Column] = {}
    for place in range(features):
        column, effect = MAKERS[place % 3](random, rows)
        columns[f"feature_{place:02}"] = column
        # What comes later in the row of features is noise.
        odds += effect if place < 9 else 0
    if kind == "interplay":
        odds += np.where(columns["feature_00"].values > 1, 1, -1) * np.where(columns["feature_02"].values > 0, 1, -1)
    if kind == "nothing":
        odds = np.full(rows, -1.0)
    labels = (random.random(rows) < sigmoid(odds)).astype(np.int8)
    at = np.sort(random.uniform(1.6e9, 1.6e9 + 700 * DAY, rows))
    return Table(columns, labels, at, at + 30 * DAY, np.arange(rows), np.round(random.normal(size=rows) + odds / 2))


def made_up_number(random: np.random.Generator, rows: int) -> tuple[Column, Floats]:
    values = np.exp(random.normal(size=rows))
    effect = 0.3 * np.log(values)
    values[random.random(rows) < 0.1] = np.nan
    return Column("number", values), effect


def made_up_category(random: np.random.Generator, rows: int) -> tuple[Column, Floats]:
    levels = random.integers(0, 12, rows)
    names = np.array([f"level {level}" for level in levels], dtype=object)
    names[random.random(rows) < 0.1] = None
    return Column("category", names), 0.4 * random.normal(size=12)[levels]


def made_up_flag(random: np.random.Generator, rows: int) -> tuple[Column, Floats]:
    values = (random.random(rows) < 0.3).astype(np.float64)
    return Column("flag", values), 0.5 * values


MAKERS = (made_up_number, made_up_category, made_up_flag)


def olist() -> Table:
    won = {row["mql_id"]: moment(row["won_date"]) for row in rows_of(SHARED / "olist/olist_closed_deals_dataset.csv")}
    leads = list(rows_of(SHARED / "olist/olist_marketing_qualified_leads_dataset.csv"))
    at = np.array([moment(lead["first_contact_date"]) for lead in leads])
    labels = np.array([won.get(lead["mql_id"], np.inf) <= day + 90 * DAY for lead, day in zip(leads, at, strict=True)])
    columns = {
        "origin": texts([lead["origin"] for lead in leads]),
        "landing_page": texts([lead["landing_page_id"] for lead in leads]),
        "weekday": texts([str(int(day // DAY) % 7) for day in at]),
    }
    return table_of(columns, labels, at, at + 90 * DAY)


def maven() -> Table:
    folder = SHARED / "maven"
    accounts = {row["account"]: row for row in rows_of(folder / "accounts.csv")}
    agents = {row["sales_agent"]: row for row in rows_of(folder / "sales_teams.csv")}
    deals = [row for row in rows_of(folder / "sales_pipeline.csv") if row["deal_stage"] in {"Won", "Lost"}]
    companies = [accounts.get(deal["account"], {}) for deal in deals]
    columns = {
        "product": texts([deal["product"] for deal in deals]),
        "manager": texts([agents[deal["sales_agent"]]["manager"] for deal in deals]),
        "region": texts([agents[deal["sales_agent"]]["regional_office"] for deal in deals]),
        "account": texts([deal["account"] for deal in deals]),
        "sector": texts([company.get("sector", "") for company in companies]),
        "revenue": numbers([company.get("revenue", "") for company in companies]),
        "employees": numbers([company.get("employees", "") for company in companies]),
    }
    engaged, closed = (np.array([moment(deal[column]) for deal in deals]) for column in ("engage_date", "close_date"))
    return table_of(columns, np.array([deal["deal_stage"] == "Won" for deal in deals]), engaged, closed)


def from_csv(path: Path, label: str) -> Table:
    """Columns that are numbers throughout are numbers; there are no dates, so the test is a random fifth."""
    rows = list(rows_of(path))
    labels = np.array([row[label].strip().lower() in YES for row in rows])
    names = [name for name in rows[0] if name and name != label]
    columns = {name: column_of([row[name] for row in rows]) for name in names}
    return table_of(columns, labels, np.zeros(len(rows)), np.zeros(len(rows)))


def column_of(values: list[str]) -> Column:
    try:
        return numbers(values)
    except ValueError:
        return texts(values)


def numbers(values: list[str]) -> Column:
    return Column("number", np.array([float(value) if value not in {"", "NA"} else np.nan for value in values]))


def texts(values: list[str]) -> Column:
    return Column("category", np.array([value or None for value in values], dtype=object))


def table_of(columns: dict[str, Column], labels: np.ndarray, at: Floats, known_at: Floats) -> Table:
    rows = len(labels)
    return Table(columns, labels.astype(np.int8), at, known_at, np.arange(rows), np.zeros(rows))


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


if __name__ == "__main__":
    main(sys.argv[1:])
