"""What keys of a dimension are called: ids and codes in, words for people out."""

from collections.abc import Iterable
from datetime import date

from campaigns.models import Asset, Campaign, CampaignKind, Channel
from crm.fiscal import fiscal_quarter
from crm.models import Team, User
from funnel.reports.question import MISSING, QUARTER
from leads.lifecycle import ReasonUse
from leads.models import DealKind, ForecastCategory, Reason
from leads.models.lead import SourcedBy

RECORDS = {"campaign": Campaign, "parent": Campaign, "content": Asset, "owner": User, "team": Team, "manager": User}
CHOICES = {
    "channel": Channel,
    "campaign_kind": CampaignKind,
    "origin": SourcedBy,
    "kind": DealKind,
    "forecast_category": ForecastCategory,
}
DIMENSION_WORDS = {
    "definition_version": "definition",
    "forecast_category": "forecast category",
    "origin": "who found it",
    "campaign_kind": "strategic or tactical",
    "parent": "campaign above",
}


def dimension_word(name: str) -> str:
    return DIMENSION_WORDS.get(name, name)


def labels(dimension: str, keys: Iterable[str | None]) -> dict[str | None, str]:
    """A label for each key; "" is "(missing)", an unknown key its own label, no dimension "All"."""
    wanted = set(keys)
    names: dict[str | None, str] = {key: key or MISSING for key in wanted}
    if model := RECORDS.get(dimension):
        found = model._default_manager.filter(pk__in=[int(key) for key in wanted if key])
        names |= {str(record.pk): str(record) for record in found}
    if choices := CHOICES.get(dimension):
        names |= {value: str(label) for value, label in choices.choices if value in names}
    if dimension == "definition_version":
        names |= {key: f"Version {key}" for key in wanted if key}
    if dimension == "reason":
        losses = Reason.objects.filter(use=ReasonUse.LOSS, code__in=filter(None, wanted))
        names |= dict(losses.values_list("code", "label"))
    if dimension == QUARTER:
        names |= {key: fiscal_quarter(date.fromisoformat(key)).label for key in wanted if key}
    return {**names, None: "All"}


def held_names(held: Iterable[tuple[str, str]]) -> list[str]:
    """What is held, each dimension at its key: "campaign: Prize draw"."""
    return [f"{dimension}: {labels(dimension, [key])[key]}" for dimension, key in held]
