"""What happened, told in a line, for templates of this room."""

from datetime import timedelta
from typing import Any

from django import template

from desk import telling
from feedback.models import Handoff
from leads.custom_values import said
from leads.models import CustomField

register = template.Library()

register.filter(telling.touch_line)
register.filter(telling.touch_origin)
register.filter(telling.verdict_line)
register.filter(telling.route_line)
register.filter(telling.ordinal_word)


@register.filter
def own_value(record: Any, own: CustomField) -> str:
    """What a record holds in a field of one's own, in words."""
    return said(own, record.custom.get(own.name))


@register.filter
def response_time(handoff: Handoff) -> timedelta | None:
    """From the hand-off to its answer."""
    return handoff.decided_at - handoff.offered_at if handoff.decided_at else None
