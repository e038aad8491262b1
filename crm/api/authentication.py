"""Who calls: `Authorization: Token …` for programs, the session for pages."""

from django.utils import timezone
from rest_framework.authentication import TokenAuthentication as KeyAuthentication
from rest_framework.exceptions import AuthenticationFailed

from crm.models import Token, User
from crm.tokens import find_token, note_use


class TokenAuthentication(KeyAuthentication):
    """A key as `manage.py token` prints it; the database knows only its hash."""

    def authenticate_credentials(self, key: str) -> tuple[User, Token]:
        token = find_token(key)
        if token is None or not token.user.is_active:
            raise AuthenticationFailed("This token is unknown, or its owner may no longer log in.")
        note_use(token, on=timezone.now().date())
        return token.user, token
