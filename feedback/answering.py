"""Whether a hand-off still waits, and for this person: asked before any answer, one or many."""

from collections.abc import Iterable

from django.db.models import Q

from crm.access import require
from crm.deeds import Deed
from crm.errors import NotAllowed
from crm.models import User
from feedback.access import may_decide, may_ever_decide
from feedback.errors import AlreadyDecided, TakenBack
from feedback.models import Handoff, HandoffStatus
from leads.errors import out_of_use

ONLY_SALES = "Only sales answers a hand-off."
# As many answers as are given at once.
MOST_ANSWERS = 500


def require_answerable(handoff: Handoff, *, by: User) -> Handoff:
    """The row as it is now, held until the transaction ends.

    Raises NotAllowed for whom it does not wait, AlreadyDecided and TakenBack for everybody who might have answered.
    """
    require(may_ever_decide(by), ONLY_SALES)
    # Without what it points to: that is never waited for, and mostly never asked for. The lead is read afterwards.
    present = Handoff.objects.select_for_update().filter(pk=handoff.pk).first()
    if present is None:
        raise TakenBack
    if present.status != HandoffStatus.OPEN:
        raise AlreadyDecided(present)
    if not may_decide(by, present):
        raise NotAllowed(not_for_you(present))
    return present


def hold_answerable(handoff_ids: Iterable[int], *, by: User) -> tuple[list[Handoff], Deed]:
    """Those of these (at most MOST_ANSWERS) that ``by`` may still answer, held, and a deed that names the others.

    In the deed stand the leads. Raises NotAllowed for whoever never answers.
    """
    require(may_ever_decide(by), ONLY_SALES)
    ids = list(handoff_ids)[:MOST_ANSWERS]
    hold(ids)
    found = Handoff.objects.filter(pk__in=ids).select_related(
        "lead", "to_user__team", "to_team", "decided_by", "followed_by__to_user", "followed_by__to_team"
    )
    answerable, deed = [], Deed()
    for handoff in found.order_by("pk"):
        if why := why_not(handoff, by=by):
            deed.refuse(handoff.lead_id, why)
        else:
            answerable.append(handoff)
    return answerable, deed


def hold(ids: list[int]) -> None:
    """Nobody else answers these until the transaction ends.

    They are read afterwards, in a statement of its own: what a row is joined with is never waited for.
    """
    list(Handoff.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def hold_with_followers(ids: list[int]) -> None:
    """Nobody answers these or what followed them, and nobody speaks there, until the transaction ends.

    Whoever answers a follower looks at the row that it follows: that is not kept from them, so that neither waits for
    the other.
    """
    for which in (Q(pk__in=ids), Q(follows__in=ids)):
        list(Handoff.objects.select_for_update(no_key=True).filter(which).order_by("pk").values_list("pk"))


def as_it_is(handoff: Handoff) -> Handoff:
    """The row as it is now. Raises TakenBack."""
    rows = Handoff.objects.select_related("lead", "to_user", "to_team", "decided_by")
    present = rows.filter(pk=handoff.pk).first()
    if present is None:
        raise TakenBack
    return present


def why_not(handoff: Handoff, *, by: User) -> str:
    """Why ``by`` cannot answer it any more; "" when one can."""
    if handoff.status != HandoffStatus.OPEN:
        return str(AlreadyDecided(handoff))
    return out_of_use(handoff.lead) if may_decide(by, handoff) else not_for_you(handoff)


def not_for_you(handoff: Handoff) -> str:
    return f"This lead waits for {handoff.recipient}, not for you."
