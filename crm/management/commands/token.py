"""`manage.py token EMAIL`: a new key to the API for this person; the last word printed is the key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.models import User
from crm.tokens import issue_token


class Command(BaseCommand):
    help = "Make a new API token for a person. It is shown once; only its hash is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody here has the e-mail {email}.")
        if not user.is_active:
            raise CommandError(f"{user} may no longer log in, so a token would not work.")
        self.stdout.write(f"New token of {user}, shown only once: {issue_token(user)}")
