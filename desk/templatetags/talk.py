"""The talk about a hand-off, for templates."""

from django import template

from feedback import talk
from feedback.models import Handoff

register = template.Library()

register.filter(talk.pieces)


@register.simple_tag
def talk_of(handoff: Handoff, whole: bool = False) -> talk.Talk:
    """Its newest replies, or all."""
    return talk.talk_of(handoff, whole=bool(whole))
