"""A back-test in words, tables and charts: what its page shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from crm.intervals import Share
from crm.models import Team, User
from crm.periods import own_day, start_of_week
from crm.words import interval, number, percent
from feedback.access import may_propose
from feedback.models import SignedStatus
from scoring.backtest_figures import (
    ACCEPTED,
    ADDED,
    BOTH,
    FLIPS,
    LEAST,
    LEFT_OUT,
    MISSED,
    MOST_POINTS,
    REACHED,
    WON,
    AtThreshold,
    curve,
    in_total,
    suggest,
)
from scoring.backtest_what_if import suggestion_words, what_if, what_if_figures, what_if_teams
from scoring.backtest_words import a_week, link, mqls, name_of, rounded, share_of_capacity, team_name
from scoring.backtesting import AT_WORK, WEEK, is_void, last_quarter
from scoring.models import Backtest, Definition, Fate

# Every fifth point stands in the table behind the curves.
STEP = 5
MOST_VERSIONS = 20
PERIODS = {"quarter": "last full quarter", "half": "the half year until then", "month": "the last four weeks"}


@dataclass(frozen=True)
class Cell:
    """A number and the list behind it."""

    count: int
    href: str


@dataclass(frozen=True)
class FateRow:
    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class TeamRow:
    """A team's MQLs a week by both definitions, against what it can take. ``share``: of its capacity, in percent."""

    name: str
    after: str
    after_in_all: Cell
    before: str
    before_in_all: Cell
    capacity: str
    share: int | None


def page_of_backtest(backtest: Backtest, user: User, *, threshold: int | None) -> dict[str, Any]:
    """Everything the page shows. ``threshold``: the one asked about in the what-if; None: the definition's own."""
    is_done = backtest.status == "done"
    context = {
        "backtest": backtest,
        "name": name_of(backtest.definition),
        "name_before": name_of(backtest.against),
        "days": days_words(backtest),
        "is_at_work": backtest.status in AT_WORK,
        "is_done": is_done,
        "is_void": is_void(backtest),
        "is_draft": backtest.definition.status == SignedStatus.DRAFT,
        "may_start": may_propose(user),
    }
    return context | (figures_of(backtest, threshold) if is_done else {})


def figures_of(backtest: Backtest, threshold: int | None) -> dict[str, Any]:
    result = backtest.result
    names = dict(Team.objects.filter(pk__in=[team["team"] for team in result["teams"]]).values_list("id", "name"))
    own = backtest.definition.thresholds.get("mql")
    points = threshold if threshold is not None else own if own is not None else MOST_POINTS // 2
    entries = what_if(result, names)
    return {
        "sentence": sentence(backtest),
        "week_chart": week_chart(backtest),
        "weeks": week_rows(result),
        "flips": flip_rows(result),
        "teams": team_rows(result, names),
        "wins": wins_words(result),
        "curves": [curve_of(result, goal, own) for goal in (ACCEPTED, WON)],
        "what_if": entries,
        "points": points,
        "own_points": own,
        "now": entries[points],
        "now_figures": what_if_figures(entries[points], points),
        "now_teams": what_if_teams(result, entries[points], names),
        "suggestion": suggestion_words(suggest(result), result, names),
    }


def days_words(backtest: Backtest) -> str:
    """ "13 weeks, 29 Jun to 27 Sep 2026"."""
    weeks, last = (backtest.ends_on - backtest.starts_on) // WEEK, backtest.ends_on - timedelta(days=1)
    return f"{weeks} week{'s' if weeks > 1 else ''}, {backtest.starts_on:%-d %b} to {last:%-d %b %Y}"


def total(result: Mapping[str, Any], *flips: str, fates: Iterable[str] = tuple(Fate.values)) -> int:
    """How many leads of these fates changed so."""
    return sum(result["fates"][fate][flip] for fate in fates for flip in flips)


def sentence(backtest: Backtest) -> str:
    """ "v3 would have given 12 MQLs a week instead of 19; it would have left out 41 rejected leads and 3 that were
    won and taken in 8 other leads."
    """
    result, weeks = backtest.result, len(backtest.result["weeks"])
    if not result["leads"]:
        return "No lead did anything in these weeks: there is nothing to test it on."
    after, before = total(result, BOTH, ADDED), total(result, BOTH, LEFT_OUT)
    given = f"{name_of(backtest.definition)} would have given {mqls(a_week(after, weeks))} a week"
    if backtest.against is None:
        return f"{given}. There is no definition to compare it with."
    instead = f" instead of {a_week(before, weeks)}" if a_week(after, weeks) != a_week(before, weeks) else ", as before"
    clauses = [clause for clause in (left_out_words(result), added_words(result)) if clause]
    told = " and ".join(clauses) or "no lead would have been treated otherwise"
    return f"{given}{instead}; {told}."


