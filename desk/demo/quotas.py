"""What everybody of the demo is to reach: a little more than what was won before, quarter by quarter."""

from datetime import datetime, timedelta
from decimal import Decimal

from crm.fiscal import Span, fiscal_quarter, following, previous
from crm.memberships import follow_teams
from crm.models import Organisation, Team, User
from crm.periods import own_day
from desk.demo.cast import Cast
from funnel.models import Quota, QuotaMeasure
from funnel.targets.attaining import booked

# Quarters before this one that have quotas; from then on this one and the next.
BEFORE = 4
MORE = Decimal("1.12")
MARKETINGS_SHARE = Decimal("0.8")


def set_quotas(cast: Cast, ends_at: datetime) -> None:
    """Revenue of reps, teams and everybody; MQLs and sourced revenue of marketing."""
    today = own_day(ends_at)
    follow_teams(on=today, are_new=True)
    quarters = [fiscal_quarter(today), following(fiscal_quarter(today))]
    for _quarter in range(BEFORE):
        quarters.insert(0, previous(quarters[0]))
    won, mqls = (a_quarter(measure, quarters, ends_at) for measure in (QuotaMeasure.REVENUE, QuotaMeasure.MQLS))
    Quota.objects.bulk_create(
        row
        for number, quarter in enumerate(quarters)
        for row in of_quarter(cast, quarter, grown(won, number), grown(mqls, number))
    )


def a_quarter(measure: QuotaMeasure, quarters: list[Span], at: datetime) -> Decimal:
    """What was brought in on average in the full quarters before this one."""
    found = booked(measure, quarters[0].start, quarters[BEFORE].start, at=at)
    return sum((one.value for one in found), Decimal(0)) / BEFORE


def grown(average: Decimal, number: int) -> Decimal:
    """Each quarter asks two percent more than the one before."""
    return average * MORE * (1 + Decimal(number) / 50)


def of_quarter(cast: Cast, quarter: Span, won: Decimal, mqls: Decimal) -> list[Quota]:
    reps = [rep for team in (cast.north, cast.south) for rep in cast.reps[team.pk]]
    a_rep = won / len(reps)
    made = [quota(QuotaMeasure.REVENUE, quarter, a_rep, user=rep, ramp_months=3) for rep in reps]
    made += [
        quota(QuotaMeasure.REVENUE, quarter, a_rep * len(cast.reps[team.pk]), team=team)
        for team in (cast.north, cast.south)
    ]
    return [
        *made,
        quota(QuotaMeasure.REVENUE, quarter, won),
        quota(QuotaMeasure.REVENUE_SOURCED, quarter, won * MARKETINGS_SHARE),
        quota(QuotaMeasure.MQLS, quarter, mqls, nearest=10),
    ]


def quota(
    measure: QuotaMeasure, quarter: Span, amount: Decimal, *, nearest: int = 1_000, user: User | None = None,
    team: Team | None = None, ramp_months: int = 0,
) -> Quota:  # fmt: skip
    """As people set them: a round number."""
    return Quota(
        measure=measure, user=user, team=team, starts_on=quarter.start, ends_on=quarter.end - timedelta(days=1),
        amount=max(round(amount / nearest), 1) * nearest, ramp_months=ramp_months, is_sample=True,
        currency="" if measure == QuotaMeasure.MQLS else Organisation.get().currency,
    )  # fmt: skip
