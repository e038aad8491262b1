"""The report *campaigns*: what each cost, how far its people came, what they brought, and what open deals may bring."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from campaigns.models import Campaign
from crm.intervals import rate
from crm.models import Organisation
from crm.periods import own_day
from funnel.attribution.returns import (
    Expected,
    Quality,
    Revenue,
    asked,
    cost_each,
    costs,
    expected,
    quality,
    revenue,
    roi,
    romi,
    won_in,
)
from funnel.deals.chances import likely
from funnel.deals.relation import DEAL, Values, last_day, money_notes
from funnel.models import AttributionModel, FigureSettings
from funnel.models.settings import MarketingSourced
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.attribution import credited_by_campaign
from funnel.reports.counts import steps
from funnel.reports.labels import labels
from funnel.reports.question import BASES, MISSING, UNITS, Parameter, Question
from funnel.reports.rows import money, with_bounds
from funnel.selection import DRILLDOWN, Selection
from leads.lifecycle import RANK, Stage

# `parent`: the campaign at the top of it.
DIMENSIONS = ("campaign", "parent", "channel", "campaign_kind", "owner")
STAGES = {
    "inquiries": Stage.INQUIRY,
    "mqls": Stage.MQL,
    "accepted": Stage.ACCEPTED,
    "opportunities": Stage.OPPORTUNITY,
    "customers": Stage.CUSTOMER,
}
COST_PER = {
    "cost_per_inquiry": "inquiries",
    "cost_per_mql": "mqls",
    "cost_per_accepted": "accepted",
    "cost_per_opportunity": "opportunities",
    "cost_per_customer": "customers",
}
SOURCED = "sourced"
RETURN_ON = Parameter(
    "credit",
    "Return on",
    ((SOURCED, "what it sourced"), *((model.value, str(model.label).lower()) for model in AttributionModel)),
)


# Leads younger than this have not had their time to buy, as long as a prediction looks ahead.
RIPE = timedelta(days=90)


@dataclass(frozen=True)
class Terms:
    """What the organisation has settled: its currency, its gross margin, and what makes a deal marketing's."""

    currency: str
    margin: Decimal | None
    definition: str

    def money(self, amount: Decimal | float | None) -> dict[str, str] | None:
        return money(amount, self.currency)


@dataclass(frozen=True)
class Reconciled:
    """Closed-won of these days, and whose it was: of these campaigns, of marketing without one, of the others."""

    currency: str
    definition: str
    won: Decimal
    deals: int
    by_campaigns: Decimal
    without_campaign: Decimal
    by_definition: Mapping[str, Decimal]
    influenced: Decimal
    margin: Decimal | None

    @property
    def others(self) -> Decimal:
        return self.won - self.by_campaigns - self.without_campaign


@dataclass(frozen=True)
class Found:
    """Everything counted, by key; each figure was counted by itself."""

    terms: "Terms"
    costs: Mapping[str, Decimal]
    counts: Mapping[str, Mapping[str, int]]
    ripe: Mapping[str, Mapping[str, int]]
    revenue: Revenue
    credited: Mapping[str, Decimal]
    expected: Mapping[str, Expected]
    quality: Mapping[str, Quality]

    @property
    def keys(self) -> set[str]:
        """Those with anything to tell."""
        sourced = {key for (_definition, key), value in self.revenue.sourced.items() if key is not None and value}
        counted = {key for key, counts in self.counts.items() if any(counts.values())}
        return counted | sourced | set(self.costs) | set(self.expected) | set(self.revenue.influenced)


