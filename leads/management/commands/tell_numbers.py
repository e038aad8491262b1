"""`manage.py tell_numbers`: the E.164 form of telephone numbers."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leads.telephones import tell_numbers


class Command(BaseCommand):
    help = "Tell the telephone numbers of leads and contacts that have no E.164 form yet, as every night does."

    def add_arguments(self, parser: CommandParser) -> None:
        text = "all numbers anew: after the organisation's region was changed"
        parser.add_argument("--all", action="store_true", dest="anew", help=text)

    def handle(self, *args: Any, anew: bool, **options: Any) -> None:
        self.stdout.write(f"{tell_numbers(anew=anew):,} numbers told")
