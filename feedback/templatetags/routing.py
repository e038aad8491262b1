"""“Why did this rep get it?” in templates."""

from typing import Any

from django import template

from feedback import routing

register = template.Library()


@register.filter
def routed_by(why: dict[str, Any] | None) -> str:
    """The decision in a few words: "Rule “DACH”"; "" where a person chose."""
    return "" if not why or why.get("rule") == "by_hand" else routing.headline(why)


@register.filter
def routing_steps(why: dict[str, Any] | None) -> list[str]:
    """The decision in sentences."""
    return routing.explanation(why or {})