def tell(question: Question, at: datetime) -> Told:
    campaigns = {campaign.pk: campaign for campaign in Campaign.objects.select_related("owner")}
    groups = {pk: key for pk in campaigns if (key := key_asked(question, pk, campaigns)) is not None}
    # By start date all that came of the leads until now counts.
    on = own_day(at) if question.basis == "cohort" else last_day(question, at=at)
    values = asked(groups, question.start, question.end, on)
    spent, without = costs(values)
    settled = FigureSettings.get()
    terms = Terms(Organisation.get().currency, settled.gross_margin, settled.marketing_sourced)
    found = Found(
        terms=terms,
        costs=spent,
        counts=counts(question, groups),
        ripe=counts(came_until(question, own_day(at) - RIPE), groups),
        revenue=(won := revenue(values, question.basis)),
        credited=credited(question, groups, won, values),
        expected=expected(values, on, question.basis, at=at),
        quality=quality(values, question.basis),
    )
    names = labels(question.dimension or "campaign", found.keys)
    told = [row_of(key, names[key], question, campaigns, found) for key in found.keys]
    told.sort(key=lambda row: (-Decimal(row["cost"]["amount"]), -row["inquiries"], row["label"]))
    reconciled = reconcile(won, terms)
    left_out = money_notes(DEAL, won_in(question.basis), values)
    return Told(told, [*without, *left_out, *notes(reconciled)], reconciled)


def key_asked(question: Question, pk: int, campaigns: Mapping[int, Campaign]) -> str | None:
    """The row this campaign belongs to; None when the question keeps it out."""
    for dimension, key in question.filters:
        if key_in(dimension, pk, campaigns) != key:
            return None
    key = key_in(question.dimension, pk, campaigns)
    return key if question.key is None or key == question.key else None


def key_in(dimension: str, pk: int, campaigns: Mapping[int, Campaign]) -> str:
    campaign = campaigns[pk]
    match dimension:
        case "channel":
            return campaign.channel
        case "campaign_kind":
            return campaign.kind
        case "owner":
            return str(campaign.owner_id or "")
        case "parent":
            return str(top_of(campaign, campaigns).pk)
    return str(pk)


def top_of(campaign: Campaign, campaigns: Mapping[int, Campaign]) -> Campaign:
    """The campaign above all those above this one; of a ring the first that comes round again."""
    passed: set[int] = set()
    while campaign.parent_id and campaign.parent_id in campaigns and campaign.pk not in passed:
        passed.add(campaign.pk)
        campaign = campaigns[campaign.parent_id]
    return campaign


def counts(question: Question, groups: Mapping[int, str]) -> dict[str, dict[str, int]]:
    """Leads by key and figure, as the report *funnel* counts them; each lead has one campaign, so that they add up."""
    found: dict[str, dict[str, int]] = {}
    of_all = replace(question, dimension="campaign", key=None, filters=(), options=())
    for key, counted in steps(of_all).items():
        group = groups.get(int(key)) if key else None
        if group is not None:
            so_far = found.setdefault(group, dict.fromkeys(STAGES, 0))
            for name, stage in STAGES.items():
                so_far[name] += counted[RANK[stage] - 1].entered
    return found


def came_until(question: Question, day: date) -> Question:
    """The same days as far as they lie before a day, by when leads began."""
    return replace(question, basis="cohort", end=max(question.start, min(question.end, day)))


def credited(question: Question, groups: Mapping[int, str], won: Revenue, values: Values) -> dict[str, Decimal]:
    """What the return is of: revenue sourced, or credited by one model of the ledger."""
    if (model := question.option(RETURN_ON.name)) == SOURCED:
        definition = values["definition"]
        return {key: value for (what, key), value in won.sourced.items() if what == definition and key is not None}
    found: dict[str, Decimal] = {}
    for campaign, value in credited_by_campaign(model, won_in(question.basis), values).items():
        if campaign in groups:
            found[groups[campaign]] = found.get(groups[campaign], Decimal(0)) + value
    return found


def row_of(key: str, name: str, question: Question, campaigns: Mapping[int, Campaign], found: Found) -> Row:
    cost, reached = found.costs.get(key, Decimal(0)), found.counts.get(key, dict.fromkeys(STAGES, 0))
    terms = found.terms
    one = campaigns[int(key)] if question.dimension in ("", "campaign", "parent") else None
    return {
        "key": None if not question.dimension else key or MISSING,
        "label": name,
        "name": name,
        "campaign": str(one.pk) if one and question.dimension != "parent" else None,
        "kind": one.kind if one else "",
        "channel": one.channel if one else "",
        "status": one.status if one else "",
        "cost": terms.money(cost),
        **reached,
        "ripe": rate(found.ripe.get(key, {}).get("inquiries", 0), reached["inquiries"]),
        **{name: terms.money(cost_each(cost, reached[of])) for name, of in COST_PER.items()},
        **judged(found.quality.get(key, Quality())),
        **worth(key, cost, found),
        "address": address_of(key, question),
        **leads_urls(key, question),
    }


