"""What marketing changed because of what sales said: written down, told to who said it, and measured later."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.access import may_write_campaign
from campaigns.models import Campaign
from crm.access import is_manager_of, require
from crm.editing import make, present, save_put
from crm.errors import BusinessError
from crm.models import NotificationKind, Side, User
from crm.notifications import notify
from crm.outbox import record_change
from crm.periods import own_day, start_of_day, zone
from feedback.models import Handoff, HandoffStatus, Improvement, ImprovementKind
from leads.lifecycle import ReasonUse
from leads.models import Reason

NOT_YOURS = "Only the owner of a campaign or a marketing manager says what changed there."
# Who rejected for this reason so lately is told what came of it.
TELL_BACK = timedelta(days=90)
LONGEST = 2_000
TELLING = {
    ImprovementKind.TARGETING: "changed whom {} aims at",
    ImprovementKind.FORM: "changed the form of {}",
    ImprovementKind.CONTENT: "changed the content of {}",
    ImprovementKind.DEFINITION: "changed what counts as a lead for {}",
    ImprovementKind.PROCESS: "changed how leads of {} are handed over",
    ImprovementKind.NONE: "leaves {} as it is, on purpose",
}


class BadImprovement(BusinessError):
    """``code`` names the rule: not_yet, not_a_verdict, too_long."""


def may_record(user: User, campaign: Campaign | None) -> bool:
    """A marketer on the own campaigns; marketing managers and admins on any, and on all at once."""
    if campaign is None:
        return user.is_admin or is_manager_of(user, Side.MARKETING)
    return may_write_campaign(user, campaign)


@transaction.atomic
def record_improvement(
    *,
    by: User,
    at: datetime,
    kind: str,
    text: str,
    on: date | None = None,
    campaign: Campaign | None = None,
    reason: Reason | None = None,
    **identity: Any,
) -> Improvement:
    """Write a change down, today's unless it says a day; who rejected for this reason is told once.

    Without a campaign it holds for all, without a reason for any. Raises NotAllowed, BadImprovement, ValidationError.
    """
    require(may_record(by, campaign), NOT_YOURS)
    on = on or own_day(at)
    check(on=on, reason=reason, text=text, at=at)
    fields = {"kind": kind, "text": text.strip(), "on": on, "campaign": campaign, "reason": reason, **identity}
    improvement = make(Improvement(by=by, **fields))
    tell_who_rejected(improvement, at=at)
    told(improvement)
    return improvement


@transaction.atomic
def edit_improvement(
    improvement: Improvement, *, by: User, at: datetime, seen: dict[str, Any] | None = None, **fields: Any
) -> Improvement:
    """Correct an entry; nobody is told again. Raises as `record_improvement`, and StaleEdit."""
    improvement = present(improvement)
    for campaign in {improvement.campaign, fields.get("campaign", improvement.campaign)}:
        require(may_record(by, campaign), NOT_YOURS)
    check(on=fields.get("on", improvement.on), reason=fields.get("reason"), text=fields.get("text", ""), at=at)
    told(improvement)
    save_put(improvement, fields, seen=seen)
    told(improvement)
    return improvement


@transaction.atomic
def remove_improvement(improvement: Improvement, *, by: User) -> None:
    """Take a wrong entry out of the log."""
    require(may_record(by, improvement.campaign), NOT_YOURS)
    told(improvement)
    improvement.delete()


def check(*, on: date, reason: Reason | None, text: str, at: datetime) -> None:
    """A change is told once it is made, in bearable length, and answers a verdict."""
    if len(text) > LONGEST:
        raise BadImprovement(f"That is too long: at most {LONGEST:,} characters.", code="too_long")
    if on > own_day(at):
        raise BadImprovement("Say what was changed once it is; this day lies ahead.", code="not_yet")
    if reason is not None and reason.use != ReasonUse.VERDICT:
        raise BadImprovement("Sales rejects with other reasons than this one.", code="not_a_verdict")


def rejections_answered(improvement: Improvement) -> QuerySet[Handoff]:
    """The latest rejections that the change answers: of its campaign, for its reason."""
    until = start_of_day(improvement.on + timedelta(days=1), zone())
    which = Q(status=HandoffStatus.REJECTED, decided_at__gte=until - TELL_BACK, decided_at__lt=until)
    if improvement.campaign_id:
        which &= Q(lead__campaign=improvement.campaign_id)
    if improvement.reason_id:
        which &= Q(reason=improvement.reason_id)
    return Handoff.objects.filter(which)


def tell_who_rejected(improvement: Improvement, *, at: datetime) -> None:
    """ "Marketing changed the form of Spring webinar because of your “Student”"."""
    who = rejections_answered(improvement).order_by().values("decided_by")
    people = User.objects.filter(pk__in=who, is_active=True)
    title = f"Marketing {in_words(improvement)}"
    if improvement.reason:
        title += f" because of your “{improvement.reason.label}”"
    where = f"/campaigns/{improvement.campaign_id}/#changes" if improvement.campaign_id else "/feedback/#changes"
    notify(
        people.exclude(pk=improvement.by.pk) if improvement.by else people,
        kind=NotificationKind.IMPROVEMENT,
        key=f"improvement:{improvement.pk}",
        title=title,
        text=improvement.text,
        url=where,
        at=at,
    )


def in_words(improvement: Improvement) -> str:
    """ "changed the form of Spring webinar"."""
    return TELLING[ImprovementKind(improvement.kind)].format(improvement.campaign or "every campaign")


def told(improvement: Improvement) -> None:
    """The figures of its campaign have something to say."""
    if improvement.campaign_id:
        record_change("campaign", [improvement.campaign_id])
