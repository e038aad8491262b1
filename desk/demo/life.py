"""One lead and the rows that its moves leave, in the shape that leads/transitions.py and feedback/verdicts.py write.

Every method is one action of the product at the life's present moment ``now``; moves are checked against the table.
A life ends with `Today` when its next event would lie after the end of the story.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps

from campaigns.models import Asset, Campaign
from crm.models import Team, User
from crm.working_time import Schedule, add_working_time, working_time
from desk.demo.clock import next_working
from desk.demo.writing import Ids
from feedback.models import VERDICTS, Agreement, Handoff, HandoffStatus
from feedback.rejections import STAGE_AFTER
from feedback.routing import team_of
from feedback.terms import LevelException, read_exceptions
from leads.activities import default_direction
from leads.lifecycle import MOVES, RANK, RETURNED, Stage
from leads.models import (
    Activity,
    Company,
    Contact,
    DealStage,
    ForecastCategory,
    Lead,
    Opportunity,
    OpportunityPerson,
    Outcome,
    Reason,
    Route,
    Task,
    Touch,
    Transition,
)
from leads.models.log import TransitionKind
from leads.pipeline import FIRST
from leads.transitions import PARKED_FOR

# The history of opportunities, and the columns of one that it keeps.
DealEvent: Any = apps.get_model("leads", "OpportunityEvent")
STATE = [
    field.attname
    for field in DealEvent._meta.concrete_fields
    if not field.name.startswith("pgh_") and hasattr(Opportunity, field.attname)
]


# What sales finds wrong when it says so.
WRONG_FIELDS = {"missing_data": ["phone"], "wrong_data": ["phone"], "unreachable_data": ["email", "phone"]}


class Today(Exception):
    """The next event has not happened yet."""


@dataclass
class Frame:
    """What all lives share."""

    ends_at: datetime
    zone: ZoneInfo
    ids: Ids
    reason: Callable[[str, str], Reason]
    definition_at: Callable[[datetime], int | None]
    agreement: Agreement
    schedule: Schedule
    # By name: a conversion finds the company before it makes a new one.
    companies: dict[str, Company] = field(default_factory=dict)

    def after(self, at: datetime, hours: int) -> datetime:
        """So many working hours later."""
        return add_working_time(at, timedelta(hours=hours), self.schedule)

    @cached_property
    def exceptions(self) -> tuple[LevelException, ...]:
        return read_exceptions(self.agreement)


class Life:
    """A lead being lived, from its capture on."""

    def __init__(self, frame: Frame, lead: Lead, rng: Random) -> None:
        self.frame, self.lead, self.rng = frame, lead, rng
        self.now = lead.captured_at
        self.transitions: list[Transition] = []
        self.effective: list[Transition] = []
        self.touches: list[Touch] = []
        self.handoffs: list[Handoff] = []
        self.opportunities: list[Opportunity] = []
        self.deal_history: list[Any] = []
        self.contact: Contact | None = None
        # Written by desk/demo/work.py, but for what the life itself tells of.
        self.activities: list[Activity] = []
        self.tasks: list[Task] = []
        self.colleagues: list[Contact] = []
        self.parts: list[OpportunityPerson] = []
        # Colleagues from marketing at meetings, by activity.
        self.guests: dict[int, User] = {}

    # Time

    def later(self, *, working: bool = True, **delta: float) -> "Life":
        """Let time pass, by default to a moment at which people work; raises Today past the end of the story."""
        at = self.now + timedelta(**delta)
        at = (next_working(at, self.frame.zone, self.rng) if working else at).replace(microsecond=0)
        return self.until(at)

    def until(self, at: datetime) -> "Life":
        if at > self.frame.ends_at:
            raise Today
        self.now = max(self.now, at)
        return self

    # Rows of the log

    def capture(self, by: User | None) -> None:
        self.lead.stage, self.lead.episode, self.lead.seq = Stage.INQUIRY, 1, 0
        self._append(Stage.INQUIRY, by=by, from_stage="")

    def move(self, to: Stage, *, by: User | None, **facts: Any) -> Transition:
        """As leads.transitions.move_lead; ``facts`` are columns of the row."""
        assert (Stage(self.lead.stage), to) in MOVES, (self.lead.stage, to)
        opens = self._opens_episode(to)
        self.lead.episode += opens
        return self._append(to, by=by, from_stage=self.lead.stage, opens_episode=opens, **facts)

    def undo_last(self, *, by: User) -> None:
        """As leads.transitions.undo_move of the last effective row."""
        row = self.effective.pop()
        self.lead.episode = self.effective[-1].episode
        self._append(Stage(row.from_stage), by=by, from_stage=row.to_stage, kind=TransitionKind.UNDO, undoes_id=row.pk)
        self.lead.stage_since = self.effective[-1].at

    def _append(self, to: Stage, *, by: User | None, from_stage: str, **facts: Any) -> Transition:
        lead = self.lead
        lead.seq += 1
        row = Transition(
            id=self.frame.ids.next(Transition), lead_id=lead.pk, seq=lead.seq, episode=lead.episode,
            from_stage=from_stage, to_stage=to.value, at=self.now, recorded_at=self.now, by=by,
            definition_version=self.frame.definition_at(self.now), **facts,
        )  # fmt: skip
        self.transitions.append(row)
        if row.kind != TransitionKind.UNDO:
            self.effective.append(row)
        lead.stage, lead.stage_since, lead.version, lead.updated_at = to.value, self.now, lead.seq, self.now
        return row

    def _opens_episode(self, to: Stage) -> bool:
        if Stage(self.lead.stage) not in RETURNED or RANK.get(to, 0) < RANK[Stage.MQL]:
            return False
        return any(
            row.episode == self.lead.episode and RANK.get(Stage(row.to_stage), 0) >= RANK[Stage.MQL]
            for row in self.effective
        )

    # Marketing

    def touch(
        self,
        kind: str,
        campaign: Campaign | None,
        *,
        by: str = "buyer",
        asset: Asset | None = None,
        utm: dict[str, str] | None = None,
    ) -> None:
        channel = campaign.channel if campaign else self.lead.channel
        self.touches.append(
            Touch(
                id=self.frame.ids.next(Touch), lead_id=self.lead.pk, kind=kind, by=by, at=self.now, channel=channel,
                campaign=campaign, asset=asset, utm=utm or {}, created_at=self.now,
            )
        )  # fmt: skip

    def qualify_by_marketing(self, by: User, note: str = "") -> None:
        self.move(Stage.MQL, by=by, note=note)
        self.lead.revisit_on = None

    def park(self, by: User) -> None:
        self.move(Stage.NURTURE, by=by)
        self._revisit()

    def discard(self, by: User, code: str) -> None:
        self.move(Stage.DISQUALIFIED, by=by, reason=self.frame.reason("discard", code))
        self.lead.revisit_on = None

    def recycle(self, by: User) -> None:
        self.move(Stage.NURTURE, by=by)
        self.lead.revisit_on = None

    def _revisit(self) -> None:
        self.lead.revisit_on = (self.now + PARKED_FOR).astimezone(self.frame.zone).date()

    # Hand-offs

    @property
    def handoff(self) -> Handoff:
        return self.handoffs[-1]

    def offer(self, *, by: User, to_user: User | None = None, to_team: Team | None = None, promised: str = "") -> None:
        row = self.move(Stage.OFFERED, by=by)
        self._open_handoff(
            by=by, to_user=to_user, to_team=to_team, promised=promised, waiting_since=self.now,
            definition_version=row.definition_version, routing={"rule": "by_hand"},
        )  # fmt: skip

    def accept(self, by: User, *, comment: str = "", rating: int | None = None) -> None:
        before = {"owner_id": self.lead.owner_id, "team_id": self.lead.team_id}
        attempt_due_at = self.frame.after(self.now, self.frame.agreement.hours_to_first_attempt)
        self._decide(
            HandoffStatus.ACCEPTED, by, comment=comment, rating=rating, before=before, attempt_due_at=attempt_due_at
        )
        self.move(Stage.ACCEPTED, by=by, handoff=self.handoff.pk)
        self.lead.owner, self.lead.team = by, by.team

    def reject(self, by: User, code: str, comment: str, *, pass_to: User | None = None) -> None:
        """With the route of the reason; ``pass_to`` gets the lead when the reason sends it on."""
        reason = self.frame.reason("verdict", code)
        route = reason.default_route
        wrong = WRONG_FIELDS.get(code, [])
        self._decide(HandoffStatus.REJECTED, by, reason=reason, comment=comment, route=route, wrong_fields=wrong)
        if route == "reroute":
            assert pass_to is not None
            self._pass_on(pass_to)
            return
        to = STAGE_AFTER[Route(route)]
        self.move(to, by=by, reason=reason, note=comment, handoff=self.handoff.pk)
        if to == Stage.NURTURE:
            self._revisit()

    def withdraw(self, by: User) -> None:
        self._decide(HandoffStatus.WITHDRAWN, by)
        self.move(Stage.MQL, by=by, handoff=self.handoff.pk)

    def expire(self, pass_to: User) -> None:
        """Nobody answered in time: escalation gives the lead to somebody else."""
        self._decide(HandoffStatus.EXPIRED, None)
        self._pass_on(pass_to)

    def undo_verdict(self, by: User) -> None:
        """The same hand-off is open again, with its old due time."""
        handoff = self.handoff
        self.undo_last(by=by)
        self.lead.owner_id, self.lead.team_id = handoff.before.get("owner_id"), handoff.before.get("team_id")
        handoff.status, handoff.decided_by, handoff.decided_at = HandoffStatus.OPEN, None, None
        handoff.reason, handoff.route, handoff.comment, handoff.rating = None, "", "", None
        handoff.wrong_fields = []
        handoff.answered_in = handoff.attempt_due_at = None
        handoff.updated_at, self.lead.revisit_on = self.now, None

    def _decide(self, status: HandoffStatus, by: User | None, **verdict: Any) -> None:
        assert self.handoff.status == HandoffStatus.OPEN
        took = working_time(self.handoff.offered_at, self.now, self.frame.schedule) if status in VERDICTS else None
        decided = {
            "status": status, "decided_by": by, "decided_at": self.now, "updated_at": self.now, "answered_in": took,
            **verdict,
        }  # fmt: skip
        for name, value in decided.items():
            setattr(self.handoff, name, value)

    def _pass_on(self, to: User) -> None:
        before = self.handoff
        why = {"rule": "fewest_open", "team": to.team.name if to.team else "", "open": self.rng.randint(0, 2)}
        self._open_handoff(
            by=before.offered_by, to_user=to, to_team=None, promised=before.promised, routing=why,
            waiting_since=before.waiting_since, definition_version=before.definition_version, follows_id=before.pk,
        )  # fmt: skip

    def _open_handoff(self, *, by: User | None, **facts: Any) -> None:
        levels = (level for level in self.frame.exceptions if level.fits(segment=self.lead.segment, score=0))
        special = next(levels, None)
        hours = (special and special.hours_to_verdict) or self.frame.agreement.hours_to_verdict
        self.handoffs.append(
            Handoff(
                id=self.frame.ids.next(Handoff), lead_id=self.lead.pk, episode=self.lead.episode, offered_by=by,
                offered_at=self.now, due_at=self.frame.after(self.now, hours), created_at=self.now,
                updated_at=self.now, service_level=special.name if special else "", **facts,
            )
        )  # fmt: skip
        self.handoff.team = team_of(self.handoff)

    # Sales

    def log(self, kind: str, *, at: datetime | None = None, by: User | None = None, **facts: Any) -> Activity:
        """As leads.activities.log_activity, of the lead's owner unless ``by`` is somebody else."""
        at = at or self.now
        deal = next((row for row in self.opportunities if was_open(row, at)), None)
        row = Activity(
            id=self.frame.ids.next(Activity), lead_id=self.lead.pk, opportunity=deal, kind=kind, at=at,
            direction=default_direction(kind), by=by or self.lead.owner, created_at=at, updated_at=at, is_sample=True,
            **facts,
        )  # fmt: skip
        self.activities.append(row)
        return row

    def plan(self, kind: str, title: str, due_at: datetime, *, owner: User, **facts: Any) -> Task:
        """As leads.next_steps.add_task."""
        deal = next((row for row in self.opportunities if row.is_open), None)
        row = Task(
            id=self.frame.ids.next(Task), lead_id=self.lead.pk, opportunity=deal, kind=kind, title=title,
            due_at=due_at, owner=owner, made_by=owner, created_at=self.now, updated_at=self.now, is_sample=True,
            **facts,
        )  # fmt: skip
        self.tasks.append(row)
        return row

    def claim(self, by: User) -> None:
        self.move(Stage.ACCEPTED, by=by)
        self.lead.owner, self.lead.team = by, by.team

    def qualify_by_sales(self, **facts: str) -> None:
        self.move(Stage.QUALIFIED, by=self.lead.owner)
        self.lead.need, self.lead.authority, self.lead.timing = facts["need"], facts["authority"], facts["timing"]

    def return_to_marketing(self, code: str, note: str) -> None:
        self.move(Stage.NURTURE, by=self.lead.owner, reason=self.frame.reason("return", code), note=note)
        self._revisit()

    def disqualify(self, code: str, note: str) -> None:
        self.move(Stage.DISQUALIFIED, by=self.lead.owner, reason=self.frame.reason("disqualify", code), note=note)

    def convert(self, name: str, amount: Decimal, expected_close: datetime) -> Opportunity:
        lead = self.lead
        self.move(Stage.OPPORTUNITY, by=lead.owner)
        if lead.company is None and lead.company_name:
            lead.company = self.frame.companies.get(lead.company_name) or self._company(lead.company_name)
        self.contact = self.contact or self._contact()
        lead.contact = self.contact
        deal = Opportunity(
            id=self.frame.ids.next(Opportunity), name=name, lead_id=lead.pk, company=lead.company, contact=self.contact,
            owner=lead.owner, team=lead.team, product=lead.product_interest, amount=amount, opened_at=self.now,
            stage_since=self.now, expected_close=expected_close.date(), probability=FIRST[DealStage.DISCOVERY][0],
            created_at=self.now, updated_at=self.now, is_sample=True,
        )  # fmt: skip
        self.opportunities.append(deal)
        return deal

    def _company(self, name: str) -> Company:
        made = Company(
            id=self.frame.ids.next(Company), name=name, country=self.lead.country, is_sample=True,
            created_at=self.now, updated_at=self.now,
        )  # fmt: skip
        self.frame.companies[name] = made
        return made

    def _contact(self) -> Contact:
        lead = self.lead
        return Contact(
            id=self.frame.ids.next(Contact), first_name=lead.first_name, last_name=lead.last_name, email=lead.email,
            phone=lead.phone, title=lead.title, company=lead.company, is_sample=True,
            created_at=self.now, updated_at=self.now,
        )  # fmt: skip

    def change_stage(self, stage: DealStage, forecast: ForecastCategory) -> None:
        deal = self.opportunities[-1]
        self._remember(deal)
        deal.stage, deal.probability, deal.forecast_category = stage, FIRST[stage][0], forecast
        deal.stage_since = deal.updated_at = self.now

    def win(self) -> None:
        self._close(Outcome.WON, None, "")
        self.move(Stage.CUSTOMER, by=self.lead.owner)

    def lose(self, code: str, note: str, competitor: str = "") -> None:
        reason = self.frame.reason("loss", code)
        self._close(Outcome.LOST, reason, note)
        self.opportunities[-1].competitor = competitor
        self.move(Stage.LOST, by=self.lead.owner, reason=reason)

    def _close(self, outcome: Outcome, reason: Reason | None, note: str) -> None:
        deal = self.opportunities[-1]
        self._remember(deal)
        deal.stage_before_close, deal.stage, deal.outcome = deal.stage, outcome.value, outcome.value
        deal.reason, deal.note, deal.probability = reason, note, FIRST[DealStage(outcome)][0]
        deal.forecast_category = ForecastCategory.CLOSED if outcome == Outcome.WON else ForecastCategory.OMITTED
        deal.closed_at = deal.stage_since = deal.updated_at = self.now

    def _remember(self, deal: Opportunity) -> None:
        """The row of its history that a change of ``deal`` leaves: what it was until now."""
        before = {name: getattr(deal, name) for name in STATE}
        self.deal_history.append(
            DealEvent(
                pgh_id=self.frame.ids.next(DealEvent), pgh_created_at=self.now, pgh_label="update", pgh_obj_id=deal.pk,
                **before,
            )
        )  # fmt: skip


def was_open(deal: Opportunity, at: datetime) -> bool:
    return deal.opened_at is not None and deal.opened_at <= at and (deal.closed_at is None or at <= deal.closed_at)
