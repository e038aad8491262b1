"""Who comes when: every first response of the story, and how the life that begins there is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from crm.models import Team, User
from desk.demo import scene
from desk.demo.cast import Cast
from desk.demo.clock import waking
from desk.demo.fates import Fate, has_bad_data, work_own_lead
from desk.demo.life import Frame, Life
from desk.demo.marketing import DAYS, Plan
from desk.demo.own_fields import told_by_buyer
from desk.demo.people import FIT, NOBODY, WEAK, Market, Person, meet
from leads.models import Lead
from leads.models.lead import SourcedBy

SEED = "tandem"
FULL = 4_000
# Shares of leads without a campaign: from the contact form of the website, and found by reps.
WEBSITE, OWN = 0.011, 0.009
BRING_BUYERS = ("search", "webinar", "referral", "paper", "partner", "newsletter")
# Tells the life that begins at this moment.
Teller = Callable[[datetime, Random], None]


@dataclass
class Story:
    """Everything the chapters need, and the lives told so far."""

    frame: Frame
    cast: Cast
    plans: dict[str, Plan]
    market: Market
    lives: list[Life]

    def fate(self, lead: Lead, rng: Random, person: Person, plan: Plan | None) -> Fate:
        if plan:
            lead.campaign, lead.channel, lead.source = plan.campaign, plan.campaign.channel, rng.choice(plan.sources)
            lead.owner, lead.team = plan.campaign.owner, self.cast.mia.team
        lead.custom = told_by_buyer(lead, Random(f"{SEED} fields {lead.email}"))
        life = Life(self.frame, lead, rng)
        self.lives.append(life)
        return Fate(life, person, plan, self.plans, self.cast)


def arrivals(story: Story, leads: int) -> list[tuple[datetime, Teller]]:
    """About ``leads`` first responses over the whole story and those of its last days, oldest first."""
    found = [*usual_arrivals(story, leads), *last_arrivals(story)]
    return sorted(found, key=lambda arrival: arrival[0])


def usual_arrivals(story: Story, leads: int) -> Iterator[tuple[datetime, Teller]]:
    rng, end = Random(f"{SEED} arrivals"), story.frame.ends_at
    for plan in story.plans.values():
        for _ in range(round(plan.leads * leads / FULL)):
            yield moment(end, day_of(plan, rng), rng), partial(tell_of_campaign, story, plan)
    for teller, share in ((tell_from_website, WEBSITE), (tell_own, OWN)):
        for _ in range(max(2, round(leads * share))):
            yield moment(end, rng.uniform(1, DAYS - 1), rng), partial(teller, story)


def last_arrivals(story: Story) -> Iterator[tuple[datetime, Teller]]:
    """Those of whom something waits on the last day."""
    for part in scene.parts(story.cast, story.frame, Random(f"{SEED} last day")):
        at = story.frame.ends_at - timedelta(days=part.days)
        yield at.replace(microsecond=0), partial(tell_newcomer, story, part.recipient, part.act)


def day_of(plan: Plan, rng: Random) -> float:
    """Days before the end: around the campaign's peaks, else anywhere while it ran."""
    first, last = plan.days
    day = rng.choice(plan.peaks) + rng.uniform(-1.5, 1.5) if plan.peaks else rng.uniform(last, first)
    return min(max(day, last + 0.1), first - 1)


def moment(end: datetime, days_before: float, rng: Random) -> datetime:
    at = waking(end - timedelta(days=days_before), rng)
    return at if at < end - timedelta(minutes=30) else at - timedelta(days=1)


def tell_of_campaign(story: Story, plan: Plan, at: datetime, rng: Random) -> None:
    kind = rng.choices([NOBODY, WEAK, FIT], [plan.nobodies, plan.weak, 1 - plan.nobodies - plan.weak])[0]
    lead = meet(story.market, kind, at=at, rng=rng)
    days_before_end = (story.frame.ends_at - at) / timedelta(days=1)
    person = Person(kind, bad_data=has_bad_data(plan, days_before_end, rng))
    if person.bad_data:
        lead.phone = ""
    story.fate(lead, rng, person, plan).run()


def tell_from_website(story: Story, at: datetime, rng: Random) -> None:
    kind = rng.choices([NOBODY, WEAK, FIT], [1, 2, 7])[0]
    lead = meet(story.market, kind, at=at, rng=rng)
    lead.channel, lead.source = "direct", "Website"
    story.fate(lead, rng, Person(kind), None).run()


def tell_own(story: Story, at: datetime, rng: Random) -> None:
    lead = meet(story.market, FIT, at=at, rng=rng)
    team = story.cast.team_for(lead.country)
    rep = rng.choice(story.cast.reps[team.pk])
    lead.owner, lead.team, lead.sourced_by, lead.source = rep, team, SourcedBy.SALES, "Rep's network"
    work_own_lead(story.fate(lead, rng, Person(FIT), None), rep)


def tell_newcomer(story: Story, recipient: User | Team, act: Callable[[Fate], None], at: datetime, rng: Random) -> None:
    """Somebody who fits, from a country of the recipient's team."""
    team = recipient if isinstance(recipient, Team) else recipient.team
    north = ["Sweden", "Denmark", "Netherlands", "United Kingdom"]
    country = rng.choice(north if team == story.cast.north else ["Germany", "Germany", "Austria", "Switzerland"])
    lead = meet(story.market, FIT, at=at, rng=rng, country=country)
    act(story.fate(lead, rng, Person(FIT), story.plans[rng.choice(BRING_BUYERS)]))
