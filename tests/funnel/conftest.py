import pytest

from tests.factories import DAY, HOUR
from tests.funnel.handed import handed


@pytest.fixture
def s2(rob):
    """METRICS S2: 10 leads, 6 in time, 1 late, 1 open past due, 2 open and not due."""
    for _ in range(6):
        handed(rob, after=HOUR)
    handed(rob, after=3 * HOUR)
    handed(rob)
    for _ in range(2):
        handed(rob, due=20 * DAY)
