"""Whatever people do with a lead all day, in any order: nothing of its history is lost, and every figure stays true."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db.models import Max, Min, Q
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm.errors import BusinessError
from crm.models import Role, Side, User
from feedback.models import Handoff
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict
from funnel.facts.checking import check_metrics
from leads.activities import log_activity, remove_activity
from leads.archiving import archive, restore
from leads.assigning import assign_leads, take_back_leads
from leads.converting import convert_lead, join_opportunity, joinable_opportunities, undo_conversion
from leads.editing import create_lead, edit_lead
from leads.lifecycle import MOVES, OWN_ACTION, Stage
from leads.models import Activity, Lead, Opportunity, Reason, Task, Transition
from leads.next_steps import add_task, complete_task, remove_task, reopen_task
from leads.opportunities import change_stage, close_opportunity, reopen_opportunity
from leads.pipeline import open_stages, pipeline
from leads.subjects import Subject
from leads.tagging import tag_leads
from leads.transitions import transition_lead
from tests.anew import start_over
from tests.factories import MONDAY, make_campaign, make_team, reason

A_MINUTE = timedelta(minutes=1)
WORDS = ["", "Ada", "Łukasz", "مريم", "🙂", "<script>", "x" * 60]
FIELDS = ("first_name", "title", "source", "segment", "budget", "company_name")
# What may be tried on a lead of each stage; the rest of the day's work may be tried on any.
BY_STAGE = {
    Stage.INQUIRY: "move",
    Stage.NURTURE: "move",
    Stage.MQL: "offer offer offer move",
    Stage.OFFERED: "accept accept accept reject",
    Stage.ACCEPTED: "convert convert join move move undo_verdict",
    Stage.QUALIFIED: "convert convert join join move",
    Stage.OPPORTUNITY: "change_stage close close undo_conversion undo_conversion",
    Stage.CUSTOMER: "reopen reopen",
    Stage.LOST: "reopen move",
    Stage.DISQUALIFIED: "move undo_verdict",
}
ANY_TIME = (
    "edit edit stale_edit tag untag log log unlog plan plan done undone unplan assign unassign put_away bring_back"
)


class WorkingDay:
    """A marketer, two reps and their manager at work on a few leads of one company."""

    def __init__(self, pick: Random) -> None:
        self.pick, self.at = pick, MONDAY
        team = make_team()
        self.mia = self.person("mia", Role.MARKETER)
        self.rob, self.rosa = self.person("rob", team=team), self.person("rosa", team=team)
        self.max = self.person("max", Role.MANAGER, team=team)
        campaign = make_campaign()
        for name in ("Ada", "Grace", "Edith"):
            create_lead(by=self.mia, at=self.at, first_name=name, company_name="Acme", campaign=campaign)
        # (lead, field, what it was before, what it became) of every edit that went through.
        self.edits: list[tuple[int, str, str, str]] = []
        self.assigned: list[Any] = []

    def person(self, name: str, role: str = Role.REP, **fields: Any) -> User:
        return User.objects.create(email=f"{name}@demo.test", first_name=name.title(), role=role, **fields)

    def act(self) -> None:
        lead = self.pick.choice(list(Lead.objects.order_by("pk")))
        deeds = BY_STAGE[Stage(lead.stage)] if self.pick.random() < 0.6 else ANY_TIME
        deed = self.pick.choice(deeds.split())
        self.at += timedelta(minutes=self.pick.randint(0, 60 * 30), microseconds=self.pick.randint(0, 999_999))
        try:
            getattr(self, deed)(lead)
        except BusinessError:
            return

    def seller(self, lead: Lead) -> User:
        return lead.owner if lead.owner and lead.owner.is_rep else self.max

    # The way of a lead

    def move(self, lead: Lead) -> None:
        to = self.pick.choice([to for start, to in MOVES if start == lead.stage and to not in OWN_ACTION])
        move = MOVES[Stage(lead.stage), to]
        why = {"reason": Reason.objects.filter(use=move.reason).last(), "note": "So it is."} if move.reason else {}
        transition_lead(lead, to, by=self.mover(lead), at=self.at, **why)

    def mover(self, lead: Lead) -> User:
        return self.mia if lead.side == Side.MARKETING else self.max

    def offer(self, lead: Lead) -> None:
        offer_lead(lead, by=self.mia, at=self.at, to_user=self.pick.choice([self.rob, self.rosa]))

    def accept(self, lead: Lead) -> None:
        handoff = lead.handoffs.get(status="open")
        accept_handoff(handoff, by=handoff.to_user or self.max, at=self.at)

    def reject(self, lead: Lead) -> None:
        handoff, code = lead.handoffs.get(status="open"), self.pick.choice(["wrong_rep", "missing_data", "no_project"])
        reject_handoff(handoff, by=handoff.to_user or self.max, at=self.at, reason=reason(code))

    def undo_verdict(self, lead: Lead) -> None:
        handoff = Handoff.objects.filter(lead=lead, decided_by__isnull=False).last()
        if handoff:
            undo_verdict(handoff, by=handoff.decided_by, at=handoff.decided_at + A_MINUTE)

    def convert(self, lead: Lead) -> None:
        convert_lead(lead, by=self.seller(lead), at=self.at, name="Acme", amount=Decimal(100))

    def join(self, lead: Lead) -> None:
        for opportunity in joinable_opportunities(lead)[:1]:
            join_opportunity(lead, opportunity, by=self.max, at=self.at)

    def undo_conversion(self, lead: Lead) -> None:
        undo_conversion(lead, by=self.max, at=lead.stage_since + A_MINUTE)

    def change_stage(self, lead: Lead) -> None:
        for opportunity in lead.opportunities.filter(outcome="")[:1]:
            change_stage(opportunity, self.pick.choice(open_stages(pipeline())).stage, by=self.max, at=self.at)

    def close(self, lead: Lead) -> None:
        for opportunity in lead.opportunities.filter(outcome="")[:1]:
            outcome = self.pick.choice(["won", "lost"])
            why = {"reason": reason("price", "loss")} if outcome == "lost" else {}
            close_opportunity(opportunity, outcome=outcome, by=self.max, at=self.at, **why)

    def reopen(self, lead: Lead) -> None:
        for opportunity in lead.opportunities.exclude(outcome="")[:1]:
            reopen_opportunity(opportunity, by=self.max, at=self.at)

    # What people write and plan

    def edit(self, lead: Lead, seen: dict[str, Any] | None = None) -> None:
        name, text = self.pick.choice(FIELDS), self.pick.choice(WORDS)
        before = getattr(lead, name)
        edit_lead(lead, by=self.max, at=self.at, seen=seen and {name: seen[name]}, **{name: text})
        if before != text:
            self.edits.append((lead.pk, name, before, text))

    def stale_edit(self, lead: Lead) -> None:
        """Somebody else was faster: the edit is refused, or it says the same."""
        self.edit(lead, seen=dict.fromkeys(FIELDS, "what it never was"))

    def tag(self, lead: Lead) -> None:
        tags = self.pick.sample(["fair", "key account", "ملاحظة"], 2)
        tag_leads([lead.pk], add=tags, by=self.max, at=self.at)

    def untag(self, lead: Lead) -> None:
        tag_leads([lead.pk], remove=["fair"], by=self.max, at=self.at)

    def log(self, lead: Lead) -> None:
        kind, outcome = self.pick.choice([("call", "reached"), ("call", "no_answer"), ("email", ""), ("note", "")])
        about = Subject(lead, self.pick.choice([None, lead.opportunities.first()]))
        log_activity(about, by=self.max, at=self.at, kind=kind, outcome=outcome, note="What was said.")

    def unlog(self, lead: Lead) -> None:
        for activity in lead.activities.all()[:1]:
            remove_activity(activity, by=self.max)

    def plan(self, lead: Lead) -> None:
        due_at = self.at + timedelta(days=self.pick.randint(0, 20))
        about = Subject(lead, self.pick.choice([None, lead.opportunities.first()]))
        add_task(about, by=self.max, at=self.at, title="Call again", due_at=due_at)

    def done(self, lead: Lead) -> None:
        for task in lead.tasks.open()[:1]:
            complete_task(task, by=self.max, at=self.at)

    def undone(self, lead: Lead) -> None:
        for task in lead.tasks.filter(done_at__isnull=False)[:1]:
            reopen_task(task, by=self.max)

    def unplan(self, lead: Lead) -> None:
        for task in lead.tasks.all()[:1]:
            remove_task(task, by=self.max)

    # Many at once

    def assign(self, lead: Lead) -> None:
        ids = list(Lead.objects.values_list("id", flat=True))
        self.assigned.append(assign_leads(ids, to=self.pick.choice([self.rob, self.rosa]), by=self.max, at=self.at))

    def unassign(self, lead: Lead) -> None:
        if self.assigned:
            take_back_leads(self.assigned.pop(), by=self.max, at=self.at)

    def put_away(self, lead: Lead) -> None:
        archive(lead, by=self.max, at=self.at)

    def bring_back(self, lead: Lead) -> None:
        restore(lead, by=self.max, at=self.at)


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(seed=st.integers(0, 2**32), acts=st.integers(60, 110))
def test_any_working_day_keeps_history_links_and_figures(seed: int, acts: int) -> None:
    start_over("leads_company")
    day = WorkingDay(Random(seed))
    for _ in range(acts):
        day.act()

    for check in CHECKS:
        check(day)
    assert check_metrics().differences == []


def log_is_whole(day: WorkingDay) -> None:
    """Every lead stands where its last effective row took it, without a gap in the numbers."""
    for lead in Lead.objects.all():
        rows = list(Transition.objects.filter(lead=lead).order_by("seq"))
        assert [row.seq for row in rows] == list(range(1, lead.seq + 1))
        last = Transition.objects.effective().filter(lead=lead).latest("seq")
        assert (lead.stage, lead.episode) == (last.to_stage, last.episode)


def edits_are_kept(day: WorkingDay) -> None:
    """What a field held before each edit can still be read, and it holds what the last edit wrote."""
    for lead_id, name, before, _after in day.edits:
        history = Lead.objects.get(pk=lead_id).events.values_list(name, flat=True)
        assert before in history
    latest = {(lead_id, name): after for lead_id, name, _before, after in day.edits}
    for (lead_id, name), after in latest.items():
        assert getattr(Lead.objects.get(pk=lead_id), name) == after


def links_hold(day: WorkingDay) -> None:
    """A converted lead has its contact and an opportunity, its own or one it joined."""
    with_deal = Q(opportunities__isnull=False) | Q(joined__isnull=False)
    converted = Lead.objects.filter(stage__in=[Stage.OPPORTUNITY, Stage.CUSTOMER])
    assert set(converted.filter(with_deal, contact__isnull=False)) == set(converted)
    assert not Activity.objects.filter(lead__isnull=True, opportunity__isnull=True).exists()
    for opportunity in Opportunity.objects.filter(outcome="won"):
        assert opportunity.lead is None or opportunity.lead.stage == Stage.CUSTOMER


def next_steps_are_true(day: WorkingDay) -> None:
    """Leads repeat the newest activity that is no note, and the first open task."""
    for lead in Lead.objects.all():
        newest = lead.activities.exclude(kind="note").aggregate(at=Max("at"))["at"]
        first = Task.objects.open().filter(lead=lead).aggregate(at=Min("due_at"))["at"]
        assert (lead.last_activity_at, lead.next_step_at) == (newest, first)


def sides_agree(day: WorkingDay) -> None:
    """A lead's open opportunity is work in hand, and nothing waits for sales without a hand-off."""
    waiting = set(Lead.objects.filter(stage=Stage.OFFERED).values_list("id", flat=True))
    assert waiting == set(Handoff.objects.filter(status="open").values_list("lead_id", flat=True))
    assert not Opportunity.objects.filter(outcome="", lead__stage=Stage.LOST).exists()


CHECKS: list[Callable[[WorkingDay], None]] = [
    log_is_whole, edits_are_kept, links_hold, next_steps_are_true, sides_agree,
]  # fmt: skip
