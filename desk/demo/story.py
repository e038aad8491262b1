"""The whole story: cast, campaigns and documents, then every lead's life, written in bulk in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from campaigns.models import Campaign
from crm.errors import BusinessError
from crm.models import Organisation, Team, User
from crm.outbox import rebuild, record_change, want_rebuild
from desk.demo import scene
from desk.demo.cast import Cast, hire
from desk.demo.clock import waking
from desk.demo.documents import dates, sign_documents
from desk.demo.fates import Fate, has_bad_data, work_own_lead
from desk.demo.life import Frame, Life
from desk.demo.marketing import DAYS, Plan, launch
from desk.demo.people import FIT, NOBODY, WEAK, Market, Person, found_companies, meet
from desk.demo.writing import Ids, copy_rows
from feedback.models import Agreement, Handoff
from leads.models import Company, Contact, Lead, Opportunity, Reason, Touch, Transition
from leads.models.lead import SourcedBy
from scoring.definitions import card_of
from scoring.engine import scores_at
from scoring.models import Definition

SEED = "tandem"
FULL = 4_000
# Leads without a campaign: from the contact form of the website, and found by reps.
WEBSITE, OWN = 0.011, 0.009


class RealData(BusinessError):
    code = "real_data"


@dataclass
class Story:
    """Everything the chapters need, and the lives told so far."""

    frame: Frame
    cast: Cast
    plans: dict[str, Plan]
    market: Market
    lives: list[Life]

    def life(self, lead: Lead, rng: Random) -> Life:
        life = Life(self.frame, lead, rng)
        self.lives.append(life)
        return life

    def fate(self, lead: Lead, rng: Random, person: Person, plan: Plan | None) -> Fate:
        if plan:
            lead.campaign, lead.channel, lead.source = plan.campaign, plan.campaign.channel, rng.choice(plan.sources)
            lead.owner, lead.team = plan.campaign.owner, self.cast.mia.team
        return Fate(self.life(lead, rng), person, plan, self.plans, self.cast)


def has_sample() -> bool:
    return Lead.objects.filter(is_sample=True).exists() or User.objects.filter(is_sample=True).exists()


def load_demo(*, ends_at: datetime, leads: int = FULL) -> int:
    """Write the story that ends at ``ends_at`` with about ``leads`` leads, and compute its figures; gives their number.

    The same moment gives the same story. Raises RealData where real people, campaigns or leads would mix with it.
    """
    refuse_beside_real_data()
    with transaction.atomic():
        story = begin(ends_at, leads)
        tell(story, leads)
        write(story)
    for consumer in settings.OUTBOX_CONSUMERS:
        rebuild(consumer)
    return len(story.lives)


def refuse_beside_real_data() -> None:
    real: list[type[Model]] = [Lead, Campaign, Definition, Agreement]
    if any(model._default_manager.filter(is_sample=False).exists() for model in real) or Team.objects.exists():
        raise RealData("Demo data belongs into an empty database; this one holds real teams, campaigns or leads.")
    if User.objects.filter(email__endswith="@demo.test").exists():
        raise RealData("People with addresses of the demo exist already.")


def begin(ends_at: datetime, leads: int) -> Story:
    """People, companies, campaigns and documents."""
    organisation, ids = Organisation.get(), Ids()
    began_at = ends_at - timedelta(days=DAYS)
    cast = hire(began_at)
    definitions = sign_documents(cast, ends_at)
    plans = launch(cast, ends_at.astimezone(organisation.zone).date(), Random(f"{SEED} campaigns"))
    reasons = {(reason.use, reason.code): reason for reason in Reason.objects.all()}
    changed = list(zip(dates(ends_at), definitions, strict=True))
    market = found_companies(ids, began_at, leads, Random(f"{SEED} companies"))
    frame = Frame(
        ends_at=ends_at, zone=organisation.zone, ids=ids, reason=lambda use, code: reasons[use, code],
        definition_at=lambda at: max((d.version for since, d in changed if since <= at), default=None),
        hours_to_verdict=Agreement.objects.get().hours_to_verdict, companies={row.name: row for row in market.all},
    )  # fmt: skip
    return Story(frame, cast, plans, market, [])


def tell(story: Story, leads: int) -> None:
    """Every life, in the order of capture, so that newer leads have higher numbers; the last day's scene is the end."""
    for number, (at, plan) in enumerate(sorted(arrivals(story, leads), key=lambda arrival: arrival[0])):
        rng = Random(f"{SEED} {number}")
        if plan == "own":
            tell_own(story, at, rng)
        else:
            tell_one(story, at, story.plans.get(plan), rng)
    tell_last_day(story)
    for life in story.lives:
        look_ahead(life)


def arrivals(story: Story, leads: int) -> Iterator[tuple[datetime, str]]:
    """(moment of the first response, key of the campaign, "own" or "")."""
    rng = Random(f"{SEED} arrivals")
    end = story.frame.ends_at
    for plan in story.plans.values():
        for _ in range(round(plan.leads * leads / FULL)):
            yield moment(end, day_of(plan, rng), rng), plan.key
    for key, share in (("", WEBSITE), ("own", OWN)):
        for _ in range(max(2, round(leads * share))):
            yield moment(end, rng.uniform(1, DAYS - 1), rng), key


def day_of(plan: Plan, rng: Random) -> float:
    """Days before the end: around the campaign's peaks, else anywhere while it ran."""
    first, last = plan.days
    day = rng.choice(plan.peaks) + rng.uniform(-1.5, 1.5) if plan.peaks else rng.uniform(last, first)
    return min(max(day, last + 0.1), first - 1)


