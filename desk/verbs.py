"""What a person may do with a lead now: the one next step, and the rest for the menu.

Rights and the table of moves are those of the rooms below; this only gives them words and an address.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.urls import reverse

from crm.models import User
from feedback.access import may_decide, may_hand_over, may_undo, may_withdraw
from feedback.impressions import may_say, moment_of
from feedback.models import VERDICTS, Handoff
from feedback.requests import may_ask
from leads.access import may_convert, may_merge, may_move, may_touch
from leads.attempts import NONE, Attempts, micro_state
from leads.lifecycle import CLAIM, DISCARD, DISQUALIFY, MARK_MQL, MOVES, PARK, QUALIFY, RECYCLE, RETURN, Move, Stage
from leads.models import Lead, Opportunity, Transition
from leads.transitions import UNDO_WITHIN, last_effective


@dataclass(frozen=True)
class Verb:
    """One thing to do.

    ``how``: "post" does it at once, "panel" asks for more first, "link" leads elsewhere, "#composer" to the composer.
    """

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
        "Mark as MQL", "Meets the definition: ready to be handed to sales.", "flag", how="post", key="f", is_next=True
    ),
    PARK: Verb("Park", "Not ready yet: nurture it until a date.", "clock-pause"),
    DISCARD: Verb("Discard", "Spam, a test, a competitor, or wants no contact.", "trash", is_danger=True),
    CLAIM: Verb(
        "Take it on", "You found this lead: work it without a hand-off.", "user-check", how="post", is_next=True
    ),
    QUALIFY: Verb("Qualify", "They told us what they need.", "rosette-discount-check", key="q", is_next=True),
    RETURN: Verb("Return to marketing", "No answer, or not now: marketing nurtures it until a date.", "arrow-back-up"),
    DISQUALIFY: Verb("Disqualify", "Never a buyer.", "ban", is_danger=True),
    RECYCLE: Verb("Recycle", "Back to nurture for another time round.", "recycle", how="post"),
}
REOPEN = Verb("Reopen", "It was no mistake after all: back to nurture.", "arrow-back-up", how="post")
LOG_CALL = Verb("Log call", "What was said, and what comes next.", "phone", how="link", url="#composer", is_next=True)
HAND_OVER = Verb("Hand to sales", "A rep or a team answers within the agreed time.", "send", key="h", is_next=True)
ACCEPT = Verb("Accept", "Take this lead.", "check", how="post", key="a", is_next=True)
REJECT = Verb("Reject", "Before working it: not this one, and why.", "x", key="r", is_danger=True)
WITHDRAW = Verb("Withdraw", "Take it back to marketing before sales answers.", "arrow-back-up", how="post")
CONVERT = Verb("Convert", "Company, contact and opportunity in one step.", "arrows-exchange", key="v")
OPEN = Verb("Open opportunity", "Work the deal that came of it.", "briefcase", how="link", key="o", is_next=True)
SAY = Verb("Say how good it was", "One tap for marketing: the lead, the content, what they asked about.", "thumb-up")
ASK = Verb("Ask marketing", "A data sheet, a case, an invitation: they answer with a day.", "message-question")
LOG_TOUCH = Verb("Log a touch", "What happened between the buyer and us; score and campaign count it.", "hand-finger")
MERGE = Verb("Merge with another lead…", "The same person twice: read both as one. Can be undone.", "git-merge")
UNDO_VERDICT = Verb("Undo the verdict", "It waits for sales again, with its old due time.", "arrow-back", how="post")
UNDO_CONVERSION = Verb(
    "Undo the conversion", "For ten minutes; company and contact stay, the lead is as it was.", "arrow-back", how="post"
)


@dataclass(frozen=True)
class Situation:
    """All that decides what may be done: the lead, its hand-offs and opportunities, its last effective move."""

    lead: Lead
    last: Transition
    waiting: Handoff | None
    latest: Handoff | None
    opportunities: list[Opportunity]
    # Of an accepted lead: how often it was tried, and whether the buyer answered.
    attempts: Attempts = NONE

    @property
    def micro_state(self) -> str:
        return micro_state(self.lead.stage, self.attempts)


@dataclass(frozen=True)
class Verbs:
    """``call``: the number to call with one thumb, "" where nobody wants or can be called."""

    next: Verb | None
    others: list[Verb]
    call: str = ""


def verbs_for(user: User, situation: Situation, *, now: datetime) -> Verbs:
    """The next step of this stage for this person, and every other verb allowed, in the order of the way.

    None for a lead that was merged: all is done with the one that stays.
    """
    lead = situation.lead
    if lead.merged_into_id:
        return Verbs(None, [])
    found = [
        *verdict_verbs(user, situation),
        *call_verbs(user, situation),
        *move_verbs(user, situation.lead),
        *conversion_verbs(user, situation),
        *undo_verbs(user, situation, now=now),
        *note_verbs(user, situation.lead),
        *loop_verbs(user, situation),
        *merge_verbs(user, situation.lead),
    ]
    following = next((verb for verb in found if verb.is_next), None)
    others = [verb for verb in found if verb not in (following, LOG_CALL)]
    return Verbs(following, others, lead.phone if lead.may_be_called and lead.is_open else "")


def call_verbs(user: User, situation: Situation) -> list[Verb]:
    """An accepted lead is called until somebody answers."""
    lead = situation.lead
    waits_for_call = lead.stage == Stage.ACCEPTED and not situation.attempts.is_connected
    can_call = bool(lead.phone) and lead.may_be_called
    return [LOG_CALL] if waits_for_call and can_call and may_move(user, lead, QUALIFY) else []


def move_verbs(user: User, lead: Lead) -> list[Verb]:
    """The moves of POST transition from this stage."""
    moves = [(to, move) for (start, to), move in MOVES.items() if start == lead.stage and move.door == "transition"]
    return [move_verb(lead, to, move) for to, move in moves if may_move(user, lead, move)]


def move_verb(lead: Lead, to: Stage, move: Move) -> Verb:
    verb, address = MOVE_VERBS[move], address_of(lead, "move")
    if move == RECYCLE and lead.stage == Stage.DISQUALIFIED:
        verb = REOPEN
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


def conversion_undo(user: User, deal: Opportunity, *, now: datetime) -> list[Verb]:
    """On the page of the opportunity: take back the conversion that it came of, while that is possible."""
    lead = deal.lead
    if lead is None or lead.stage != Stage.OPPORTUNITY or now - deal.created_at > UNDO_WITHIN:
        return []
    is_fresh = is_fresh_conversion(user, lead, last_effective(lead), now)
    return [replace(UNDO_CONVERSION, url=address_of(lead, "undo"))] if is_fresh else []


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


def loop_verbs(user: User, situation: Situation) -> list[Verb]:
    """What sales tells marketing, and asks it for."""
    lead, moment = situation.lead, moment_of(situation.lead, situation.last)
    address = f"{reverse('desk:lead-impression', args=[lead.pk])}?moment={moment}"
    said = [replace(SAY, url=address)] if moment and may_say(user, lead) else []
    return [*said, *ask_verbs(user, lead)]


def ask_verbs(user: User, record: Any) -> list[Verb]:
    """Asking marketing for something about a lead, an opportunity or a company."""
    address = f"{reverse('desk:request-new')}?{record._meta.model_name}={record.pk}"
    return [replace(ASK, url=address)] if may_ask(user) else []


def merge_verbs(user: User, lead: Lead) -> list[Verb]:
    return [replace(MERGE, url=address_of(lead, "merge"))] if may_merge(user, lead) and not lead.is_archived else []


def address_of(lead: Lead, verb: str) -> str:
    return reverse(f"desk:lead-{verb}", args=[lead.pk])


def can_undo_verdict(user: User, situation: Situation, *, now: datetime) -> bool:
    handoff = situation.latest
    if handoff is None or handoff.status not in VERDICTS or handoff.decided_at is None:
        return False
    nothing_since = situation.last.handoff == handoff.pk
    return nothing_since and now - handoff.decided_at <= UNDO_WITHIN and may_undo(user, handoff)


def can_undo_conversion(user: User, situation: Situation, *, now: datetime) -> bool:
    return is_fresh_conversion(user, situation.lead, situation.last, now)


def is_fresh_conversion(user: User, lead: Lead, last: Transition, now: datetime) -> bool:
    converted = lead.stage == Stage.OPPORTUNITY and last.to_stage == Stage.OPPORTUNITY
    return converted and now - last.at <= UNDO_WITHIN and (last.by_id == user.pk or may_convert(user, lead))
