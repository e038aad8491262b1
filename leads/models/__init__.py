"""Who may buy: companies, contacts, leads and all that happens to them."""

from leads.models.imports import Import, ImportMapping, Refusal
from leads.models.lead import Lead, LeadScore
from leads.models.log import Reason, ReasonFamily, Route, Transition
from leads.models.opportunity import DealKind, DealStage, ForecastCategory, Opportunity, Outcome
from leads.models.people import Company, Contact
from leads.models.touch import Touch, TouchBy, TouchKind

__all__ = [
    "Company",
    "Contact",
    "DealKind",
    "DealStage",
    "ForecastCategory",
    "Import",
    "ImportMapping",
    "Lead",
    "LeadScore",
    "Opportunity",
    "Outcome",
    "Reason",
    "ReasonFamily",
    "Refusal",
    "Route",
    "Touch",
    "TouchBy",
    "TouchKind",
    "Transition",
]
