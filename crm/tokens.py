"""Keys to the API: shown once when made, stored as a hash."""

import hashlib
import secrets

from crm.models import Token, User


def hash_key(key: str) -> str:
    """What is stored of a key. It is random and long, so a plain hash withstands guessing."""
    return hashlib.sha256(key.encode()).hexdigest()


def issue_token(user: User) -> str:
    """A new key for ``user``; nobody can read it again."""
    key = secrets.token_hex(32)
    Token.objects.create(user=user, key_hash=hash_key(key))
    return key
