"""The mail server: one connection for many mails, and what its answers mean for a mail."""

import smtplib
from enum import Enum
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

LONGEST_WORDS = 280
PERMANENT = range(500, 600)


class Answer(Enum):
    """What became of a mail that did not simply go out."""

    LATER = "later"  # certainly not sent; it may go another time
    NEVER = "never"  # certainly not sent; it never will be, as it is
    UNKNOWN = "unknown"  # it was handed over whole, and nobody said that it arrived


class Unanswered(smtplib.SMTPException):
    """The connection broke after a mail was handed over and before the server said that it has it."""


def with_answers(transport: Any) -> Any:
    """The class of connection, telling a mail that certainly was not taken from one of which nobody knows."""

    class Answering(transport):
        def data(self, msg: Any) -> Any:
            try:
                return super().data(msg)
            except (smtplib.SMTPServerDisconnected, OSError) as lost:
                # SMTPDataError, the server's own no, is an OSError, too.
                if isinstance(lost, smtplib.SMTPResponseException):
                    raise
                raise Unanswered(str(lost) or "The connection broke.") from lost

    return Answering


class TandemEmailBackend(EmailBackend):
    """Django's SMTP, which also raises Unanswered."""

    @property
    def connection_class(self) -> Any:
        return with_answers(super().connection_class)


def is_configured() -> bool:
    """Whether there is a mail server at all (EMAIL_HOST)."""
    return bool(settings.EMAIL_HOST)


def connect() -> BaseEmailBackend:
    """An open connection, to be closed by the caller. Raises OSError and SMTPException."""
    connection: BaseEmailBackend = get_connection()
    try:
        connection.open()
    except Exception:
        drop(connection)
        raise
    return connection


def drop(connection: BaseEmailBackend) -> None:
    """Close it, whatever state it is in: a server that is gone cannot be told good-bye."""
    client = getattr(connection, "connection", None)
    if client is not None:
        client.close()
        connection.connection = None  # type: ignore[attr-defined]


def is_open(connection: BaseEmailBackend) -> bool:
    """Whether the server still listens; a connection that is none (in tests) always does."""
    client = getattr(connection, "connection", None)
    return not isinstance(client, smtplib.SMTP) or client.sock is not None


def answer_of(error: Exception) -> Answer:
    """What a failure to send one mail means: 5xx and what is no mail at all never; 4xx and a lost connection later."""
    if isinstance(error, Unanswered):
        return Answer.UNKNOWN
    if isinstance(error, smtplib.SMTPNotSupportedError | ValueError):
        return Answer.NEVER
    return Answer.NEVER if code_of(error) in PERMANENT else Answer.LATER


def code_of(error: Exception) -> int:
    """The server's three digits, 0 when it said none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code for code, _words in error.recipients.values()), 0)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def words_of(error: Exception) -> str:
    """What the server said, or what went wrong on the way to it, in one line."""
    said: Any = str(error) or type(error).__name__
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = next((words for _code, words in error.recipients.values()), b"")
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    code = code_of(error)
    return " ".join(f"{code or ''} {text}".split())[:LONGEST_WORDS]
