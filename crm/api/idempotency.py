"""`Idempotency-Key`: the same request sent again gets the answer of the first, and the deed is done once.

Claim, deed and answer are one transaction. Of two requests at once the second waits at the claimed row for the first to
commit, then gets its answer; a request that dies or answers 5xx leaves no claim, so that it can be sent again.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, cast

from django.db import OperationalError, connection, transaction
from psycopg2.errors import LockNotAvailable
from rest_framework import status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.problems import CONTENT_TYPE
from crm.errors import BusinessError
from crm.models import Answer, User

Handler = Callable[..., Response]
HEADER = "Idempotency-Key"
LONGEST = 200
WAIT = "SET LOCAL lock_timeout = '10s'"
WAIT_AS_USUAL = "SET LOCAL lock_timeout = DEFAULT"


class InProgress(BusinessError):
    status = 409
    code = "in_progress"


class KeyReused(BusinessError):
    code = "key_reused"


class BadKey(BusinessError):
    status = 400
    code = "bad_key"


class Idempotent:
    """For views of REST framework: every request that writes and carries a key is answered once."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.headers.get(HEADER)
        name = str(request.method).lower()
        if key is None or request.method in SAFE_METHODS or not hasattr(self, name):
            return
        if not 0 < len(key) <= LONGEST:
            raise BadKey(f"{HEADER} must have 1 to {LONGEST} characters.")
        setattr(self, name, partial(self.once, key, getattr(self, name)))

    def once(self, key: str, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> Response:
        try:
            return answer_once(key, request, lambda: self.attempt(lambda: handler(request, *args, **kwargs)))
        except Unfinished as unfinished:
            return unfinished.response

    def attempt(self, act: Callable[[], Response]) -> Response:
        """The answer of the deed, errors included; a failed deed is undone before its answer is kept."""
        try:
            with transaction.atomic():
                return act()
        except Exception as error:  # noqa: BLE001 - the view's own handler raises again what it does not know
            return self.handle_exception(error)  # type: ignore[attr-defined]


class Unfinished(Exception):
    """Carries an answer that must not be kept, past the transaction that is rolled back with it."""

    def __init__(self, response: Response) -> None:
        self.response = response


@transaction.atomic
def answer_once(key: str, request: Request, act: Callable[[], Response]) -> Response:
    """The kept answer to this key, else that of ``act``, kept from now on. Raises KeyReused, InProgress."""
    asked = fingerprint(request)
    answer, is_new = claim(key, cast(User, request.user), asked)
    if is_new:
        response = act()
        if response.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
            raise Unfinished(response)
        answer.status, answer.body = response.status_code, as_json(response.data)
        answer.save(update_fields=["status", "body"])
        return response
    if answer.request_hash != asked:
        raise KeyReused(f"This {HEADER} was used for another request; take a new one.")
    if answer.status is None:
        raise InProgress("The first request with this key is still being worked on.")
    return replay(answer)


def claim(key: str, person: User, asked: str) -> tuple[Answer, bool]:
    """The row of this key and whether it is ours; waits for another transaction that is claiming the same key."""
    try:
        with transaction.atomic(), connection.cursor() as sql:
            sql.execute(WAIT)
            found = Answer.objects.get_or_create(user=person, key=key, defaults={"request_hash": asked})
            sql.execute(WAIT_AS_USUAL)
            return found
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise InProgress("The first request with this key is still being worked on.") from error
        raise


def replay(answer: Answer) -> Response:
    kind = CONTENT_TYPE if (answer.status or 0) >= status.HTTP_400_BAD_REQUEST else None
    response = Response(answer.body, status=answer.status, content_type=kind)
    response["Idempotency-Replayed"] = "true"
    return response


def fingerprint(request: Request) -> str:
    """SHA-256 of method, address and body. The body is here already: see Resource.initial."""
    plain = request._request
    return hashlib.sha256(f"{plain.method} {plain.get_full_path()}\n".encode() + plain.body).hexdigest()


def as_json(data: Any) -> Any:
    """What the reader gets, as the database keeps it."""
    return json.loads(JSONRenderer().render(data) or b"null")


def forget_answers(*, before: datetime) -> int:
    """Remove answers given before that moment; gives their number."""
    return Answer.objects.filter(created_at__lt=before).delete()[0]
