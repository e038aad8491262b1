"""What must hold before anything is learnt, and before it may be shown (METRICS.md L13), in sentences for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["not_enough", "shadow", "published"]
# Mature outcomes of each kind before anything is learnt; reached ones to learn from and to test on before it is shown.
LEAST_OF_EACH = 40
LEAST_POSITIVES_LEARNT = 100
LEAST_POSITIVES_TESTED = 30
# Nothing that is known beforehand tells outcomes apart so well (METRICS.md L16).
TOO_GOOD = 0.95


@dataclass(frozen=True)
class Suspect:
    """A feature that looks like it gives the answer away, and the AUC it reaches alone."""

    feature: str
    auc: float


@dataclass(frozen=True)
class Lean:
    """A feature that carries a model: its AUC with it and without."""

    feature: str
    auc: float
    without: float


@dataclass(frozen=True)
class Gate:
    """One condition, what it asks for and what was reached; ``otherwise``: what to say if it does not hold."""

    gate: str
    needed: str
    reached: str
    passed: bool
    otherwise: str

    def as_json(self) -> dict[str, Any]:
        return {"gate": self.gate, "needed": self.needed, "reached": self.reached, "passed": self.passed}


@dataclass(frozen=True)
class Goal:
    """What is foretold, in words: the leads that reached it, and those that did not."""

    reached: str = "leads that reached the goal"
    missed: str = "leads that did not"


ANY_GOAL = Goal()


@dataclass(frozen=True)
class Judgement:
    status: Status
    verdict: str
    gates: tuple[Gate, ...] = ()


def not_enough(positives: int, negatives: int, goal: Goal = ANY_GOAL) -> Judgement | None:
    """A judgement while outcomes are too few, with what is missing in numbers; else None."""
    found = ((positives, goal.reached), (negatives, goal.missed))
    missing = [
        f"{LEAST_OF_EACH - rows} more {kind} ({rows} of {LEAST_OF_EACH})"
        for rows, kind in found
        if rows < LEAST_OF_EACH
    ]
    return Judgement("not_enough", f"Not enough data: it takes {' and '.join(missing)}.") if missing else None


def untested(unknown: int) -> Judgement:
    """``unknown``: earlier leads whose outcome became known after the newest fifth had begun."""
    why = (
        f": the outcomes of {unknown:,} earlier leads were known only after the newest ones came in" if unknown else ""
    )
    return Judgement("shadow", f"In the shadow: too few outcomes to learn from one part and test on another{why}.")


def judge(
    metrics: dict[str, Any],
    *,
    positives_learnt: int,
    by_time: bool,
    left_out: list[Suspect],
    lean: Lean | None,
    goal: Goal = ANY_GOAL,
) -> Judgement:
    """``metrics``: of the held-out rows, as ``assessing.figures_of`` gives them."""
    gates = gates_of(metrics, positives_learnt, goal)
    failed = next((gate for gate in gates if not gate.passed), None)
    sentences = [failed.otherwise if failed else f"Better than the rules: {comparison(metrics)}."]
    sentences += remarks(by_time=by_time, left_out=left_out, lean=lean)
    return Judgement("shadow" if failed else "published", " ".join(sentences), tuple(gates))


def gates_of(metrics: dict[str, Any], positives_learnt: int, goal: Goal) -> list[Gate]:
    """In the order in which they are told; the first that fails is the verdict."""
    tested, reached, least, skill = metrics["positives"], metrics["auc"], metrics["auc_low"], metrics["brier_skill"]
    # One row of a class has no interval, and rules that point the wrong way are no excuse for a coin.
    least, rules = least or 0.0, max(metrics["rules_auc"], 0.5)
    return [
        enough(positives_learnt, LEAST_POSITIVES_LEARNT, goal, "to learn from"),
        enough(tested, LEAST_POSITIVES_TESTED, goal, "in the test"),
        Gate(
            "Not too good to be true",
            f"AUC at most {TOO_GOOD}",
            f"{reached:.3f}",
            reached <= TOO_GOOD,
            f"In the shadow: {in_pairs(reached)} right is too good to be true; a field may give the answer away.",
        ),
        Gate(
            "Better than the rules, and than chance",
            f"AUC surely above {rules:.3f}",
            f"{reached:.3f}, surely above {least:.3f}",
            least > rules,
            f"No better than the rules: {comparison(metrics)}.",
        ),
        Gate(
            "Its shares come true",
            "Brier skill above 0",
            f"{skill:.3f}",
            skill > 0,
            f"No better than the average: {comparison(metrics)}, but its shares do not come true.",
        ),
    ]


def enough(rows: int, least: int, goal: Goal, where: str) -> Gate:
    gate = f"Enough {goal.reached} {where}"
    otherwise = f"In the shadow: {rows} of the {least} {goal.reached} it takes {where}."
    return Gate(gate, f"at least {least}", f"{rows:,}", rows >= least, otherwise)


def comparison(metrics: dict[str, Any]) -> str:
    least, rules = round(100 * (metrics["auc_low"] or 0)), round(100 * metrics["rules_auc"])
    pairs = f"{in_pairs(metrics['auc'])} rightly (surely {least} or more), the rules {rules}"
    return f"of {metrics['rows']:,} leads it had not seen it ranks {pairs}"


def in_pairs(auc: float) -> str:
    """An AUC in words: of a lead that reached the goal and one that did not, how often the first ranks higher."""
    return f"{round(100 * auc)} of 100 pairs"


def remarks(*, by_time: bool, left_out: Iterable[Suspect], lean: Lean | None) -> list[str]:
    said = [
        f"“{one.feature}” is left out: alone {in_pairs(one.auc)} right. It looks like it gives the answer away."
        for one in left_out
    ]
    if lean:
        said.append(
            f"It leans on “{lean.feature}” ({in_pairs(lean.auc)} with it, {round(100 * lean.without)} without):"
            " make sure that it is known before the outcome."
        )
    if not by_time:
        said.append("The leads carry no usable dates, so a random fifth was tested, not the newest one.")
    return said
