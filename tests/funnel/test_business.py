"""What was sold, as both heads look at it, and what is open between them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from crm.fiscal import Span
from crm.models import Organisation, TeamMembership
from feedback.models import Agreement, Request
from feedback.verdicts import reject_handoff
from funnel.handoffs.open_promises import open_promises
from funnel.handoffs.service_levels import Days
from funnel.targets.business import business, heads, year_before
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_opportunity, make_user, reason

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 1, tzinfo=UTC)
QUARTER = (date(2026, 1, 1), date(2026, 4, 1))


def won(day, amount, **fields):
    at = datetime.combine(day, datetime.min.time(), UTC) + 9 * HOUR
    return make_opportunity(
        outcome="won", stage="won", amount=Decimal(amount), opened_at=at - 20 * DAY, closed_at=at, **fields
    )


def test_marketings_share_is_of_new_business_alone():
    won(date(2026, 1, 10), 300, lead=make_lead())
    won(date(2026, 2, 10), 700)
    won(date(2026, 2, 11), 5_000, kind="renewal")
    won(date(2026, 4, 1), 9_000)

    told = business(*QUARTER, at=AT)

    assert (told.new_business, told.marketings, told.new_deals, told.won) == (1_000, 300, 2, 6_000)
    assert told.marketing_share == Decimal("0.3")


def test_growth_is_against_the_same_quarter_a_year_before():
    won(date(2025, 1, 1), 400), won(date(2025, 3, 31), 400), won(date(2025, 4, 1), 9_000)
    won(date(2026, 2, 1), 1_000)

    assert business(*QUARTER, at=AT).growth == Decimal("0.25")


def test_a_quarter_that_runs_is_held_against_as_many_days():
    won(date(2025, 1, 10), 400), won(date(2025, 3, 31), 9_000)
    won(date(2026, 1, 5), 600)

    assert business(*QUARTER, at=datetime(2026, 1, 10, 12, tzinfo=UTC)).growth == Decimal("0.5")


def test_of_nothing_a_year_before_no_growth_is_told():
    told = business(*QUARTER, at=AT)

    assert (told.growth, told.marketing_share, told.per_head) == (None, None, None)


@pytest.mark.parametrize(
    ("calendar", "span", "before"),
    [
        ("months", ("2026-01-01", "2026-04-01"), ("2025-01-01", "2025-04-01")),
        ("months", ("2026-01-01", "2026-02-01"), ("2025-01-01", "2025-02-01")),
        ("months", ("2026-01-01", "2026-07-01"), ("2025-01-01", "2025-07-01")),
        ("445", ("2025-12-29", "2026-03-30"), ("2024-12-30", "2025-03-31")),
    ],
)
def test_a_year_before_follows_the_fiscal_calendar(calendar, span, before):
    Organisation.get()
    Organisation.objects.update(fiscal_calendar=calendar)

    told = year_before(Span(*map(date.fromisoformat, span)))

    assert (str(told.start), str(told.end)) == before


def test_heads_are_those_of_dated_memberships(rob, north):
    TeamMembership.objects.all().delete()
    assert heads(Span(*QUARTER)) == 1

    TeamMembership.objects.create(user=rob, team=north, starts_on=date(2025, 1, 1), ends_on=date(2026, 1, 30))
    TeamMembership.objects.create(user=make_user("nora"), team=north, starts_on=date(2026, 3, 2))

    assert heads(Span(*QUARTER)) == pytest.approx((30 + 30) / 90)


def test_revenue_per_head(rob, north):
    TeamMembership.objects.all().delete()
    TeamMembership.objects.create(user=rob, team=north, starts_on=date(2026, 2, 15))
    won(date(2026, 2, 1), 1_000)

    assert business(*QUARTER, at=AT).per_head == 2_000


def test_open_promises_now_and_at_the_end_of_days_that_are_over(rob, mia):
    handoff = make_handoff(to=rob, at=MONDAY)
    answered = make_handoff(to=rob, at=MONDAY)
    reject_handoff(answered, by=rob, at=MONDAY + HOUR, reason=reason("industry"), comment="Why these?")
    fields = {"asked_by": rob, "asked_at": MONDAY, "kind": "other", "text": "A sheet"}
    Request.objects.create(**fields)
    Request.objects.create(
        **fields, status="accepted", answered_by=mia, answered_at=MONDAY + HOUR, promised_on=MONDAY.date()
    )
    Request.objects.create(
        **fields, status="declined", answered_by=mia, answered_at=MONDAY + HOUR, closed_at=MONDAY + HOUR, answer="No"
    )
    Agreement.objects.create(version=1, status="proposed")

    now = open_promises(Days(date(2026, 3, 1), date(2026, 4, 1), MONDAY + 9 * DAY))
    soon = open_promises(Days(date(2026, 3, 1), date(2026, 3, 3), MONDAY + 9 * DAY))

    assert (now.requests, now.late_requests, now.late_handoffs, now.comments, now.proposals) == (2, 1, 1, 1, 1)
    assert handoff.due_at > MONDAY + timedelta(hours=1)
    assert (soon.requests, soon.late_requests, soon.comments, soon.proposals) == (2, 1, 1, None)
