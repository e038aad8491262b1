"""Whatever people do, in whatever batches the changes are read: the figures equal the log, told two ways."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm import outbox
from crm.erasure import rewriting
from crm.errors import BusinessError
from crm.models import FiscalCalendar, Organisation, Role, Team, User
from crm.organisation import edit_organisation
from crm.outbox import record_change
from feedback.escalating import expire_and_pass_on
from feedback.models import Handoff
from feedback.verdicts import (
    accept_handoff,
    offer_lead,
    reject_handoff,
    undo_verdict,
    withdraw_handoff,
)
from funnel.facts.checking import check_metrics
from funnel.reports import counts
from funnel.reports.question import DIMENSIONS, Question
from leads.converting import convert_lead, undo_conversion
from leads.editing import edit_company
from leads.lifecycle import MOVES, Stage
from leads.merging import merge_leads, undo_merge
from leads.models import Company, Lead, Merge, Touch
from leads.models.log import TransitionKind
from leads.opportunities import close_opportunity, edit_opportunity, reopen_opportunity
from leads.transitions import append, claim, move_lead, opens_episode
from tests.anew import start_over
from tests.factories import MONDAY, make_campaign, make_lead, make_team, reason
from tests.funnel.retelling import retold_cells, retold_facts, retold_steps, stored_cells, stored_facts

A_MINUTE = timedelta(minutes=1)
# What may be tried on a lead of each stage, the usual more often.
DEEDS = {
    Stage.INQUIRY: "move move import_row edit",
    Stage.NURTURE: "move move move import_row",
    Stage.MQL: "offer offer offer offer move import_row edit",
    Stage.OFFERED: "accept accept accept reject reject reject withdraw escalate",
    Stage.ACCEPTED: "convert convert move undo edit",
    Stage.QUALIFIED: "convert convert move",
    Stage.OPPORTUNITY: "close close close undo_conversion import_row",
    Stage.CUSTOMER: "reopen edit",
    Stage.LOST: "reopen move move",
    Stage.DISQUALIFIED: "move move undo",
}


def person(name: str, role: str = Role.REP, team: Team | None = None) -> User:
    """Without a password, whose hashing would take most of the time of these tests."""
    return User.objects.create(email=f"{name}@demo.test", first_name=name.title(), role=role, team=team)


class Office:
    """A few people and leads, and every deed that changes a figure, each done by somebody who may."""

    def __init__(self, pick: Random, at: datetime) -> None:
        self.pick, self.at = pick, at
        north, south = make_team(), make_team("Team South")
        self.ada = person("ada", Role.ADMIN)
        self.mia, self.max = person("mia", Role.MARKETER), person("max", Role.MANAGER)
        self.reps = [person("rob", team=north), person("rosa", team=north), person("sam", team=south)]
        self.campaigns = [None, make_campaign(), make_campaign("Fair")]
        self.companies = [None, *(Company.objects.create(name=name) for name in ("Acme", "Lathe"))]
        self.done: set[str] = set()
        # Tried on leads of any stage.
        self.always: tuple[str, ...] = ("edit", "put_right", "redefine", "redraw", "erase")

    def capture(self) -> None:
        choose = self.pick.choice
        make_lead(
            at=self.at, by=self.mia, campaign=choose(self.campaigns), source=choose(["", "google"]),
            company=choose(self.companies), sourced_by=choose(["marketing", "sales"]),
        )  # fmt: skip

    def act(self) -> None:
        """Somebody does something to some lead, if the rules allow it."""
        lead = self.pick.choice(list(Lead.objects.order_by("pk")))
        deed = self.pick.choice([*DEEDS[Stage(lead.stage)].split(), *self.always])
        self.at += timedelta(hours=self.pick.randint(0, 90), microseconds=self.pick.randint(0, 999_999))
        try:
            getattr(self, deed)(lead)
        except BusinessError:
            return
        self.done.add(deed)

    def move(self, lead: Lead) -> None:
        """Any move of the table: qualify, park, discard, recycle, return, claim and the rest."""
        to = self.pick.choice([to for start, to in MOVES if start == lead.stage and to != Stage.OFFERED])
        owner = {"owner": self.pick.choice(self.reps)} if to in {Stage.ACCEPTED, Stage.QUALIFIED} else {}
        move_lead(lead, to, by=self.mia, at=self.at, **owner)

    def offer(self, lead: Lead) -> None:
        offer_lead(lead, by=self.mia, at=self.at, to_user=self.pick.choice(self.reps))

    def accept(self, lead: Lead) -> None:
        handoff = lead.handoffs.get(status="open")
        accept_handoff(handoff, by=self.answerer(handoff), at=self.at)

    def reject(self, lead: Lead) -> None:
        handoff = lead.handoffs.get(status="open")
        code = self.pick.choice(["wrong_rep", "missing_data", "company_size", "no_project"])
        reject_handoff(handoff, by=self.answerer(handoff), at=self.at, reason=reason(code))

    def answerer(self, handoff: Handoff) -> User:
        return handoff.to_user or User.objects.filter(team=handoff.to_team).first() or self.reps[0]

    def withdraw(self, lead: Lead) -> None:
        withdraw_handoff(lead.handoffs.get(status="open"), by=self.mia, at=self.at)

    def escalate(self, lead: Lead) -> None:
        expire_and_pass_on([lead.handoffs.get(status="open").pk], at=self.at)

    def undo(self, lead: Lead) -> None:
        handoff = lead.handoffs.filter(decided_at__isnull=False).first()
        if handoff and handoff.decided_by:
            undo_verdict(handoff, by=handoff.decided_by, at=handoff.decided_at + A_MINUTE)

    def convert(self, lead: Lead) -> None:
        by = lead.owner or self.reps[0]
        currency = self.pick.choice(["EUR", "EUR", "USD"])
        convert_lead(lead, by=by, at=self.at, name="Deal", amount=Decimal(100), currency=currency)

    def undo_conversion(self, lead: Lead) -> None:
        undo_conversion(lead, by=lead.owner or self.reps[0], at=lead.stage_since + A_MINUTE)

    def close(self, lead: Lead) -> None:
        deal = lead.opportunities.filter(outcome="").first()
        if deal is None:
            return
        outcome = self.pick.choice(["won", "lost"])
        why = {"reason": reason("price", "loss")} if outcome == "lost" else {}
        close_opportunity(deal, outcome=outcome, by=deal.owner, at=self.at, **why)

    def reopen(self, lead: Lead) -> None:
        if deal := lead.opportunities.exclude(outcome="").first():
            reopen_opportunity(deal, by=deal.owner, at=self.at)

    def edit(self, lead: Lead) -> None:
        choose = self.pick.choice
        Lead.objects.filter(pk=lead.pk).update(
            campaign=choose(self.campaigns), source=choose(["", "google", "fair"]), segment=choose(["", "small"]),
            country=choose(["", "Peru"]), product_interest=choose(["", "Tandem"]), company=choose(self.companies),
            channel=choose(["", "email"]), sourced_by=choose(["marketing", "partner"]),
        )  # fmt: skip
        record_change("lead", [lead.pk])

    def put_right(self, lead: Lead) -> None:
        """What somebody knew of a company, or of a deal that is closed, was wrong."""
        if lead.company:
            edit_company(lead.company, by=self.ada, industry=self.pick.choice(["", "Machinery", "Retail"]))
        if deal := lead.opportunities.first():
            edit_opportunity(deal, by=self.ada, at=self.at, amount=Decimal(self.pick.randint(1, 500)))

    def erase(self, lead: Lead) -> None:
        """The person asks to be forgotten: what was known of them goes, stages and times stay (METRICS 1.8)."""
        with rewriting(by=self.ada, at=self.at, deed="erase a person", why="asked for"):
            Touch.objects.filter(lead=lead).delete()
            Lead.objects.filter(pk=lead.pk).update(first_name="", last_name="", email="", phone="", company_name="")
            record_change("lead", [lead.pk])

    def redefine(self, lead: Lead) -> None:
        """Marketing and sales sign another version of the definition."""
        Organisation.objects.update(definition_version=self.pick.randint(1, 3))

    def redraw(self, lead: Lead) -> None:
        """A team gets another region."""
        Team.objects.filter(pk=self.pick.choice(self.reps).team_id).update(
            region=self.pick.choice(["", "East", "West"])
        )

    def merge(self, lead: Lead) -> None:
        """Any other lead turns out to be this one."""
        other = self.pick.choice(list(Lead.objects.exclude(pk=lead.pk).order_by("pk")))
        merge_leads(lead, other, by=self.max, at=self.at)

    def unmerge(self, lead: Lead) -> None:
        if merge := lead.merges.filter(undone_at=None).first():
            undo_merge(merge, by=self.max, at=self.at)

    def import_row(self, lead: Lead) -> None:
        """An import may skip stages, and may date its row before the row it follows."""
        later = (Stage.MQL, Stage.ACCEPTED, Stage.OPPORTUNITY, Stage.CUSTOMER)
        to = self.pick.choice([stage for stage in later if stage != lead.stage])
        opens, stood = opens_episode(lead, to), lead.stage
        at = self.at - timedelta(days=self.pick.randint(0, 60), microseconds=self.pick.randint(0, 999_999))
        claim(lead, to, since=at, episode=lead.episode + opens)
        append(lead, to, by=None, at=at, from_stage=stood, kind=TransitionKind.IMPORT, opens_episode=opens)
        record_change("lead", [lead.pk])


# A history that fails is not made shorter: that would take minutes, and its seed tells enough.
HISTORIES = settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
CALENDARS = st.sampled_from(FiscalCalendar.values)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo"])


@pytest.mark.django_db(transaction=True)
@HISTORIES
@given(seed=st.integers(0, 2**32), leads=st.integers(2, 4), acts=st.integers(30, 60), zone=ZONES)
def test_figures_equal_the_log_after_any_history(seed: int, leads: int, acts: int, zone: str) -> None:
    start_over("leads_company", zone=zone)
    office = Office(Random(seed), MONDAY)
    live(office, leads=leads, acts=acts)
    assert_figures_are_true(zone, office.pick)


@pytest.mark.django_db(transaction=True)
@HISTORIES
@given(seed=st.integers(0, 2**32), leads=st.integers(3, 6), acts=st.integers(40, 80), zone=ZONES)
def test_figures_equal_the_log_however_leads_are_merged(seed: int, leads: int, acts: int, zone: str) -> None:
    start_over("leads_company", zone=zone)
    office = Office(Random(seed), MONDAY)
    office.always += ("merge", "unmerge", "merge", "unmerge")
    live(office, leads=leads, acts=acts)
    assert_figures_are_true(zone, office.pick)


@pytest.mark.django_db(transaction=True)
@HISTORIES
@given(seed=st.integers(0, 2**32), leads=st.integers(2, 5), acts=st.integers(20, 40), zone=ZONES, calendar=CALENDARS)
def test_figures_equal_the_log_after_another_zone_or_calendar(
    seed: int, leads: int, acts: int, zone: str, calendar: str
) -> None:
    start_over("leads_company", zone="UTC")
    office = Office(Random(seed), MONDAY)
    live(office, leads=leads, acts=acts)
    edit_organisation(Organisation.get(), by=office.ada, time_zone=zone, fiscal_calendar=calendar)
    drain_in_batches(office.pick)
    assert_figures_are_true(zone, office.pick)


@pytest.mark.django_db(transaction=True)
@HISTORIES
@given(seed=st.integers(0, 2**32), leads=st.integers(3, 6), acts=st.integers(20, 60))
def test_undoing_merges_brings_every_figure_back(seed: int, leads: int, acts: int) -> None:
    start_over("leads_company", zone="Europe/Berlin")
    office = Office(Random(seed), MONDAY)
    live(office, leads=leads, acts=acts)
    before = stored_facts(), stored_cells(), the_leads()

    for _ in range(leads):
        with suppress(BusinessError):
            office.merge(office.pick.choice(list(Lead.objects.order_by("pk"))))
        drain_in_batches(office.pick)
    for merge in Merge.objects.filter(undone_at=None).order_by("-id"):
        undo_merge(merge, by=office.max, at=office.at)
    drain_in_batches(office.pick)

    assert (stored_facts(), stored_cells(), the_leads()) == before


def live(office: Office, *, leads: int, acts: int) -> None:
    """People come and do things, and every now and then some changes are read."""
    for _ in range(leads):
        office.capture()
        office.at += timedelta(days=office.pick.choice([0, 0, 9]))
    for _ in range(acts):
        office.act()
        if office.pick.random() < 0.3:
            outbox.drain("funnel", limit=office.pick.randint(1, 5))
    drain_in_batches(office.pick)


def drain_in_batches(pick: Random) -> None:
    while outbox.drain("funnel", limit=pick.randint(1, 7)):
        pass


def assert_figures_are_true(zone: str, pick: Random) -> None:
    facts, cells = stored_facts(), stored_cells()
    assert facts == retold_facts(zone)
    assert cells == retold_cells(facts.values())
    assert_reports_are_true(list(facts.values()), pick)
    assert check_metrics().differences == []
    outbox.rebuild("funnel")
    assert (stored_facts(), stored_cells()) == (facts, cells)


def assert_reports_are_true(facts: list[dict[str, Any]], pick: Random) -> None:
    """The funnel, whatever is asked: by one dimension (from cells) and by two (from facts)."""
    region_of = dict(Team.objects.values_list("pk", "region"))
    days = sorted({fact["began_on"] for fact in facts})
    start, end = days[0], pick.choice([pick.choice(days), days[-1] + timedelta(days=400)])
    for dimension, basis, unit in product(["", *DIMENSIONS], ["cohort", "period"], ["leads", "episodes"]):
        question = Question(start, end, basis=basis, unit=unit, dimension=dimension)
        alone = retold_steps(facts, question, region_of)
        assert told_steps(question) == alone, question
        other = pick.choice(DIMENSIONS)
        for key in retold_steps(facts, replace(question, dimension=other), region_of):
            within = replace(question, filters=((other, str(key)),))
            assert told_steps(within) == retold_steps(facts, within, region_of), within


def told_steps(question: Question) -> dict[str | None, list[tuple[int, int]]]:
    return {
        key: [tuple(step) for step in steps] for key, steps in counts.steps(question).items() if any(map(any, steps))
    }


def the_leads() -> list[dict[str, object]]:
    """What people and pages read of every lead."""
    own = [field.attname for field in Lead._meta.concrete_fields if field.name not in ("version", "updated_at")]
    return list(Lead.objects.order_by("pk").values(*own))
