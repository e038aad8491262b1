"""The page *campaigns*: which one should we stop, where the money goes and where it comes from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from campaigns.models import CampaignKind, CampaignStatus, Channel
from crm.words import money, number, percent
from feedback.quality import FEWEST
from funnel.models.settings import MarketingSourced
from funnel.pages.charts import MONEY, RATIO, Chart, Series
from funnel.pages.face import Face
from funnel.reports.answer import Answer, Row
from funnel.reports.campaigns import Reconciled

# So many judged leads, or new ones, until a campaign is judged by its return.
ENOUGH_JUDGED, ENOUGH_NEW, RIPE_SHARE = 10, 30, 0.5
# Sales takes clearly fewer of its leads than their scores promised.
POOR = 0.8
MOST_BARS = 10
RUNNING = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
COST, WON, OPEN = "var(--side-marketing)", "var(--stage-customer)", "var(--stage-opportunity)"


def face(answer: Answer, before: Answer | None) -> Face:
    told: Reconciled = answer.told.page
    rows = [for_people(row) for row in answer.rows]
    more = {"told": told, "senses": senses(told)}
    charts = list(charts_of(answer))
    if not any(cost_of(row) for row in answer.rows):
        missing = "No campaign has cost anything in these days: log what was spent on the page of each campaign."
        return Face(missing=missing if answer.rows else "", charts=charts, rows=rows, thin="inquiries", more=more)
    return Face(sentence(answer), charts, rows=rows, thin="inquiries", more=more)


def for_people(row: Row) -> Row:
    """Of few judged leads no rate is told."""
    few = {"acceptance": None} if row["judged"] < ENOUGH_JUDGED else {}
    thin = {"quality_index": None} if row["judged"] < FEWEST else {}
    return {**row, **few, **thin}


def senses(told: Reconciled) -> list[tuple[str, Decimal, float | None, bool]]:
    """What marketing sourced in each of three senses: words, value, share of all won, whether it is the chosen one."""
    return [
        (
            str(MarketingSourced(sense).label),
            value,
            float(value / told.won) if told.won else None,
            str(MarketingSourced(sense).label).lower() == told.definition,
        )
        for sense, value in told.by_definition.items()
    ]


# The sentence


def sentence(answer: Answer) -> str:
    if answer.question.dimension not in ("", "campaign"):
        return compared(answer.rows)
    if losing := worst(answer.rows):
        return f"{what_it_cost(losing)}; {what_sales_took(losing)}. {what_to_do(losing)}"
    best = max(judgeable(answer.rows), key=lambda row: back(row) - cost_of(row), default=None)
    if best is None:
        return "No campaign has run long enough to be judged by its return."
    weakest = min(judgeable(answer.rows), key=lambda row: row["expected_return"])
    least = f"The least: {what_it_cost(weakest)}; {what_sales_took(weakest)}. " if weakest is not best else ""
    return f"No campaign loses money as far as can be told. {least}The most came from {best['name']}: {brought(best)}."


def worst(rows: Sequence[Row]) -> Row | None:
    """The one that loses most; what still runs before what ended."""
    losing = [row for row in judgeable(rows) if is_losing(row)]
    return max(losing, key=lambda row: (row["status"] in RUNNING, cost_of(row) - back(row)), default=None)


def is_losing(row: Row) -> bool:
    """Even if its open opportunities go well; or it brought less than it cost, and sales takes few of its leads."""
    is_poor = row["judged"] >= FEWEST and row["quality_index"] < POOR
    return bool(row["expected_return_high"] < 0 or (is_poor and amount(row["credited"]) < cost_of(row)))


def judgeable(rows: Sequence[Row]) -> list[Row]:
    """Those with a cost and enough people, at least half of whom have had their time to buy."""
    return [
        row
        for row in rows
        if cost_of(row)
        and (row["judged"] >= ENOUGH_JUDGED or row["inquiries"] >= ENOUGH_NEW)
        and (row["ripe"] or 0) >= RIPE_SHARE
    ]


def what_it_cost(row: Row) -> str:
    won, currency = amount(row["credited"]), row["cost"]["currency"]
    came = f"brought {money(round(won), currency)}" if won else "won nothing"
    return f"{row['name']} cost {money(round(cost_of(row)), currency)} and {came}"


def what_sales_took(row: Row) -> str:
    if not row["judged"]:
        return f"sales has judged none of its {number(row['inquiries'])} leads"
    accepted = round(row["acceptance"] * row["judged"])
    return f"{number(accepted)} of {number(row['judged'])} judged leads accepted"


def what_to_do(row: Row) -> str:
    hope = f"Open opportunities may add {money(round(amount(row['expected'])), row['cost']['currency'])}. "
    return f"{hope if row['open'] else ''}{'Stop it?' if row['status'] in RUNNING else 'Do not repeat it?'}"


def compared(rows: Sequence[Row]) -> str:
    """ "Strategic: €5.20 back for each euro spent; Tactical: €1.10"."""
    told = [
        f"{row['name']} {money(round(amount(row['credited']) / cost_of(row), 2), row['cost']['currency'])}"
        for row in sorted(judgeable(rows), key=lambda row: -amount(row["credited"]) / cost_of(row))
    ]
    return f"Won for each {rows[0]['cost']['currency']} spent: {', '.join(told[:4])}." if told else ""


def brought(row: Row) -> str:
    currency = row["cost"]["currency"]
    return f"{money(round(amount(row['credited'])), currency)} for {money(round(cost_of(row)), currency)}"


def amount(told: Mapping[str, str]) -> Decimal:
    return Decimal(told["amount"])


def cost_of(row: Row) -> Decimal:
    return amount(row["cost"])


def back(row: Row) -> Decimal:
    """What came back, open opportunities by their chance."""
    return amount(row["credited"]) + amount(row["expected"])


# Charts


def charts_of(answer: Answer) -> Iterator[Chart]:
    paid = [row for row in answer.rows if cost_of(row) or back(row)]
    if paid:
        yield cost_beside_return(paid[:MOST_BARS], answer)
    by_channel = summed(answer.rows, "channel") if answer.question.dimension in ("", "campaign") else {}
    if len(by_channel) > 1:
        yield mix("mix", "Channels: where the money goes, where it comes from", by_channel, words_of(Channel))
        yield mix("kinds", "Strategic beside tactical", summed(answer.rows, "kind"), words_of(CampaignKind))


def cost_beside_return(rows: Sequence[Row], answer: Answer) -> Chart:
    currency = rows[0]["cost"]["currency"]
    hrefs = [row["address"] for row in rows]
    first = rows[0]
    return Chart(
        id="return",
        title="What it cost, what it brought",
        says=f"Cost, revenue won and expected of each row. {first['name']}: {brought(first)}.",
        categories=[row["name"] for row in rows],
        series=[
            Series("Cost", [float(cost_of(row)) for row in rows], COST, hrefs=hrefs),
            Series("Won", [float(amount(row["credited"])) for row in rows], WON, hrefs=hrefs),
            Series("Open, expected", [float(amount(row["expected"])) for row in rows], OPEN, hrefs=hrefs),
        ],
        unit=MONEY,
        currency=currency,
        horizontal=True,
        wide=True,
        note="those that cost most" if len(answer.rows) > len(rows) else "",
    )


Parts = dict[str, tuple[Decimal, Decimal]]


def summed(rows: Sequence[Row], of: str) -> Parts:
    """Cost and revenue by channel or kind, what cost most first."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in rows:
        found[row[of]][0] += cost_of(row)
        found[row[of]][1] += amount(row["credited"])
    return {key: (cost, won) for key, (cost, won) in sorted(found.items(), key=lambda item: -item[1][0]) if cost or won}


def words_of(choices: type[Channel | CampaignKind]) -> dict[str, str]:
    return {value: str(label) for value, label in choices.choices}


def mix(name: str, title: str, parts: Parts, words: dict[str, str]) -> Chart:
    """Each part's share of all costs beside its share of all revenue."""
    costs, wins = (sum((pair[place] for pair in parts.values()), Decimal(0)) for place in (0, 1))
    spent = [float(cost / costs) if costs else None for cost, _won in parts.values()]
    won = [float(value / wins) if wins else None for _cost, value in parts.values()]
    names = [words.get(key, key) for key in parts]
    return Chart(
        id=name,
        title=title,
        says=f"{names[0]}: {percent(spent[0])} of the cost, {percent(won[0])} of what was won.",
        categories=names,
        series=[Series("Of the cost", spent, COST), Series("Of what was won", won, WON)],
        unit=RATIO,
        horizontal=True,
    )
