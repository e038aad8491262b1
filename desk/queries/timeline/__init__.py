"""The time line of a record: what happened to it and around it, newest first, 20 entries an answer.

``scope`` says whose history a record tells, ``keys`` finds what is newest in it, the other modules tell it in words.
"""

from desk.queries.timeline.keys import PAGE
from desk.queries.timeline.pages import timeline
from desk.queries.timeline.scope import KINDS, Record

__all__ = ["KINDS", "PAGE", "Record", "timeline"]
