"""The stages an opportunity goes through, as the organisation has set them up."""

from typing import Any

from leads.models import DealStage, ForecastCategory, PipelineStage

FIRST: dict[DealStage, tuple[int, ForecastCategory]] = {
    DealStage.DISCOVERY: (10, ForecastCategory.PIPELINE),
    DealStage.SOLUTION: (25, ForecastCategory.PIPELINE),
    DealStage.PROOF: (40, ForecastCategory.BEST_CASE),
    DealStage.PROPOSAL: (60, ForecastCategory.MOST_LIKELY),
    DealStage.NEGOTIATION: (80, ForecastCategory.COMMIT),
    DealStage.WON: (100, ForecastCategory.CLOSED),
    DealStage.LOST: (0, ForecastCategory.OMITTED),
}


def pipeline() -> dict[str, PipelineStage]:
    """Every stage with its settings, in order, the retired ones included."""
    return {row.stage: row for row in PipelineStage.objects.all()}


def seed_pipeline(**_signal: Any) -> None:
    """Fill an empty table, after `migrate`; one that people have edited is left alone."""
    if not PipelineStage.objects.exists():
        PipelineStage.objects.bulk_create(
            PipelineStage(
                stage=stage, label=stage.label, probability=probability, forecast_category=category, position=position
            )
            for position, (stage, (probability, category)) in enumerate(FIRST.items())
        )
