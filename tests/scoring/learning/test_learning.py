import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from scoring.learning.document import predict
from scoring.learning.explaining import explain
from scoring.learning.learning import learn
from scoring.learning.metrics import auc, expected_calibration_error, logit
from scoring.learning.table import Column
from tests.scoring.learning.tables import DAY, leads, table_of, truth_of


def taught(table, *, seed=1):
    return learn(table, seed=seed, embargo_days=0)


def test_too_few_outcomes_say_what_is_missing():
    table = table_of({"x": Column("number", np.arange(60.0))}, np.arange(60) < 20)
    learnt = taught(table)
    assert (learnt.status, learnt.document, learnt.metrics) == ("not_enough", None, {})
    assert learnt.verdict == "Not enough data: it takes 20 more leads that reached the goal (20 of 40)."


def test_one_class_only_is_not_enough():
    assert taught(table_of(leads(300).columns, np.zeros(300))).status == "not_enough"
    assert taught(table_of({}, np.empty(0))).status == "not_enough"


def test_few_outcomes_stay_in_the_shadow():
    learnt = taught(leads(200))
    assert (learnt.status, learnt.method) == ("shadow", "additive")
    assert "leads that reached the goal it takes" in learnt.verdict


def test_a_real_signal_is_published_and_close_to_the_truth():
    table = leads(3_000)
    learnt = taught(table)
    assert learnt.status == "published"
    assert learnt.verdict.startswith("Better than the rules")
    fresh = leads(20_000, seed=9)
    shares = predict(learnt.document, fresh.columns)
    assert auc(fresh.labels, shares) > auc(fresh.labels, truth_of(fresh.columns)) - 0.01
    assert abs(shares.mean() - fresh.labels.mean()) < 0.03
    assert expected_calibration_error(fresh.labels, shares) < 0.035


def test_boosting_is_taken_where_it_wins():
    learnt = taught(leads(3_000, interplay=True))
    assert (learnt.status, learnt.method) == ("published", "boosted")
    found = explain(learnt.document, leads(5, seed=2).columns, 4)
    assert found.base + sum(part.log_odds for part in found.parts) == pytest.approx(
        float(logit(np.array(found.share))), abs=1e-9
    )


def test_noise_is_not_published():
    published = [seed for seed in range(20) if taught(leads(700, seed=seed, signal=False)).status == "published"]
    assert len(published) <= 1


def test_noise_of_many_rows_is_not_published():
    learnt = taught(leads(2_500, signal=False))
    assert learnt.status == "shadow"
    assert learnt.verdict.startswith("No better than the rules")


def test_rules_that_know_more_keep_the_model_in_the_shadow():
    table = leads(3_000)
    learnt = taught(replace(table, rules=truth_of(table.columns) + 3 * table.labels))
    assert (learnt.status, learnt.verdict[:24]) == ("shadow", "No better than the rules")


def test_a_field_that_gives_the_answer_away_does_not_enter():
    table = leads(1_500)
    status = Column("category", np.where(table.labels == 1, "customer", "closed").astype(object))
    learnt = taught(replace(table, columns=dict(table.columns) | {"status": status}))
    assert "status" not in learnt.document.features
    assert [one["feature"] for one in learnt.manifest["left_out"]] == ["status"]
    assert "“status” is left out" in learnt.verdict
    assert (learnt.status, learnt.document.to_text()) == ("published", taught(table).document.to_text())


def test_too_good_to_be_true_stays_in_the_shadow():
    """No field gives it away alone, together they do."""
    random = np.random.default_rng(1)
    labels = random.permutation(np.arange(2_000) % 2)
    halves = {f"half {n}": Column("number", labels + random.normal(0, 0.7, 2_000)) for n in range(4)}
    learnt = taught(table_of(halves, labels))
    assert (learnt.status, "too good to be true" in learnt.verdict) == ("shadow", True)


def test_without_dates_a_random_fifth_is_tested_and_said():
    table = leads(1_500)
    learnt = taught(replace(table, at=np.zeros(1_500), known_at=np.zeros(1_500)))
    assert learnt.status == "published"
    assert learnt.manifest["split"]["by"] == "chance"
    assert learnt.verdict.endswith("a random fifth was tested, not the newest one.")


