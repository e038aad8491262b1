"""One thing that happened, as templates/desk/record/entry.html shows it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Entry:
    """``quote`` is what a person wrote, ``text`` what we say; ``changes``: (field, before, after) in words."""

    at: datetime
    icon: str
    title: str
    side: str = ""
    by: Any = None
    text: str = ""
    quote: str = ""
    href: str = ""
    undone: bool = False
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    # On the page of a company or a contact: which of its leads this is about.
    whose: str = ""
    whose_url: str = ""
    # The hand-off whose verdict this is: what was said about it stands below.
    talk: Any = None
    # The hand-off that it opened: why this recipient stands below.
    routed: Any = None
    # Where the entry itself is put right, and what that is called.
    edit_url: str = ""
    edit_label: str = ""
    # The e-mail that was sent from here, and where it is.
    mail: Any = None
    # When a move was written: an edit written with it is part of it.
    written_at: datetime | None = None

    @property
    def names_fields(self) -> bool:
        """Whether its changes need the names of their fields; "Phone changed" says it."""
        return len(self.changes) > 1 or not self.title.endswith(" changed")


@dataclass(frozen=True)
class Page:
    """``more``: the cursor behind which older entries are, "" at the beginning."""

    entries: list[Entry]
    more: str
