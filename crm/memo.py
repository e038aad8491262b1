"""What is read once a request, however many places ask for it: settings that lists, forms and pages look at.

Outside a request (a worker, a command) nothing is kept, for nobody says there when it is old.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

T = TypeVar("T")
KEPT: ContextVar[dict[Any, Any] | None] = ContextVar("kept_this_request", default=None)


def once_a_request(read: Callable[[], T]) -> Callable[[], T]:
    @wraps(read)
    def remembered() -> T:
        kept = KEPT.get()
        if kept is None:
            return read()
        if read not in kept:
            kept[read] = read()
        found: T = kept[read]
        return found

    return remembered


def forget_kept() -> None:
    """Call it after a write of what `once_a_request` reads."""
    if (kept := KEPT.get()) is not None:
        kept.clear()


class MemoMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = KEPT.set({})
        try:
            return self.get_response(request)
        finally:
            KEPT.reset(token)
