"""JSON as bodies: what cannot be read is the caller's error."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# Nobody's records are deeper; what is read could be checked, kept or shown no more from a few hundred on.
DEEPEST = 64
TOO_DEEP = "JSON parse error - nested too deeply."


class StrictJSONParser(JSONParser):
    """Refuses what is nested too deeply to be worked with, instead of failing on it."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            read = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(TOO_DEEP) from error
        if is_deeper(read, DEEPEST):
            raise ParseError(TOO_DEEP)
        return read


def is_deeper(read: Any, most: int) -> bool:
    """Whether lists and objects stand in one another more than ``most`` times; looked at level by level."""
    level = [read]
    for _ in range(most):
        level = [inner for one in level for inner in parts_of(one) if isinstance(inner, list | dict)]
    return bool(level)


def parts_of(one: Any) -> Iterable[Any]:
    return one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
