"""What happened, told in a line."""

from campaigns.models import Channel
from crm.models import Side, User
from crm.words import duration
from feedback.models import DEEDS, Handoff, HandoffStatus
from leads.models import Activity, ActivityKind, ActivityOutcome, Direction, Route, Touch, TouchKind

# What a buyer did, with the thing it was done to and without.
TOUCHES: dict[str, tuple[str, str]] = {
    TouchKind.FORM: ("Filled in “{}”", "Filled in a form"),
    TouchKind.CLICK: ("Clicked in “{}”", "Clicked a link"),
    TouchKind.OPEN: ("Opened “{}”", "Opened a mail"),
    TouchKind.VISIT: ("Visited “{}”", "Visited the site"),
    TouchKind.DOWNLOAD: ("Downloaded “{}”", "Downloaded content"),
    TouchKind.ATTEND: ("Attended “{}”", "Attended an event"),
    TouchKind.REPLY: ("Replied to “{}”", "Replied"),
    TouchKind.MAILED: ("Was sent “{}”", "Was sent a mail"),
    TouchKind.MEETING: ("Met us at “{}”", "Met us"),
    TouchKind.SOCIAL: ("Responded to “{}”", "Responded on social media"),
    TouchKind.OTHER: ("Came by “{}”", "Was in touch"),
}
TOUCH_ICONS = {
    TouchKind.FORM: "forms",
    TouchKind.CLICK: "pointer",
    TouchKind.OPEN: "mail-opened",
    TouchKind.VISIT: "world",
    TouchKind.DOWNLOAD: "download",
    TouchKind.ATTEND: "presentation",
    TouchKind.REPLY: "message-reply",
    TouchKind.MAILED: "mail",
    TouchKind.MEETING: "users",
    TouchKind.SOCIAL: "thumb-up",
    TouchKind.OTHER: "point",
}
ACTIVITY_ICONS = {
    ActivityKind.CALL: "phone",
    ActivityKind.EMAIL: "mail",
    ActivityKind.MEETING: "users",
    ActivityKind.SOCIAL: "message-circle",
    ActivityKind.EVENT: "calendar-event",
    ActivityKind.NOTE: "note",
}
# What came of it, after "Called", "Wrote", "Met".
OUTCOMES = {
    ActivityOutcome.REACHED: "reached",
    ActivityOutcome.VOICEMAIL: "left a voicemail",
    ActivityOutcome.NO_ANSWER: "no answer",
    ActivityOutcome.WRONG_NUMBER: "wrong number",
    ActivityOutcome.BOUNCED: "bounced",
    ActivityOutcome.REPLIED: "replied",
    ActivityOutcome.HELD: "held",
    ActivityOutcome.CANCELLED: "cancelled",
}
DONE = {
    (ActivityKind.CALL, Direction.INBOUND): "The buyer called",
    (ActivityKind.CALL, Direction.OUTBOUND): "Called",
    (ActivityKind.EMAIL, Direction.INBOUND): "The buyer wrote",
    (ActivityKind.EMAIL, Direction.OUTBOUND): "Wrote an e-mail",
    (ActivityKind.SOCIAL, Direction.INBOUND): "The buyer sent a message",
    (ActivityKind.SOCIAL, Direction.OUTBOUND): "Sent a message",
}
ROUTE_AHEAD = {
    Route.REROUTE: "goes to somebody else in sales",
    Route.REPAIR: "goes back to marketing for repair",
    Route.NURTURE: "goes to nurture",
    Route.DISQUALIFY: "is disqualified",
}
ROUTE_TAKEN = {
    Route.REROUTE: "passed on to {}",
    Route.REPAIR: "back with marketing for repair",
    Route.NURTURE: "to nurture",
    Route.DISQUALIFY: "disqualified",
}


def touch_line(touch: Touch) -> str:
    """ "Attended “Spring webinar”": the content, else the campaign, that the buyer met."""
    about, alone = TOUCHES[touch.kind]
    thing = touch.asset or touch.campaign
    return about.format(thing) if thing else alone


def touch_origin(touch: Touch) -> str:
    """The campaign behind the content of a touch, else its channel; "" where the line of the touch says it all."""
    if touch.asset is None:
        return ""
    if touch.campaign:
        return str(touch.campaign) if str(touch.campaign) != str(touch.asset) else ""
    return str(Channel(touch.channel).label) if touch.channel else ""


def activity_line(activity: Activity) -> str:
    """ "Called, no answer", "The buyer wrote", "Meeting, held"."""
    kind = ActivityKind(activity.kind)
    done = DONE.get((kind, Direction(activity.direction))) if activity.direction else None
    outcome = OUTCOMES[ActivityOutcome(activity.outcome)] if activity.outcome else ""
    if activity.mail:
        done = f"Wrote “{activity.mail.subject}”"
    return ", ".join(filter(None, [done or str(kind.label), outcome]))


def activity_text(activity: Activity) -> str:
    """ "12 min, with Mia, showed “Price list”"; "" when none of it is known."""
    with_whom = ", ".join(str(person) for person in activity.participants.all())
    facts = [
        duration(activity.duration) if activity.duration else "",
        f"with {with_whom}" if with_whom else "",
        f"showed “{activity.asset}”" if activity.asset else "",
    ]
    said = ", ".join(filter(None, facts))
    return said[:1].upper() + said[1:]


def side_of_person(user: User | None) -> str:
    """Whose colour a deed has; "" for the system's."""
    if user is None:
        return ""
    return Side.MARKETING.value if user.is_marketer else Side.SALES.value


def verdict_line(handoff: Handoff) -> str:
    """ "Rob rejected this", "No answer from Rob in time", "Max passed this on from Rob to Rosa"."""
    status, who = HandoffStatus(handoff.status), handoff.decided_by or "The system"
    if status == HandoffStatus.EXPIRED:
        return f"No answer from {handoff.recipient} in time"
    if handoff.is_passed_on:
        return f"{who} passed this on from {handoff.recipient} to {handoff.heir}"
    return f"{who} {DEEDS[status]} this"


def route_line(handoff: Handoff) -> str:
    """What became of a rejected hand-off: "passed on to Rosa", "to nurture"; "" for other verdicts."""
    return ROUTE_TAKEN[Route(handoff.route)].format(handoff.heir) if handoff.route else ""


def ordinal_word(number: int) -> str:
    """2 -> "2nd", as in “Recycled, 2nd time”."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
