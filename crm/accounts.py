"""How allauth and axes treat our people."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from axes.utils import reset
from django.http import HttpRequest

from crm.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up alone: an admin invites."""
        return False

    def set_password(self, user: User, password: str) -> None:
        """A new password also ends the rest after too many attempts: who could set it is the person."""
        super().set_password(user, password)
        reset(username=user.email)


def typed_email(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The account that failed attempts are counted for, the same in any spelling of the address."""
    given = credentials or {}
    email = given.get("email") or given.get("username") or request.POST.get("login", "")
    return str(email).strip().lower()
