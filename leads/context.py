"""What every template may ask of this room."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from leads.pipeline import pipeline


def pipeline_stages(request: HttpRequest) -> dict[str, Any]:
    """``pipeline``: the stages of opportunities by their code; read when a template first asks, then kept."""
    return {"pipeline": SimpleLazyObject(pipeline)}
