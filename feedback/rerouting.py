"""Everything that waits for one person goes to somebody else at once, and back: the same few queries for any number.

The old hand-offs are withdrawn, the new ones follow them (feedback/followers.py).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from crm.access import heads, require
from crm.assigning import is_here
from crm.models import Side, Team, User
from crm.outbox import record_change
from feedback.announcing import announce_handoffs, settle_asked
from feedback.answering import hold_with_followers
from feedback.errors import AlreadyDecided, NoSuchRecipient
from feedback.followers import open_followers
from feedback.handing_over import chosen_recipient
from feedback.models import Handoff, HandoffStatus
from feedback.routing import Recipient, route_leads
from leads.errors import CannotUndo
from leads.models import Lead
from leads.transitions import UNDO_WITHIN

REFUSED = "Only a manager of their team passes on what waits for somebody."


@dataclass
class Rerouted:
    """The new hand-offs, and which leads had their answer meanwhile, with what to tell."""

    handoffs: list[Handoff] = field(default_factory=list)
    moved: list[tuple[Lead, str]] = field(default_factory=list)


def may_reroute(user: User, person: User) -> bool:
    """Admins, and the manager of the person's sales team."""
    sells = person.team is not None and person.team.kind == Side.SALES
    return user.is_admin or (sells and heads(user, person.team_id))


@transaction.atomic
def reroute_waiting(
    person: User,
    *,
    by: User,
    at: datetime,
    to_user: User | None = None,
    to_team: Team | None = None,
    seen: Collection[int] = (),
    leaves: bool = False,
) -> Rerouted:
    """Whoever waits for ``person`` waits for this recipient, or for whom the rules choose, from now on.

    What came in since the page was shown goes along; ``seen``: the hand-offs that it showed. Raises NotAllowed,
    NoSuchRecipient.
    """
    require(may_reroute(by, person), REFUSED)
    recipient = chosen_recipient(to_user, to_team, why={"rule": "left" if leaves else "passed_on", "from": str(person)})
    if to_user == person:
        raise NoSuchRecipient(f"They wait for {person} already.")
    waiting = Handoff.objects.open().filter(to_user=person).select_related("lead")
    old = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    found = recipients_of(old, person, recipient, at=at)
    decided = {"status": HandoffStatus.WITHDRAWN, "decided_by": by, "decided_at": at, "snoozed_until": None}
    put(old, **decided)
    record_change("handoff", [handoff.pk for handoff in old])
    settle_asked(old, at=at)
    fresh = open_followers(old, found, at=at)
    # The heir of somebody who leaves hears of everything at once (desk/leaving.py).
    if not (leaves and to_user):
        announce_handoffs(fresh, at=at)
    return Rerouted(fresh, answered(seen, old))


def recipients_of(old: list[Handoff], person: User, chosen: Recipient | None, *, at: datetime) -> dict[int, Recipient]:
    """For each lead who it waits for next."""
    if chosen is not None:
        return {handoff.lead_id: chosen for handoff in old}
    leads = [handoff.lead for handoff in old]
    found = route_leads(leads, at=at, exclude={lead.pk: {person.pk} for lead in leads}, team=person.team)
    if len(found) < len(leads):
        raise NoSuchRecipient("There is no sales team to pass these leads on to.")
    return {lead: recipient.after(person) for lead, recipient in found.items()}


def answered(seen: Collection[int], old: list[Handoff]) -> list[tuple[Lead, str]]:
    """Those of the hand-offs ``seen`` that had been decided before they could be passed on."""
    missing = Handoff.objects.filter(pk__in=set(seen) - {handoff.pk for handoff in old})
    rows = missing.exclude(status=HandoffStatus.OPEN).order_by("pk").select_related(
        "lead", "decided_by", "to_user", "to_team", "followed_by__to_user", "followed_by__to_team"
    )  # fmt: skip
    return [(handoff.lead, str(AlreadyDecided(handoff))) for handoff in rows]


@transaction.atomic
def take_back_rerouting(person: User, *, by: User, passed_at: datetime, at: datetime) -> int:
    """What ``by`` passed on from ``person`` at that moment waits for them again, with its old due time.

    Where somebody has acted since, it stays; gives how many came back. Raises CannotUndo after ten minutes.
    """
    require(may_reroute(by, person), REFUSED)
    if at - passed_at > UNDO_WITHIN:
        raise CannotUndo("This can be undone for ten minutes.")
    if not is_here(person):
        raise CannotUndo(f"{person} is no longer here.")
    passed = Handoff.objects.filter(
        to_user=person, status=HandoffStatus.WITHDRAWN, decided_by=by, decided_at=passed_at, followed_by__isnull=False
    )
    hold_with_followers(list(passed.values_list("pk", flat=True)))
    old = list(passed.order_by("pk"))
    untouched = Handoff.objects.open().filter(follows__in=old, followed_by__isnull=True, replies__isnull=True)
    followers = list(untouched.order_by("pk"))
    taken_back = {follower.follows_id for follower in followers}
    back = [handoff for handoff in old if handoff.pk in taken_back]
    if not back:
        raise CannotUndo("Somebody has acted on each of these leads since.")
    Handoff.objects.filter(pk__in=[follower.pk for follower in followers]).delete()
    put(back, status=HandoffStatus.OPEN, decided_by=None, decided_at=None)
    record_change("handoff", [handoff.pk for handoff in (*followers, *back)])
    record_change("lead", [handoff.lead_id for handoff in back])
    return len(back)


def put(handoffs: list[Handoff], **fields: object) -> None:
    Handoff.objects.filter(pk__in=[handoff.pk for handoff in handoffs]).update(**fields, updated_at=timezone.now())