def moment(end: datetime, days_before: float, rng: Random) -> datetime:
    at = waking(end - timedelta(days=days_before), rng)
    return at if at < end - timedelta(minutes=30) else at - timedelta(days=1)


def tell_one(story: Story, at: datetime, plan: Plan | None, rng: Random) -> None:
    kind = kind_of(plan, rng)
    lead = meet(story.market, kind, at=at, rng=rng)
    if plan is None:
        lead.channel, lead.source = "direct", "Website"
        person = Person(kind)
    else:
        person = Person(kind, has_bad_data(plan, (story.frame.ends_at - at) / timedelta(days=1), rng))
    if person.bad_data:
        lead.phone = ""
    story.fate(lead, rng, person, plan).run()


def kind_of(plan: Plan | None, rng: Random) -> str:
    nobodies, weak = (plan.nobodies, plan.weak) if plan else (0.1, 0.2)
    return rng.choices([NOBODY, WEAK, FIT], [nobodies, weak, 1 - nobodies - weak])[0]


def tell_own(story: Story, at: datetime, rng: Random) -> None:
    lead = meet(story.market, FIT, at=at, rng=rng)
    team = story.cast.team_for(lead.country)
    rep = rng.choice(story.cast.reps[team.pk])
    lead.owner, lead.team, lead.sourced_by, lead.source = rep, team, SourcedBy.SALES, "Rep's network"
    work_own_lead(story.fate(lead, rng, Person(FIT), None), rep)


def tell_last_day(story: Story) -> None:
    """What waits in the inboxes, in the repair queue, among the ready and the new."""
    cast, rng = story.cast, Random(f"{SEED} last day")
    for to, hours in scene.waiting(cast):
        scene.hand_over(newcomer(story, to, rng, days=hours / 24 + rng.uniform(3, 12)), to, hours)
    for code, hours in scene.TO_REPAIR:
        rep = rng.choice(cast.reps[cast.north.pk])
        scene.send_back(newcomer(story, rep, rng, days=hours / 24 + rng.uniform(3, 9)), rep, code, hours)
    for hours in scene.READY:
        fate = newcomer(story, cast.north, rng, days=hours / 24 + rng.uniform(3, 9))
        scene.get_ready(fate.life, fate, hours)
    for hours in scene.FRESH:
        newcomer(story, cast.north, rng, days=hours / 24).respond()


def newcomer(story: Story, to: User | Team, rng: Random, *, days: float) -> Fate:
    """Somebody who fits, from a country of the recipient's team."""
    team = to if isinstance(to, Team) else to.team
    countries = ["Sweden", "Denmark", "Netherlands", "United Kingdom"]
    countries = countries if team == story.cast.north else ["Germany", "Germany", "Austria", "Switzerland"]
    at = (story.frame.ends_at - timedelta(days=days)).replace(microsecond=0)
    lead = meet(story.market, FIT, at=at, rng=rng, country=rng.choice(countries))
    plan = story.plans[rng.choice(["search", "webinar", "referral", "paper", "partner", "newsletter"])]
    return story.fate(lead, rng, Person(FIT), plan)


def look_ahead(life: Life) -> None:
    """Dates that people would have moved on: parked leads seen to every quarter, deals with a date to come."""
    today, lead = life.frame.ends_at.astimezone(life.frame.zone).date(), life.lead
    while (
        lead.revisit_on
        and lead.revisit_on <= today
        and not (lead.revisit_on > today - timedelta(days=5) and life.rng.random() < 0.08)
    ):
        lead.revisit_on += timedelta(days=90)
    for deal in life.opportunities:
        if deal.is_open and deal.expected_close and deal.expected_close <= today and life.rng.random() < 0.8:
            deal.expected_close = today + timedelta(days=life.rng.randint(6, 50))


def write(story: Story) -> None:
    """All rows in the order of their foreign keys, the moves stamped with the score of their moment."""
    lives = story.lives
    copy_rows(Company, story.frame.companies.values())
    copy_rows(Contact, [life.contact for life in lives if life.contact])
    copy_rows(Lead, [life.lead for life in lives])
    copy_rows(Touch, sorted(every(lives, "touches"), key=lambda touch: touch.pk))
    stamp_scores(every(lives, "transitions"))
    copy_rows(Transition, every(lives, "transitions"))
    copy_rows(Handoff, every(lives, "handoffs"))
    copy_rows(Opportunity, every(lives, "opportunities"))
    record_change("lead", [life.lead.pk for life in lives])
    for topic in ("handoff", "opportunity"):
        record_change(topic, [row.pk for row in every(lives, {"handoff": "handoffs"}.get(topic, "opportunities"))])
    for consumer in settings.OUTBOX_CONSUMERS:
        want_rebuild(consumer)


def every(lives: list[Life], rows: str) -> list[Any]:
    return [row for life in lives for row in getattr(life, rows)]


def stamp_scores(transitions: list[Transition]) -> None:
    """The score that each lead showed when it moved, by the definition then in force; none yet at its capture."""
    for definition in Definition.objects.filter(is_sample=True):
        rows = [row for row in transitions if row.definition_version == definition.version and row.seq > 1]
        scores = scores_at({(row.lead_id, row.at) for row in rows}, card=card_of(definition))
        for row in rows:
            row.score = scores[row.lead_id, row.at]
