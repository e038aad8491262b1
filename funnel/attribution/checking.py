"""Whether the attribution ledger is what the deals and touches say, deal by deal."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from crm.fetching import fetch_rows
from funnel.attribution.ledger import CONSUMER, KNOWN_DEALS, cause_of, parameters_for, portions, standing, won_deals
from funnel.attribution.paths import DEALS_OF_LEADS
from funnel.models import AttributionCause

# Committed after the last drain: their deals may rightly be behind.
PENDING = f"""
    SELECT DISTINCT change.topic, change.object_id FROM crm_change change JOIN crm_cursor cursor
        ON cursor.consumer = '{CONSUMER}' AND (change.xid, change.id) > (cursor.xid, cursor.position)
"""
# Credits of every version, those that no longer count included, add up to its value and to the whole.
DO_NOT_ADD_UP = """
    SELECT v.opportunity, v.version, c.model, v.amount, coalesce(sum(c.amount), 0), coalesce(sum(c.share), 0)
    FROM funnel_attribution v LEFT JOIN funnel_credit c ON c.attribution_id = v.id
    WHERE v.touches > 0
    GROUP BY v.id, c.model
    HAVING coalesce(sum(c.amount), 0) <> v.amount OR abs(coalesce(sum(c.share), 0) - 1) > 1e-9
    ORDER BY 1, 2, 3 LIMIT %(limit)s
"""
Differing = tuple[dict[str, Any] | None, dict[str, Any] | None]


def ledger_differences(*, limit: int) -> list[Differing]:
    """Pairs of what should stand and what stands, at most ``limit``; to be called in one snapshot."""
    return list(islice(differences(limit), limit))


def differences(limit: int) -> Iterator[Differing]:
    known, waiting = [deal for (deal,) in fetch_rows(KNOWN_DEALS)], waiting_deals()
    for some in portions([deal for deal in known if deal not in waiting]):
        yield from differing_deals(list(some))
    for deal, version, model, amount, total, share in fetch_rows(DO_NOT_ADD_UP, {"limit": limit}):
        key = {"opportunity": deal, "version": version, "model": model}
        yield {**key, "amount": str(amount), "share": 1.0}, {**key, "amount": str(total), "share": share}


def differing_deals(deals: list[int]) -> Iterator[Differing]:
    parameters = parameters_for(deals)
    won, stands = won_deals(parameters), standing(parameters)
    for deal in sorted(won.keys() | stands.keys()):
        should, (version, found) = won.get(deal), stands.get(deal, (None, {}))
        cause = cause_of(should, version, found)
        if cause is None and should and version and should.closed_on == version.closed_on:
            continue
        yield (
            {"opportunity": deal, "amount": str(should.amount), "closed_on": str(should.closed_on), "why": why(cause)}
            if should
            else None,
            {"opportunity": deal, "amount": str(version.amount), "closed_on": str(version.closed_on), "why": ""}
            if version
            else None,
        )


def why(cause: AttributionCause | None) -> str:
    return str(cause.label) if cause else "The day moved with the time zone"


def waiting_deals() -> set[int]:
    changed: dict[str, list[int]] = {"lead": [], "opportunity": []}
    for topic, object_id in fetch_rows(PENDING):
        if topic in changed:
            changed[topic].append(object_id)
    of_leads = fetch_rows(DEALS_OF_LEADS, {"leads": changed["lead"]}) if changed["lead"] else []
    return {*changed["opportunity"], *(deal for (deal,) in of_leads)}
