import json
import subprocess
import sys

import numpy as np
import pytest

from scoring.learning.additive import Ridge
from scoring.learning.blend import Blend
from scoring.learning.boosted import Boosting
from scoring.learning.calibration import Beta, Isotonic
from scoring.learning.document import Document, predict
from scoring.learning.drift import reference_of
from scoring.learning.naive import Naive
from scoring.learning.table import Column
from tests.scoring.learning.tables import leads

TABLE = leads(600)
RIDGE, TREES = Ridge(3.0).fit(TABLE), Boosting(leaves=4, rounds=20, step=0.1, seed=1).fit(TABLE)
MODELS = {"ridge": RIDGE, "naive": Naive().fit(TABLE), "trees": TREES, "blend": Blend(RIDGE, TREES)}


def document_of(model, calibration=Beta(0.8, 1.1, 0.05)):  # noqa: B008
    return Document(model, calibration, reference_of(TABLE.columns, np.full(len(TABLE), 0.3)))


@pytest.mark.parametrize("name", MODELS)
def test_text_there_and_back_tells_the_same_to_the_last_digit(name):
    document = document_of(MODELS[name])
    text = document.to_text()
    again = Document.from_text(text)
    assert again.to_text() == text
    assert (predict(again, TABLE.columns) == predict(document, TABLE.columns)).all()
    assert again.reference == document.reference


@pytest.mark.parametrize("name", MODELS)
def test_shares_lie_between_none_and_all(name):
    shares = predict(document_of(MODELS[name], Isotonic((-1.0, 1.0), (-13.8, 13.8))), TABLE.columns)
    assert ((shares > 0) & (shares < 1)).all()


@pytest.mark.parametrize("name", MODELS)
def test_the_order_of_columns_does_not_matter(name):
    backwards = dict(reversed(list(TABLE.columns.items())))
    document = document_of(MODELS[name])
    assert (predict(document, backwards) == predict(document, TABLE.columns)).all()


@pytest.mark.parametrize("name", MODELS)
def test_a_field_deleted_or_of_another_kind_since_is_missing(name):
    document = document_of(MODELS[name])
    gone = {feature: column for feature, column in TABLE.columns.items() if feature != "country"}
    changed = TABLE.columns | {"country": Column("number", np.zeros(len(TABLE)))}
    empty = TABLE.columns | {"country": Column("category", np.full(len(TABLE), None, dtype=object))}
    assert (predict(document, gone) == predict(document, empty)).all()
    assert (predict(document, changed) == predict(document, empty)).all()


@pytest.mark.parametrize("name", MODELS)
def test_no_rows_no_shares(name):
    none = {feature: Column(column.kind, column.values[:0]) for feature, column in TABLE.columns.items()}
    assert predict(document_of(MODELS[name]), none).tolist() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"format": 1}',
        json.dumps(json.loads(document_of(RIDGE).to_text()) | {"format": 99}),
        json.dumps(json.loads(document_of(RIDGE).to_text()) | {"kind": "oracle"}),
    ],
)
def test_other_text_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  (JSON's own error is one)
        Document.from_text(text)


def test_an_additive_model_is_used_without_lightgbm_and_scikit_learn():
    """Web processes tell why a lead is likely; they have no room for 100 MB of libraries."""
    program = (
        "import sys; from scoring.learning import document, explaining, gates;"
        "document.Document.from_text(sys.stdin.read()); assert not {'lightgbm', 'sklearn', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], input=document_of(RIDGE).to_text(), text=True, check=True)
