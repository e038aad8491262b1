"""What each threshold would have let through, for the slider of a back-test; and the one to be suggested."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.words import number
from scoring.backtest_figures import ACCEPTED, MOST_POINTS, POINTS, REACHED, Suggestion, in_total, mqls_at
from scoring.backtest_words import a_week, finely, link, mqls, rounded, share_of_capacity, team_name
from scoring.models import Fate

EVERYBODY = "all teams together"


def what_if(result: Mapping[str, Any], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """What the page says of each threshold from 0 to 100: texts by their key, meters in percent, one sentence."""
    return [at_points(result, points, names) for points in POINTS]


def at_points(result: Mapping[str, Any], points: int, names: Mapping[int, str]) -> dict[str, Any]:
    weeks, count = len(result["weeks"]), mqls_at(result, points)
    caught = {fate: result["reach"][fate][points] for fate in Fate.values}
    accepted, all_accepted = sum(caught[fate] for fate in REACHED[ACCEPTED]), in_total(result, REACHED[ACCEPTED])
    won, all_won = caught[Fate.WON], in_total(result, [Fate.WON])
    loads = {team["team"]: team["reach"][points] / weeks for team in result["teams"]}
    rooms = {team["team"]: team["capacity"] for team in result["teams"]}
    over = [team for team, load in loads.items() if rooms[team] and load > rooms[team]]
    meters = {f"team-{team}": min(100, share_of_capacity(load, rooms[team]) or 0) for team, load in loads.items()}
    teams = {
        f"team-{team}": rounded(load) + (f" of {rounded(rooms[team])}" if rooms[team] else "")
        for team, load in loads.items()
    }
    texts = {
        "mqls": a_week(count, weeks),
        "mqls-note": f"{number(count)} in {weeks} weeks",
        "accepted": number(accepted),
        "accepted-note": f"of {number(all_accepted)}",
        "rejected": number(caught[Fate.REJECTED]),
        "rejected-note": f"of {number(in_total(result, [Fate.REJECTED]))}",
        "won": number(won),
        "won-note": f"of {number(all_won)}",
        "missed": number(all_won - won),
        "missed-note": f"of {number(all_won)}",
    }
    return {
        "texts": {**texts, **teams},
        "meters": meters,
        "over": [f"team-{team}" for team in over],
        "sentence": threshold_words(points, texts, [team_name(team, names) for team in over]),
    }


FIGURES: dict[str, tuple[str, dict[str, Any]]] = {
    "mqls": ("MQLs a week", {}),
    "accepted": ("Accepted, caught", {"fate": [fate.value for fate in REACHED[ACCEPTED]]}),
    "rejected": ("Rejected, handed over", {"fate": Fate.REJECTED.value}),
    "won": ("Won, caught", {"fate": Fate.WON.value}),
}


def what_if_figures(entry: Mapping[str, Any], points: int) -> list[dict[str, str]]:
    """The figures of one threshold as the page shows them first."""
    texts = entry["texts"]
    figures = [
        {
            "key": key,
            "label": label,
            "value": texts[key],
            "note": texts[f"{key}-note"],
            "href": link(reach=points, **of),
        }
        for key, (label, of) in FIGURES.items()
    ]
    missed = {"key": "missed", "label": "Won, missed", "value": texts["missed"], "note": texts["missed-note"],
              "href": link(below=points, fate=Fate.WON.value)}  # fmt: skip
    return [*figures, missed]


def what_if_teams(
    result: Mapping[str, Any], entry: Mapping[str, Any], names: Mapping[int, str]
) -> list[dict[str, Any]]:
    keys = {f"team-{team['team']}": team_name(team["team"], names) for team in result["teams"]}
    rooms = {f"team-{team['team']}": team["capacity"] for team in result["teams"]}
    return [
        {"key": key, "name": name, "text": entry["texts"][key], "meter": entry["meters"][key], "room": rooms[key],
         "is_over": key in entry["over"]}
        for key, name in keys.items()
    ]  # fmt: skip


def threshold_words(points: int, texts: Mapping[str, str], over: Sequence[str]) -> str:
    load = f"; more than {' and '.join(over)} can take" if over else ""
    return (
        f"From {points} points on: {mqls(texts['mqls'])} a week, {texts['won']} {texts['won-note']} won caught,"
        f" {texts['rejected']} {texts['rejected-note']} rejected handed over{load}."
    )


def suggestion_words(found: Suggestion | None, result: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    """The threshold that fills the teams, and which of them is the bottleneck; or why there is none."""
    if found is None:
        return {"points": None, "words": why_none(result)}
    team, they = (team_name(found.team, names), "it") if found.team else (EVERYBODY, "they")
    words = (
        f"{found.points} points fill {team}: {finely(found.load)} of the {finely(found.capacity)} a week {they} can"
        f" take; one point less would ask for {finely(found.lower)}."
    )
    return {"points": found.points, "words": words}


def why_none(result: Mapping[str, Any]) -> str:
    if not any(team["capacity"] for team in result["teams"] if team["team"]):
        return "No team has answered enough hand-offs yet to tell what it can take."
    if all(team["reach"][MOST_POINTS] / len(result["weeks"]) <= team["capacity"]
           for team in result["teams"] if team["capacity"]):  # fmt: skip
        return "Capacity sets no limit here: the teams could take every lead of these weeks."
    return "No threshold is enough: the raised hands alone are more than the teams can take."
