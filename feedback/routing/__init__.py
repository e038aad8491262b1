"""Who gets a lead, and why: rules in order, who is here, whose turn it is; each decision is stored and explained."""

from feedback.routing.choosing import (
    Recipient,
    first_sales_team,
    preview,
    preview_again,
    route_lead,
    route_leads,
    team_id_of,
    team_of,
)
from feedback.routing.explaining import explanation, headline

__all__ = [
    "Recipient",
    "explanation",
    "first_sales_team",
    "headline",
    "preview",
    "preview_again",
    "route_lead",
    "route_leads",
    "team_id_of",
    "team_of",
]
