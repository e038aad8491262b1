"""What became of many records that somebody meant to change at once."""

from dataclasses import dataclass, field
from typing import Any

# So many records are changed at once: one transaction of a few seconds, which holds up nobody.
MOST_AT_ONCE = 10_000


@dataclass
class Deed:
    """Those that changed, with what they were, and those left as they are, with the reason for people."""

    # [{"id": 7, "owner": [3, 5]}, …]: before and after.
    changed: list[dict[str, Any]] = field(default_factory=list)
    # [{"id": 8, "why": "Rob moved this lead …"}, …]
    refused: list[dict[str, Any]] = field(default_factory=list)

    def change(self, pk: int, **values: Any) -> None:
        self.changed.append({"id": pk, **values})

    def refuse(self, pk: int, why: str) -> None:
        self.refused.append({"id": pk, "why": why})

    @property
    def changed_ids(self) -> list[int]:
        return [row["id"] for row in self.changed]
