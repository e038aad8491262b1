"""What the published models expect of leads: kept in `LeadPrediction` for lists, taken apart for one lead on its page.

A lead is predicted as of its moment (scoring/outcomes.py): now while it is with marketing, as it was handed over once
it was. So a chance never tells what sales has found out since, and can be held against what came of it.

`predict_leads` runs in the drain of the outbox, right after the scores of the leads that changed; `predict_all` runs
after a model was published or retired and every night, for time alone makes a touch older. Without a published model
there are no predictions; one whose text is damaged tells nothing, and stops nothing. Each process keeps the models it
has read.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from campaigns.models import Asset, Campaign
from leads.models import Lead, LeadPrediction
from leads.models.custom import CustomKind
from scoring.engine import chunks_of_leads
from scoring.features import CAMPAIGNS, CHANNELS, CONTENT, DONE, FEATURES, Feature, features_from, features_of
from scoring.learning.document import Document, digest_of, predict
from scoring.learning.explaining import Part, explain
from scoring.learning.table import Columns
from scoring.models import ModelStatus, Target, TrainedModel
from scoring.outcomes import moments_of

logger = logging.getLogger(__name__)

Shares = dict[Target, NDArray[np.float64]]
# Shares are kept to this many digits: a model's last ones say nothing, and rows that stay the same are not written.
DIGITS = 5

WRITE = """
    INSERT INTO leads_leadprediction AS old (lead_id, acceptance, win, predicted_at)
    SELECT lead_id, acceptance, win, %(at)s
    FROM unnest(%(leads)s::bigint[], %(acceptance)s::float8[], %(win)s::float8[]) AS fresh (lead_id, acceptance, win)
    ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE
        SET (acceptance, win, predicted_at) = (excluded.acceptance, excluded.win, excluded.predicted_at)
    WHERE (old.acceptance, old.win) IS DISTINCT FROM (excluded.acceptance, excluded.win)
