"""The time line of a record: what happened to it and around it, newest first, 20 entries an answer.

``scope`` says whose history a record tells, ``keys`` finds what is newest in it, the other modules tell it in words.
"""

from desk.queries.timeline.entry import Entry, Page
from desk.queries.timeline.keys import PAGE, read_cursor
from desk.queries.timeline.pages import KINDS, timeline

__all__ = ["KINDS", "PAGE", "Entry", "Page", "read_cursor", "timeline"]
