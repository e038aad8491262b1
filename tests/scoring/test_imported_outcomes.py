"""Files with outcomes: what their columns tell is learnt and published; what was written after the end is left out."""

from random import Random

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from leads.models import CustomField
from scoring.learning.metrics import auc, sigmoid
from scoring.models import Target
from scoring.training import train
from tests.scoring.imported import import_leads

pytestmark = pytest.mark.django_db
MANY = 3_000
SECTORS = {"retail": 1.0, "banking": 0.3, "health": -0.3, "": -1.0}


def told_rows():
    """Rows, and the chance each had to be won: budget and sector decide it, the office does not."""
    random = Random(11)
    for number in range(MANY):
        budget, sector = random.lognormvariate(3, 1), random.choice(list(SECTORS))
        chance = float(sigmoid(np.array(-1.0 + 0.9 * (np.log(budget) - 3) + SECTORS[sector])))
        won = random.random() < chance
        row = {
            "id": f"F{number}", "outcome": "won" if won else "lost", "closed": "2026-01-01",
            "budget": f"{budget:.2f}", "sector": sector, "office": random.choice("ABCDE"),
            "status": random.choice(["Signed", "Invoiced"]) if won else random.choice(["No budget", "Silent"]),
        }  # fmt: skip
        yield row, chance


@pytest.fixture
def same_ids():
    """Which leads are held out depends on their ids: here they are the same, whatever ran before."""
    with connection.cursor() as sql:
        sql.execute("SELECT setval(pg_get_serial_sequence('leads_lead', 'id'), 5000000, false)")


@pytest.mark.usefixtures("same_ids")
def test_what_columns_tell_is_published_and_what_gives_the_answer_away_is_left_out(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    rows, chances = zip(*told_rows(), strict=True)
    import_leads(tmp_path, rows)
    assert dict(CustomField.objects.values_list("name", "kind")) == {
        "budget": "number", "sector": "choice", "office": "choice", "status": "choice"
    }  # fmt: skip

    model = train(Target.WIN, by=None, at=timezone.now())

    assert (model.status, model.error) == ("published", "")
    assert "“Status” is left out: alone 100 of 100 pairs right." in model.verdict
    assert "The leads carry no usable dates" in model.verdict
    assert [one["feature"] for one in model.manifest["left_out"]] == ["custom.status"]
    assert {"custom.budget", "custom.sector"} <= {column["name"] for column in model.manifest["columns"]}
    best = auc(np.array([row["outcome"] == "won" for row in rows]), np.array(chances))
    assert best is not None
    # 600 leads were held out: their AUC has a standard error of 0.02.
    assert model.metrics["auc"] == pytest.approx(best, abs=0.04)
    assert model.metrics["calibration_error"] < 0.06