def left_out_words(result: Mapping[str, Any]) -> str:
    if not total(result, LEFT_OUT):
        return ""
    rejected, won = (total(result, LEFT_OUT, fates=[fate]) for fate in (Fate.REJECTED, Fate.WON))
    return f"it would have left out {leads_words(rejected, 'rejected')} and {number(won) if won else 'none'} {was(won)}"


def added_words(result: Mapping[str, Any]) -> str:
    added = total(result, ADDED)
    if not added:
        return ""
    won, untried = (total(result, ADDED, fates=[fate]) for fate in (Fate.WON, Fate.UNTRIED))
    also = [f"{number(won)} of them won"] if won else []
    also += [f"{number(untried)} that nobody tried"] if untried else []
    verb = "taken in" if total(result, LEFT_OUT) else "it would have taken in"
    more = "lead" if added == 1 else "leads"
    return f"{verb} {number(added)} other {more}" + (f" ({', '.join(also)})" if also else "")


def leads_words(count: int, kind: str) -> str:
    return f"{number(count) if count else 'no'} {kind} lead{'' if count == 1 else 's'}"


def was(count: int) -> str:
    return "that was won" if count in (0, 1) else "that were won"


def week_rows(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "on": date.fromisoformat(week["on"]),
            "after": Cell(week["after"], link(week=week["on"])),
            "before": Cell(week["before"], link(week_before=week["on"])),
        }
        for week in result["weeks"]
    ]