def worth(key: str, cost: Decimal, found: Found) -> Row:
    """What it brought and may bring still, beside what it cost."""
    terms, margin = found.terms, found.terms.margin
    senses = {sense: found.revenue.sourced.get((sense, key), Decimal(0)) for sense in MarketingSourced.values}
    brought, open_ = found.credited.get(key, Decimal(0)), found.expected.get(key, Expected())
    low, high = likely(open_.value, open_.variance)
    in_all = {
        f"expected_return{name}": back(float(brought) + value, cost, margin)
        for name, value in (("", open_.value), ("_low", low), ("_high", high))
    }
    return {
        "sourced": terms.money(senses[terms.definition]),
        **{f"sourced_by_{sense}": terms.money(value) for sense, value in senses.items()},
        "influenced": terms.money(found.revenue.influenced.get(key, Decimal(0))),
        "credited": terms.money(brought),
        "roi": roi(brought, cost),
        "romi": romi(brought, cost, margin),
        "open": open_.deals,
        "expected": terms.money(open_.value),
        **in_all,
    }


def back(value: float, cost: Decimal, margin: Decimal | None) -> float | None:
    """On the margin where it is known, else on revenue."""
    return roi(value, cost) if margin is None else romi(value, cost, margin)


def judged(told: Quality) -> Row:
    return {
        "judged": told.judged,
        **with_bounds("acceptance", told.share),
        "quality_index": None if told.index is None else round(told.index, 4),
    }


def leads_urls(key: str, question: Question) -> Row:
    """The leads behind each count, where one campaign is meant."""
    if question.dimension not in ("", "campaign"):
        return {f"{name}_url": "" for name in STAGES}
    of_row = replace(question, dimension="campaign", key=key, filters=(), options=())
    return {f"{name}_url": f"{DRILLDOWN}?{Selection(of_row, stage.value).query()}" for name, stage in STAGES.items()}


def address_of(key: str, question: Question) -> str:
    """The campaign's own page, or this report about the campaigns that a row stands for."""
    if question.dimension in ("", "campaign"):
        return f"/campaigns/{key}/"
    filters = tuple(pair for pair in question.filters if pair[0] != question.dimension)
    inside = replace(question, dimension="campaign", key=None, filters=(*filters, (question.dimension, key)))
    return f"/dashboards/campaigns/?{inside.query()}"


def reconcile(won: Revenue, terms: Terms) -> Reconciled:
    without = won.sourced.get((terms.definition, None), Decimal(0))
    return Reconciled(
        currency=terms.currency,
        definition=str(MarketingSourced(terms.definition).label).lower(),
        won=won.won,
        deals=won.deals,
        by_campaigns=won.sourced_in_all(terms.definition) - without,
        without_campaign=without,
        by_definition={sense: won.sourced_in_all(sense) for sense in MarketingSourced.values},
        influenced=won.all_influenced,
        margin=terms.margin,
    )


def notes(told: Reconciled) -> list[str]:
    if told.margin is None:
        return ["ROMI stays empty until the gross margin is set under Settings, Figures."]
    return []


