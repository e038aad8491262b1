"""The talk about hand-offs as pages show it: its newest replies, and who is named in them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from feedback.mentions import mentions_in
from feedback.models import Handoff, Reply

# So many of a talk are shown where it stands, and on its own page.
NEWEST, MOST = 5, 500


@dataclass(frozen=True)
class Talk:
    """``replies``: oldest first; ``has_earlier``: there are more before them."""

    replies: list[Reply]
    has_earlier: bool


def newest_replies() -> QuerySet[Reply]:
    return Reply.objects.select_related("by").prefetch_related("mentions").order_by("-at", "-id")


def with_talk(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """With what `talk_of` shows of each: two queries for any number."""
    return handoffs.prefetch_related(talk_prefetch())


def talk_prefetch(path: str = "replies") -> "Prefetch[Any]":
    return Prefetch(path, queryset=newest_replies()[: NEWEST + 1], to_attr="newest_replies")


def talk_of(handoff: Handoff, *, whole: bool = False) -> Talk:
    """The newest replies, or all of them up to MOST."""
    if whole:
        return Talk(list(newest_replies().filter(handoff=handoff)[:MOST])[::-1], has_earlier=False)
    newest = getattr(handoff, "newest_replies", None)
    if newest is None:
        newest = list(newest_replies().filter(handoff=handoff)[: NEWEST + 1])
    return Talk(newest[:NEWEST][::-1], len(newest) > NEWEST)


def pieces(reply: Reply) -> list[tuple[str, bool]]:
    """The text cut where it names somebody it told: [("Ask ", False), ("@Rob", True), (", please", False)]."""
    cut, end = [], 0
    for mention in mentions_in(reply.text, reply.mentions.all()):
        cut += [(reply.text[end : mention.start], False), (reply.text[mention.start : mention.end], True)]
        end = mention.end
    return [piece for piece in [*cut, (reply.text[end:], False)] if piece[0]]
