"""One plain maker for each record, with only what the database demands filled in. Monday is a Monday in 2026."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from campaigns.models import Campaign, Spend
from crm.models import Role, Team, User
from feedback.escalating import expire_and_pass_on
from feedback.models import Handoff
from feedback.verdicts import offer_lead
from leads.lifecycle import Stage
from leads.models import CustomField, Lead, Opportunity, Reason
from leads.transitions import capture_lead, move_lead

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_numbers = count(1)


def make_team(name: str = "Team North", kind: str = "sales", **fields: Any) -> Team:
    return Team.objects.create(name=name, kind=kind, **fields)


def make_user(name: str, role: str = Role.REP, team: Team | None = None, **fields: Any) -> User:
    """``name`` in small letters is also the mailbox: mia@demo.test."""
    email = fields.pop("email", f"{name.lower()}@demo.test")
    return User.objects.create_user(email, "tandem-demo", first_name=name.title(), role=role, team=team, **fields)


def make_campaign(name: str = "Spring webinar", **fields: Any) -> Campaign:
    return Campaign.objects.create(name=name, **{"channel": "webinar", **fields})


def make_spend(campaign: Campaign, amount: str = "100.00", **fields: Any) -> Spend:
    return Spend.objects.create(campaign=campaign, amount=Decimal(amount), **{"on": MONDAY.date(), **fields})


def make_lead(*, at: datetime = MONDAY, by: User | None = None, **fields: Any) -> Lead:
    """A captured inquiry with a name and an e-mail of its own."""
    number = next(_numbers)
    named = {"first_name": "Lea", "last_name": f"Lead {number}", "email": f"lead{number}@example.com"}
    return capture_lead(by=by, at=at, **{**named, **fields})


def make_mql(*, at: datetime = MONDAY, by: User | None = None, **fields: Any) -> Lead:
    lead = make_lead(at=at, by=by, **fields)
    move_lead(lead, Stage.MQL, by=by, at=at)
    return lead


def make_handoff(
    *, to: User | Team, by: User | None = None, at: datetime = MONDAY, lead: Lead | None = None
) -> Handoff:
    """A fresh MQL handed to a person or a team."""
    recipient = {"to_team": to} if isinstance(to, Team) else {"to_user": to}
    return offer_lead(lead or make_mql(at=at), by=by, at=at, **recipient)


def pass_on(handoff: Handoff, *, at: datetime) -> Handoff:
    """What follows a hand-off that got no answer in time."""
    [follower] = expire_and_pass_on([handoff.pk], at=at)
    handoff.refresh_from_db()
    return follower


def make_opportunity(name: str = "Deal", **fields: Any) -> Opportunity:
    return Opportunity.objects.create(**{"name": name, "opened_at": MONDAY, "stage_since": MONDAY, **fields})


def make_field(label: str = "Machines", kind: str = "number", record: str = "lead", **fields: Any) -> CustomField:
    """A field of the organisation's own; its name is its label in small letters."""
    named = {"name": label.lower().replace(" ", "_"), "position": CustomField.objects.count()}
    return CustomField.objects.create(record=record, label=label, kind=kind, **{**named, **fields})


def reason(code: str, use: str = "verdict") -> Reason:
    return Reason.objects.get(use=use, code=code)
