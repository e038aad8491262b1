"""What a form that hands leads to sales says before it is sent: whom the rules would choose, and what was promised."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.forms import Form

from crm.assigning import is_here
from crm.models import User
from feedback.access import may_ever_decide
from feedback.models import Handoff, HandoffStatus
from feedback.routing import headline, preview
from leads.models import Lead

# So many are placed to show how the rules would spread them; the rest go the same ways.
MOST_PREVIEWED = 200
MOST_NAMED = 6
NEWEST = 20


def rules_words(leads: Sequence[Lead], *, at: datetime) -> str:
    """ "The rules choose Rob: rule “DACH”.", for many "The rules choose Rob 12, Rosa 11, Team South 2."."""
    if not leads:
        return ""
    found = preview(leads[:MOST_PREVIEWED], at=at)
    if not found:
        return "There is no sales team yet."
    if len(leads) == 1:
        [recipient] = found.values()
        why = headline(recipient.why)
        return f"The rules choose {recipient.name}{f': {why[:1].lower()}{why[1:]}' if why else ''}."
    counts = Counter(recipient.name for recipient in found.values()).most_common()
    named = ", ".join(f"{name} {count}" for name, count in counts[:MOST_NAMED])
    more = f" and {len(counts) - MOST_NAMED} others" if len(counts) > MOST_NAMED else ""
    first = f" of the first {MOST_PREVIEWED}" if len(leads) > MOST_PREVIEWED else ""
    return f"The rules choose {named}{more}{first}."


def offer_rules(form: Form, leads: Sequence[Lead], *, by: User, at: datetime) -> None:
    """Say beside the recipient whom the rules would choose, and beside the promise what was promised last."""
    form.fields["recipient"].help_text = rules_words(leads, at=at)
    if promised := last_promise(by):
        form.fields["promised"].help_text = f"Last time you promised: {promised}"


def promise_of(lead: Lead) -> str:
    """What the buyer was promised when the lead was last handed over."""
    promised = lead.handoffs.exclude(promised="").order_by("-id").values_list("promised", flat=True)
    return promised.first() or ""


def last_promise(user: User) -> str:
    """What this person promised last, among the newest hand-offs."""
    newest = Handoff.objects.filter(offered_by=user).order_by("-id").values_list("promised", flat=True)[:NEWEST]
    return next(filter(None, newest), "")


def who_knows(lead: Lead) -> User | None:
    """The rep who worked the lead the time round before, and can take it again; None in its first."""
    if lead.episode == 1:
        return None
    taken = lead.handoffs.filter(status=HandoffStatus.ACCEPTED, episode__lt=lead.episode).order_by("-id")
    before = taken.select_related("decided_by__team").first()
    person = before.decided_by if before else None
    return person if person and is_here(person) and may_ever_decide(person) else None
