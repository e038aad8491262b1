"""What marketing and sales promise each other; the active agreement sets the clocks."""

from feedback.models import Agreement, SignedStatus


def active_agreement() -> Agreement:
    """The agreement in force; before the first is signed, one with the defaults, which then only advise."""
    return Agreement.objects.filter(status=SignedStatus.ACTIVE).first() or Agreement(version=0)
