"""What the score makes of the story: who meets the definition, a draft tried on the past, and what was learnt."""

from datetime import datetime

from desk.demo.cast import Cast
from desk.demo.documents import SECOND, VERSIONS, fit, who_first
from leads.models import Lead
from scoring.backtesting import run_backtest
from scoring.definitions import active_card, active_definition
from scoring.drafting import draft_definition
from scoring.engine import score_leads
from scoring.models import Backtest, Definition, Target, TrainedModel
from scoring.predicting import predict_all
from scoring.qualifying import qualify_leads
from scoring.training import train

# What sales' answers say since they are asked how they plan today.
THIRD = who_first(
    *SECOND,
    fit("custom.planning_today", "in", ["Spreadsheets", "Whiteboard"], 10),
    fit("custom.planning_today", "is", "Another planning tool", -15),
    fit("custom.machines", "at_least", 20, 6),
)
WHY = "Sales takes nearly everybody who plans by hand, and hardly anybody who has a planning tool."


def mark_ready(at: datetime) -> None:
    """Whoever meets the definition as the story ends is MQL, and waits for marketing to hand it over."""
    card, leads = active_card(), list(Lead.objects.values_list("pk", flat=True))
    score_leads(leads, card=card, at=at)
    qualify_leads(leads, card=card, at=at)


def draft_third(cast: Cast, at: datetime) -> None:
    """A draft that nobody has proposed yet, tried on the last quarter."""
    draft = draft_definition(
        by=cast.nora, at=at, copy_of=active_definition(), name="Who plans by hand", why=WHY, rules=THIRD,
        thresholds=VERSIONS[-1][2],
    )  # fmt: skip
    tried = run_backtest(draft, by=cast.nora, at=at)
    Definition.objects.filter(pk=draft.pk).update(is_sample=True)
    Backtest.objects.filter(pk=tried.pk).update(is_sample=True)


def learn(cast: Cast, at: datetime) -> None:
    """What can be learnt from the outcomes of the story, published where it beats the rules."""
    for target in Target:
        model = train(target, by=cast.max, at=at)
        TrainedModel.objects.filter(pk=model.pk).update(is_sample=True)
    predict_all(at=at)
