"""The API as a program calls it: with a token, in JSON, over the whole stack."""

from typing import Any

from django.db import connections
from rest_framework.test import APIClient

from crm.models import User
from crm.tokens import issue_token

ROOT = "/api/v1/"


class Caller:
    """Calls as ``user``; paths are relative to /api/v1/, bodies are JSON, unforeseen errors are raised in the test."""

    def __init__(self, user: User) -> None:
        self.client = APIClient(HTTP_AUTHORIZATION=f"Token {issue_token(user)}")

    def get(self, path: str, **parameters: Any) -> Any:
        return self.client.get(ROOT + path, parameters)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key is not None else {}
        return self.client.post(ROOT + path, {} if body is None else body, format="json", headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(ROOT + path, body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(ROOT + path)

    def raw(self, path: str, body: bytes, content_type: str = "application/json") -> Any:
        return self.client.generic("POST", ROOT + path, body, content_type=content_type)


def all_pages(caller: Caller, path: str, **parameters: Any) -> list[Any]:
    """Every row of a list, page by page."""
    answer = caller.get(path, **parameters).json()
    rows = answer["results"]
    while answer["next"]:
        answer = caller.client.get(answer["next"]).json()
        rows += answer["results"]
    return rows


def in_own_connection(call: Any) -> Any:
    """``call`` for a thread: its database connection is closed at the end."""

    def run(*args: Any) -> Any:
        try:
            return call(*args)
        finally:
            connections.close_all()

    return run
