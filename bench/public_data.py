"""Public data through the product, beside a notebook that reads the same file: import, training, held-out leads.

    .venv/bin/python -m bench.public_data FILE.csv LABEL [FILE.csv LABEL ...]

LABEL is the file's column that says yes/no, 1/0 or the like. Every row becomes a lead whose other columns are own
fields, made by the import; the label is the outcome of its deal. Nothing is dated, so the product tests on a random
fifth; the notebook (bench/learning.py) learns from and is tested on the same rows of the file.

Uses a PostgreSQL of its own in a temporary folder, gone afterwards.
"""

import csv
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.database import prepare

if TYPE_CHECKING:
    from scoring.learning.splitting import Split
    from scoring.models import TrainedModel

WITHIN, MOST_ERROR = 0.01, 0.03
ROW = "row_of_the_file"
SYSTEM = "public"


def main(files: list[str]) -> None:
    folder = prepare()
    print(f"{'data':<16} {'rows':>6} {'ours':>6} {'95 %':>12} {'notebook':>8} {'cal. err.':>9}  verdict")
    for path, label in zip(files[::2], files[1::2], strict=True):
        compare(Path(path), label, folder)


def compare(path: Path, label: str, folder: Path) -> None:
    from bench.learning import from_csv, notebook_aucs

    empty()
    started = perf_counter()
    import_outcomes(numbered(path, folder), label)
    imported = perf_counter()
    model = trained()
    seconds = f"import {imported - started:.0f} s, training {perf_counter() - imported:.0f} s"
    if not model.metrics:
        print(f"{path.stem:<16} {model.status}: {model.error or model.verdict}")
        return
    left_out = [one["feature"].removeprefix("custom.") for one in model.manifest["left_out"]]
    notebook = max(notebook_aucs(from_csv(path, label).without(left_out), split_of(model)))
    print(told(path.stem, model, notebook), f"{model.status}, {model.method}, {seconds}", sep="  ")


def told(name: str, model: "TrainedModel", notebook: float) -> str:
    figures = model.metrics
    interval = f"{figures['auc_low']:.3f}–{figures['auc_high']:.3f}"
    short = "" if figures["auc"] >= notebook - WITHIN else f" (short by more than {WITHIN})"
    off = "" if figures["calibration_error"] <= MOST_ERROR else f" (more than {MOST_ERROR})"
    rows = model.manifest["data"]["rows"]
    return (
        f"{name:<16} {rows:>6,} {figures['auc']:>6.3f} {interval:>12} {notebook:>8.3f}{short}"
        f" {figures['calibration_error']:>9.3f}{off}"
    )


def numbered(path: Path, folder: Path) -> Path:
    """The same file with a number in every row, for an import asks how rows are found again."""
    copy = folder / path.name
    with path.open(newline="", encoding="utf-8-sig") as source, copy.open("w", newline="", encoding="utf-8") as target:
        (header, *rows), writer = csv.reader(source), csv.writer(target)
        writer.writerows([[ROW, *header], *([number, *row] for number, row in enumerate(rows))])
    return copy


def import_outcomes(path: Path, label: str) -> None:
    """Twice the same file: as leads with own fields, and as the deals that say what became of them."""
    from django.utils import timezone

    from bench.learning import YES, column_of, rows_of

    rows = list(rows_of(path))
    columns = {name: [row[name] for row in rows] for name in rows[0] if name not in {"", ROW, label}}
    # As written; of a number such as 1.234 nobody could tell what its point means.
    point = {name: {"format": "point"} for name, values in columns.items() if column_of(values).kind == "number"}
    fields = {f"custom.{name}": {"column": name, "values": {"na": ""}, **point.get(name, {})} for name in columns}
    outcomes = {row[label]: "won" if row[label].strip().lower() in YES else "lost" for row in rows}
    deals = {
        "lead": ROW,
        "outcome": {"column": label, "values": outcomes},
        "closed_at": {"constant": timezone.now().isoformat()},
    }
    import_file(path, "leads", fields)
    import_file(path, "opportunities", deals)


def import_file(path: Path, kind: str, fields: dict[str, Any]) -> None:
    """What `manage.py import_records` does with a mapping of these fields."""
    from django.core.management import call_command

    mapping = path.with_suffix(f".{kind}.json")
    spec = {"kind": kind, "source_system": SYSTEM, "fields": {"external_id": ROW, **fields}}
    mapping.write_text(json.dumps(spec), encoding="utf-8")
    with Path("/dev/null").open("w", encoding="utf-8") as unread:
        call_command("import_records", kind, str(path), mapping=str(mapping), strict=True, stdout=unread)


def trained() -> "TrainedModel":
    from django.utils import timezone

    from scoring.models import Target
    from scoring.training import train

    return train(Target.WIN, by=None, at=timezone.now())


def split_of(model: "TrainedModel") -> "Split":
    """Which rows of the file the model learnt from and which it was tested on: as its manifest has them made."""
    from datetime import datetime

    import numpy as np

    from leads.models import Lead
    from scoring.features import known_features
    from scoring.learning.manifest import fingerprint
    from scoring.learning.splitting import Split, hold_out
    from scoring.models import Target
    from scoring.outcomes import outcomes_of
    from scoring.training import table_of

    made = model.manifest
    outcomes = outcomes_of(
        Target.WIN, at=datetime.fromisoformat(made["as_of"]), horizon_days=made["horizon_days"]
    )  # fmt: skip
    table = table_of(outcomes, known_features(outcomes.leads))
    assert fingerprint(table) == made["data"]["sha256"], "not the rows it was trained with"
    split = hold_out(table, seed=made["seed"], embargo_days=made["embargo_days"])
    assert len(split.test) == made["split"]["test"]["rows"]
    numbers = dict(Lead.objects.values_list("pk", "external_id"))
    rows = np.array([int(numbers[lead]) for lead in outcomes.leads])
    return Split(rows[split.train], rows[split.test], split.begins)


def empty() -> None:
    from bench.importing import empty as empty_records
    from leads.models import CustomField
    from scoring.models import TrainedModel

    empty_records()
    CustomField.objects.all().delete()
    TrainedModel.objects.all().delete()


if __name__ == "__main__":
    main(sys.argv[1:])
