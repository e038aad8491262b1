"""The deals of Maven Analytics' CRM sample: who wins them cannot be told from what is known, so nobody is told."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leads.models import CustomField, Lead, LeadPrediction
from scoring.models import Target
from scoring.training import train
from tests.scoring.imported import import_leads

MAVEN = Path(__file__).resolve().parents[3] / "shared/data/maven"
LATER = datetime(2018, 12, 31, tzinfo=UTC)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not MAVEN.is_dir(), reason="the Maven files are not here (they are not ours to ship)"),
]


def rows_of(name):
    with (MAVEN / f"{name}.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def closed_deals():
    """Every closed deal with all that was known of its product, account and agent before it closed."""
    accounts = {row.pop("account"): row for row in rows_of("accounts")}
    agents = {row["sales_agent"]: row for row in rows_of("sales_teams")}
    unknown = dict.fromkeys(next(iter(accounts.values())), "")
    for deal in rows_of("sales_pipeline"):
        if deal["deal_stage"] in ("Won", "Lost"):
            yield {
                "id": deal["opportunity_id"], "engaged": deal["engage_date"], "closed": deal["close_date"],
                "outcome": deal["deal_stage"].lower(), "product": deal["product"], "account": deal["account"],
                **agents[deal["sales_agent"]], **accounts.get(deal["account"], unknown),
            }  # fmt: skip


def test_where_nothing_can_be_learnt_nothing_is_published(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    import_leads(tmp_path, list(closed_deals()), captured="engaged")
    assert Lead.objects.count() == 6_711
    assert CustomField.objects.count() == 11

    model = train(Target.WIN, by=None, at=LATER)

    assert (model.status, model.error) == ("shadow", "")
    assert model.verdict.startswith("No better than the rules: of 1,")
    assert model.metrics["auc_low"] <= 0.5
    assert not LeadPrediction.objects.exists()
