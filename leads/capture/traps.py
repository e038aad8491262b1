"""Telling people from bots without bothering people: a field nobody sees, a stamp that says when the page was opened,
and a limit of posts. What a bot is told tells it nothing."""

import math
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network

from django.core.cache import cache
from django.core.signing import BadSignature, Signer

from leads.models import CaptureForm

# A field that people don't see and bots fill in.
HONEYPOT = "homepage"
STAMP = "stamp"
# Nobody fills in the form faster; and a page that was open for longer is a stored copy.
FASTEST = timedelta(seconds=2)
OLDEST = timedelta(hours=24)
# Back, a correction, once more: so often a person sends the same page.
MOST_SENT = 5
IPV6_NETWORK = 64
# Of one address to one form. Many people may stand behind one address: an office, a fair.
POSTS_A_MINUTE = 30

FILLED_HONEYPOT = "A bot: it filled in the field that people do not see."
TOO_FAST = "A bot: sent within two seconds of opening the page."
TOO_OLD = "The page had been opened more than 24 hours before."
FORGED = "A bot: the page's stamp is not one of ours."
NO_STAMP = "A bot: sent to our own page without opening it."
REPLAYED = f"A bot: the same page was sent more than {MOST_SENT} times."

signer = Signer(salt="leads.capture")


def new_stamp(form: CaptureForm, *, at: datetime) -> str:
    """Says that the page of this form was opened at that moment."""
    return signer.sign_object([form.pk, at.timestamp(), secrets.token_urlsafe(8)])


def objection(form: CaptureForm, payload: dict[str, str], *, at: datetime, is_own_page: bool) -> str:
    """Why this was not sent by a person, or "". A form on a page of marketing's own has no stamp."""
    if payload.get(HONEYPOT):
        return FILLED_HONEYPOT
    stamp = payload.get(STAMP, "")
    if not stamp:
        return NO_STAMP if is_own_page else ""
    return stamp_objection(form, stamp, at=at)


def stamp_objection(form: CaptureForm, stamp: str, *, at: datetime) -> str:
    try:
        form_id, opened, _nonce = signer.unsign_object(stamp)
    except (BadSignature, ValueError, TypeError):
        return FORGED
    if form_id != form.pk:
        return FORGED
    age = at - datetime.fromtimestamp(opened, UTC)
    if age < FASTEST:
        return TOO_FAST
    if age > OLDEST:
        return TOO_OLD
    mark = sha256(stamp.encode()).hexdigest()
    return REPLAYED if counted(f"capture:stamp:{mark}", keep=OLDEST) > MOST_SENT else ""


def seconds_to_wait(form: CaptureForm, address: str | None, *, at: datetime) -> int:
    """How long this address has to wait before it may send this form again; 0: not at all."""
    minute, second = divmod(at.timestamp(), 60)
    sent = counted(f"capture:posts:{form.pk}:{sender_behind(address)}:{int(minute)}", keep=timedelta(minutes=2))
    return math.ceil(60 - second) if sent > POSTS_A_MINUTE else 0


def sender_behind(address: str | None) -> str:
    """What one sender is counted by: of IPv6 the half that names the network, as one computer has all of the rest."""
    if address is None or ":" not in address:
        return str(address)
    return str(ip_network((address, IPV6_NETWORK), strict=False))


def counted(key: str, *, keep: timedelta) -> int:
    """How often this was asked, this time included; 0 while the cache is away: then nobody is kept out."""
    cache.add(key, 0, timeout=int(keep.total_seconds()))
    try:
        return int(cache.incr(key) or 0)
    except ValueError:
        # It ran out between the two steps.
        return 1
