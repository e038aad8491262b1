"""The words and small parts every page uses: figures, times, people, icons, fields. docs/front-end.md shows each."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    FileInput,
    MultiWidget,
    RadioSelect,
    Select,
)
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from crm import words
from crm.navigation import PLACES

register = template.Library()

register.filter(words.duration)
register.filter(words.measured)
register.filter(words.ago)
register.filter(words.until)
register.filter(words.since)
register.filter(words.number)
register.filter(words.capped)
register.filter(words.percent)
register.simple_tag(words.interval)
register.simple_tag(words.money)

TINTS = 6
SIDES = ("Marketing", "Waiting", "Sales")
CONTROL_CLASSES = {CheckboxInput: "form-check-input", Select: "form-select"}


# Times


@register.simple_tag
def moment(at: datetime | None, now: datetime) -> SafeString | str:
    """ "12 min ago" with the exact local time on hover."""
    if at is None:
        return words.NOTHING
    exact = f"{localtime(at):%-d %b %Y, %H:%M}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, words.ago(at, now))


@register.simple_tag
def clock(start: datetime, due: datetime | None, now: datetime) -> SafeString:
    """The clock of a verdict in words; static/js/clock.js keeps it going.

    Hours are counted on the day itself only: due on Monday at ten is not "62 h left" on Friday evening.
    """
    if due is None:
        return mark_safe('<span class="quiet">no clock</span>')
    local, here = localtime(due), localtime(now)
    day = words.on_day(local, here)
    return format_html(
        '<time class="clock" data-clock datetime="{}" data-due="{}" data-from="{}" data-to="{}" data-day="{}" '
        'data-state="{}" title="Due {}">{}</time>',
        start.isoformat(),
        due.isoformat(),
        words.counted_from(local).isoformat(),
        words.counted_to(local).isoformat(),
        day,
        words.clock_state(start, local, here),
        f"{local:%A, %-d %b %Y, %H:%M}",
        words.clock_words(local, here),
    )


# Figures


@register.filter
def share_of(part: float | Decimal | None, whole: float | Decimal | None) -> str:
    """``part`` of ``whole`` as an SVG length, "63.2%"; "0%" where there is nothing to divide."""
    if not part or not whole:
        return "0%"
    return f"{min(float(part) / float(whole), 1) * 100:.2f}%"


@register.inclusion_tag("partials/time_bar.html")
def time_bar(marketing: Any, waiting: Any, sales: Any, *, legend: bool = True) -> dict[str, object]:
    """One bar of three colours: whose time a lead took. Arguments: timedelta, seconds or None."""
    lengths = dict(zip(SIDES, (words.in_seconds(length or 0) for length in (marketing, waiting, sales)), strict=True))
    # A negative time (an import out of order) is said in the legend, and has no width.
    whole, start, parts = sum(max(length, 0) for length in lengths.values()), 0.0, []
    for label, length in lengths.items():
        width = share_of(max(length, 0), whole)
        parts.append(
            {"side": label.lower(), "label": label, "length": length, "start": share_of(start, whole), "width": width}
        )
        start += max(length, 0)
    said = ", ".join(f"{label} {words.duration(length)}" for label, length in lengths.items())
    return {"parts": parts, "legend": legend, "words": said}


@register.inclusion_tag("partials/whisker.html")
def whisker(rate: float | None, low: float | None, high: float | None) -> dict[str, object]:
    """A rate as a dot on the line where it probably lies, on a ground from 0 to 100 %."""
    return {"rate": rate, "low": low, "high": high}


@register.inclusion_tag("partials/bars.html")
def bars(rows: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Horizontal bars on a common zero. A row: ``label``, ``count``, maybe ``href``, ``note``, ``stage``, ``side``."""
    return {"rows": rows, "longest": max((row["count"] for row in rows), default=0)}


@register.simple_tag
def grade(letters: str | None) -> SafeString | str:
    """ "B2" as a small badge, coloured by its letter; "–" while unscored."""
    if not letters:
        return words.NOTHING
    return format_html(
        '<span class="grade" data-grade="{}" title="Grade {}: fit and engagement">{}</span>',
        letters[0],
        letters,
        letters,
    )


# People and signs


