"""A scorecard and trees that tell together: the mean of their log-odds, each making good for the other's weakness."""

from dataclasses import dataclass
from typing import Any, ClassVar

from scoring.learning.scorecard import Scorecard
from scoring.learning.table import Columns, Floats, Kind
from scoring.learning.trees import Trees


@dataclass(frozen=True)
class Blend:
    method: ClassVar[str] = "boosted"
    kind: ClassVar[str] = "blend"
    scorecard: Scorecard
    trees: Trees

    @property
    def features(self) -> dict[str, Kind]:
        return self.trees.features

    def log_odds(self, columns: Columns) -> Floats:
        return (self.scorecard.log_odds(columns) + self.trees.log_odds(columns)) / 2

    def parts(self, columns: Columns) -> tuple[float, dict[str, Floats]]:
        """Half of what either says; the scorecard leaves out what was the same everywhere."""
        (one, ones), (other, others) = self.scorecard.parts(columns), self.trees.parts(columns)
        return (one + other) / 2, {name: (ones.get(name, 0.0) + others[name]) / 2 for name in self.features}

    def as_json(self) -> dict[str, Any]:
        return {"scorecard": self.scorecard.as_json(), "trees": self.trees.as_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Blend":
        return cls(Scorecard.from_json(data["scorecard"]), Trees.from_json(data["trees"]))
