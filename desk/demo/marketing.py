"""The eight campaigns, what they cost, the content they use, and the kind of people each brings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from campaigns.models import Asset, AssetKind, BuyerStage, Campaign, CampaignKind, CampaignStatus, Spend
from crm.periods import start_of_day, zone
from desk.demo.cast import Cast
from leads.models import TouchKind

DAYS = 548
# Days before the end of the story at which something changed.
PRIZE_DRAW = (330, 270)
DEFINITION_V2 = 240
PARTNER_REPAIRED = 190
# How far buyers have come whom a kind of content helps; the others have just begun.
HELPS = {AssetKind.CASE_STUDY: BuyerStage.DECISION, AssetKind.VIDEO: BuyerStage.CONSIDERATION}


@dataclass
class Plan:
    """A campaign and what its names are like. ``days``: (first, last) day before the end of the story."""

    key: str
    name: str
    channel: str
    leads: int
    days: tuple[int, int]
    sources: list[str]
    medium: str
    first_touch: TouchKind
    # Shares of people who are students or otherwise nobody, and of companies that are a weak fit.
    nobodies: float
    weak: float
    # Share of fitting people who become MQL, and of the others whom marketing lets through.
    ripe: float
    let_through: float
    # Added to the chance of a win.
    luck: float = 0.0
    kind: CampaignKind = CampaignKind.TACTICAL
    monthly_cost: int = 0
    single_cost: int = 0
    content: list[tuple[str, AssetKind]] = field(default_factory=list)
    # Days before the end on which most of its people come; empty: evenly.
    peaks: list[int] = field(default_factory=list)
    campaign: Campaign = field(init=False)
    assets: list[Asset] = field(init=False)


def plans() -> list[Plan]:
    sessions = list(range(12, DAYS, 30))
    strategic = CampaignKind.STRATEGIC
    return [
        Plan("prize", "E-bike prize draw", "social", 760, PRIZE_DRAW, ["Instagram", "Facebook"], "paid-social",
             TouchKind.FORM, 0.68, 0.21, 0.36, 0.29, -0.1, single_cost=34_800,
             content=[("Win an e-bike", AssetKind.LANDING_PAGE)]),
        Plan("webinar", "Webinar series: Plan the week in an hour", "webinar", 320, (DAYS, 0), ["Zoom", "LinkedIn"],
             "webinar", TouchKind.ATTEND, 0.02, 0.08, 0.66, 0.10, 0.12, strategic, 1_450, peaks=sessions,
             content=[("Recording: Plan the week in an hour", AssetKind.VIDEO),
                      ("Recording: Rush orders without overtime", AssetKind.VIDEO)]),
        Plan("search", "Search: production planning", "search", 900, (DAYS, 0), ["Google", "Bing"], "cpc",
             TouchKind.FORM, 0.10, 0.30, 0.48, 0.22, 0.0, strategic, 6_900,
             content=[("Production planning software", AssetKind.LANDING_PAGE),
                      ("Book a demo", AssetKind.LANDING_PAGE)]),
        Plan("partner", "Partner leads: Nordic ERP", "partner", 560, (430, 0), ["Nordic ERP"], "partner",
             TouchKind.OTHER, 0.01, 0.12, 0.62, 0.20, 0.03, CampaignKind.TACTICAL, 3_200,
             content=[("Planning for Nordic ERP users", AssetKind.LANDING_PAGE)]),
        Plan("fair", "Factory Forward trade fair", "event", 380, (400, 30), ["Trade fair"], "event",
             TouchKind.MEETING, 0.12, 0.22, 0.50, 0.18, 0.02, single_cost=84_000, peaks=[398, 396, 34, 32],
             content=[("Factory Forward: our stand", AssetKind.EVENT),
                      ("Case study: Aalto Pumps", AssetKind.CASE_STUDY)]),
        Plan("newsletter", "Planning newsletter", "email", 420, (DAYS, 0), ["Newsletter"], "email",
             TouchKind.CLICK, 0.06, 0.24, 0.30, 0.05, 0.0, strategic, 780,
             content=[("Five boards that lie to you", AssetKind.ARTICLE),
                      ("Case study: Weber Guss", AssetKind.CASE_STUDY)]),
        Plan("paper", "White paper: What late orders cost", "content", 460, (365, 0), ["LinkedIn", "Website"],
             "content", TouchKind.DOWNLOAD, 0.14, 0.24, 0.36, 0.12, 0.0, CampaignKind.TACTICAL, 2_600,
             content=[("White paper: What late orders cost", AssetKind.WHITEPAPER)]),
        Plan("referral", "Customers recommend us", "referral", 130, (DAYS, 0), ["Customer"], "referral",
             TouchKind.FORM, 0.0, 0.05, 0.78, 0.3, 0.2, strategic, 450,
             content=[("Recommend us", AssetKind.LANDING_PAGE)]),
    ]  # fmt: skip


def launch(cast: Cast, today: date, rng: Random) -> dict[str, Plan]:
    """Write campaigns, content and spends; gives the plans by key."""
    owners = {"prize": cast.milo, "fair": cast.milo, "paper": cast.milo, "referral": cast.nora}
    made = {}
    for plan in plans():
        starts, ends = (today - timedelta(days=day) for day in plan.days)
        plan.campaign = Campaign.objects.create(
            name=plan.name, channel=plan.channel, kind=plan.kind, owner=owners.get(plan.key, cast.mia),
            status=CampaignStatus.RUNNING if plan.days[1] == 0 else CampaignStatus.ENDED,
            starts_on=starts, ends_on=None if plan.days[1] == 0 else ends, budget=budget_of(plan), is_sample=True,
        )  # fmt: skip
        plan.assets = Asset.objects.bulk_create(
            Asset(
                name=name, kind=kind, url=f"https://planwell.example/{plan.key}/{number}", is_sample=True,
                owner=plan.campaign.owner, buyer_stage=HELPS.get(kind, BuyerStage.AWARENESS),
            )
            for number, (name, kind) in enumerate(plan.content, start=1)
        )  # fmt: skip
        Asset.objects.filter(pk__in=[asset.pk for asset in plan.assets]).update(created_at=start_of_day(starts, zone()))
        plan.campaign.assets.set(plan.assets)
        Spend.objects.bulk_create(spends_of(plan, starts, min(ends, today), rng))
        made[plan.key] = plan
    return made


def budget_of(plan: Plan) -> Decimal:
    months = (plan.days[0] - plan.days[1]) / 30.4
    return Decimal(round((plan.single_cost + plan.monthly_cost * months) * 1.08, -2))


def spends_of(plan: Plan, starts: date, ends: date, rng: Random) -> Iterator[Spend]:
    """A few large bills for single events, one bill a month for what runs."""

    def spend(on: date, amount: float, note: str) -> Spend:
        return Spend(
            campaign=plan.campaign, on=min(on, ends), amount=Decimal(round(amount)), note=note, by=plan.campaign.owner,
            is_sample=True,
        )  # fmt: skip

    if plan.single_cost:
        bills = [(0, 0.40, "Deposit"), (21, 0.25, "Advertising"), (45, 0.12, "Goods"), (365, 0.20, "Final bill")]
        for days, share, note in bills:
            yield spend(starts + timedelta(days=days), plan.single_cost * share, note)
    first = (starts + timedelta(days=27)).replace(day=28)
    while plan.monthly_cost and first <= ends:
        yield spend(first, plan.monthly_cost * rng.uniform(0.82, 1.14), f"{first:%B}")
        first = (first + timedelta(days=10)).replace(day=28)
