"""Passing hand-offs on: who is asked next gets a clock of their own, the lead's own runs on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from crm.outbox import record_change
from feedback.clocks import start_clocks
from feedback.errors import NoSuchRecipient
from feedback.models import Handoff
from feedback.routing import Recipient, route_leads, team_of


def pass_on(handoffs: Sequence[Handoff], *, at: datetime) -> list[Handoff]:
    """Open what follows these hand-offs, which are decided already, by the rules; gives the followers.

    Of many ``lead``, ``to_user__team`` and ``to_team`` are read. Raises NoSuchRecipient without any sales team.
    """
    recipients = next_recipients(handoffs, at=at)
    if len(recipients) < len(handoffs):
        raise NoSuchRecipient("There is no sales team to pass this on to.")
    return open_followers(handoffs, recipients, at=at)


def next_recipients(handoffs: Iterable[Handoff], *, at: datetime) -> dict[int, Recipient]:
    """Who gets each lead next, by the lead's id; whoever had it this time round is left out."""
    leads, teams, had = [], {}, {}
    for handoff in handoffs:
        team = team_of(handoff)
        leads.append(handoff.lead)
        teams[handoff.lead_id] = team.pk if team else None
        had[handoff.lead_id] = {handoff.to_user_id} if handoff.to_user_id else set()
    return route_leads(leads, at=at, exclude=had, teams=teams)


def open_followers(handoffs: Iterable[Handoff], recipients: Mapping[int, Recipient], *, at: datetime) -> list[Handoff]:
    """They are still offered by who handed the lead to sales; who passed it on stands in the one before."""
    fresh = [
        follower(handoff, recipients[handoff.lead_id], at=at) for handoff in handoffs if handoff.lead_id in recipients
    ]
    start_clocks(fresh, at=at)
    Handoff.objects.bulk_create(fresh)
    record_change("handoff", [handoff.pk for handoff in fresh])
    record_change("lead", [handoff.lead_id for handoff in fresh])
    return fresh


def follower(handoff: Handoff, recipient: Recipient, *, at: datetime) -> Handoff:
    return Handoff(
        lead=handoff.lead, episode=handoff.episode, to_user=recipient.user, to_team=recipient.team,
        team=recipient.answers_for, offered_by_id=handoff.offered_by_id, offered_at=at,
        waiting_since=handoff.waiting_since, follows=handoff, promised=handoff.promised,
        definition_version=handoff.definition_version, routing=recipient.why,
    )  # fmt: skip
