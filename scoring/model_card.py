"""What people read of a trained model: its facts, what it had to pass, and what it leans on.

Everything comes from what was kept at the training and the daily checks; the model itself is not read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.words import number, percent
from scoring.models import ModelCheck, Target, TrainedModel
from scoring.predicting import label_of
from scoring.watching import SHIFTED, WATCH, ModelState

# Features drawn, the strongest or the most changed first.
MOST_FEATURES = 15
GOALS = {Target.ACCEPTANCE: "accepted", Target.WIN: "won"}
REFUSED = {Target.ACCEPTANCE: "refused", Target.WIN: "not won"}


def headline(state: ModelState) -> str:
    """The one sentence that stands on top."""
    model, goal = state.model, GOALS[state.target]
    if model is None and state.training:
        return "Learning from what became of your leads."
    found = model.metrics.get("top_half") if model and state.is_published else None
    if model is None or model.published_at is None or found is None:
        return state.sentence
    return f"The half it rates better holds {round(10 * found)} of 10 {goal} leads."


def known_outcomes(model: TrainedModel) -> str:
    """ "31 accepted, 55 refused"; "" before anything was read."""
    data, target = model.manifest.get("data", {}), Target(model.target)
    if "rows" not in data:
        return ""
    reached = data["positives"]
    return f"{number(reached)} {GOALS[target]}, {number(data['rows'] - reached)} {REFUSED[target]}"


@dataclass(frozen=True)
class Gate:
    """One thing that had to hold before the model might be shown."""

    gate: str
    reached: str
    needed: str
    passed: bool


def gates_of(model: TrainedModel) -> list[Gate]:
    """As they were judged at the training; none for a model that was never judged."""
    return [Gate(**gate) for gate in model.manifest.get("gates", [])]


def facts_of(model: TrainedModel) -> list[tuple[str, str]]:
    """The model card: (what, how), as far as the training came."""
    manifest, metrics = model.manifest, model.metrics
    data, split = manifest.get("data", {}), manifest.get("split", {})
    facts = [
        ("Foretells", goal_words(model)),
        ("Learnt from", part_words(data)),
        ("Tested on", tested_words(split)),
        ("Method", method_words(model)),
        ("Looks at", f"{number(len(data['features']))} features" if data.get("features") else ""),
        ("Kept apart", apart_words(manifest, split)),
        ("Beside it", f"rules of version {manifest['rules_version']}" if manifest.get("rules_version") else ""),
        ("Precision", precision_words(metrics)),
        ("Can be made again", again_words(manifest)),
        ("Made with", ", ".join(f"{name} {version}" for name, version in manifest.get("versions", {}).items())),
    ]
    return [(what, how) for what, how in facts if how]


def goal_words(model: TrainedModel) -> str:
    if model.target == Target.WIN:
        return f"that a lead is won within {model.horizon_days or 90} days of being handed over"
    return "that sales accepts a lead once it is handed over; what it refuses for bad data or bad timing says nothing"


def part_words(part: Mapping[str, Any]) -> str:
    """ "1,284 leads, 412 of them with success, 3 Nov 2025 to 2 Oct 2026"."""
    if not part.get("rows"):
        return ""
    leads = f"{number(part['rows'])} leads, {number(part['positives'])} of them with success"
    return f"{leads}, {day(part['from'])} to {day(part['to'])}" if part.get("from") and part.get("to") else leads


def tested_words(split: Mapping[str, Any]) -> str:
    words = part_words(split.get("test", {}))
    which = "the newest" if split.get("by") == "time" else "a random fifth:"
    return f"{which} {words}" if words else ""


def method_words(model: TrainedModel) -> str:
    recipe = model.manifest.get("recipe", {})
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sorted(recipe.items()) if plain(value))
    return f"{model.get_method_display()}{f' ({settings})' if settings else ''}" if model.method else ""


def plain(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def apart_words(manifest: Mapping[str, Any], split: Mapping[str, Any]) -> str:
    """What is not learnt from, so that nothing known later leaks into the past."""
    if not split:
        return ""
    late, kin = split.get("known_too_late", 0), split.get("in_both_groups", 0)
    days = f"{number(manifest['embargo_days'])} day before the test" if manifest.get("embargo_days") else ""
    parts = [
        days,
        f"{number(late)} outcomes known too late" if late else "",
        f"{number(kin)} leads of people or companies in the test" if kin else "",
    ]
    return ", ".join(part for part in parts if part)


def precision_words(metrics: Mapping[str, Any]) -> str:
    """The figures experts ask for, in one line."""
    named = {
        "AUC": "auc", "average precision": "average_precision", "Brier": "brier", "Brier skill": "brier_skill",
        "log loss": "log_loss", "calibration error": "calibration_error", "calibration slope": "calibration_slope",
    }  # fmt: skip
    return ", ".join(f"{name} {metrics[key]:.3f}" for name, key in named.items() if metrics.get(key) is not None)


def again_words(manifest: Mapping[str, Any]) -> str:
    fingerprint = manifest.get("data", {}).get("sha256", "")
    return f"bit for bit, with seed {manifest['seed']} from data {fingerprint[:12]}" if fingerprint else ""


def day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%-d %b %Y}"


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    note: str


def figures_of(metrics: Mapping[str, Any]) -> list[Figure]:
    """What the test on unseen leads gave, in words; [] where none was possible."""
    if metrics.get("auc") is None:
        return []
    rules = metrics.get("rules_auc")
    low, high = metrics.get("auc_low"), metrics.get("auc_high")
    likely = "" if low is None or high is None else f"likely {round(100 * low)}–{round(100 * high)}; "
    ten, came = metrics.get("lift", {}).get("10%"), percent(metrics.get("observed"))
    return [
        Figure("Pairs ranked rightly", percent(metrics["auc"]), f"{likely}the rules {percent(rules)}"),
        Figure("Found in the better half", percent(metrics.get("top_half")), "of the successes; by chance 50 %"),
        Figure("Best tenth", f"{ten:.1f} ×" if ten else "–", "as many successes as by chance"),
        Figure("Foretold", percent(metrics.get("predicted")), f"on average; {came} came true"),
        Figure("Off by", percent(metrics.get("calibration_error")), "on average between foretold and true"),
    ]  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """One feature: its words, the length of its bar in hundredths of the longest, and what stands behind it."""

    label: str
    length: int
    figure: str
    word: str = ""


def importance_of(model: TrainedModel) -> list[Bar]:
    """How much each feature moves a lead on average, the strongest first."""
    weights = model.manifest.get("importance", [])[:MOST_FEATURES]
    most = max((one["log_odds"] for one in weights), default=0) or 1
    labels = labels_of(model)
    return [
        Bar(labels.get(one["feature"]) or label_of(one["feature"]), round(100 * one["log_odds"] / most),
            f"{one['log_odds']:.2f}")
        for one in weights
    ]  # fmt: skip


def drift_of(model: TrainedModel, check: ModelCheck | None) -> list[Bar]:
    """How far leads have moved away from those it learnt from, the most changed feature first."""
    indexes = check.drift.get("features", {}) if check else {}
    ranked = sorted(indexes.items(), key=lambda one: (-one[1], one[0]))[:MOST_FEATURES]
    labels = labels_of(model)
    return [
        Bar(labels.get(name) or label_of(name), min(100, round(100 * index / (2 * SHIFTED))), f"{index:.2f}",
            drift_word(index))
        for name, index in ranked
    ]  # fmt: skip


def drift_word(index: float) -> str:
    """METRICS.md L12."""
    return "shift" if index > SHIFTED else "watch" if index > WATCH else "stable"


def suspects_of(model: TrainedModel) -> list[str]:
    """Fields that seem to give the answer away and were left out."""
    labels = labels_of(model)
    return [labels.get(one["feature"]) or label_of(one["feature"]) for one in model.manifest.get("left_out", [])]


def labels_of(model: TrainedModel) -> dict[str, str]:
    columns: Iterable[Mapping[str, str]] = model.manifest.get("columns", [])
    return {column["name"]: column["label"] for column in columns}
