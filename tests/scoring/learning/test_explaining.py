import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.learning.calibration import Beta, Isotonic
from scoring.learning.document import predict
from scoring.learning.explaining import explain, importance
from scoring.learning.metrics import logit
from scoring.learning.table import Column
from tests.scoring.learning.test_document import MODELS, TABLE, document_of

CALIBRATIONS = [Beta(), Beta(0.4, 1.9, -0.3), Beta(0, 0, 0.2), Isotonic((-2.0, -1.0, 0.5), (-3.0, -0.5, 0.6))]


@given(st.sampled_from(sorted(MODELS)), st.sampled_from(CALIBRATIONS), st.integers(0, len(TABLE) - 1))
@settings(max_examples=120, deadline=None)
def test_l11_base_and_parts_are_the_share_shown(name, calibration, row):
    document = document_of(MODELS[name], calibration)
    found = explain(document, TABLE.columns, row)
    assert found.share == predict(document, TABLE.columns)[row]
    assert found.base + sum(part.log_odds for part in found.parts) == pytest.approx(
        float(logit(np.array(found.share))), abs=1e-9
    )


@pytest.mark.parametrize("name", MODELS)
def test_each_feature_is_one_part_with_its_value_the_largest_first(name):
    row = {
        "employees": Column("number", np.array([900.0])),
        "country": Column("category", np.array(["de"], dtype=object)),
        "demo": Column("flag", np.array([1.0])),
        "noise": Column("number", np.array([np.nan])),
    }
    parts = explain(document_of(MODELS[name]), row).parts
    assert {part.feature: part.value for part in parts} == {
        "employees": 900.0,
        "country": "de",
        "demo": True,
        "noise": None,
    }
    assert [abs(part.log_odds) for part in parts] == sorted((abs(part.log_odds) for part in parts), reverse=True)
    assert all(part.log_odds > 0 for part in parts if part.feature != "noise")


def test_calibration_stretches_all_parts_alike():
    plain, half = (
        explain(document_of(MODELS["ridge"], beta), TABLE.columns, 3) for beta in (Beta(), Beta(0.5, 0.5, 1))
    )
    assert [part.log_odds for part in half.parts] == pytest.approx([part.log_odds / 2 for part in plain.parts])
    assert half.base == pytest.approx(plain.base / 2 + 1)


@pytest.mark.parametrize("name", MODELS)
def test_importance_puts_what_moves_most_first(name):
    found = importance(document_of(MODELS[name]), TABLE.columns)
    assert {found[0][0], found[-1][0]} <= {"employees", "country", "noise"}
    assert found[-1][0] == "noise"
