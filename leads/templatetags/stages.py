"""How a stage, its side and a lead's way through them are drawn; colours are in static/css/tokens.css."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads.lifecycle import CLOCK_OF, Clock, Stage

register = template.Library()

SIDE_WORDS = {
    Clock.MARKETING: "with marketing",
    Clock.WAITING: "waiting for sales",
    Clock.SALES: "with sales",
    Clock.CLOSED: "closed",
}


@register.filter
def stage_label(stage: str) -> str:
    """ "accepted" -> "Accepted (SAL)"."""
    return str(Stage(stage).label)


@register.filter
def side_of(stage: str) -> str:
    """ "accepted" -> "sales"; one of marketing, waiting, sales, closed."""
    return CLOCK_OF[Stage(stage)].value


@register.filter
def side_name(stage: str) -> str:
    """ "accepted" -> "with sales"."""
    return SIDE_WORDS[CLOCK_OF[Stage(stage)]]


@register.simple_tag
def stage_pill(stage: str) -> SafeString:
    """The stage in its colour, its side on hover and for screen readers."""
    return format_html(
        '<span class="stage" data-stage="{}" data-side="{}" title="{}">{}'
        '<span class="visually-hidden">, {}</span></span>',
        Stage(stage).value,
        side_of(stage),
        side_name(stage).capitalize(),
        stage_label(stage),
        side_name(stage),
    )


@register.simple_tag(takes_context=True)
def deal_stage(context: Mapping[str, Any], stage: str) -> str:
    """What the organisation calls this stage of an opportunity."""
    return str(context["pipeline"][stage].label)


@register.inclusion_tag("partials/stage_path.html")
def stage_path(steps: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """A lead's way. A step: ``stage``, ``state`` (done, now, ahead), ``at`` (None ahead), ``length`` in the stage."""
    return {"steps": [{**step, "label": stage_label(step["stage"])} for step in steps]}


@register.inclusion_tag("partials/funnel_bars.html")
def funnel_bars(rows: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Bars on a common zero in stage order, the rate of the previous stage between them.

    A row: ``stage``, ``count``, ``href``; ``running``, the part of ``count`` that is still young (hatched); ``rate``,
    ``rate_low``, ``rate_high`` of the previous stage, None without a divisor; ``aside``, what left here: rows of
    ``label``, ``count``, ``href``; ``count_before``, ``rate_before`` of the days it is compared with, None without.
    """
    longest = max((max(row["count"], row.get("count_before") or 0) for row in rows), default=0)
    return {"rows": [{**row, "label": stage_label(row["stage"])} for row in rows], "longest": longest}