CAMPAIGNS = Report(
    name="campaigns",
    title="Campaigns",
    how=(
        "Costs are what was spent in these days, each amount at the rate of its day. Leads are counted as in the "
        "report Funnel; the costs per figure divide the cost by them and are empty where nobody got so far. By start "
        "date revenue, open opportunities and verdicts are of leads that began in these days (a deal without a lead: "
        "opened in them), so that costs stand beside what these very leads brought; by activity date they are what was "
        "won, opened and judged in these days. Each deal is sourced by one campaign at most, in the sense chosen under "
        "Settings, Figures, and influenced by every campaign that touched its people before the close, so that "
        "influenced revenue of several campaigns is partly the same. Open deals are weighted by how often such deals "
        "of their stage and age were won. A spend counts on its day; what runs for months is logged by month."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text", shown=False),
        Column("name", "Name", "text", link="address"),
        Column("campaign", "Campaign", "text", "Its id; empty where a row stands for several.", shown=False),
        Column("kind", "Kind", "text", "strategic: part of a plan; tactical: for the moment.", shown=False),
        Column("channel", "Channel", "text", shown=False),
        Column("status", "Status", "text", shown=False),
        Column("cost", "Cost", "money", "Spent in these days."),
        Column("sourced", "Sourced", "money", "Won, by the definition that is chosen."),
        Column("romi", "ROMI", "ratio", "(Revenue x gross margin - cost) / cost; 0 % is break-even."),
        Column("roi", "ROI", "ratio", "(Revenue - cost) / cost; empty without a cost."),
        Column(
            "expected_return", "With open", "ratio",
            "The same as ROMI (without a gross margin as ROI), with what open opportunities are likely to bring.",
        ),
        Column("influenced", "Influenced", "money", "Won with at least one touch of it before the close, or sourced."),
        Column("inquiries", "Inquiries", "count", link="inquiries_url"),
        Column("mqls", "MQL", "count", link="mqls_url"),
        Column("accepted", "Accepted", "count", link="accepted_url"),
        Column("opportunities", "Opps", "count", "Leads that became an opportunity.", link="opportunities_url"),
        Column("customers", "Won", "count", "Leads that became a customer.", link="customers_url"),
        Column("acceptance", "Acceptance", "ratio", "Accepted / (accepted + rejected for what the lead is)."),
        Column(
            "quality_index", "Quality", "number",
            "(Accepted + 5) / (accepted to be expected by the scores + 5): over 1, better than the scores promised.",
        ),
        Column("ripe", "Ripe", "ratio", f"Share of its leads that came at least {RIPE.days} days ago.", shown=False),
        Column("cost_per_inquiry", "Cost per inquiry", "money", shown=False),
        Column("cost_per_mql", "Per MQL", "money", "Cost / MQL; empty when there are none."),
        Column("cost_per_accepted", "Per accepted", "money", "Cost / accepted leads.", shown=False),
        Column("cost_per_opportunity", "Per opp", "money", "Cost / opportunities.", shown=False),
        Column("cost_per_customer", "Per customer", "money", "Cost / won leads; empty when there are none."),
        Column("judged", "Judged", "count", "Hand-offs of its leads that sales judged.", shown=False),
        Column("acceptance_low", "Low", "ratio", "Lower bound of the 95 % Wilson interval.", shown=False),
        Column("acceptance_high", "High", "ratio", "Upper bound of the 95 % Wilson interval.", shown=False),
        Column("sourced_by_source", "by recorded source", "money", "Its lead was found by marketing.", shown=False),
        Column("sourced_by_first_touch", "by first touch", "money", "The first touch was not by sales.", shown=False),
        Column(
            "sourced_by_before_sales", "by a touch before sales", "money",
            "A touch of buyer or marketing came before sales’ first activity.", shown=False,
        ),
        Column("credited", "Return on", "money", "The revenue that ROI and ROMI are of.", shown=False),
        Column("open", "Open", "count", "Open opportunities that it sourced.", shown=False),
        Column("expected", "Open, expected", "money", "Open opportunities by their chance to be won.", shown=False),
        Column("expected_return_low", "Low", "ratio", "Lower bound, 95 %.", shown=False),
        Column("expected_return_high", "High", "ratio", "Upper bound, 95 %.", shown=False),
        *(Column(f"{name}_url", "Leads", "text", shown=False) for name in STAGES),
        Column("address", "Page", "text", shown=False),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    by_month=False,
    bases=BASES,
    units=UNITS,
    parameters=(RETURN_ON,),
    identity=("key", "campaign"),
    span="year",
    cut="campaign",
)  # fmt: skip
