"""What a person may do with a lead now: the one next step, and the rest for the menu.

Rights and the table of moves are those of the rooms below; this only gives them words and an address.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.urls import reverse

from crm.models import User
from feedback.access import may_decide, may_hand_over, may_undo, may_withdraw
from feedback.models import VERDICTS, Handoff
from leads.access import may_convert, may_move, may_touch
from leads.lifecycle import CLAIM, DISCARD, DISQUALIFY, MARK_MQL, MOVES, PARK, QUALIFY, RECYCLE, RETURN, Move, Stage
from leads.models import Lead, Opportunity, Transition
from leads.transitions import UNDO_WITHIN


@dataclass(frozen=True)
class Verb:
    """One thing to do. ``how``: "post" does it at once, "panel" asks for more first, "link" leads to another page."""

    label: str
    text: str
    icon: str
    url: str = ""
    how: str = "panel"
    key: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    is_next: bool = False
    is_danger: bool = False


# The moves of POST transition in words.
MOVE_VERBS = {
    MARK_MQL: Verb(
        "Mark as MQL", "Meets the definition: ready to be handed to sales.", "flag", how="post", key="m", is_next=True
    ),
    PARK: Verb("Park", "Not ready yet: nurture it until a date.", "clock-pause"),
    DISCARD: Verb("Discard", "Spam, a test, a competitor, or wants no contact.", "trash", is_danger=True),
    CLAIM: Verb(
        "Take it on", "You found this lead: work it without a hand-off.", "user-check", how="post", is_next=True
    ),
    QUALIFY: Verb(
        "Qualify", "Need, authority and timing are confirmed.", "rosette-discount-check", key="q", is_next=True
    ),
    RETURN: Verb("Return to marketing", "No answer, or not now: marketing nurtures it until a date.", "arrow-back-up"),
    DISQUALIFY: Verb("Disqualify", "Never a buyer.", "ban", is_danger=True),
    RECYCLE: Verb("Recycle", "Back to nurture for another time round.", "recycle", how="post"),
}
HAND_OVER = Verb("Hand to sales", "A rep or a team answers within the agreed time.", "send", key="h", is_next=True)
ACCEPT = Verb("Accept", "Take this lead.", "check", how="post", key="a", is_next=True)
REJECT = Verb("Reject", "Before working it: not this one, and why.", "x", key="r", is_danger=True)
WITHDRAW = Verb("Withdraw", "Take it back to marketing before sales answers.", "arrow-back-up", how="post")
CONVERT = Verb("Convert", "Company, contact and opportunity in one step.", "arrows-exchange", key="v")
OPEN = Verb("Open opportunity", "Work the deal that came of it.", "briefcase", how="link", key="o", is_next=True)
LOG_TOUCH = Verb("Log a touch", "What happened between the buyer and us; score and campaign count it.", "hand-finger")
UNDO_VERDICT = Verb("Undo the verdict", "It waits for sales again, with its old due time.", "arrow-back", how="post")
UNDO_CONVERSION = Verb(
    "Undo the conversion", "Removes the opportunity; company and contact stay.", "arrow-back", how="post"
)


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
        *note_verbs(user, situation.lead),
    ]
    following = next((verb for verb in found if verb.is_next), None)
    return Verbs(following, [verb for verb in found if verb is not following])


def move_verbs(user: User, lead: Lead) -> list[Verb]:
    """The moves of POST transition from this stage."""
    moves = [(to, move) for (start, to), move in MOVES.items() if start == lead.stage and move.door == "transition"]
    return [move_verb(lead, to, move) for to, move in moves if may_move(user, lead, move)]


def move_verb(lead: Lead, to: Stage, move: Move) -> Verb:
    verb, address = MOVE_VERBS[move], address_of(lead, "move")
    url = f"{address}?to={to.value}" if verb.how == "panel" else address
    return replace(verb, url=url, fields={"to": to.value, "seq": lead.seq})


def verdict_verbs(user: User, situation: Situation) -> list[Verb]:
    """Hand to sales, and while it waits there: accept, reject, withdraw."""
    lead, waiting = situation.lead, situation.waiting
    if lead.stage == Stage.MQL and may_hand_over(user):
        return [replace(HAND_OVER, url=address_of(lead, "handoff"))]
    if waiting is None:
        return []
    verbs, seen = [], {"handoff": waiting.pk}
    if may_decide(user, waiting):
        verbs += [
            replace(ACCEPT, url=address_of(lead, "acceptance"), fields=seen),
            replace(REJECT, url=f"{address_of(lead, 'rejection')}?handoff={waiting.pk}"),
        ]
    if may_withdraw(user, waiting):
        verbs.append(replace(WITHDRAW, url=address_of(lead, "withdrawal"), fields=seen))
    return verbs


def conversion_verbs(user: User, situation: Situation) -> list[Verb]:
    """Convert, or the way to the opportunity that came of it."""
    lead = situation.lead
    if (Stage(lead.stage), Stage.OPPORTUNITY) in MOVES and may_convert(user, lead):
        return [replace(CONVERT, url=address_of(lead, "conversion"), is_next=lead.stage == Stage.QUALIFIED)]
    return [replace(OPEN, url=reverse("desk:opportunity", args=[deal.pk])) for deal in situation.opportunities[:1]]


def undo_verbs(user: User, situation: Situation, *, now: datetime) -> list[Verb]:
    """Undo the last verdict or the conversion, for ten minutes."""
    url = address_of(situation.lead, "undo")
    if can_undo_verdict(user, situation, now=now):
        return [replace(UNDO_VERDICT, url=url)]
    if can_undo_conversion(user, situation, now=now):
        return [replace(UNDO_CONVERSION, url=url)]
    return []


def note_verbs(user: User, lead: Lead) -> list[Verb]:
    return [replace(LOG_TOUCH, url=address_of(lead, "touches"))] if may_touch(user, lead) else []


def address_of(lead: Lead, verb: str) -> str:
    return reverse(f"desk:lead-{verb}", args=[lead.pk])


def can_undo_verdict(user: User, situation: Situation, *, now: datetime) -> bool:
    handoff = situation.latest
    if handoff is None or handoff.status not in VERDICTS or handoff.decided_at is None:
        return False
    nothing_since = situation.last.handoff == handoff.pk
    return nothing_since and now - handoff.decided_at <= UNDO_WITHIN and may_undo(user, handoff)


def can_undo_conversion(user: User, situation: Situation, *, now: datetime) -> bool:
    last = situation.last
    converted = situation.lead.stage == Stage.OPPORTUNITY and last.to_stage == Stage.OPPORTUNITY
    return converted and now - last.at <= UNDO_WITHIN and (last.by_id == user.pk or may_convert(user, situation.lead))
