"""Keeping what came: the answer to a form is stored as it came before anything is made of it."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.errors import BusinessError
from leads.models import CaptureForm, Submission, SubmissionStatus

MOST_BYTES = 64 * 1024
MOST_FIELDS = 50
LONGEST_NAME = 100
# What the product adds to the fields that came; no field that comes begins so.
OWN = "_"
CONSENT = "_consent"
UTM = ("source", "medium", "campaign", "term", "content")


class Unreadable(BusinessError):
    """The body cannot be taken as the answer to a form."""

    status = 400
    code = "unreadable"


class TooLarge(Unreadable):
    status = 413
    code = "too_large"


class WrongType(Unreadable):
    status = 415
    code = "wrong_content_type"


def json_fields(body: bytes) -> dict[str, str]:
    """The fields of a JSON object; raises Unreadable."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is not JSON.") from error
    if not isinstance(found, dict):
        raise Unreadable("Send a JSON object with the fields of the form.")
    return fields((name, value if isinstance(value, list) else [value]) for name, value in found.items())


def fields(pairs: Iterable[tuple[str, list[Any]]]) -> dict[str, str]:
    """Names and texts that can be stored, several values of a name in one text; raises Unreadable."""
    found = {storable(str(name))[:LONGEST_NAME].lstrip(OWN): text_of(values) for name, values in pairs}
    if len(found) > MOST_FIELDS:
        raise Unreadable(f"At most {MOST_FIELDS} fields are taken.")
    return {name: text for name, text in found.items() if text}


def text_of(values: list[Any]) -> str:
    if any(isinstance(value, dict | list) for value in values):
        raise Unreadable("A field holds a text, not an object.")
    return storable(", ".join(word(value) for value in values)).strip()


def word(value: Any) -> str:
    """A ticked box is "yes", one that is not is nothing."""
    if value is None or value is False:
        return ""
    return "yes" if value is True else str(value)


def storable(text: str) -> str:
    """PostgreSQL keeps neither NUL nor half a character."""
    return "".join("\ufffd" if letter == "\0" or "\ud800" <= letter <= "\udfff" else letter for letter in text)


@transaction.atomic
def receive(
    form: CaptureForm,
    payload: dict[str, str],
    *,
    at: datetime,
    address: str | None,
    user_agent: str = "",
    refused: str = "",
) -> Submission:
    """Keep one answer, and have it processed once it is committed; ``refused`` says why nothing is made of it."""
    status = SubmissionStatus.REFUSED if refused else SubmissionStatus.RECEIVED
    kept = Submission.objects.create(
        form=form,
        received_at=at,
        payload={**payload, **({CONSENT: form.consent} if form.consent else {})},
        ip_address=address,
        user_agent=storable(user_agent)[:300],
        status=status,
        reason=refused,
        processed_at=at if refused else None,
    )
    if not refused:
        transaction.on_commit(kick, robust=True)
    return kept


def kick() -> None:
    """Ask a worker to process what waits; if the broker is away the sweep of beat does it."""
    from leads.tasks import process_submissions

    process_submissions.apply_async(retry=False, expires=60)
