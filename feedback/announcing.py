"""What the bell says about hand-offs and their verdicts: to who is asked, and to who handed over. Set-based.

What no longer waits for anybody rings no longer: the notices of a decided hand-off count as read, those of a verdict
that was taken back are gone.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse

from crm.models import Notification, NotificationKind, User
from feedback.mentions import plainly_mentioned_in
from feedback.models import DEEDS, Handoff, HandoffStatus
from feedback.telling import MOST_EACH, Notice, key_of, recipients_of, tell_each

# These ask for an answer.
ASKING = (NotificationKind.HANDOFF, NotificationKind.DUE_SOON, NotificationKind.OVERDUE)


def announce_handoffs(handoffs: Sequence[Handoff], *, at: datetime) -> None:
    """Tell who is asked: one lead by its name, several at once as one line. ``lead`` is read."""
    asked = recipients_of(handoffs)
    of_person: dict[int, list[Handoff]] = defaultdict(list)
    for handoff in handoffs:
        for user in asked[handoff.pk]:
            if user != handoff.offered_by_id:
                of_person[user].append(handoff)
    tell_each([handed_to(user, theirs) for user, theirs in of_person.items()], at=at)


def handed_to(user: int, handoffs: Sequence[Handoff]) -> Notice:
    first = handoffs[0]
    if len(handoffs) == 1:
        company = first.lead.company_name
        return Notice(
            user, NotificationKind.HANDOFF, key_of(NotificationKind.HANDOFF, first), f"{first.lead} was handed to you",
            ", ".join(filter(None, [company if company != str(first.lead) else "", first.promised])),
            f"/inbox/?open={first.pk}",
        )  # fmt: skip
    key = f"handoffs:{first.pk}..{handoffs[-1].pk}"
    title = f"{len(handoffs)} leads were handed to you"
    return Notice(user, NotificationKind.HANDOFF, key, title, some_names(handoffs), "/inbox/")


def announce_verdicts(handoffs: Sequence[Handoff], *, by: User, at: datetime) -> None:
    """Tell who handed these over what ``by`` answered, the same to all of them, and whom its words name with @.

    Nobody is asked any more.
    """
    if not handoffs:
        return
    settle_asked(handoffs, at=at)
    of_person: dict[int, list[Handoff]] = defaultdict(list)
    for handoff in handoffs:
        if handoff.offered_by_id and handoff.offered_by_id != by.pk:
            of_person[handoff.offered_by_id].append(handoff)
    answers = [one for user, theirs in of_person.items() for one in answers_for(user, theirs, by)]
    named = [user.pk for user in plainly_mentioned_in(handoffs[0].comment) if user != by and user.pk not in of_person]
    tell_each([*answers, *(mention_of(user, handoffs, by) for user in named)], at=at)


def answers_for(user: int, handoffs: Sequence[Handoff], by: User) -> Iterator[Notice]:
    """One by one, so that each can be taken back and read; many at once are one line."""
    deed = DEEDS[HandoffStatus(handoffs[0].status)]
    if len(handoffs) > MOST_EACH:
        title = f"{by} {deed} {len(handoffs)} leads"
        yield Notice(user, NotificationKind.VERDICT, many_key(handoffs), title, why(handoffs[0]), "/feedback/")
        return
    for handoff in handoffs:
        title = f"{by} {deed} {handoff.lead}"
        yield Notice(
            user, NotificationKind.VERDICT, verdict_key(handoff), title, why(handoff), f"/leads/{handoff.lead_id}/"
        )


def mention_of(user: int, handoffs: Sequence[Handoff], by: User) -> Notice:
    """To somebody whom the words of the answer name, who is not told of it anyway."""
    first = handoffs[0]
    about, url = str(first.lead), reverse("desk:replies", args=[first.pk])
    if len(handoffs) > 1:
        about, url = f"{len(handoffs)} leads", "/feedback/"
    title, key = f"{by} mentioned you: {about}", mention_key(handoffs)
    return Notice(user, NotificationKind.MENTION, key, title, why(first), url)


def why(handoff: Handoff) -> str:
    """The reason and the words of a rejection; of an acceptance the words."""
    return ": ".join(filter(None, [handoff.reason.label if handoff.reason else "", handoff.comment]))


def settle_asked(handoffs: Sequence[Handoff], *, at: datetime) -> None:
    """Nobody has to answer these any more: what asked for it counts as read."""
    people = {user for asked in recipients_of(handoffs).values() for user in asked}
    keys = [key_of(kind, handoff) for handoff in handoffs for kind in ASKING]
    Notification.objects.filter(user__in=people, key__in=keys, read_at__isnull=True).update(read_at=at)


def take_back_verdicts(handoffs: Sequence[Handoff]) -> None:
    """The verdicts are undone: who has not read of them yet need not. Called while the rows still hold the verdict."""
    if not handoffs:
        return
    people = {handoff.offered_by_id for handoff in handoffs if handoff.offered_by_id}
    of_person = [[handoff for handoff in handoffs if handoff.offered_by_id == person] for person in people]
    keys = [verdict_key(handoff) for handoff in handoffs] + [many_key(theirs) for theirs in of_person]
    named = {user.pk for words in {handoff.comment for handoff in handoffs} for user in plainly_mentioned_in(words)}
    keys += [mention_key([handoff]) for handoff in handoffs] + [mention_key(handoffs)]
    Notification.objects.filter(user__in=people | named, key__in=keys, read_at__isnull=True).delete()


def verdict_key(handoff: Handoff) -> str:
    """Of this answer: a second one, after the first was taken back, is news again."""
    return f"verdict:{handoff.pk}:{moment_of(handoff)}"


def many_key(handoffs: Sequence[Handoff]) -> str:
    """Of one answer to many at once."""
    return f"verdicts:{handoffs[0].pk}..{handoffs[-1].pk}:{moment_of(handoffs[0])}"


def mention_key(handoffs: Sequence[Handoff]) -> str:
    return f"named:{verdict_key(handoffs[0]) if len(handoffs) == 1 else many_key(handoffs)}"


def moment_of(handoff: Handoff) -> int:
    assert handoff.decided_at
    return int(handoff.decided_at.timestamp())


def some_names(handoffs: Sequence[Handoff]) -> str:
    """ "Ada Lovelace, Bo Berg, Cy Cole and 9 more"."""
    names = ", ".join(str(handoff.lead) for handoff in handoffs[:3])
    return f"{names} and {len(handoffs) - 3} more" if len(handoffs) > 3 else names