def week_chart(backtest: Backtest) -> dict[str, Any]:
    """MQLs a week by both definitions as columns beside each other; a column leads to its leads."""
    weeks = backtest.result["weeks"]
    days = [date.fromisoformat(week["on"]) for week in weeks]
    series = [column(name_of(backtest.definition), "var(--stage-mql)", weeks, "after", "week")]
    if backtest.against:
        series.insert(0, column(name_of(backtest.against), "var(--side-waiting)", weeks, "before", "week_before"))
    return {
        "xAxis": {"type": "category", "data": [f"{day:%-d %b}" for day in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": series,
    }  # fmt: skip


def column(name: str, colour: str, weeks: Sequence[Mapping[str, Any]], key: str, parameter: str) -> dict[str, Any]:
    data = [{"value": week[key], "href": link(**{parameter: week["on"]})} for week in weeks]
    style = {"color": colour, "borderRadius": [2, 2, 0, 0]}
    return {"name": name, "type": "bar", "barMaxWidth": 18, "itemStyle": style, "data": data}


def flip_rows(result: Mapping[str, Any]) -> list[FateRow]:
    """A row for each fate, a cell for each of FLIPS; the last row is all of them."""
    rows = [
        FateRow(
            str(fate.label), [Cell(result["fates"][fate][flip], link(fate=fate.value, flip=flip)) for flip in FLIPS]
        )
        for fate in Fate
    ]
    return [*rows, FateRow("All", [Cell(total(result, flip), link(flip=flip)) for flip in FLIPS])]


def team_rows(result: Mapping[str, Any], names: Mapping[int, str]) -> list[TeamRow]:
    weeks = len(result["weeks"])
    return [
        TeamRow(
            team_name(team["team"], names),
            a_week(team["after"], weeks), Cell(team["after"], link(team=team["team"] or "none", mql="after")),
            a_week(team["before"], weeks), Cell(team["before"], link(team=team["team"] or "none", mql="before")),
            rounded(team["capacity"]) if team["capacity"] else "–",
            share_of_capacity(team["after"] / weeks, team["capacity"]),
        )
        for team in result["teams"]
    ]  # fmt: skip


def wins_words(result: Mapping[str, Any]) -> dict[str, Any]:
    """Expected wins by both definitions, or how many known ends there are of those it takes."""
    sides = {side: side_words(result["wins"][side], side) for side in ("after", "before")}
    known = result["wins"]["after"]["known"]
    return {**sides, "known": known, "least": LEAST, "is_enough": known >= LEAST}


def side_words(wins: Mapping[str, Any], side: str) -> dict[str, Any]:
    bounds = "" if wins["expected"] is None else f"likely {wins['low']:.0f}–{wins['high']:.0f}"
    return {
        "expected": "–" if wins["expected"] is None else rounded(wins["expected"]),
        "bounds": bounds,
        "leads": Cell(wins["leads"], link(mql=side)),
        "untried": Cell(wins["untried"], link(mql=side, fate=Fate.UNTRIED.value)),
        "unsure": wins["unsure"],
    }


GOALS = {
    ACCEPTED: ("Accepted by sales", "of those handed over and judged, accepted", "of all accepted, handed over"),
    WON: ("Won", "of those handed over with an end, won", "of all won, handed over"),
}


def curve_of(result: Mapping[str, Any], goal: str, own: int | None) -> dict[str, Any]:
    """Precision and recall at every threshold, with the table behind the chart."""
    title, precise, complete = GOALS[goal]
    points = curve(result, goal)
    tried = in_total(result, (*REACHED[goal], *MISSED[goal]))
    return {
        "goal": goal,
        "title": title,
        "script_id": f"curve-{goal}",
        "tried": tried,
        "least": LEAST,
        "is_enough": tried >= LEAST,
        "option": curve_chart(points, own),
        "said": f"{title}: precision and recall by threshold; the table below has the numbers",
        "heads": (precise, complete),
        "reached": in_total(result, REACHED[goal]),
        "rows": [curve_row(goal, point) for point in points if point.points % STEP == 0 or point.points == own],
    }


def curve_chart(points: Sequence[AtThreshold], own: int | None) -> dict[str, Any]:
    marked = {"silent": True, "symbol": "none", "lineStyle": {"color": "var(--t-ink-2)", "type": "dashed", "width": 1},
              "label": {"formatter": "now", "color": "var(--t-ink)"}, "data": [{"xAxis": own}]}  # fmt: skip
    lines = [("Precision", "var(--side-sales)", "precision"), ("Recall", "var(--side-marketing)", "recall")]
    return {
        "xAxis": {"type": "value", "min": 0, "max": MOST_POINTS, "name": "threshold", "nameLocation": "middle",
                  "nameGap": 26},
        "yAxis": {"type": "value", "min": 0, "max": 100, "name": "%"},
        "grid": {"bottom": 26},
        "series": [
            {
                "name": name, "type": "line", "showSymbol": False, "lineStyle": {"width": 2, "color": colour},
                "itemStyle": {"color": colour},
                "data": [[point.points, in_percent(getattr(point, key))] for point in points],
                **({"markLine": marked} if own is not None and not number_ else {}),
            }
            for number_, (name, colour, key) in enumerate(lines)
        ],
    }  # fmt: skip


def in_percent(share: Share | None) -> float | None:
    return None if share is None or share.rate is None else round(100 * share.rate, 1)


def curve_row(goal: str, point: AtThreshold) -> dict[str, Any]:
    judged = [*REACHED[goal], *MISSED[goal]]
    return {
        "points": point.points,
        "caught": Cell(point.caught.part, link(reach=point.points, fate=[fate.value for fate in REACHED[goal]])),
        "judged": Cell(point.caught.whole, link(reach=point.points, fate=[fate.value for fate in judged])),
        "of_all": point.of_all.whole,
        "precision": share_words(point.precision, point.caught.whole),
        "recall": share_words(point.recall, point.of_all.whole),
    }


def share_words(share: Share | None, whole: int) -> str:
    """ "64 %, likely 55–72 %"; too few: "not enough data: 9 of 30"."""
    if share is None:
        return f"not enough data: {whole} of {LEAST}"
    return f"{percent(share.rate)}, {interval(share.low, share.high)}"


def start_of(definition: Definition, user: User, *, at: datetime) -> dict[str, Any]:
    """What the page of a definition shows of its back-tests: the newest one in a sentence, and how to start one."""
    newest = Backtest.objects.filter(definition=definition).select_related("definition", "against").first()
    return {
        "definition": definition,
        "newest": newest,
        "sentence": sentence(newest) if newest and newest.status == "done" else "",
        "is_at_work": newest is not None and newest.status in AT_WORK,
        "is_void": newest is not None and is_void(newest),
        "may_start": may_propose(user),
        "periods": PERIODS,
        "others": Definition.objects.exclude(pk=definition.pk).order_by("-version")[:MOST_VERSIONS],
    }


def weeks_of_period(period: str, *, at: datetime) -> tuple[date, date]:
    """The weeks of one of PERIODS; anything else means the last full quarter."""
    first, before = last_quarter(at)
    if period == "half":
        return before - 26 * WEEK, before
    if period == "month":
        monday = start_of_week(own_day(at))
        return monday - 4 * WEEK, monday
    return first, before
