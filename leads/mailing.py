"""E-mail to a buyer, written from a record: sent by the queue of crm/mailing.py and logged as an activity, in one go.

It goes out a little later than it is written, so that it can be taken back (`remove_activity`).
"""

import re
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from campaigns.models import Asset
from crm.access import require
from crm.errors import BusinessError
from crm.mailing import queue_mail, require_configured
from crm.models import User
from leads.access import may_log_on
from leads.activities import NOT_YOURS, log_activity
from leads.models import Activity, ActivityKind, Contact, Lead
from leads.subjects import Subject, require_reachable

UNDO_SECONDS = 20
GAP = re.compile(r"\{([a-z_]+)\}")
# What a template may leave open, and what that is in words.
GAPS = {
    "first_name": "their first name",
    "last_name": "their last name",
    "company": "their company",
    "title": "their title",
    "need": "what they need, in their words",
    "my_name": "your name",
    "my_first_name": "your first name",
}


@transaction.atomic
def send_email(
    about: Subject, *, by: User, at: datetime, subject: str, text: str, asset: Asset | None = None
) -> Activity:
    """Write to the person of ``about`` in ``by``'s name, their signature and a link to ``asset`` below.

    Gaps are filled in. Raises NotAllowed and BusinessError: `no_email`, `bad_email`, `do_not_mail`, `no_mail_server`,
    `empty_email`, `unknown_gap`, `gap_empty`, `asset_without_link`, and what `log_activity` raises.
    """
    require(may_log_on(by, about), NOT_YOURS)
    require_reachable(about, ActivityKind.EMAIL)
    require_configured()
    gaps = gaps_of(about, by)
    subject, text = fill(subject, gaps).strip(), with_link(fill(text, gaps).strip(), asset)
    if not subject or not text:
        raise BusinessError("An e-mail has a subject and a text.", code="empty_email")
    mail = queue_mail(
        key=f"email:{uuid4()}", to=address_for(about), to_name=str(about.person), by=by, subject=subject,
        text=signed(text, by), at=at + timedelta(seconds=UNDO_SECONDS),
    )  # fmt: skip
    return log_activity(about, by=by, at=at, kind=ActivityKind.EMAIL, note=text, asset=asset, mail=mail)


def address_for(about: Subject) -> str:
    """Where an e-mail to the person of ``about`` goes."""
    person = about.person
    email = person.email if person else ""
    if not email:
        raise BusinessError(f"No e-mail address of {person or 'anybody here'} is known.", code="no_email")
    try:
        validate_email(email)
    except ValidationError as error:
        raise BusinessError(f"“{email}” is no e-mail address: correct it first.", code="bad_email") from error
    return email


def why_not_written_to(about: Subject) -> tuple[str, str]:
    """Why nobody can write to the person of ``about`` from here, with the code of the rule; ("", "") when one can."""
    try:
        require_reachable(about, ActivityKind.EMAIL)
        address_for(about)
        require_configured()
    except BusinessError as error:
        return str(error), error.code
    return "", ""


def gaps_of(about: Subject, by: User) -> dict[str, str]:
    """What each gap is filled with; "" where it is not known."""
    person, lead = about.person, about.lead
    return {
        "first_name": getattr(person, "first_name", ""),
        "last_name": getattr(person, "last_name", ""),
        "company": company_of(about),
        "title": getattr(person, "title", ""),
        "need": lead.need if lead else "",
        "my_name": str(by),
        "my_first_name": by.get_short_name(),
    }


def company_of(about: Subject) -> str:
    person = about.person
    if isinstance(person, Lead):
        return person.company_label
    if isinstance(person, Contact) and person.company:
        return str(person.company)
    return str(about.opportunity.company) if about.opportunity and about.opportunity.company else ""


def fill(text: str, gaps: dict[str, str]) -> str:
    """``text`` with every gap filled. Raises BusinessError for a gap that is unknown or cannot be filled."""
    check_gaps(text)
    if empty := open_gaps(text, gaps):
        words = ", ".join(f"{{{name}}}" for name in empty)
        raise BusinessError(f"Not known here: {words}. Write it yourself, or take it out.", code="gap_empty")
    return fill_known(text, gaps)


def fill_known(text: str, gaps: dict[str, str]) -> str:
    """``text`` with the gaps filled whose words are known; the others stay to be seen."""
    return GAP.sub(lambda found: gaps.get(found[1]) or found[0], text)


def open_gaps(text: str, gaps: dict[str, str]) -> list[str]:
    """Gaps in ``text`` that nothing is known for, each once, in order."""
    return [name for name in dict.fromkeys(GAP.findall(text)) if not gaps.get(name)]


def check_gaps(text: str) -> None:
    """Raise for a gap that does not exist, saying which do."""
    unknown = [name for name in dict.fromkeys(GAP.findall(text)) if name not in GAPS]
    if unknown:
        there_are = ", ".join(f"{{{name}}}" for name in GAPS)
        wrong = ", ".join(f"{{{name}}}" for name in unknown)
        raise BusinessError(f"There is no gap {wrong}. There are {there_are}.", code="unknown_gap")


def with_link(text: str, asset: Asset | None) -> str:
    """``text`` with a link to ``asset`` at its end, unless it has it already."""
    if asset is None:
        return text
    if not asset.url:
        raise BusinessError(f"“{asset}” has no link to send.", code="asset_without_link")
    return text if asset.url in text else f"{text}\n\n{asset}: {asset.url}"


def signed(text: str, by: User) -> str:
    """With the signature below, as mail programs know it."""
    return f"{text}\n\n-- \n{by.signature.strip()}" if by.signature.strip() else text