def test_outcomes_that_take_long_are_not_learnt_from_too_early():
    table = leads(1_500)
    learnt = taught(replace(table, known_at=table.at + 100 * DAY))
    # The test begins on day 120: only what came in the first twenty days was known by then.
    assert (learnt.manifest["split"]["train"]["rows"], learnt.manifest["split"]["known_too_late"]) == (201, 999)
    never = taught(replace(table, known_at=table.at + 1_000 * DAY))
    assert (never.status, never.metrics) == ("shadow", {})
    assert "were known only after the newest ones came in" in never.verdict
    assert never.document


def test_bad_columns_do_no_harm():
    table = leads(1_500)
    rows = len(table)
    bad = {
        "empty": Column("number", np.full(rows, np.nan)),
        "constant": Column("category", np.full(rows, "same", dtype=object)),
        "infinite": Column("number", np.where(np.arange(rows) % 3 == 0, np.inf, np.arange(rows, dtype=float))),
        "absurd": Column("number", np.where(np.arange(rows) == 5, 50_000_000.0, 0.0)),
        "each its own": Column("category", np.arange(rows).astype(str).astype(object)),
        "no flag": Column("flag", np.full(rows, np.nan)),
    }
    learnt = taught(replace(table, columns=dict(table.columns) | bad))
    assert learnt.status == "published"
    assert learnt.metrics["auc"] > taught(table).metrics["auc"] - 0.02
    assert {"empty", "constant", "no flag"}.isdisjoint(learnt.document.features)


def test_nothing_but_constants_is_nothing_to_learn_from():
    for columns in ({"same": Column("number", np.ones(400))}, {}):
        learnt = taught(table_of(columns, np.arange(400) % 4 == 0))
        assert (learnt.status, learnt.document) == ("not_enough", None)
        assert "no field" in learnt.verdict


def test_rows_of_one_group_cannot_be_tested():
    learnt = taught(replace(leads(400), groups=np.zeros(400, dtype=np.int64)))
    assert (learnt.status, learnt.metrics) == ("shadow", {})
    assert learnt.verdict.startswith("In the shadow: too few outcomes to learn from one part and test on another")


def test_a_row_many_times_over_teaches_nothing():
    one = leads(1)
    columns = {name: Column(column.kind, np.repeat(column.values, 400)) for name, column in one.columns.items()}
    assert taught(table_of(columns, np.arange(400) % 2)).status == "not_enough"


def test_the_manifest_says_what_it_was_made_from():
    table = leads(1_200)
    manifest = taught(table, seed=5).manifest
    assert manifest["seed"] == 5
    assert set(manifest["versions"]) == {"python", "numpy", "scikit-learn", "lightgbm"}
    assert manifest["data"]["rows"] == 1_200
    assert [(one["name"], one["kind"]) for one in manifest["data"]["features"]] == [
        ("country", "category"),
        ("demo", "flag"),
        ("employees", "number"),
        ("noise", "number"),
    ]
    assert (
        manifest["split"]["train"]["rows"] + manifest["split"]["test"]["rows"] + manifest["split"]["known_too_late"]
        == 1_200
    )
    assert manifest["importance"][-1]["feature"] == "noise"
    assert [gate["passed"] for gate in manifest["gates"]] == [True] * 5
    assert json.loads(json.dumps(manifest)) == manifest
    changed = replace(table, labels=1 - table.labels)
    assert taught(changed).manifest["data"]["sha256"] != manifest["data"]["sha256"]


AGAIN = """
import hashlib
from scoring.learning.learning import learn
from tests.scoring.learning.tables import leads
learnt = learn(leads(1_500, interplay=True), seed=3, embargo_days=0)
print(learnt.method, hashlib.sha256(learnt.document.to_text().encode()).hexdigest(), learnt.metrics["auc"])
"""


def test_the_same_text_bit_for_bit_on_one_processor_and_on_two():
    told = {
        subprocess.run(
            [sys.executable, "-c", AGAIN],
            env={
                "PYTHONPATH": ".",
                "OMP_NUM_THREADS": threads,
                "OPENBLAS_NUM_THREADS": threads,
                "PYTHONHASHSEED": threads,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(told) == 1
    assert told.pop().startswith("boosted")


def test_the_order_of_columns_does_not_matter():
    table = leads(1_200)
    backwards = replace(table, columns=dict(reversed(list(table.columns.items()))))
    assert taught(backwards).document.to_text() == taught(table).document.to_text()
