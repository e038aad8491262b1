"""What both sides signed: the agreement, a first definition and the one that sales' answers led to."""

from datetime import datetime, timedelta
from typing import Any

from crm.fiscal import fiscal_quarter
from crm.models import Side, User
from crm.periods import own_day
from desk.demo import words
from desk.demo.cast import Cast
from desk.demo.marketing import DAYS, DEFINITION_V2
from feedback.agreements import reasons_now
from feedback.models import Agreement, SignedStatus
from scoring.definitions import activate
from scoring.models import Definition

OURS = list(words.INDUSTRIES)


def fit(field: str, operator: str, value: Any, points: int, group: str = "") -> dict[str, Any]:
    return {"axis": "fit", "field": field, "operator": operator, "value": value, "points": points, "group": group}


def did(kind: str, points: int, cap: int) -> dict[str, Any]:
    return {"axis": "engagement", "field": "kind", "operator": "is", "value": kind, "points": points, "cap": cap}


def who_first(*rules: dict[str, Any]) -> list[dict[str, Any]]:
    """First who they are, then what they do: as people read a definition."""
    return sorted(rules, key=lambda rule: rule["axis"] != "fit")


COMMON = [
    fit("company_industry", "in", OURS, 10),
    fit("title", "contains", "production", 8, "role"),
    fit("title", "contains", "planning", 8, "role"),
    fit("title", "contains", "operations", 8, "role"),
    fit("title", "contains", "plant", 8, "role"),
    fit("title", "contains", "supply chain", 8, "role"),
    fit("has_phone", "is", True, 4),
    did("visit", 3, 9),
    did("click", 3, 9),
    did("reply", 12, 24),
    did("meeting", 15, 15),
]
# The first version took a filled form for interest, whoever filled it.
FIRST = who_first(
    *COMMON, fit("has_email", "is", True, 6), did("form", 30, 45), did("attend", 10, 20), did("download", 10, 20)
)
# The second asks who they are, after a summer of students who wanted an e-bike.
SECOND = who_first(
    *COMMON,
    fit("company_employees", "at_least", 50, 12, "size"),
    fit("company_employees", "at_least", 200, 20, "size"),
    fit("title", "contains", "student", -30),
    fit("channel", "in", ["referral", "partner", "webinar"], 5),
    did("form", 12, 24),
    did("attend", 18, 36),
    did("download", 8, 16),
)
VERSIONS = [
    (
        "First definition",
        FIRST,
        {"fit": {"A": 26, "B": 18, "C": 10}, "engagement": {"1": 45, "2": 25, "3": 8}, "mql": 40},
    ),
    (
        "Makers with a planner",
        SECOND,
        {
            "fit": {"A": 38, "B": 26, "C": 14}, "engagement": {"1": 36, "2": 18, "3": 6},
            "mql": 55, "grades": ["A1", "A2", "B1", "B2"],
        },
    ),
]  # fmt: skip


HAND_RAISES = [{"field": "raised_hand", "operator": "is", "value": True}]
EXCLUSIONS = [
    {"field": "own_staff", "operator": "is", "value": True},
    {"field": "do_not_mail", "operator": "is", "value": True},
]
EXCEPTIONS = [
    {
        "name": "Large companies", "segments": ["Enterprise"], "hours_to_verdict": 4, "hours_to_first_attempt": 4,
        "min_attempts": 7,
    },
]  # fmt: skip
GOALS = [
    {"measure": "mqls", "target": "430"},
    {"measure": "acceptance_rate", "target": "0.6"},
    {"measure": "revenue_sourced", "target": "650000"},
    {"measure": "hours_to_verdict", "target": "4"},
    {"measure": "attempts", "target": "6"},
]
# (stage, side, who answers for it, what they promise)
ROLES = [
    {"stage": stage, "side": side, "owner": owner, "promise": promise}
    for stage, side, owner, promise in (
        ("inquiry", "marketing", "Campaign owner", "Answered or sorted within two days."),
        ("nurture", "marketing", "Mia Brandt", "A letter a month, no calls."),
        ("mql", "marketing", "Campaign owner", "Handed over the same day, with what was promised to the buyer."),
        ("offered", "sales", "Who is asked", "A yes, or a no with its reason."),
        ("accepted", "sales", "The rep who took it", "Called within a working day."),
        ("qualified", "sales", "The rep", "Need, who decides and when are written down."),
        ("opportunity", "sales", "The rep", "A next step with a date, always."),
    )
]
MARKETING_MEASURED = "Accepted leads and the revenue from them; a fifth of the bonus hangs on the acceptance rate."
SALES_MEASURED = "Revenue; a tenth of the commission hangs on answers in time, with their reasons."


def sign_documents(cast: Cast, ends_at: datetime) -> list[Definition]:
    """The agreement and both definitions, signed; the second definition is in force. Gives them in order."""
    began_at = ends_at - timedelta(days=DAYS)
    quarter = fiscal_quarter(own_day(ends_at))
    Agreement.objects.create(
        version=1, status=SignedStatus.ACTIVE, hours_to_verdict=10, hours_to_remind=2, hours_late_to_escalate=40,
        hours_to_first_attempt=10, min_attempts=5, most_episodes=4, exceptions=EXCEPTIONS, goals=GOALS, roles=ROLES,
        period_starts=quarter.start, period_ends=quarter.last_day, reasons=reasons_now(),
        marketing_measured=MARKETING_MEASURED, sales_measured=SALES_MEASURED, definition_version=2,
        effective_from=own_day(began_at), signatures=signatures(cast, began_at), is_sample=True,
    )  # fmt: skip
    made = []
    for version, (at, (name, rules, thresholds)) in enumerate(zip(dates(ends_at), VERSIONS, strict=True), start=1):
        definition = Definition.objects.create(
            name=name, version=version, status=SignedStatus.PROPOSED, rules=rules, thresholds=thresholds,
            half_life_days=30, signatures=signatures(cast, at), is_sample=True, written_by=cast.nora,
            hand_raises=HAND_RAISES, exclusions=EXCLUSIONS if version > 1 else [], based_on=version - 1 or None,
        )  # fmt: skip
        made.append(activate(definition, by=cast.max, at=at))
    return made


def dates(ends_at: datetime) -> list[datetime]:
    """When each version came into force."""
    return [ends_at - timedelta(days=DAYS), ends_at - timedelta(days=DEFINITION_V2)]


def signatures(cast: Cast, at: datetime) -> list[dict[str, Any]]:
    def signature(side: Side, user: User) -> dict[str, Any]:
        return {"side": side.value, "user": user.pk, "name": str(user), "at": at.isoformat()}

    return [signature(Side.MARKETING, cast.nora), signature(Side.SALES, cast.max)]
