"""The attribution ledger: the credits of every won deal, frozen when it was closed.

The consumer `attribution` of the change outbox. A deal that is won gets its first version, counted with the look-back
window and half-life of that day. When touches of its path are corrected, added or merged, or its amount or dates
change, a new version takes the place of the one before, counted with the window and half-life that were frozen with
it; the older ones stay, so that every restatement can be told. A deal that is reopened keeps its versions, of which
none counts. A rebuild does the same for all deals: it writes what is missing and mends what is wrong, and leaves alone
what is right, for the versions are a record of their own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from crm.fetching import fetch_rows
from crm.models import Organisation
from crm.outbox import Changes
from funnel.attribution.crediting import Paths, in_cents, once_a_session, shares
from funnel.attribution.paths import DEALS_OF_LEADS, HAPPENED, IS_MARKETING, PATH_LEADS
from funnel.facts.sql import day
from funnel.models import Attribution, AttributionCause, AttributionModel, FigureSettings

CONSUMER = "attribution"
# Deals of one transaction of a rebuild: a second or two.
AT_A_TIME = 5_000
# Shares that differ by less are the same: they were counted by the same formula.
SAME_SHARE = 1e-9

# Won deals, with the window and half-life of their version that counts.
DEALS = """
    deal AS (
        SELECT o.id, o.lead_id, o.contact_id, coalesce(o.amount, 0) AS amount, o.currency, o.opened_at, o.closed_at,
        coalesce(v.lookback_days, %(lookback)s) AS lookback_days,
        coalesce(v.half_life_days, %(half_life)s) AS half_life_days
        FROM leads_opportunity o
        LEFT JOIN funnel_attribution v ON v.opportunity = o.id AND v.superseded_at IS NULL
        WHERE o.id = ANY(%(deals)s) AND o.outcome = 'won'
    )"""
US = "(extract(epoch FROM {0}) * 1000000)::bigint"
READ_DEALS = f"""
    WITH {DEALS}, {PATH_LEADS}
    SELECT deal.id, deal.amount, deal.currency, deal.closed_at, {day("deal.closed_at")}, deal.lookback_days,
        deal.half_life_days, {US.format("coalesce(deal.opened_at, deal.closed_at)")},
        {US.format("coalesce(min(l.captured_at), deal.opened_at, deal.closed_at)")}
    FROM deal LEFT JOIN path_lead ON path_lead.deal = deal.id LEFT JOIN leads_lead l ON l.id = path_lead.lead_id
    GROUP BY deal.id, deal.amount, deal.currency, deal.closed_at, deal.lookback_days, deal.half_life_days,
        deal.opened_at
    ORDER BY deal.id
"""
READ_TOUCHES = f"""
    WITH {DEALS}, {PATH_LEADS}
    SELECT deal.id, t.id, {US.format("t.at")}, t.channel, t.campaign_id, t.asset_id
    FROM deal JOIN path_lead ON path_lead.deal = deal.id JOIN leads_touch t ON t.lead_id = path_lead.lead_id
    WHERE t.at <= deal.closed_at AND t.at >= deal.closed_at - make_interval(days => deal.lookback_days)
        AND {IS_MARKETING} AND {HAPPENED}
    ORDER BY deal.id, t.at, t.id
"""
READ_CREDITS = """
    SELECT v.opportunity, c.model, c.touch, c.channel, c.campaign, c.asset, c.share, (c.amount * 100)::bigint
    FROM funnel_attribution v JOIN funnel_credit c ON c.attribution_id = v.id
    WHERE v.superseded_at IS NULL AND v.opportunity = ANY(%(deals)s)
"""
COPY_CREDITS = """
    COPY funnel_credit (attribution_id, model, touch, channel, campaign, asset, share, amount) FROM STDIN
"""
# Deals that are won, and those that were once.
KNOWN_DEALS = """
    SELECT id FROM leads_opportunity WHERE outcome = 'won' UNION SELECT opportunity FROM funnel_attribution ORDER BY 1
