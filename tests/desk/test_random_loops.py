"""Whatever sales and marketing do with hand-offs: one waits at a time, no verdict is lost, clocks add up."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db.models import Count
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm.errors import BusinessError
from crm.models import Role, User
from feedback.escalating import escalate_overdue
from feedback.handing_over import hand_over_leads
from feedback.many_verdicts import accept_handoffs, reject_handoffs, undo_verdicts
from feedback.models import VERDICTS, Agreement, Handoff, HandoffStatus, SignedStatus
from feedback.rerouting import reroute_waiting
from feedback.snoozing import snooze_handoff, wake_handoff
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict, withdraw_handoff
from funnel.facts.checking import check_metrics
from leads.editing import create_lead
from leads.lifecycle import Stage
from leads.merging import merge_leads, undo_merge
from leads.models import Lead, Merge, Transition
from leads.transitions import transition_lead
from tests.anew import start_over
from tests.factories import MONDAY, make_campaign, make_team, reason

REASONS = ("wrong_rep", "missing_data", "company_size", "no_project")
DEEDS = (
    "mark mark mark offer offer offer_by_rules hand_over accept accept reject reject accept_many reject_many "
    "undo undo undo_many snooze wake withdraw escalate reroute give_back give_back recycle merge unmerge"
).split()


class Loop:
    """A marketer, three reps of one team and their manager, with six leads that go to and fro between them."""

    def __init__(self, pick: Random) -> None:
        self.pick, self.at = pick, MONDAY
        team = make_team()
        self.mia = self.person("mia", Role.MARKETER)
        self.reps = [self.person(name, team=team) for name in ("rob", "rosa", "lars")]
        self.max = self.person("max", Role.MANAGER, team=team)
        team.manager = self.max
        team.save()
        Agreement.objects.create(version=1, status=SignedStatus.ACTIVE, hours_to_verdict=24, hours_late_to_escalate=8,
                                 min_attempts=0)  # fmt: skip
        campaign = make_campaign()
        for number in range(6):
            create_lead(by=self.mia, at=self.at, first_name=f"Lead {number}", company_name="Acme", campaign=campaign)
        # What was answered and not taken back: hand-off, status and who.
        self.verdicts: dict[int, tuple[str, int]] = {}

    def person(self, name: str, role: str = Role.REP, **fields: Any) -> User:
        return User.objects.create(email=f"{name}@demo.test", first_name=name.title(), role=role, **fields)

    def act(self) -> None:
        self.at += timedelta(minutes=self.pick.randint(0, 60 * 14), seconds=self.pick.randint(0, 59))
        try:
            getattr(self, self.pick.choice(DEEDS))()
        except BusinessError:
            return

    # Who and what

    def lead(self, *stages: Stage) -> Lead:
        found = list(Lead.objects.filter(stage__in=stages or Stage.values).order_by("pk"))
        return self.pick.choice(found or list(Lead.objects.order_by("pk")))

    def waiting(self) -> list[Handoff]:
        return list(Handoff.objects.open().select_related("lead", "to_user").order_by("pk"))

    def one_waiting(self) -> Handoff:
        """One that waits, else a decided one: what stands on a page opened before."""
        found = self.waiting() or list(Handoff.objects.order_by("pk"))
        if not found:
            raise BusinessError("Nothing was handed over yet.")
        return self.pick.choice(found)

    def some(self) -> list[int]:
        """Hand-offs of every kind, decided ones too: what somebody selected a while ago."""
        ids = list(Handoff.objects.order_by("pk").values_list("pk", flat=True))
        return self.pick.sample(ids, min(len(ids), 4))

    def answerer(self, handoff: Handoff) -> User:
        return self.pick.choice([handoff.to_user or self.reps[0], self.max, self.pick.choice(self.reps)])

    def note(self, *ids: int) -> None:
        for handoff in Handoff.objects.filter(pk__in=ids):
            self.verdicts[handoff.pk] = (handoff.status, handoff.decided_by_id or 0)

    def answered(self, deed: Any, ids: list[int]) -> None:
        """A bulk verdict names leads; the hand-offs are those of the ids that were decided just now."""
        decided = Handoff.objects.filter(pk__in=ids, decided_at=self.at, lead__in=deed.changed_ids)
        self.note(*decided.values_list("pk", flat=True))

    # What marketing does

    def mark(self) -> None:
        lead = self.lead(Stage.INQUIRY, Stage.NURTURE)
        transition_lead(lead, Stage.MQL, by=self.mia, at=self.at)

    def offer(self) -> None:
        offer_lead(self.lead(Stage.MQL), by=self.mia, at=self.at, to_user=self.pick.choice(self.reps))

    def offer_by_rules(self) -> None:
        offer_lead(self.lead(Stage.MQL), by=self.mia, at=self.at)

    def hand_over(self) -> None:
        ids = list(Lead.objects.values_list("pk", flat=True))
        hand_over_leads(self.pick.sample(ids, 3), by=self.mia, at=self.at, to_user=self.pick.choice(self.reps))

    def withdraw(self) -> None:
        withdraw_handoff(self.one_waiting(), by=self.mia, at=self.at)

    def merge(self) -> None:
        merge_leads(self.lead(), self.lead(), by=self.max, at=self.at)

    def unmerge(self) -> None:
        for merge in Merge.objects.filter(undone_at__isnull=True)[:1]:
            undo_merge(merge, by=self.max, at=self.at)

    # What sales does

    def accept(self) -> None:
        handoff = self.one_waiting()
        accept_handoff(handoff, by=self.answerer(handoff), at=self.at)
        self.note(handoff.pk)

    def reject(self) -> None:
        handoff = self.one_waiting()
        reject_handoff(handoff, by=self.answerer(handoff), at=self.at, reason=reason(self.pick.choice(REASONS)))
        self.note(handoff.pk)

    def accept_many(self) -> None:
        ids = self.some()
        self.answered(accept_handoffs(ids, by=self.max, at=self.at), ids)

    def reject_many(self) -> None:
        ids = self.some()
        self.answered(reject_handoffs(ids, by=self.max, at=self.at, reason=reason(self.pick.choice(REASONS))), ids)

    def undo(self) -> None:
        for handoff in Handoff.objects.filter(status__in=VERDICTS).order_by("-decided_at", "-pk")[:1]:
            undo_verdict(handoff, by=handoff.decided_by, at=handoff.decided_at + timedelta(minutes=2))
            del self.verdicts[handoff.pk]

    def undo_many(self) -> None:
        ids = self.some()
        latest = Handoff.objects.filter(pk__in=ids, status__in=VERDICTS).order_by("-decided_at").first()
        if latest:
            undo_verdicts(ids, by=self.max, at=latest.decided_at + timedelta(minutes=1))
            for pk in Handoff.objects.filter(pk__in=ids, status=HandoffStatus.OPEN).values_list("pk", flat=True):
                self.verdicts.pop(pk, None)

    def snooze(self) -> None:
        handoff = self.one_waiting()
        snooze_handoff(handoff, by=self.max, at=self.at, until=self.at + timedelta(hours=self.pick.randint(1, 30)))

    def wake(self) -> None:
        wake_handoff(self.one_waiting(), by=self.max)

    def escalate(self) -> None:
        escalate_overdue(at=self.at, late_by=timedelta(hours=self.pick.choice([0, 8])))

    def reroute(self) -> None:
        reroute_waiting(self.pick.choice(self.reps), by=self.max, at=self.at)

    def give_back(self) -> None:
        lead = self.lead(Stage.ACCEPTED)
        transition_lead(lead, Stage.NURTURE, by=self.max, at=self.at, reason=reason("no_answer", "return"))

    def recycle(self) -> None:
        transition_lead(self.lead(Stage.DISQUALIFIED), Stage.NURTURE, by=self.max, at=self.at)


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(seed=st.integers(0, 2**32), acts=st.integers(80, 140))
def test_any_to_and_fro_keeps_verdicts_and_clocks(seed: int, acts: int) -> None:
    start_over("feedback_agreement")
    loop = Loop(Random(seed))
    for _ in range(acts):
        loop.act()
        one_waits_at_a_time()

    for check in CHECKS:
        check(loop)
    assert check_metrics().differences == []


def one_waits_at_a_time() -> None:
    """A lead that stands with sales' answer pending has exactly one open hand-off, and no other lead has one."""
    waiting = list(Lead.objects.filter(stage=Stage.OFFERED).order_by("pk").values_list("pk", flat=True))
    assert list(Handoff.objects.open().order_by("lead_id").values_list("lead_id", flat=True)) == waiting


