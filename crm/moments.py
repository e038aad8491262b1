"""Which moments a person can mean: a year with a slip in it would be kept, and be no time at all in another zone."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def require_a_likely_year(at: datetime) -> None:
    """For form fields that ask for a moment."""
    if not EARLIEST <= at < LATEST:
        raise ValidationError("Look at the year once more.", code="unlikely_year")


def require_the_past(at: datetime) -> None:
    """For form fields that ask when something happened; the clock of a browser shows whole minutes."""
    require_a_likely_year(at)
    if at > timezone.now():
        raise ValidationError("This lies in the future.", code="at_in_future")
