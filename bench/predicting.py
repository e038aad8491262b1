"""How long it takes to learn from outcomes, to predict every lead, one lead, and how much memory that needs.

.venv/bin/python -m bench predicting [LEADS …]

What sales answered in the measured population has nothing to do with the leads, so nothing would be published: the
model predicted with is the one that was trained, published by hand. Everything made here is removed again.
"""

import resource
from datetime import datetime
from time import perf_counter

from django.db import connection
from django.utils import timezone

from bench.population import populate
from leads.models import Lead, LeadPrediction
from scoring import outcomes, training
from scoring.models import ModelStatus, Target, TrainedModel
from scoring.predicting import explain_prediction, predict_all, predict_leads

SIZES = (100_000,)
LEARNT_FROM = 100_000
SINGLE = 50


def measure(sizes: list[int]) -> None:
    reached = 0
    for size in sizes or SIZES:
        populate(reached + 1, size)
        reached = size
        print(f"{size:,} leads")
        measure_here()


def measure_here() -> None:
    """In the database that Django is connected to."""
    at = timezone.now()
    try:
        model = measure_training(at)
        TrainedModel.objects.filter(pk=model.pk).update(status=ModelStatus.PUBLISHED, published_at=at)
        measure_predicting(at)
        measure_single(at)
    finally:
        TrainedModel.objects.all().delete()
        with connection.cursor() as sql:
            sql.execute("TRUNCATE leads_leadprediction")


def measure_training(at: datetime) -> TrainedModel:
    outcomes.MOST_ROWS = LEARNT_FROM
    began = perf_counter()
    model = training.train(Target.ACCEPTANCE, by=None, at=at)
    seconds = perf_counter() - began
    print(f"  trained on {rows_of(model):,} outcomes, {columns_of(model)} features: {seconds:.1f} s, {peak()}")
    print(f"  {model.method or model.status}: {model.verdict or model.error}")
    return model


def measure_predicting(at: datetime) -> None:
    for _round in range(2):
        began = perf_counter()
        done = predict_all(at=at)
        print(f"  predicted {done:,} leads: {perf_counter() - began:.1f} s, {peak()}")
    print(f"  {LeadPrediction.objects.count():,} predictions kept")


def measure_single(at: datetime) -> None:
    leads = list(Lead.objects.order_by("-pk")[:SINGLE])
    began = perf_counter()
    for lead in leads:
        predict_leads([lead.pk], at=at)
    predicted = perf_counter()
    for lead in leads:
        explain_prediction(lead, Target.ACCEPTANCE, at=at)
    told, many = perf_counter(), len(leads)
    print(f"  one lead predicted in {1_000 * (predicted - began) / many:.0f} ms, ", end="")
    print(f"explained in {1_000 * (told - predicted) / many:.0f} ms")


def rows_of(model: TrainedModel) -> int:
    return int(model.manifest.get("data", {}).get("rows", 0))


def columns_of(model: TrainedModel) -> int:
    return len(model.manifest.get("data", {}).get("features", []))


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB at most"
