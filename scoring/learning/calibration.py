"""From log-odds to a share that comes true as often as it says. Needs numpy only; fitted in calibrating.py."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scoring.learning.metrics import sigmoid
from scoring.learning.table import Floats

# No share is told as more certain than this.
MOST_LOG_ODDS = 13.8


@dataclass(frozen=True)
class Beta:
    """logit(q) = a ln p - b ln(1 - p) + c (METRICS.md L9), rising for a, b >= 0; (1, 1, 0) changes nothing."""

    kind: ClassVar[str] = "beta"
    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    def log_odds(self, raw: Floats) -> Floats:
        # ln p and ln(1 - p) from log-odds, without rounding p to 1.
        return np.clip(
            self.c - self.a * np.logaddexp(0, -raw) + self.b * np.logaddexp(0, raw), -MOST_LOG_ODDS, MOST_LOG_ODDS
        )

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "a": self.a, "b": self.b, "c": self.c}


@dataclass(frozen=True)
class Isotonic:
    """A rising line through the points of an isotonic regression, in log-odds; level beyond the first and the last."""

    kind: ClassVar[str] = "isotonic"
    at: tuple[float, ...]
    told: tuple[float, ...]

    def log_odds(self, raw: Floats) -> Floats:
        return np.interp(raw, self.at, self.told)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "at": list(self.at), "told": list(self.told)}


Calibration = Beta | Isotonic


def calibration_from_json(data: dict[str, Any]) -> Calibration:
    match data["kind"]:
        case "beta":
            return Beta(data["a"], data["b"], data["c"])
        case "isotonic":
            return Isotonic(tuple(data["at"]), tuple(data["told"]))
    raise ValueError(f"A calibration of an unknown kind: {data['kind']!r}")


def calibrated(calibration: Calibration, raw: Floats) -> Floats:
    return sigmoid(calibration.log_odds(raw))
