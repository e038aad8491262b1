"""What marketing and sales promise each other; the active agreement sets the clocks."""

from datetime import datetime, timedelta

from feedback.models import Agreement, SignedStatus


def active_agreement() -> Agreement:
    """The agreement in force; before the first is signed, one with the defaults, which then only advise."""
    return Agreement.objects.filter(status=SignedStatus.ACTIVE).first() or Agreement(version=0)


def verdict_due(offered_at: datetime) -> datetime:
    """When the answer to a hand-off is due."""
    return offered_at + timedelta(hours=active_agreement().hours_to_verdict)
