"""“Why did this rep get it?”: the stored decision in sentences."""

from collections.abc import Mapping
from typing import Any

# What is looked at, as a sentence begins.
SUBJECTS = {
    "account_owner": "Account owner first",
    "earlier_owner": "Who had it before first",
    "routing_rule": "Rule “{name}”",
    "team": "{name}, which had it before",
    "fallback": "Fallback",
    "first_team": "No rule fits, so {name}",
}


def explanation(why: Mapping[str, Any]) -> list[str]:
    """The decision step by step, a sentence each; [] where nothing is known."""
    steps = [sentence(step) for step in why.get("steps", ())]
    return [*passed_on(why), *steps, *outcome(why)]


def headline(why: Mapping[str, Any]) -> str:
    """The decision in a few words, for a line: "Rule “DACH”"."""
    kind, name = why.get("rule", ""), why.get("name", "")
    short = {
        "account_owner": "Account owner",
        "earlier_owner": "Had this lead before",
        "routing_rule": f"Rule “{name}”",
        "team": f"Next of {name}",
        "fallback": "Fallback",
        "first_team": f"No rule fits: {name}",
        "queue": "Nobody could take it",
        "by_hand": "Chosen by hand",
        "left": f"Came from {why.get('from', 'somebody')}, who left",
        "passed_on": f"Passed on from {why.get('from', 'somebody')}",
        "fewest_open": "Fewest waiting",
        "nobody_eligible": "Nobody could take it",
    }
    return short.get(kind, "")


def passed_on(why: Mapping[str, Any]) -> list[str]:
    """How it came to be placed again."""
    if why.get("rule") == "left":
        return [f"It waited for {why.get('from', 'somebody')}, who left."]
    if "from" in why:
        return [f"It waited for {why['from']} before."]
    return []


def outcome(why: Mapping[str, Any]) -> list[str]:
    """What was decided where no step says it."""
    kind, team = why.get("rule"), why.get("team", "the team")
    if kind == "by_hand":
        return ["Whoever handed it over chose the recipient."]
    if kind == "fewest_open":
        return [f"Of {team} this person had the fewest waiting: {why.get('open', 0)}."]
    if kind == "nobody_eligible":
        return [f"Nobody of {team} could take it."]
    if kind == "queue":
        return [f"Nobody could take it, so it waits for {why.get('to', 'the team')}, answering for {why.get('name')}."]
    return []


def sentence(step: Mapping[str, Any]) -> str:
    """ "Rule “DACH”: Rosa, by turn (weight 2 of 5 among 3). Left out: Rob (is away until 3 Jan 2027)."."""
    subject = SUBJECTS.get(step.get("step", ""), "Then").format(name=step.get("name", "the team"))
    return f"{subject}: {who(step)}.{left_out(step)}"


def who(step: Mapping[str, Any]) -> str:
    kept = step.get("kept", ())
    if step.get("turn") and step.get("chosen"):
        turn = step["turn"]
        if turn["people"] == 1:
            return f"{step['chosen']}, the only one who can take it"
        return f"{step['chosen']}, by turn (weight {turn['weight']} of {turn['of']} among {turn['people']})"
    if "turn" not in step and kept and step.get("chosen"):
        return str(step["chosen"])
    return "nobody can take it now"


def left_out(step: Mapping[str, Any]) -> str:
    dropped = [f"{name} ({why})" for name, why in step.get("dropped", {}).items()]
    more = [f"{step['more']} more"] if step.get("more") else []
    return f" Left out: {', '.join(dropped + more)}." if dropped else ""