"""
# Of deals that somebody removed for good nothing is told any more.
FORGET_CREDITS = """
    DELETE FROM funnel_credit c USING funnel_attribution v WHERE v.id = c.attribution_id
        AND v.opportunity = ANY(%(deals)s) AND NOT EXISTS (SELECT FROM leads_opportunity o WHERE o.id = v.opportunity)
"""
FORGET_VERSIONS = """
    DELETE FROM funnel_attribution v WHERE v.opportunity = ANY(%(deals)s)
        AND NOT EXISTS (SELECT FROM leads_opportunity o WHERE o.id = v.opportunity)
"""


class Share(NamedTuple):
    """What one touch gets by one model; ``share`` 0–1, the value in cents of the deal's currency."""

    model: str
    touch: int
    channel: str
    campaign: int | None
    asset: int | None
    share: float
    cents: int

    def is_like(self, other: "Share") -> bool:
        return self.cents == other.cents and abs(self.share - other.share) < SAME_SHARE


@dataclass
class Won:
    """A won deal with its credits as they should be; none: no touch of it is known."""

    id: int
    amount: Decimal
    currency: str
    closed_at: datetime
    closed_on: date
    lookback_days: int
    half_life_days: int
    shares: dict[tuple[str, int], Share] = field(default_factory=dict)

    @property
    def touches(self) -> int:
        return sum(model == AttributionModel.LINEAR for model, _touch in self.shares)


def apply_changes(changes: Changes) -> None:
    """Bring the ledger up to date with these changes, in the present transaction."""
    deals = set(changes.get("opportunity", ()))
    if leads := changes.get("lead"):
        deals |= {deal for (deal,) in fetch_rows(DEALS_OF_LEADS, {"leads": sorted(leads)})}
    for some in portions(sorted(deals)):
        settle(some, at=timezone.now())


def rebuild() -> None:
    """Settle every deal that is or was won, some at a time, each in a transaction of its own."""
    for some in portions([deal for (deal,) in fetch_rows(KNOWN_DEALS)]):
        with transaction.atomic():
            settle(some, at=timezone.now())


def portions(deals: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(deals), AT_A_TIME):
        yield deals[start : start + AT_A_TIME]


def settle(deals: Collection[int], *, at: datetime) -> None:
    """Write a version ``at`` this moment for each of these deals whose credits are not what they should be."""
    parameters = parameters_for(deals)
    with connection.cursor() as sql:
        sql.execute(FORGET_CREDITS, parameters)
        sql.execute(FORGET_VERSIONS, parameters)
    won, stands = won_deals(parameters), standing(parameters)
    replaced: list[Attribution] = []
    fresh: list[tuple[Attribution, Won | None]] = []
    for deal in sorted(won.keys() | stands.keys()):
        should, (version, found) = won.get(deal), stands.get(deal, (None, {}))
        if cause := cause_of(should, version, found):
            fresh.append((version_of(deal, should, version, cause, at=at), should))
            replaced += [version] if version else []
        elif should and version and version.closed_on != should.closed_on:
            Attribution.objects.filter(pk=version.pk).update(closed_on=should.closed_on)
    write(fresh, replaced, at=at)


def parameters_for(deals: Collection[int]) -> dict[str, Any]:
    settled = FigureSettings.get()
    return {
        "deals": list(deals),
        "zone": Organisation.get().time_zone,
        "lookback": settled.lookback_days,
        "half_life": settled.half_life_days,
    }


def cause_of(
    should: Won | None, version: Attribution | None, found: dict[tuple[str, int], Share]
) -> AttributionCause | None:
    """Why the credits of a deal must be written anew; None when they stand as they should."""
    if should is None:
        return AttributionCause.REOPENED
    if version is None:
        return AttributionCause.CLOSED
    if (version.amount, version.currency, version.closed_at) != (should.amount, should.currency, should.closed_at):
        return AttributionCause.VALUE
    if should.shares.keys() != found.keys():
        same_path = {touch for _, touch in should.shares} == {touch for _, touch in found}
        return AttributionCause.VALUE if same_path else AttributionCause.TOUCHES
    if all(share.is_like(found[key]) for key, share in should.shares.items()):
        return None
    return AttributionCause.VALUE