"""
FORGET = "DELETE FROM leads_leadprediction WHERE lead_id = ANY(%(gone)s)"


def predict_leads(leads: Iterable[int], *, at: datetime) -> None:
    """Write what is expected of these leads; those merged into another lose their row. Costs one query without a model.

    Runs in the caller's transaction where there is one.
    """
    asked = sorted(set(leads))
    models = models_in_use()
    if not asked or not models:
        return
    _, pairs, columns = seen(asked, models, at=at)
    shares = told(columns, models)
    with transaction.atomic():
        # A model that is retired waits until this is written, and then has all of it forgotten.
        if models == models_in_use(hold=True):
            write(asked, [lead for lead, _ in pairs], shares, at=at)


def predict_all(*, at: datetime) -> int:
    """Write what is expected of every lead, in short transactions; gives the number of leads.

    Without a published model every row goes. A run that sees another model published meanwhile leaves off: that
    publication has a run of its own.
    """
    models = models_in_use()
    done = 0
    for chunk, pairs, columns in ahead(seen(chunk, models, at=at) for chunk in chunks_of_leads()):
        shares = told(columns, models)
        with transaction.atomic():
            if models != models_in_use(hold=True):
                break
            write(chunk, [lead for lead, _ in pairs], shares, at=at)
        done += len(chunk)
    return done


def models_in_use(*, hold: bool = False) -> dict[Target, int]:
    """The id of the published model of each target that has one; held until the transaction ends if asked to."""
    models = TrainedModel.objects.filter(status=ModelStatus.PUBLISHED).order_by("pk")
    rows = models.select_for_update(no_key=True) if hold else models
    return {Target(target): pk for pk, target in rows.values_list("pk", "target")}


class UnreadableModel(Exception):
    """What is kept of a model is not what was trained, or cannot be read any more."""


@lru_cache(maxsize=8)
def read_model(pk: int) -> tuple[Document, Mapping[str, Feature]]:
    """A trained model never changes: what is read once holds. Raises UnreadableModel."""
    text, manifest = TrainedModel.objects.values_list("document", "manifest").get(pk=pk)
    if manifest.get("document_sha256", digest_of(text)) != digest_of(text):
        raise UnreadableModel(f"The text of model {pk} is not the one that was trained.")
    try:
        return Document.from_text(text), features_from(manifest["columns"])
    except Exception as error:  # a damaged text breaks wherever it is read first, in LightGBM too
        raise UnreadableModel(f"Model {pk} cannot be read: {error!r}") from error


def readable(models: Mapping[Target, int]) -> dict[Target, tuple[Document, Mapping[str, Feature]]]:
    """Those that can be read; the daily check takes the others out of use."""
    found = {}
    for target, pk in models.items():
        try:
            found[target] = read_model(pk)
        except UnreadableModel as damaged:
            logger.exception("%s Nothing is foretold; train it again.", damaged)
    return found


# Leads, those of them that are to be predicted with their moments, and what the models see of these.
Seen = tuple[Sequence[int], list[tuple[int, datetime]], Columns]


def seen(leads: Sequence[int], models: Mapping[Target, int], *, at: datetime) -> Seen:
    features = {name: feature for _, one in readable(models).values() for name, feature in one.items()}
    pairs = moments_of(list(leads), at=at) if models else []
    return leads, pairs, features_of(pairs, features)


def told(columns: Columns, models: Mapping[Target, int]) -> Shares:
    """The share of each lead, by target."""
    return {
        target: predict(document, {name: columns[name] for name in features})
        for target, (document, features) in readable(models).items()
    }


def ahead(reads: Iterator[Seen]) -> Iterator[Seen]:
    """The same, each read while the one before is worked on: the database has a processor of its own.

    What an open transaction wrote is to be seen by its own connection only; there it is read one by one.
    """
    if connection.in_atomic_block:
        yield from reads
        return
    with ThreadPoolExecutor(1) as reader:
        try:
            coming = reader.submit(next, reads, None)
            while (read := coming.result()) is not None:
                coming = reader.submit(next, reads, None)
                yield read
        finally:
            reader.submit(connection.close)


def write(asked: Sequence[int], leads: list[int], shares: Shares, *, at: datetime) -> None:
    values = {
        target.value: np.round(shares[target], DIGITS).tolist() if target in shares else [None] * len(leads)
        for target in Target
    }
    with connection.cursor() as cursor:
        if gone := sorted(set(asked).difference(leads)):
            cursor.execute(FORGET, {"gone": gone})
        if leads:
            cursor.execute(WRITE, {"leads": leads, "at": at, **values})


@dataclass(frozen=True)
class Why:
    """One line: what the model looked at, in words, and what it adds to the log-odds."""

    label: str
    log_odds: float


@dataclass(frozen=True)
class Explained:
    """``base`` and all lines add up to the log-odds of ``share``, to 1e-9. ``why``: the strongest first, up or down."""

    share: float
    base: float
    why: list[Why]
    model: TrainedModel
    at: datetime

    @property
    def up(self) -> list[Why]:
        return [line for line in self.why if line.log_odds > 0]

    @property
    def down(self) -> list[Why]:
        return [line for line in self.why if line.log_odds < 0]


def explain_prediction(lead: Lead, target: Target, *, at: datetime) -> Explained | None:
    """Why this chance; None while no model is published, and for a lead that was merged into another."""
    model = TrainedModel.objects.filter(target=target, status=ModelStatus.PUBLISHED).defer("document").first()
    known = readable({target: model.pk}) if model else {}
    moments = moments_of([lead.pk], at=at) if known else []
    if model is None or not moments:
        return None
    document, features = known[target]
    found = explain(document, features_of(moments, features))
    names = record_names(found.parts)
    why = [Why(said(part, features, names), part.log_odds) for part in found.parts if part.log_odds]
    return Explained(found.share, found.base, why, model, moments[0][1])


def said(part: Part, features: Mapping[str, Feature], names: Mapping[tuple[str, str], str]) -> str:
    """“Country: Germany”, “Days since the last touch: 2.4”, “Employees: not known”."""
    feature = features.get(part.feature)
    label = feature.label if feature else part.feature
    if feature and feature.holds == CustomKind.DATE and isinstance(part.value, float):
        return f"{label}: {days_words(part.value)}"
    return f"{label}: {value_words(part, names)}"


def days_words(age: float) -> str:
    """“in about 14 weeks”, “about 5 days ago”: a date is learnt from as the days since, roughly counted."""
    days = round(abs(age))
    said = f"{round(days / 7):,} weeks" if days >= 14 else "1 day" if days == 1 else f"{days} days"
    return f"in about {said}" if age < 0 else f"about {said} ago"


def value_words(part: Part, names: Mapping[tuple[str, str], str]) -> str:
    value = part.value
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    if part.feature == "last_kind":
        return DONE.get(value, value)
    return names.get((part.feature, value)) or (CHANNELS.get(value, value) if "channel" in part.feature else value)


def record_names(parts: Iterable[Part]) -> dict[tuple[str, str], str]:
    """The names of the campaigns and content that parts point at."""
    names: dict[tuple[str, str], str] = {}
    asked = [(part.feature, part.value) for part in parts if isinstance(part.value, str)]
    for model, fields in ((Campaign, CAMPAIGNS), (Asset, CONTENT)):
        ids = {int(value) for feature, value in asked if feature in fields}
        found: dict[int, Any] = dict(model._default_manager.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
        names |= {(feature, value): found.get(int(value), value) for feature, value in asked if feature in fields}
    return names


def label_of(feature: str) -> str:
    """The words of a feature, for pages that draw drift or weights."""
    return FEATURES[feature].label if feature in FEATURES else feature.removeprefix("company.").removeprefix("custom.")


def expected(lead: Lead) -> LeadPrediction | None:
    """What is kept for this lead."""
    return LeadPrediction.objects.filter(lead=lead).first()
