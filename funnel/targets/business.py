"""What the company sold, as both heads look at it: marketing's share of new business, revenue a head, growth."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from crm.fetching import fetch_rows
from crm.fiscal import Span, fiscal_quarter, same_quarter_last_year
from crm.models import Role, User
from crm.periods import add_months, own_day
from funnel.attribution.sourcing import sourcing_of
from funnel.deals.relation import DEAL, WON_IN_DAYS, Values, rows, values_of
from funnel.models import FigureSettings
from leads.models.opportunity import DealKind

WON = f"""SELECT coalesce(sum(d.amount), 0) AS value, count(*) AS deals
    FROM {DEAL} d WHERE {WON_IN_DAYS}"""
# By the definition of “sourced by marketing” that is chosen in the settings of figures (METRICS T13).
NEW_BUSINESS = f"""
    WITH {sourcing_of(DEAL, f"{WON_IN_DAYS} AND d.kind = '{DealKind.NEW_BUSINESS}'")}
    SELECT count(*) AS deals, coalesce(sum(amount), 0) AS value,
        coalesce(sum(amount) FILTER (WHERE id IN (SELECT deal FROM sourced WHERE definition = %(definition)s)), 0)
            AS marketings
    FROM deal"""
# Days that people were members of a team; of who left nobody knows the day unless the membership was ended.
PERSON_DAYS = """
    SELECT coalesce(sum(least(coalesce(m.ends_on, %(last)s), %(last)s) - greatest(m.starts_on, %(start)s) + 1), 0)
    FROM crm_teammembership m JOIN crm_user u ON u.id = m.user_id
    WHERE m.starts_on <= %(last)s AND coalesce(m.ends_on >= %(start)s, u.is_active)"""


@dataclass(frozen=True)
class Business:
    """Of some days, as far as they have passed; money in the organisation's currency.

    ``new_business``: won of that kind, ``marketings`` of it sourced by marketing. ``heads``: people on average.
    ``year_ago``: won in as many days of the same quarter a year before, in ``deals_year_ago`` opportunities.
    """

    won: Decimal
    new_business: Decimal
    marketings: Decimal
    new_deals: int
    heads: float
    year_ago: Decimal
    deals_year_ago: int

    @property
    def marketing_share(self) -> Decimal | None:
        return self.marketings / self.new_business if self.new_business else None

    @property
    def per_head(self) -> Decimal | None:
        return self.won / Decimal(str(self.heads)) if self.heads else None

    @property
    def growth(self) -> Decimal | None:
        """0.12: an eighth more than a year before; None when nothing was won then."""
        return self.won / self.year_ago - 1 if self.year_ago else None


def business(start: date, end: date, *, at: datetime) -> Business:
    """Of the days from ``start`` to ``end`` (not included)."""
    today = own_day(at)
    passed = Span(start, max(start, min(end, today + timedelta(days=1))))
    before = year_before(passed)
    [won] = rows(WON, asked(passed, today))
    [new] = rows(NEW_BUSINESS, asked(passed, today))
    [earlier] = rows(WON, asked(before, today))
    return Business(
        won=won["value"],
        new_business=new["value"],
        marketings=new["marketings"],
        new_deals=new["deals"],
        heads=heads(passed),
        year_ago=earlier["value"],
        deals_year_ago=earlier["deals"],
    )


def asked(span: Span, today: date) -> Values:
    definition = FigureSettings.get().marketing_sourced
    return {**values_of(today), "start": span.start, "end": span.end, "definition": definition}


def year_before(span: Span) -> Span:
    """The same part of the same fiscal quarter a year before; of days of several quarters, a calendar year before."""
    quarter = fiscal_quarter(span.start)
    if span.end > quarter.end:
        return Span(add_months(span.start, -12), add_months(span.end, -12))
    before = same_quarter_last_year(quarter)
    first = before.start + (span.start - quarter.start)
    return Span(first, before.end if span.end == quarter.end else min(first + (span.end - span.start), before.end))


def heads(span: Span) -> float:
    """How many people of marketing and sales were here on average over these days; where nobody was ever a member of a
    team, those who are active now."""
    if not span.days:
        return 0.0
    [[person_days]] = fetch_rows(PERSON_DAYS, {"start": span.start, "last": span.last_day})
    if person_days:
        return float(person_days) / span.days
    return float(User.objects.filter(is_active=True, role__in=(Role.REP, Role.MARKETER, Role.MANAGER)).count())
