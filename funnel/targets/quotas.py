"""Quotas and goals: what people, teams and the organisation are to reach, and who may say so.

A quota is a target that its manager sets; what both sides promised each other stands in the agreement and is not
written here. Amounts of money keep the rate of their first day.
"""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from crm.access import heads, is_manager_of, managed_team_ids, manages, require
from crm.currencies import convert
from crm.editing import make, present, save_put
from crm.errors import BusinessError
from crm.fiscal import Span, previous
from crm.locks import one_at_a_time
from crm.models import Organisation, Side, Team, User
from crm.periods import add_months
from funnel.models import Quota, QuotaMeasure
from funnel.statistics.planning import ramp_share

REFUSED = "Managers set quotas of their own teams and people; admins set all of them."
MONEY = {QuotaMeasure.REVENUE, QuotaMeasure.REVENUE_SOURCED, QuotaMeasure.PIPELINE}
# Whose measure it is where it is a goal of the organisation.
MARKETINGS = {QuotaMeasure.REVENUE_SOURCED, QuotaMeasure.MQLS}
DAYS_A_MONTH = Decimal("30.4375")
# Two managers may set the same quota at once: the second changes what the first made.
WRITING = "quotas"


def side_of(measure: str) -> Side:
    return Side.MARKETING if measure in MARKETINGS else Side.SALES


def may_set(by: User, *, measure: str, user: User | None = None, team: Team | None = None) -> bool:
    """Admins all; managers those of teams they head, of the people in them, and the organisation's of their side."""
    if by.is_admin:
        return True
    if team is not None:
        return heads(by, team.pk)
    if user is not None:
        return heads(by, user.team_id)
    return is_manager_of(by, side_of(measure))


def teams_to_set(by: User, measure: str) -> list[Team]:
    """The teams of the measure's side whose quotas somebody may set."""
    if not manages(by):
        return []
    teams = Team.objects.filter(kind=side_of(measure))
    return list(teams if by.is_admin else teams.filter(pk__in=managed_team_ids(by) | {by.team_id}))


@transaction.atomic
def set_quota(
    *, by: User, measure: str, starts_on: date, ends_on: date, amount: Decimal, user: User | None = None,
    team: Team | None = None, ramp_months: int = 0,
) -> Quota:  # fmt: skip
    """Set what one of them (neither: the organisation) is to reach in these days, in the organisation's currency.

    The same days again change it. Raises NotAllowed, ValidationError.
    """
    require(may_set(by, measure=measure, user=user, team=team), REFUSED)
    named = {"measure": measure, "user": user, "team": team, "starts_on": starts_on, "ends_on": ends_on}
    fields: dict[str, Any] = {
        "amount": amount,
        "currency": Organisation.get().currency if measure in MONEY else "",
        "ramp_months": ramp_months if user else 0,
    }
    one_at_a_time(WRITING)
    found = Quota.objects.filter(**without_none(named)).first()
    if found is None:
        return make(Quota(**named, **fields))
    save_put(found, fields)
    return found


def without_none(fields: dict[str, Any]) -> dict[str, Any]:
    """As conditions: what is None is to be null."""
    return {name if value is not None else f"{name}__isnull": value or value is None for name, value in fields.items()}


@transaction.atomic
def edit_quota(quota: Quota, *, by: User, **fields: Any) -> Quota:
    """Another amount, ramp or days. Raises NotAllowed, ValidationError, Gone."""
    require(may_set(by, measure=quota.measure, user=quota.user, team=quota.team), REFUSED)
    held = present(quota)
    save_put(held, fields)
    return held


@transaction.atomic
def remove_quota(quota: Quota, *, by: User) -> None:
    require(may_set(by, measure=quota.measure, user=quota.user, team=quota.team), REFUSED)
    present(quota).delete()


@transaction.atomic
def copy_quotas(*, by: User, measure: str, into: Span, percent: int = 0) -> int:
    """Where nothing is set for a quarter yet, that of the quarter before and ``percent`` more; gives how many.

    Of whom the person may not set, and of people who left, nothing is copied.
    """
    if not -100 < percent <= 1_000:
        raise BusinessError("Choose between −99 and 1,000 percent.", code="percent")
    require(manages(by), REFUSED)
    one_at_a_time(WRITING)
    before = of_quarter(measure, previous(into)).select_related("user", "team")
    there = {(one.user_id, one.team_id) for one in of_quarter(measure, into)}
    wanted = [
        one
        for one in before
        if (one.user_id, one.team_id) not in there
        and (one.user is None or one.user.is_active)
        and may_set(by, measure=measure, user=one.user, team=one.team)
    ]
    for one in wanted:
        amount = (one.amount * (100 + percent) / 100).quantize(Decimal(1), ROUND_HALF_UP)
        make(
            Quota(
                measure=measure, user=one.user, team=one.team, starts_on=into.start, ends_on=into.last_day,
                amount=amount, currency=one.currency, ramp_months=one.ramp_months,
            )
        )  # fmt: skip
    return len(wanted)


def of_quarter(measure: str, quarter: Span) -> Any:
    """The quotas that were set for exactly this quarter."""
    return Quota.objects.filter(measure=measure, starts_on=quarter.start, ends_on=quarter.last_day)


def asked(quota: Quota, span: Span) -> Decimal | None:
    """What a quota asks for the days of ``span`` that are its own, in the organisation's currency at the rate of its
    first day: in proportion to the days, and of somebody new to how long they are here. None without a rate."""
    first, after = max(quota.starts_on, span.start), min(quota.ends_on, span.last_day)
    days = (after - first).days + 1
    if days <= 0:
        return Decimal(0)
    amount = convert(quota.amount, quota.currency, quota.starts_on) if quota.currency else quota.amount
    if amount is None:
        return None
    share = Decimal(days) / Decimal((quota.ends_on - quota.starts_on).days + 1)
    return (amount * share * ramp_of(quota, first, after)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def ramp_of(quota: Quota, first: date, last: date) -> Decimal:
    """How much is asked of somebody new, on average over the days: nothing on the day they start, all of it after
    ``ramp_months``."""
    started = quota.user.started_on if quota.user else None
    if not quota.ramp_months or started is None or add_months(started, quota.ramp_months + 1) <= first:
        return Decimal(1)
    days = (last - first).days + 1
    shares = (
        ramp_share(float(Decimal((first - started).days + n) / DAYS_A_MONTH), quota.ramp_months) for n in range(days)
    )
    return Decimal(str(sum(shares) / days))


def quotas_in(span: Span, measures: Iterable[str] | None = None) -> list[Quota]:
    """Every quota that has a day of ``span``."""
    found = Quota.objects.filter(starts_on__lt=span.end, ends_on__gte=span.start).select_related("user", "team")
    return list(found.filter(Q(measure__in=list(measures)) if measures is not None else Q()))
