"""Pages by position, not by number: the thousandth page costs what the first costs, and no row is met twice."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from crm.api.filters import BadParameter, StrictOrdering
from crm.api.ordering import after

CURSOR = "cursor"
SIZE = "page_size"
USUAL_SIZE = 50
MOST = 200


@dataclass(frozen=True)
class Position:
    """A place between two rows: beyond the row with ``values``, or before it when ``backwards``."""

    order: list[str]
    values: list[str | None]
    backwards: bool = False

    def encode(self) -> str:
        text = json.dumps([self.order, self.values, self.backwards], separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Position":
        """Raises ValueError or TypeError for what was never given out."""
        padded = text + "=" * (-len(text) % 4)
        order, values, backwards = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        return cls(order, values, bool(backwards))


class CursorPagination(BasePagination):
    """{"next", "previous", "results"}; `page_size` is 50, at most 200."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.keys = StrictOrdering().keys(request, queryset, view)
        self.position = self.read_position()
        size = read_size(request)
        backwards = bool(self.position and self.position.backwards)
        rows = list(self.cut(queryset, backwards=backwards)[: size + 1])
        more = len(rows) > size
        page = rows[:size][::-1] if backwards else rows[:size]
        self.next = self.beside(page, backwards=False) if more or backwards else None
        self.previous = self.beside(page, backwards=True) if (more if backwards else self.position) else None
        return page

    def cut(self, queryset: QuerySet[Any], *, backwards: bool) -> QuerySet[Any]:
        """The rows beyond the present position, nearest first."""
        if self.position:
            queryset = queryset.filter(after(self.keys, self.values, backwards=backwards))
        return queryset.order_by(*[key.order_by(backwards=backwards) for key in self.keys])

    def read_position(self) -> Position | None:
        text = self.request.query_params.get(CURSOR)
        if not text:
            return None
        try:
            position = Position.decode(text)
            if position.order != self.order:
                raise BadParameter(CURSOR, "This cursor belongs to another order of the list.")
            self.values = [key.parse(value) for key, value in zip(self.keys, position.values, strict=True)]
        except (ValueError, TypeError, ValidationError, binascii.Error, RecursionError) as error:
            raise BadParameter(CURSOR, "This cursor was not given out by this list.") from error
        return position

    @property
    def order(self) -> list[str]:
        return [f"{'-' if key.descending else ''}{key.path}" for key in self.keys]

    def beside(self, page: list[Any], *, backwards: bool) -> str | None:
        """The address of the page after (or before) this one."""
        if not page:
            return None
        edge = page[0] if backwards else page[-1]
        position = Position(self.order, [key.read(edge) for key in self.keys], backwards)
        return replace_query_param(self.request.build_absolute_uri(), CURSOR, position.encode())

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            parameter(CURSOR, "The place to go on from, as `next` and `previous` name it.", type="string"),
            parameter(SIZE, f"Rows a page, {USUAL_SIZE} unless told, at most {MOST}.", type="integer", minimum=1),
        ]


def parameter(name: str, text: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def read_size(request: Request) -> int:
    text = request.query_params.get(SIZE, str(USUAL_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise BadParameter(SIZE, f"“{SIZE}” must be a whole number from 1 to {MOST}.")
    return min(int(text), MOST)
