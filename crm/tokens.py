"""Keys to the API: shown once when made, stored as a hash."""

import hashlib
import secrets
from datetime import date

from django.db.models import Q

from crm.models import Token, User


def hash_key(key: str) -> str:
    """What is stored of a key. It is random and long, so a plain hash withstands guessing."""
    return hashlib.sha256(key.encode()).hexdigest()


def issue_token(user: User) -> str:
    """A new key for ``user``; nobody can read it again."""
    key = secrets.token_hex(32)
    Token.objects.create(user=user, key_hash=hash_key(key))
    return key


def find_token(key: str) -> Token | None:
    """The token with this key, and whose it is."""
    return Token.objects.select_related("user__team").filter(key_hash=hash_key(key)).first()


def note_use(token: Token, *, on: date) -> None:
    """Remember the day a token was last used: one write a day, not one a request."""
    if token.last_used_on is None or token.last_used_on < on:
        stale = Q(last_used_on__isnull=True) | Q(last_used_on__lt=on)
        Token.objects.filter(stale, pk=token.pk).update(last_used_on=on)