@register.filter
def initials(who: object) -> str:
    """First letters of the first and last word: "Rob van Dyk" -> "RD"; "?" for nobody."""
    parts = str(who).replace("@", " ").split() if who else []
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


@register.simple_tag
def avatar(who: object, *, large: bool = False) -> SafeString:
    """A person's initials in a circle whose tint stays the same on every page."""
    tint = sum(str(who).encode()) % TINTS
    size = " large" if large else ""
    return format_html(
        '<span class="avatar-initials{}" data-tint="{}" aria-hidden="true">{}</span>', size, tint, initials(who)
    )


@register.simple_tag
def person(who: object) -> SafeString | str:
    """Initials and name; "–" for nobody."""
    if not who:
        return words.NOTHING
    return format_html('<span class="person">{}<span>{}</span></span>', avatar(who), who)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A Tabler icon. Give a ``label`` where no word stands beside it."""
    if label:
        return format_html('<i class="ti ti-{}" role="img" aria-label="{}" title="{}"></i>', name, label, label)
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', name)


# Navigation and addresses


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[dict[str, object]]:
    """The seven places, the present one marked."""
    request = context.get("request")
    address = request.path if request else ""
    return [{"label": p.label, "path": p.path, "icon": p.icon, "is_current": p.holds(address)} for p in PLACES]


@register.inclusion_tag("partials/sort_header.html", takes_context=True)
def sort_header(context: Context, field: str, label: str, *, css: str = "") -> dict[str, object]:
    """A column head that orders the list: first click upwards, second downwards; other filters stay in the address."""
    query = context["request"].GET.copy()
    ordering = query.get("ordering", "")
    query.pop("cursor", None)
    query["ordering"] = f"-{field}" if ordering == field else field
    direction = {field: "ascending", f"-{field}": "descending"}.get(ordering, "none")
    return {"label": label, "css": css, "direction": direction, "address": f"?{query.urlencode()}"}


@register.simple_tag
def query(**values: object) -> str:
    """A fresh query string from the given values, empty ones left out: ``?stage=mql&owner=3``."""
    return "?" + urlencode({name: value for name, value in values.items() if value not in (None, "")}, doseq=True)


# Forms


@register.simple_tag
def control(field: BoundField, **attributes: Any) -> SafeString:
    """The widget of a form field with its look; attributes are added, ``data_x`` as ``data-x``."""
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    if not isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple):
        looks = [CONTROL_CLASSES[kind] for kind in CONTROL_CLASSES if isinstance(field.field.widget, kind)] or [
            "form-control"
        ]
        invalid = " is-invalid" if field.errors else ""
        attrs["class"] = f"{field.field.widget.attrs.get('class', '')} {looks[0]}{invalid}".strip()
    return field.as_widget(attrs=attrs)


@register.inclusion_tag("partials/field.html")
def field(field: BoundField, *, label: str = "", **attributes: Any) -> dict[str, object]:
    """Label, control, help and the error beside it."""
    widget = field.field.widget
    return {
        "field": field,
        "label": label or field.label,
        "attributes": attributes,
        "control": control(field, **attributes),
        "is_check": isinstance(widget, CheckboxInput),
        "is_group": widget.use_fieldset and not isinstance(widget, MultiWidget),
        "is_optional": not field.field.required and not isinstance(widget, CheckboxInput | FileInput),
    }


@register.simple_tag
def idempotency_key() -> SafeString:
    """A hidden key for a form whose action must happen once, clicked twice or not."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid.uuid4())


# Messages as toasts: ``messages.success(request, "Accepted.", extra_tags="undo:/inbox/7/undo/")``

NOTICE_LEVELS = {"success": "success", "warning": "warning", "error": "danger"}
NOTICE_ICONS = {"success": "circle-check", "warning": "alert-triangle", "error": "alert-circle"}


@register.filter
def notice_level(level_tag: str) -> str:
    return NOTICE_LEVELS.get(level_tag, "info")


@register.filter
def notice_icon(level_tag: str) -> str:
    return NOTICE_ICONS.get(level_tag, "info-circle")


@register.filter
def undo_url(extra_tags: str | None) -> str:
    """The address that undoes what a message reports, or ""."""
    return next((tag.removeprefix("undo:") for tag in (extra_tags or "").split() if tag.startswith("undo:")), "")
