import numpy as np
import pytest

from scoring.learning.leakage import lean_of, strengths, suspects
from scoring.learning.splitting import folds
from scoring.learning.table import Column
from tests.scoring.learning.tables import leads, table_of

TABLE = leads(1_500)


def giving_away(kind, random):
    labels = TABLE.labels
    known = random.random(len(labels)) < 0.97
    told = np.where(known, labels, 1 - labels)
    if kind == "status":
        return Column("category", np.where(told == 1, "customer", "closed").astype(object))
    if kind == "closed on, given only for the won":
        return Column("number", np.where(told == 1, random.random(len(labels)), np.nan))
    if kind == "amount":
        return Column("number", told * 900.0 + random.normal(0, 100, len(labels)))
    if kind == "amount, the wrong way":
        return Column("number", -told * 900.0 + random.normal(0, 100, len(labels)))
    if kind == "in the middle":
        return Column(
            "number",
            np.where(told == 1, 0.0, random.choice([-5.0, 5.0], len(labels))) + random.normal(size=len(labels)),
        )
    return Column("flag", told.astype(float))


@pytest.mark.parametrize(
    "kind",
    ["status", "closed on, given only for the won", "amount", "amount, the wrong way", "in the middle", "flag"],
)
def test_a_feature_that_gives_the_answer_away_is_suspected(kind):
    columns = dict(TABLE.columns) | {"leak": giving_away(kind, np.random.default_rng(1))}
    table = table_of(columns, TABLE.labels)
    assert [one.feature for one in suspects(strengths(table, seed=1))] == ["leak"]


def test_honest_features_and_identifiers_are_not():
    columns = dict(TABLE.columns) | {"id": Column("category", np.arange(len(TABLE)).astype(str).astype(object))}
    assert suspects(strengths(table_of(columns, TABLE.labels), seed=1)) == []


def test_what_a_model_leans_on_is_named():
    random = np.random.default_rng(2)
    minutes = Column("number", np.exp(1.6 * TABLE.labels + random.normal(size=len(TABLE))))
    table = table_of(dict(TABLE.columns) | {"call_minutes": minutes}, TABLE.labels)
    ranked, splits = strengths(table, seed=1), folds(table, seed=1, embargo_days=0, by_time=True)
    assert suspects(ranked) == []
    assert lean_of(table, splits, ranked).feature == "call_minutes"
    assert lean_of(TABLE, splits, strengths(TABLE, seed=1)) is None
