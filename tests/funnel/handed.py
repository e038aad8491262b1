"""Hand-offs with a clock, for tests of what was promised about them."""

from datetime import timedelta

from feedback.models import Handoff
from feedback.verdicts import accept_handoff
from tests.factories import HOUR, MONDAY, make_handoff, make_mql


def handed(to, *, due=2 * HOUR, after: timedelta | None = None, at=MONDAY, **lead) -> Handoff:
    """Handed over, due so much later, accepted ``after`` a time or open."""
    handoff = make_handoff(to=to, at=at, lead=make_mql(at=at, **lead))
    Handoff.objects.filter(pk=handoff.pk).update(due_at=at + due)
    handoff.refresh_from_db()
    return handoff if after is None else accept_handoff(handoff, by=to, at=at + after)
