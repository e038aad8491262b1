"""The talk about a hand-off: marketing asks back, sales answers, whoever is named is told."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from crm.errors import BusinessError
from crm.models import NotificationKind, User
from crm.notifications import notify
from feedback.answering import as_it_is, hold
from feedback.mentions import mentioned_in
from feedback.models import Handoff, HandoffStatus, Reply

LONGEST = 4_000


class BadReply(BusinessError):
    code = "bad_reply"


@transaction.atomic
def reply_to(handoff: Handoff, *, by: User, at: datetime, text: str) -> Reply:
    """Say something about a hand-off, open or answered; everybody may. Who is named with @ is told, and who takes part.

    Raises BadReply, AmbiguousMention, TakenBack.
    """
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise BadReply("Write something first.")
    if len(text) > LONGEST:
        raise BadReply(f"That is too long: at most {LONGEST:,} characters.")
    mentioned = mentioned_in(text)
    hold([handoff.pk])
    as_it_is(handoff)
    listening = people_in_talk(handoff)
    reply = Reply.objects.create(handoff=handoff, by=by, at=at, text=text)
    reply.mentions.set(mentioned)
    tell(reply, mentioned, kind=NotificationKind.MENTION, what="mentioned you")
    others = [person for person in listening if person not in mentioned]
    tell(reply, others, kind=NotificationKind.REPLY, what="replied")
    return reply


def people_in_talk(handoff: Handoff) -> list[User]:
    """Who handed over, who answered, else who is asked to, and who has spoken; as far as they still work here."""
    asked = handoff.to_user_id if handoff.status == HandoffStatus.OPEN else None
    ids: set[int | None] = {handoff.offered_by_id, handoff.decided_by_id, asked}
    ids |= set(handoff.replies.order_by().values_list("by", flat=True).distinct())
    return list(User.objects.filter(pk__in=[pk for pk in ids if pk], is_active=True))


def tell(reply: Reply, people: Collection[User], *, kind: str, what: str) -> None:
    """One notification each; nobody is told what they said themselves."""
    handoff = reply.handoff
    notify(
        [person for person in people if person != reply.by],
        kind=kind,
        key=f"reply:{reply.pk}",
        title=f"{reply.by} {what}: {handoff.lead}",
        text=reply.text,
        url=f"/handoffs/{handoff.pk}/replies/",
        at=reply.at,
    )
