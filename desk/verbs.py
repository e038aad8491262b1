"""What a person may do with a lead now: the one next step, and the rest for the menu.

Rights and the table of moves are those of the rooms below; this only gives them words and an address.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.urls import reverse

from crm.models import User
from feedback.access import may_decide, may_ever_decide, may_offer, may_withdraw
from feedback.models import Handoff, HandoffStatus
from feedback.verdicts import UNDO_WITHIN, may_undo
from leads.access import may_convert, may_move
from leads.converting import UNDO_WITHIN as UNDO_CONVERSION_WITHIN
from leads.lifecycle import CLAIM, DISCARD, DISQUALIFY, MARK_MQL, MOVES, PARK, QUALIFY, RECYCLE, RETURN, Move, Stage
from leads.models import Lead, Opportunity, Transition


@dataclass(frozen=True)
class Verb:
    """One thing to do. ``how``: "post" does it at once, "panel" asks for more first, "link" leads to another page."""

    label: str
    text: str
    icon: str
    url: str
    how: str = "panel"
    key: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    is_next: bool = False
    is_danger: bool = False


# Label, one line of explanation, icon, how, key.
MOVE_WORDS: dict[Move, tuple[str, str, str, str, str]] = {
    MARK_MQL: ("Mark as MQL", "Meets the definition: ready to be handed to sales.", "flag", "post", "m"),
    PARK: ("Park", "Not ready yet: nurture it until a date.", "clock-pause", "panel", ""),
    DISCARD: ("Discard", "Spam, a test, a competitor, or wants no contact.", "trash", "panel", ""),
    CLAIM: ("Take it on", "You found this lead: work it without a hand-off.", "user-check", "post", ""),
    QUALIFY: ("Qualify", "Need, authority and timing are confirmed.", "rosette-discount-check", "panel", "q"),
    RETURN: ("Return to marketing", "No answer, or not now: marketing nurtures it until a date.", "arrow-back-up", "panel", ""),
    DISQUALIFY: ("Disqualify", "Never a buyer.", "ban", "panel", ""),
    RECYCLE: ("Recycle", "Back to nurture for another time round.", "recycle", "post", ""),
}
NEXT_MOVES = {MARK_MQL, QUALIFY, CLAIM}
DANGERS = {DISCARD, DISQUALIFY}


@dataclass(frozen=True)
class Situation:
    """All that decides what may be done: the lead, its hand-offs and opportunities, its last effective move."""

    lead: Lead
    last: Transition
    waiting: Handoff | None
    latest: Handoff | None
    opportunities: list[Opportunity]


@dataclass(frozen=True)
class Verbs:
    next: Verb | None
    others: list[Verb]


def verbs_for(user: User, situation: Situation, *, now: datetime) -> Verbs:
    """The next step of this stage for this person, and every other verb allowed, in the order of the way."""
    found = [
        *verdict_verbs(user, situation),
        *move_verbs(user, situation.lead),
        *conversion_verbs(user, situation),
        *undo_verbs(user, situation, now=now),
    ]
    following = next((verb for verb in found if verb.is_next), None)
    return Verbs(following, [verb for verb in found if verb is not following])


def move_verbs(user: User, lead: Lead) -> list[Verb]:
    """The moves of POST transition from this stage."""
    moves = [(to, move) for (start, to), move in MOVES.items() if start == lead.stage and move.door == "transition"]
    return [move_verb(lead, to, move) for to, move in moves if may_move(user, lead, move)]


def move_verb(lead: Lead, to: Stage, move: Move) -> Verb:
    label, text, icon, how, key = MOVE_WORDS[move]
    address = reverse("desk:lead-move", args=[lead.pk])
    verb = Verb(label, text, icon, address, how, key, {"to": to.value, "seq": lead.seq}, move in NEXT_MOVES, move in DANGERS)
    return replace(verb, url=f"{address}?to={to.value}") if how == "panel" else verb


def verdict_verbs(user: User, situation: Situation) -> list[Verb]:
    """Hand to sales, and while it waits there: accept, reject, withdraw."""
    lead, waiting = situation.lead, situation.waiting
    if lead.stage == Stage.MQL and may_offer(user, lead):
        url = reverse("desk:lead-handoff", args=[lead.pk])
        return [Verb("Hand to sales", "A rep or a team answers within the agreed time.", "send", url, key="h", is_next=True)]
    if waiting is None:
        return []
    verbs, known = [], {"handoff": waiting.pk}
    if may_ever_decide(user) and may_decide(user, waiting):
        accept, reject = (reverse(f"desk:lead-{name}", args=[lead.pk]) for name in ("acceptance", "rejection"))
        verbs += [
            Verb("Accept", "Take this lead.", "check", accept, "post", "a", known, is_next=True),
            Verb("Reject", "Before working it: not this one, and why.", "x", f"{reject}?handoff={waiting.pk}", key="r", is_danger=True),
        ]
    if may_withdraw(user, waiting):
        url = reverse("desk:lead-withdrawal", args=[lead.pk])
        verbs.append(Verb("Withdraw", "Take it back to marketing before sales answers.", "arrow-back-up", url, "post", fields=known))
    return verbs


def conversion_verbs(user: User, situation: Situation) -> list[Verb]:
    """Convert, or the way to the opportunities that came of it."""
    lead = situation.lead
    if (Stage(lead.stage), Stage.OPPORTUNITY) in MOVES and may_convert(user, lead):
        url = reverse("desk:lead-conversion", args=[lead.pk])
        ready = lead.stage == Stage.QUALIFIED
        return [Verb("Convert", "Company, contact and opportunity in one step.", "arrows-exchange", url, key="v", is_next=ready)]
    return [
        Verb("Open opportunity", f"{one}, {one.get_stage_display().lower()}.", "briefcase", reverse("desk:opportunity", args=[one.pk]), "link", "o", is_next=True)
        for one in situation.opportunities[:1]
    ]  # fmt: skip


def undo_verbs(user: User, situation: Situation, *, now: datetime) -> list[Verb]:
    """Undo the last verdict or the conversion, for ten minutes."""
    url = reverse("desk:lead-undo", args=[situation.lead.pk])
    if can_undo_verdict(user, situation, now=now):
        return [Verb("Undo the verdict", "It waits for sales again, with its old due time.", "arrow-back", url, "post")]
    if can_undo_conversion(user, situation, now=now):
        return [Verb("Undo the conversion", "Removes the opportunity; company and contact stay.", "arrow-back", url, "post")]
    return []


def can_undo_verdict(user: User, situation: Situation, *, now: datetime) -> bool:
    handoff = situation.latest
    if handoff is None or handoff.status not in {HandoffStatus.ACCEPTED, HandoffStatus.REJECTED} or handoff.decided_at is None:
        return False
    nothing_since = situation.last.handoff == handoff.pk
    return nothing_since and now - handoff.decided_at <= UNDO_WITHIN and may_ever_decide(user) and may_undo(user, handoff)


def can_undo_conversion(user: User, situation: Situation, *, now: datetime) -> bool:
    last = situation.last
    converted = situation.lead.stage == Stage.OPPORTUNITY and last.to_stage == Stage.OPPORTUNITY
    return converted and now - last.at <= UNDO_CONVERSION_WITHIN and (last.by_id == user.pk or may_convert(user, situation.lead))