def no_verdict_is_lost(loop: Loop) -> None:
    """Every answer that nobody took back stands as it was given, and there is no other."""
    stand = Handoff.objects.filter(status__in=VERDICTS).values_list("pk", "status", "decided_by_id")
    assert {pk: (status, by) for pk, status, by in stand} == loop.verdicts


def verdicts_are_moves(loop: Loop) -> None:
    """Each verdict that moved its lead has one row of the log that counts; passed-on ones have none."""
    rows = Transition.objects.effective().filter(handoff__isnull=False, from_stage=Stage.OFFERED)
    counted = dict(rows.values_list("handoff").annotate(n=Count("pk")))
    moved = Handoff.objects.filter(status__in=VERDICTS).exclude(route="reroute").values_list("pk", flat=True)
    withdrawn = Handoff.objects.filter(status=HandoffStatus.WITHDRAWN, followed_by__isnull=True)
    assert counted == dict.fromkeys([*moved, *withdrawn.values_list("pk", flat=True)], 1)


def clocks_add_up(loop: Loop) -> None:
    """A person's clock begins anew with each hand-off, the lead's goes on from the first; answers were measured."""
    for handoff in Handoff.objects.select_related("follows"):
        before = handoff.follows
        assert handoff.waiting_since == (before.waiting_since if before else handoff.offered_at)
        assert handoff.due_at == handoff.offered_at + timedelta(hours=24)
        took = handoff.decided_at - handoff.offered_at if handoff.status in VERDICTS else None
        assert handoff.answered_in == took
        assert before is None or before.status != HandoffStatus.OPEN


CHECKS: list[Callable[[Loop], None]] = [no_verdict_is_lost, verdicts_are_moves, clocks_add_up]
