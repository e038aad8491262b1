"""Whether a hand-off still waits, and for this person: asked before any answer, one or many."""

from collections.abc import Iterable

from crm.access import require
from crm.deeds import Deed
from crm.models import User
from feedback.access import may_decide, may_ever_decide
from feedback.errors import AlreadyDecided
from feedback.models import Handoff, HandoffStatus
from leads.errors import out_of_use

ONLY_SALES = "Only sales answers a hand-off."
# As many answers as are given at once.
MOST_ANSWERS = 500


def require_answerable(handoff: Handoff, *, by: User) -> Handoff:
    """The row as it is now, held until the transaction ends.

    Raises NotAllowed for whom it does not wait, AlreadyDecided for everybody who might have answered.
    """
    require(may_ever_decide(by), ONLY_SALES)
    hold([handoff.pk])
    present = Handoff.objects.select_related("lead", "to_user", "to_team", "decided_by").get(pk=handoff.pk)
    if present.status != HandoffStatus.OPEN:
        raise AlreadyDecided(present)
    require(may_decide(by, present), not_for_you(present))
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


def why_not(handoff: Handoff, *, by: User) -> str:
    """Why ``by`` cannot answer it any more; "" when one can."""
    if handoff.status != HandoffStatus.OPEN:
        return str(AlreadyDecided(handoff))
    return out_of_use(handoff.lead) if may_decide(by, handoff) else not_for_you(handoff)


def not_for_you(handoff: Handoff) -> str:
    return f"This lead waits for {handoff.recipient}, not for you."
