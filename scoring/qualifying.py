"""The system marks as MQL who meets the signed definition, once something new has happened.

Called by scoring/rescoring.py after scores are written, in the same transaction; twice is the same as once, for the
move itself is the newest thing that happened. What people decided holds: who was put away, merged, wants no contact,
or has been round as often as agreed stays; and so does, in nurture, who was over the threshold when sent there: what
sales answered is not asked again because a mail was opened. A raised hand is.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, When

from crm.models import Side
from feedback.recycling import HAND_RAISED, bring_back, coming_back
from leads.lifecycle import Stage
from leads.models import Lead, Touch, TouchBy, Transition
from leads.models.lead import LeadQuerySet
from scoring.definitions import active_definition
from scoring.engine import standings_at
from scoring.rules import HAND_STAYS_UP, Card, is_over

WAITING = (Stage.INQUIRY, Stage.NURTURE)
SCORE_REACHED = "The score reached what was agreed."


def qualify_leads(leads: Collection[int], *, card: Card, at: datetime) -> int:
    """Mark those of these leads as MQL that meet the ``card`` in force now; gives how many.

    Their scores are written, as of ``at``. Only a definition that both sides signed marks anybody.
    """
    waiting = Lead.objects.filter(pk__in=leads, stage__in=WAITING, leadscore__qualifies=True)
    ids = list(waiting.values_list("pk", flat=True)) if card.version is not None else []
    if not ids or not is_signed():
        return 0
    raised = raised_hands(ids, at=at)
    scored = sorted({*over_threshold(ids, card=card)} - {*raised})
    found = ((HAND_RAISED, raised), (SCORE_REACHED, scored))
    return sum(len(bring_back(ids, at=at, why=why, out_of=WAITING)) for why, ids in found)


def is_signed() -> bool:
    """Whether both sides' signatures stand under the definition in force."""
    definition = active_definition()
    return definition is not None and {one.get("side") for one in definition.signatures} == set(Side.values)


def raised_hands(leads: Collection[int], *, at: datetime) -> list[int]:
    """Those whose buyer raised a hand since they came to where they are, and not too long ago."""
    up = Q(leadscore__raised_at__gt=F("moved_at"), leadscore__raised_at__gte=at - HAND_STAYS_UP)
    return list(ready(leads).filter(up).order_by("pk").values_list("pk", flat=True))


def over_threshold(leads: Collection[int], *, card: Card) -> list[int]:
    """Those over the threshold of whom the buyer was heard since; in nurture only who was below it on the way there."""
    heard = Touch.objects.effective().filter(by=TouchBy.BUYER, at__gt=OuterRef("moved_at"))
    of_family = Exists(heard.filter(lead=OuterRef("pk"))) | Exists(heard.filter(lead__merged_into=OuterRef("pk")))
    rows = ready(leads).filter(of_family).order_by("pk").values_list(
        "pk", "stage", "stage_since", "leadscore__shown", "leadscore__grade", named=True
    )  # fmt: skip
    found = [row for row in rows if is_over(card, row.leadscore__shown, row.leadscore__grade)]
    parked = [(row.pk, row.stage_since) for row in found if row.stage == Stage.NURTURE]
    standings = standings_at(parked, card=card) if parked else ()
    answered = {one.lead for one in standings if not one.excluded and is_over(card, one.shown, one.grade)}
    return [row.pk for row in found if row.pk not in answered]


def ready(leads: Collection[int]) -> LeadQuerySet:
    """Those of these leads, which meet the definition, that may become MQL by themselves.

    ``moved_at``: what happened later is news; of a lead that was only captured, what it was captured with is, too.
    """
    newest = Transition.objects.filter(lead=OuterRef("pk"), seq=OuterRef("seq")).values("at")
    moved = Subquery(newest, output_field=DateTimeField())
    just_before = ExpressionWrapper(moved - timedelta(microseconds=1), output_field=DateTimeField())
    since = Case(When(seq=1, then=just_before), default=moved)
    return coming_back().filter(pk__in=leads).annotate(moved_at=since)
