"""One tap of sales after a lead was qualified, returned or closed: how good it was, what helped, what was asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from campaigns.models import Asset
from crm.access import require
from crm.errors import BusinessError
from crm.models import User
from feedback.models import Impression, Moment, Quality, Question
from leads.access import is_sales_owner, may_work_opportunity
from leads.errors import MergedLead
from leads.lifecycle import Stage
from leads.models import Lead, Opportunity, Transition

REFUSED = "Only who works this lead, or their manager, says how good it was."
WORKED = (Stage.ACCEPTED, Stage.QUALIFIED)
# The moves after which sales is asked.
MOVES = {
    Moment.QUALIFY: Q(to_stage=Stage.QUALIFIED),
    Moment.RETURN: Q(from_stage__in=WORKED, to_stage__in=(Stage.NURTURE, Stage.DISQUALIFIED)),
    Moment.CLOSE: Q(to_stage__in=(Stage.CUSTOMER, Stage.LOST)),
}
MOST_THEMES = 7


def may_say(user: User, lead: Lead, opportunity: Opportunity | None = None) -> bool:
    """The owner of the lead or of the opportunity that came of it, and their manager."""
    return is_sales_owner(user, lead) or (opportunity is not None and may_work_opportunity(user, opportunity))


@transaction.atomic
def record_impression(
    lead: Lead,
    *,
    by: User,
    at: datetime,
    moment: str,
    question: str,
    opportunity: Opportunity | None = None,
    quality: int | None = None,
    asset: Asset | None = None,
    theme: str = "",
) -> Impression:
    """Write one answer down; a second answer to the same question takes the place of the first.

    Raises NotAllowed, MergedLead, BusinessError: `other_lead`, `not_yet`, `wrong_answer`.
    """
    require(may_say(by, lead, opportunity), REFUSED)
    if lead.merged_into_id:
        raise MergedLead(lead)
    if opportunity and opportunity.lead_id != lead.pk and not opportunity.parts.filter(lead=lead).exists():
        raise BusinessError("This opportunity did not come of this lead.", code="other_lead")
    if not has_come(lead, moment, opportunity):
        raise BusinessError("Sales is asked once this has happened.", code="not_yet")
    answer = {"quality": quality, "asset": asset, "theme": " ".join(theme.split())}
    check_answer(question, answer)
    row, _is_new = Impression.objects.update_or_create(
        lead=lead, episode=lead.episode, moment=moment, question=question, by=by,
        defaults={"opportunity": opportunity, "at": at, **answer},
    )  # fmt: skip
    return row


def has_come(lead: Lead, moment: str, opportunity: Opportunity | None = None) -> bool:
    """Whether the lead came to this moment in its present time round, or the opportunity to its close."""
    if moment == Moment.CLOSE and opportunity is not None and not opportunity.is_open:
        return True
    if moment not in Moment.values:
        return False
    moves = Transition.objects.effective().filter(MOVES[Moment(moment)], lead=lead, episode=lead.episode)
    return moves.exists()


def moment_of(lead: Lead, last: Transition) -> str:
    """What sales may still say something about, by the ``last`` move of a lead; "" for nothing."""
    if lead.stage == Stage.NURTURE and last.from_stage in WORKED:
        return Moment.RETURN.value
    if lead.stage in (Stage.CUSTOMER, Stage.LOST):
        return Moment.CLOSE.value
    return Moment.QUALIFY.value if lead.stage in (Stage.QUALIFIED, Stage.OPPORTUNITY) else ""


def check_answer(question: str, answer: dict[str, Any]) -> None:
    """Exactly what the question asks for."""
    fields = {Question.QUALITY: "quality", Question.CONTENT: "asset", Question.THEME: "theme"}
    given = {name for name, value in answer.items() if value}
    if question not in Question.values or given != {fields[Question(question)]}:
        raise BusinessError("Answer the question that is asked, and only that.", code="wrong_answer")
    if answer["quality"] and answer["quality"] not in Quality.values:
        raise BusinessError("It was good, fair or poor.", code="wrong_answer")
    if len(answer["theme"]) > Impression._meta.get_field("theme").max_length:  # type: ignore[operator]
        raise BusinessError("Name what they asked about in a word or two.", code="wrong_answer")


def said_of(lead: Lead) -> QuerySet[Impression]:
    """What sales said of a lead, newest first."""
    return Impression.objects.filter(lead=lead).select_related("by", "asset").order_by("-at", "-pk")


@dataclass(frozen=True)
class Heard:
    """What sales said of some leads. ``themes``, ``contents``: (what, how often), most frequent first."""

    good: int
    fair: int
    poor: int
    themes: Sequence[tuple[str, int]]
    contents: Sequence[tuple[Asset, int]]

    @property
    def rated(self) -> int:
        return self.good + self.fair + self.poor

    def __bool__(self) -> bool:
        return bool(self.rated or self.themes or self.contents)


def impressions_of(impressions: QuerySet[Impression]) -> Heard:
    """The answers among these impressions, added up: three queries for any number of them."""
    rows = impressions.order_by()
    by_quality = Counter(dict(rows.exclude(quality=None).values_list("quality").annotate(count=Count("pk"))))
    themes = rows.exclude(theme="").values_list("theme").annotate(count=Count("pk")).order_by("-count", "theme")
    counted = rows.exclude(asset=None).values_list("asset").annotate(count=Count("pk")).order_by("-count", "asset")
    helped = list(counted[:MOST_THEMES])
    assets = Asset.objects.in_bulk([pk for pk, _count in helped])
    return Heard(
        good=by_quality[Quality.GOOD],
        fair=by_quality[Quality.FAIR],
        poor=by_quality[Quality.POOR],
        themes=list(themes[:MOST_THEMES]),
        contents=[(assets[pk], count) for pk, count in helped],
    )
