"""The score as everybody reads it: the definition in force, its versions, and what differs between two of them."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.models import User
from crm.requests import PersonRequest, id_of
from feedback.access import may_propose
from feedback.models import SignedStatus
from scoring.comparing import compare
from scoring.definitions import card_of
from scoring.models import Definition
from scoring.queries import (
    Break,
    breaks,
    mqls_a_week,
    proposal_for,
    readable_card,
    signatures_of,
    standing_now,
    versions,
)
from scoring.telling import told


@require_GET
def score(request: PersonRequest) -> HttpResponse:
    """What counts as a qualified lead today, and what comes next."""
    found = versions()
    active = next((one for one in found if one.status == SignedStatus.ACTIVE), None)
    context = {"now": timezone.now(), "versions": found, "active": active, **what_next(request.user, found, active)}
    if active:
        context |= facts_in_force(active, found)
    return render(request, "scoring/score.html", context)


def what_next(user: User, found: list[Definition], active: Definition | None) -> dict[str, Any]:
    """The version being worked on, for this reader: what is proposed before what is drafted."""
    proposed = next((one for one in found if one.status == SignedStatus.PROPOSED), None)
    return {
        "proposed": proposed,
        "proposal": proposal_for(user, proposed) if proposed else None,
        "changes": compare(readable_card(active), readable_card(proposed)).changes if proposed and active else [],
        "draft": next((one for one in found if one.status == SignedStatus.DRAFT), None),
        "may_propose": may_propose(user),
    }


def facts_in_force(active: Definition, found: list[Definition]) -> dict[str, Any]:
    standing = standing_now()
    weeks = mqls_a_week(at=timezone.now())
    since = breaks(found, weeks)
    return {
        "told": told(card_of(active), standing.counts),
        "standing": standing,
        "signatures": signatures_of(active),
        "chart": week_chart(weeks, since),
        "weeks": list(reversed([(day, count, [one for one in since if one.week == day]) for day, count in weeks])),
    }


def week_chart(weeks: list[tuple[date, int]], since: list[Break]) -> dict[str, Any]:
    """MQLs a week as columns, the present week paler, versions as thin lines with their number (chart.js)."""
    last = len(weeks) - 1
    return {
        "xAxis": {"type": "category", "data": [week_label(day) for day, _ in weeks]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [{
            "name": "MQLs", "type": "bar", "barMaxWidth": 22,
            "itemStyle": {"color": "var(--stage-mql)", "borderRadius": [2, 2, 0, 0]},
            "data": [
                {"value": count, "itemStyle": {"opacity": 0.45 if number == last else 1}}
                for number, (_, count) in enumerate(weeks)
            ],
            "markLine": {
                "symbol": "none", "silent": True,
                "lineStyle": {"color": "var(--t-ink-2)", "type": "dashed", "width": 1},
                "data": [
                    {"xAxis": week_label(one.week),
                     "label": {"formatter": f"v{one.version}", "color": "var(--t-ink)", "position": "end"}}
                    for one in since
                ],
            },
        }],
    }  # fmt: skip


def week_label(day: date) -> str:
    return f"{day:%-d %b}"


@require_GET
def compare_versions(request: PersonRequest) -> HttpResponse:
    """Two versions side by side, by their numbers; without them what is newest beside what is in force."""
    found = versions()
    before, after = chosen(request.GET.get("a"), request.GET.get("b"), found)
    context: dict[str, Any] = {"versions": found, "before": before, "after": after}
    if before and after:
        context["comparison"] = compare(readable_card(before), readable_card(after))
    return render(request, "scoring/compare.html", context)


def chosen(a: str | None, b: str | None, found: list[Definition]) -> tuple[Definition | None, Definition | None]:
    """The two versions meant. What is not named: the newest, and before it the one in force or just before."""
    after = numbered(b, found) or next((one for one in found if one.version != id_of(a)), None)
    if after is None:
        return None, None
    others = [one for one in found if one.pk != after.pk]
    in_force = [one for one in others if one.status == SignedStatus.ACTIVE]
    earlier = [one for one in others if one.version < after.version]
    return numbered(a, others) or next(iter([*in_force, *earlier, *others]), None), after


def numbered(text: str | None, found: list[Definition]) -> Definition | None:
    number = id_of(text)
    if not number:
        return None
    return next((one for one in found if one.version == number), None) or (
        Definition.objects.filter(version=number).first() if number < 2**31 else None
    )
