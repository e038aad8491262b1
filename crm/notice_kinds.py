"""The kinds of notifications in the words and signs that people see, and whom each concerns."""

from dataclasses import dataclass

from crm.access import is_manager_of
from crm.models import NotificationKind, Role, Side, User


@dataclass(frozen=True)
class KindWords:
    """``words``: when it rings."""

    icon: str
    words: str


@dataclass(frozen=True)
class KindGroup:
    title: str
    # Of whose work: of one side, or of everybody's when None.
    side: Side | None
    kinds: dict[NotificationKind, KindWords]


K = NotificationKind
GROUPS = (
    KindGroup("Sales", Side.SALES, {
        K.HANDOFF: KindWords("transfer-in", "Marketing handed you a lead, and it waits for your answer"),
        K.DUE_SOON: KindWords("hourglass", "A lead is about to wait longer than agreed"),
        K.OVERDUE: KindWords("alarm", "A lead has waited longer than agreed"),
        K.PASSED_ON: KindWords("arrow-forward-up", "A lead went to somebody else because nobody answered in time"),
        K.IMPROVEMENT: KindWords("bulb", "Marketing changed something because of what sales said"),
    }),
    KindGroup("Marketing", Side.MARKETING, {
        K.VERDICT: KindWords("gavel", "Sales accepted or rejected a lead that you handed over"),
        K.REQUEST: KindWords("message-question", "Sales asks for something, or an answer to what you asked for"),
        K.LEAD_BACK: KindWords("rotate", "A lead came back and can be worked again"),
    }),
    KindGroup("Everybody", None, {
        K.TASK_DUE: KindWords("clock", "A task reminds you"),
        K.ASSIGNED: KindWords("user-check", "Somebody gave you work"),
        K.MENTION: KindWords("at", "Somebody named you in a comment"),
        K.REPLY: KindWords("message-reply", "Somebody answered a comment of yours"),
        K.SIGNATURE: KindWords("signature", "A definition or agreement waits for your signature"),
        K.MAIL_FAILED: KindWords("mail-exclamation", "An e-mail that you wrote could not be sent"),
        K.MODEL: KindWords("chart-histogram", "A prediction was taken back because it no longer came true"),
    }),
)  # fmt: skip
# Both sides take part in these, whoever's work it mostly is.
SHARED = {K.REQUEST, K.LEAD_BACK}
WORDS: dict[str, KindWords] = {kind: words for group in GROUPS for kind, words in group.kinds.items()}


def icon_of(kind: str) -> str:
    return WORDS[kind].icon


def groups_for(person: User) -> list[KindGroup]:
    """What may ring for this person, their own side first; managers and admins see all."""
    seen = [group for group in GROUPS if group.side is None or group.side in sides_of(person)]
    others = {kind: words for group in GROUPS if group not in seen for kind, words in group.kinds.items()}
    shared = {kind: words for kind, words in others.items() if kind in SHARED}
    if not shared:
        return seen
    return [*seen[:-1], KindGroup(seen[-1].title, None, {**seen[-1].kinds, **shared})]


def sides_of(person: User) -> set[Side]:
    if person.is_admin:
        return {Side.SALES, Side.MARKETING}
    if person.is_manager:
        return {side for side in Side if is_manager_of(person, side)} or set(Side)
    return {Side.MARKETING if person.role == Role.MARKETER else Side.SALES}
