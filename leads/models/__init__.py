"""Who may buy: companies, contacts, leads and all that happens to them."""

from leads.models.capture import CaptureForm, Submission, SubmissionStatus
from leads.models.custom import CustomField, CustomKind, CustomRecord
from leads.models.imports import Import, ImportMapping, KnownRow, Refusal
from leads.models.lead import Lead, LeadPrediction, LeadScore
from leads.models.log import Reason, ReasonFamily, Route, Transition
from leads.models.mailing import MailTemplate
from leads.models.merge import Merge
from leads.models.opportunity import (
    BuyingRole,
    DealKind,
    DealStage,
    ForecastCategory,
    Opportunity,
    OpportunityPerson,
    Outcome,
    PipelineStage,
)
from leads.models.people import Company, Contact
from leads.models.pick import PickList, PickValue
from leads.models.touch import Touch, TouchBy, TouchKind
from leads.models.work import Activity, ActivityKind, ActivityOutcome, Direction, Task, TaskKind

__all__ = [
    "Activity",
    "ActivityKind",
    "ActivityOutcome",
    "BuyingRole",
    "CaptureForm",
    "Company",
    "Contact",
    "CustomField",
    "CustomKind",
    "CustomRecord",
    "DealKind",
    "DealStage",
    "Direction",
    "ForecastCategory",
    "Import",
    "ImportMapping",
    "KnownRow",
    "Lead",
    "LeadPrediction",
    "LeadScore",
    "MailTemplate",
    "Merge",
    "Opportunity",
    "OpportunityPerson",
    "Outcome",
    "PickList",
    "PickValue",
    "PipelineStage",
    "Reason",
    "ReasonFamily",
    "Refusal",
    "Route",
    "Submission",
    "SubmissionStatus",
    "Task",
    "TaskKind",
    "Touch",
    "TouchBy",
    "TouchKind",
    "Transition",
]
