"""The talk about a hand-off, for templates."""

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crm.models import User
from feedback import talk
from feedback.mentions import mentions_in, signs_in
from feedback.models import Handoff

register = template.Library()

register.filter(talk.pieces)


@register.simple_tag
def talk_of(handoff: Handoff, whole: bool = False) -> talk.Talk:
    """Its newest replies, or all."""
    return talk.talk_of(handoff, whole=bool(whole))


@register.simple_tag(takes_context=True)
def in_their_words(context: Context, text: str) -> SafeString:
    """The words of a verdict; whom they name with @ stands out. One query for all on a page, none without an @."""
    if not signs_in(text):
        return format_html("{}", text)
    named = [(mention.start, mention.end) for mention in mentions_in(text, people_here(context["request"]))]
    return format_html_join("", "{}", ((piece,) for piece in marked(text, named)))


def marked(text: str, named: list[tuple[int, int]]) -> list[SafeString]:
    pieces, end = [], 0
    for start, after in named:
        pieces.append(format_html('{}<b class="mention">{}</b>', text[end:start], text[start:after]))
        end = after
    return [*pieces, format_html("{}", text[end:])]


def people_here(request: Any) -> list[User]:
    """Everybody who can be named, read once a request."""
    if not hasattr(request, "people_here"):
        request.people_here = list(User.objects.filter(is_active=True).only("first_name", "last_name", "email"))
    return request.people_here
