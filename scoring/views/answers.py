"""What a page of this room says after a deed."""

from django.contrib import messages

from crm.requests import PersonRequest

LEVELS = {"success": messages.SUCCESS, "info": messages.INFO, "warning": messages.WARNING, "danger": messages.ERROR}


def say(request: PersonRequest, text: str, *, level: str = "success") -> None:
    messages.add_message(request, LEVELS[level], text)
