"""What must hold before anything is learnt, and before it may be shown (METRICS.md L13), in sentences for people."""

from dataclasses import dataclass
from typing import Any, Literal

from scoring.learning.leakage import TOO_GOOD, Suspect

Status = Literal["not_enough", "shadow", "published"]
# Mature outcomes of each kind before anything is learnt; reached ones to learn from and to test on before it is shown.
LEAST_OF_EACH = 40
LEAST_POSITIVES_LEARNT = 100
LEAST_POSITIVES_TESTED = 30


@dataclass(frozen=True)
class Judgement:
    status: Status
    verdict: str


def not_enough(positives: int, negatives: int) -> Judgement | None:
    """A judgement while outcomes are too few, with what is missing in numbers; else None."""
    found = ((positives, "that reached the goal"), (negatives, "that did not"))
    missing = [
        f"{LEAST_OF_EACH - rows} more leads {kind} ({rows} of {LEAST_OF_EACH})"
        for rows, kind in found
        if rows < LEAST_OF_EACH
    ]
    if not missing:
        return None
    return Judgement("not_enough", f"Not enough data: it takes {' and '.join(missing)}.")


def untested(unknown: int) -> Judgement:
    why = f", for the outcomes of {unknown:,} earlier leads were known only later" if unknown else ""
    return Judgement("shadow", f"In the shadow: too few outcomes to learn from one part and test on another{why}.")


def judge(metrics: dict[str, Any], *, positives_learnt: int, by_time: bool, left_out: list[Suspect]) -> Judgement:
    """``metrics``: of the held-out rows, as ``assessing.figures_of`` gives them."""
    failed = obstacle(metrics, positives_learnt)
    dealt = [] if by_time else ["The leads carry no usable dates, so the test is a random fifth, not the newest one."]
    verdict = " ".join([failed or praise(metrics), *map(warning, left_out), *dealt])
    return Judgement("shadow" if failed else "published", verdict)


def obstacle(metrics: dict[str, Any], positives_learnt: int) -> str:
    """Why the model stays in the shadow; empty if nothing stands in the way. The first thing that is wrong counts."""
    if positives_learnt < LEAST_POSITIVES_LEARNT:
        short = f"{positives_learnt} of the {LEAST_POSITIVES_LEARNT} leads that reached the goal"
        return f"In the shadow: it could learn from {short} it takes."
    if metrics["positives"] < LEAST_POSITIVES_TESTED or metrics["auc_low"] is None:
        short = f"{metrics['positives']} of the {LEAST_POSITIVES_TESTED} leads that reached the goal"
        return f"In the shadow: the test held {short} it takes."
    if metrics["auc"] > TOO_GOOD:
        return (
            f"In the shadow: {in_pairs(metrics['auc'])} right is too good to be true. A field may give the answer away."
        )
    # Rules that point the wrong way are no excuse for a coin.
    if metrics["auc_low"] <= max(metrics["rules_auc"], 0.5):
        return f"No better than the rules: {comparison(metrics)}."
    if metrics["brier_skill"] <= 0:
        return f"No better than the average: it ranks leads ({comparison(metrics)}), but its shares do not come true."
    return ""


def praise(metrics: dict[str, Any]) -> str:
    return f"Better than the rules: {comparison(metrics)}."


def comparison(metrics: dict[str, Any]) -> str:
    reached, least = in_pairs(metrics["auc"]), round(100 * metrics["auc_low"])
    rows, rules = f"{metrics['rows']:,}", round(100 * metrics["rules_auc"])
    return f"on {rows} leads it had not seen it ranks {reached} rightly (at least {least}), the rules {rules}"


def in_pairs(auc: float) -> str:
    return f"{round(100 * auc)} of 100 pairs"


def warning(suspect: Suspect) -> str:
    pairs = in_pairs(suspect.auc)
    return f"“{suspect.feature}” was left out: alone it ranks {pairs} rightly and looks like it gives the answer away."