def version_of(
    deal: int, should: Won | None, before: Attribution | None, cause: AttributionCause, *, at: datetime
) -> Attribution:
    """The next version of a deal, without its number; of a reopened one a version of nothing, which never counts."""
    told = should or before
    assert told
    return Attribution(
        opportunity=deal, cause=cause, at=at, superseded_at=None if should else at,
        amount=should.amount if should else 0, currency=told.currency, closed_at=told.closed_at,
        closed_on=told.closed_on, touches=should.touches if should else 0, lookback_days=told.lookback_days,
        half_life_days=told.half_life_days,
    )  # fmt: skip


def won_deals(parameters: dict[str, Any]) -> dict[int, Won]:
    """These deals, as far as they are won, with their credits."""
    rows = fetch_rows(READ_DEALS, parameters)
    won = {row[0]: Won(*row[:7]) for row in rows}
    opened, captured = ({row[0]: row[place] for row in rows} for place in (7, 8))
    touches = sessions(fetch_rows(READ_TOUCHES, parameters))
    if not touches:
        return won
    ids, deal = np.unique([row[0] for row in touches], return_inverse=True)
    paths = Paths(
        deal=deal,
        at=np.array([row[2] for row in touches]),
        captured_at=np.array([captured[pk] for pk in ids]),
        opened_at=np.array([opened[pk] for pk in ids]),
        cents=np.array([int(won[pk].amount * 100) for pk in ids]),
        half_life=np.array([float(won[pk].half_life_days) for pk in ids]),
    )
    for model, share in shares(paths).items():
        cents = in_cents(paths, share)
        given = np.flatnonzero(share)
        for place, part, value in zip(given.tolist(), share[given].tolist(), cents[given].tolist(), strict=True):
            pk, touch, _at, channel, campaign, asset = touches[place]
            won[pk].shares[model, touch] = Share(model, touch, channel, campaign, asset, part, value)
    return won


def sessions(touches: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The touches that count: one a channel and half hour."""
    if not touches:
        return []
    deal, at = (np.array([row[place] for row in touches]) for place in (0, 2))
    _channels, channel = np.unique([row[3] for row in touches], return_inverse=True)
    return [touches[place] for place in np.flatnonzero(once_a_session(deal, channel, at)).tolist()]


def standing(parameters: dict[str, Any]) -> dict[int, tuple[Attribution, dict[tuple[str, int], Share]]]:
    """The version of each of these deals that counts, with its credits."""
    versions = Attribution.objects.filter(opportunity__in=parameters["deals"], superseded_at__isnull=True)
    found: dict[int, tuple[Attribution, dict[tuple[str, int], Share]]] = {
        version.opportunity: (version, {}) for version in versions
    }
    for deal, *share in fetch_rows(READ_CREDITS, parameters) if found else ():
        found[deal][1][share[0], share[1]] = Share(*share)
    return found


def write(fresh: Sequence[tuple[Attribution, Won | None]], replaced: Iterable[Attribution], *, at: datetime) -> None:
    if not fresh:
        return
    Attribution.objects.filter(pk__in=[version.pk for version in replaced]).update(superseded_at=at)
    deals = [version.opportunity for version, _won in fresh]
    numbers: dict[int, int] = defaultdict(int)
    numbers |= dict(
        Attribution.objects.filter(opportunity__in=deals).values_list("opportunity").annotate(Max("version"))
    )
    for version, _won in fresh:
        version.version = numbers[version.opportunity] + 1
    Attribution.objects.bulk_create([version for version, _won in fresh])
    lines = StringIO()
    for version, won in fresh:
        for share in won.shares.values() if won else ():
            campaign, asset = ("\\N" if pk is None else pk for pk in (share.campaign, share.asset))
            amount = f"{share.cents // 100}.{share.cents % 100:02}"
            lines.write(
                f"{version.pk}\t{share.model}\t{share.touch}\t{share.channel}\t{campaign}\t{asset}\t"
                f"{share.share!r}\t{amount}\n"
            )
    lines.seek(0)
    with connection.cursor() as sql:
        sql.copy_expert(COPY_CREDITS, lines)
