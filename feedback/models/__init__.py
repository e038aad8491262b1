"""The loop between marketing and sales."""

from feedback.models.agreement import Agreement, SignedDocument, SignedStatus
from feedback.models.answers import Impression, Improvement, ImprovementKind, Moment, Quality, Question, Reply
from feedback.models.handoff import DEEDS, VERDICTS, Handoff, HandoffQuerySet, HandoffStatus
from feedback.models.requests import Request, RequestKind, RequestStatus
from feedback.models.routing import RoutingPlan, RoutingRule, RoutingTurn

__all__ = [
    "DEEDS",
    "VERDICTS",
    "Agreement",
    "Handoff",
    "HandoffQuerySet",
    "HandoffStatus",
    "Impression",
    "Improvement",
    "ImprovementKind",
    "Moment",
    "Quality",
    "Question",
    "Reply",
    "Request",
    "RequestKind",
    "RequestStatus",
    "RoutingPlan",
    "RoutingRule",
    "RoutingTurn",
    "SignedDocument",
    "SignedStatus",
]
