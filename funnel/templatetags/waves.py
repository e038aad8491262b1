"""Figures of a statistic in words."""

from django import template

register = template.Library()
LEAST = 0.0001


@register.filter
def decimals(value: float | None, places: int) -> str:
    return "–" if value is None else f"{value:.{places}f}"


@register.filter
def chance(p_value: float | None) -> str:
    """ "0.032", "below 0.0001"."""
    if p_value is None:
        return "–"
    return f"below {LEAST}" if p_value < LEAST else f"{p_value:.4f}"
