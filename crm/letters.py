"""How a mail looks on its way: headers, names, its one Message-ID."""

from email.utils import formataddr, parseaddr
from hashlib import sha256

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse

from crm.models import Mail, User

PRODUCT = "Tandem"


def letter(mail: Mail, connection: BaseEmailBackend | None = None) -> EmailMessage:
    """``mail`` as it goes out: plain text, from the product in a person's name, answers go to the person."""
    return EmailMessage(
        subject=mail.subject,
        body=mail.text,
        from_email=sender(mail.by),
        to=[formataddr((mail.to_name, mail.to))],
        reply_to=[formataddr((one_line(str(mail.by)), mail.by.email))] if mail.by and mail.by.email else None,
        headers={"Message-ID": message_id(mail.key), **(notice_headers() if mail.by is None else {})},
        connection=connection,
    )


def sender(by: User | None) -> str:
    """ "Rob Rust via Tandem", at the one address that the mail server lets us write from."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((f"{one_line(str(by))} via {name or PRODUCT}" if by else name or PRODUCT, address))


def message_id(key: str) -> str:
    """The same for every attempt, so that a server that was given a mail twice can tell."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{sha256(f'{settings.SITE_URL} {key}'.encode()).hexdigest()[:32]}@{domain}>"


def notice_headers() -> dict[str, str]:
    """A machine wrote this: no out-of-office answers it, and there is a place to have less of it."""
    return {"Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{absolute(reverse('crm:mail-choices'))}>"}


def absolute(address: str) -> str:
    """An address within the product as a mail can name it."""
    return f"{settings.SITE_URL}{address}"


def one_line(text: str) -> str:
    """``text`` as a header can hold it: without breaks and other characters that print nothing."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
