"""What the bell says about clocks: set-based, once, and many of a kind at a time as one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.models import Notification, NotificationKind, Role, User
from feedback.models import Handoff

# So many of a kind are told one by one; more at a time in one line, so that a bad morning is one ring and not ninety.
MOST_EACH = 5
# Of many the line is this: how many, and where to see them.
MANY = {
    NotificationKind.DUE_SOON: "{count} answers are due soon",
    NotificationKind.OVERDUE: "{count} answers are late",
    NotificationKind.PASSED_ON: "{count} leads were passed on, no answer in time",
    NotificationKind.HANDOFF: "{count} leads wait for you that others did not answer in time",
    NotificationKind.TASK_DUE: "{count} leads that you accepted wait for a first call",
    NotificationKind.LEAD_BACK: "{count} leads are back",
}


@dataclass(frozen=True)
class Notice:
    """One thing to tell one person. ``key``: what it is about, told once."""

    user: int
    kind: NotificationKind
    key: str
    title: str
    text: str = ""
    url: str = ""


def tell(notices: Iterable[Notice], *, at: datetime, many_url: str = "/inbox/") -> None:
    """Ring these people's bells in one insert; who was told a key already is not told again."""
    of_person: dict[tuple[int, NotificationKind], dict[str, Notice]] = defaultdict(dict)
    for notice in notices:
        of_person[notice.user, notice.kind].setdefault(notice.key, notice)
    tell_each([one for notices in of_person.values() for one in bundled(list(notices.values()), many_url)], at=at)


def tell_each(notices: Iterable[Notice], *, at: datetime) -> None:
    """The same, of each notice by itself."""
    Notification.objects.bulk_create(
        [
            Notification(
                user_id=one.user, kind=one.kind, key=one.key, title=one.title[:200], text=one.text[:300],
                url=one.url, at=at,
            )
            for one in notices
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def bundled(notices: Sequence[Notice], url: str) -> Sequence[Notice]:
    """The same, or in place of many of one kind to one person a single one that counts them."""
    if len(notices) <= MOST_EACH:
        return notices
    first, last = notices[0], notices[-1]
    title = MANY[first.kind].format(count=len(notices))
    return [Notice(first.user, first.kind, f"{first.key}..{last.key.rpartition(':')[2]}", title, url=url)]


def key_of(kind: NotificationKind, handoff: Handoff) -> str:
    """Of what is told of a hand-off once: under the same key it is settled when nobody is asked any more."""
    return f"{kind.value}:{handoff.pk}"


def recipients_of(handoffs: Sequence[Handoff]) -> dict[int, list[int]]:
    """Whom each hand-off asks, by its id: the person, or every rep of the team."""
    teams = {handoff.to_team_id for handoff in handoffs if handoff.to_user_id is None}
    reps: dict[int | None, list[int]] = defaultdict(list)
    if teams:
        members = User.objects.filter(team__in=teams, role=Role.REP, is_active=True)
        for pk, team in members.values_list("pk", "team"):
            reps[team].append(pk)
    return {
        handoff.pk: [handoff.to_user_id] if handoff.to_user_id else reps[handoff.to_team_id] for handoff in handoffs
    }


def manager_of(handoff: Handoff) -> int | None:
    """Who answers for the team that was asked; ``team`` is read."""
    return handoff.team.manager_id if handoff.team else None
