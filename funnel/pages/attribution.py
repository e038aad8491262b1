"""The page *attribution*: models beside each other, a row a campaign, channel, piece of content or source."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from crm.intervals import ENOUGH
from crm.words import money, number, percent
from funnel.models import AttributionModel
from funnel.pages.charts import MONEY, Chart, Series
from funnel.pages.face import Face
from funnel.pages.table import month_words
from funnel.reports.answer import Answer, Row
from funnel.reports.attribution import NO_TOUCH, Ledger
from funnel.reports.question import MISSING

MOST_LINES = 100
MOST_BARS = 8
# Where all eight are asked for, those that differ most are drawn.
DRAWN = (AttributionModel.FIRST, AttributionModel.LINEAR, AttributionModel.FULL_PATH, AttributionModel.LAST)
SHORT = {
    AttributionModel.FIRST: "First",
    AttributionModel.LAST: "Last",
    AttributionModel.LINEAR: "Linear",
    AttributionModel.TIME_DECAY: "Time decay",
    AttributionModel.POSITION: "First and last",
    AttributionModel.U_SHAPED: "U",
    AttributionModel.W_SHAPED: "W",
    AttributionModel.FULL_PATH: "Full path",
}


@dataclass(frozen=True)
class Line:
    """What one key gets by each model."""

    key: str | None
    label: str
    href: str
    values: list[Decimal]
    shares: list[float | None]

    @property
    def cells(self) -> list[tuple[int, Decimal, float | None]]:
        """Rounded to what can be read at a glance, and exactly."""
        return [(round(value), value, share) for value, share in zip(self.values, self.shares, strict=True)]

    @property
    def largest(self) -> Decimal:
        return max(self.values)


def face(answer: Answer, before: Answer | None) -> Face:
    ledger: Ledger = answer.told.page
    models = list(dict.fromkeys(row["model"] for row in answer.rows))
    found = lines(answer, models)
    credited = [line for line in found if line.key != NO_TOUCH]
    more = {
        "ledger": ledger,
        "models": [(SHORT[AttributionModel(model)], AttributionModel(model).label) for model in models],
        "lines": credited[:MOST_LINES],
        "left_out": max(0, len(credited) - MOST_LINES),
        "untouched": next((line for line in found if line.key == NO_TOUCH), None),
        "is_whole": not answer.question.filters and answer.question.key is None,
    }
    charts = [chart(credited[:MOST_BARS], models, ledger)] if credited and answer.question.dimension else []
    if (touched := ledger.deals - ledger.untouched) < ENOUGH:
        missing = f"{number(touched)} of {ENOUGH} wins with a touch before them. Until then one win decides the order."
        return Face(missing=missing if ledger.deals else "", charts=charts, more=more)
    return Face(sentence(answer, credited, models), charts, more=more)


def lines(answer: Answer, models: Sequence[str]) -> list[Line]:
    """A line a key; whom any model gives most comes first, a month in its order."""
    by_key: dict[str | None, dict[str, Row]] = {}
    for row in answer.rows:
        by_key.setdefault(row["key"], {})[row["model"]] = row
    found = [line_of(key, of_models, models, answer) for key, of_models in by_key.items()]
    if answer.question.dimension == "month":
        return sorted(found, key=lambda line: str(line.key))
    return sorted(found, key=lambda line: (line.key in (MISSING, NO_TOUCH), -line.largest, line.label))


def line_of(key: str | None, rows: dict[str, Row], models: Sequence[str], answer: Answer) -> Line:
    label = next(iter(rows.values()))["label"]
    dimension = answer.question.dimension
    given = [rows.get(model) for model in models]
    return Line(
        key=key,
        label=month_words(label) if dimension == "month" and key != NO_TOUCH else words_of(key, label, dimension),
        href={"campaign": f"/campaigns/{key}/", "content": f"/content/{key}/"}.get(dimension, "")
        if key not in (None, NO_TOUCH, MISSING)
        else "",
        values=[Decimal(row["value"]["amount"]) if row else Decimal(0) for row in given],
        shares=[row["share"] if row else 0.0 for row in given],
    )


def words_of(key: str | None, label: str, dimension: str) -> str:
    return f"No {dimension} on the touch" if key == MISSING else label


def sentence(answer: Answer, found: Sequence[Line], models: Sequence[str]) -> str:
    """Who gets most, and whether the models agree on it."""
    ledger: Ledger = answer.told.page
    untouched = (
        f" Of {percent(ledger.untouched_value / ledger.value)} no touch is known."
        if ledger.untouched_value and ledger.value
        else ""
    )
    worth = f"{number(ledger.deals)} opportunities worth {money(ledger.value, ledger.currency)} were won."
    named = [line for line in found if line.key not in (None, MISSING)]
    if not answer.question.dimension or not named:
        return f"{worth}{untouched}"
    firsts = [first_by(named, place) for place in range(len(models))]
    if len({line.key for line in firsts}) == 1:
        share = [value for value in firsts[0].shares if value is not None]
        span = f"{percent(min(share))} to {percent(max(share))}" if share else ""
        return f"{worth} By every model most of it goes to {firsts[0].label}: {span}.{untouched}"
    told = "; ".join(
        f"{SHORT[AttributionModel(model)].lower()}: {line.label} ({percent(line.shares[place])})"
        for place, (model, line) in enumerate(zip(models, firsts, strict=True))
        if model in (models[0], models[-1]) or (len(models) > 2 and model == AttributionModel.LAST)
    )
    return f"{worth} Who gets most depends on the model: {told}.{untouched}"


def first_by(found: Sequence[Line], place: int) -> Line:
    """Whom the model at this place gives most."""
    return max(found, key=lambda line: line.values[place])


def chart(found: Sequence[Line], models: Sequence[str], ledger: Ledger) -> Chart:
    drawn = [model for model in models if model in DRAWN or len(models) <= len(DRAWN)]
    hrefs = [line.href for line in found]
    first = found[0]
    return Chart(
        id="models",
        title="What each model gives",
        says=f"Revenue by model. {first.label}: up to {money(first.largest, ledger.currency)}.",
        categories=[line.label for line in found],
        series=[
            Series(SHORT[AttributionModel(model)], given(found, models.index(model)), hrefs=hrefs) for model in drawn
        ],
        unit=MONEY,
        currency=ledger.currency,
        horizontal=True,
        wide=True,
    )


def given(found: Sequence[Line], place: int) -> list[float]:
    """By the model at this place of a line."""
    return [float(line.values[place]) for line in found]
