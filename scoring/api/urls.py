"""This room's part of the API; it adds the score to the leads of the room below."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from scoring.api.backtests import BacktestLeadViews, BacktestViews
from scoring.api.lead_scores import LeadScoreViews
from scoring.api.trained_models import ModelViews
from scoring.api.views import DefinitionViews

router = SimpleRouter(use_regex_path=False)
router.register("definitions", DefinitionViews, basename="definitions")
router.register("backtests", BacktestViews, basename="backtests")
router.register("backtest-leads", BacktestLeadViews, basename="backtest-leads")
router.register("models", ModelViews, basename="models")

score = LeadScoreViews.as_view({"get": "score"}, detail=True)
history = LeadScoreViews.as_view({"get": "history"}, detail=True)
urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/<int:pk>/score/", score, name="leads-score"),
    path("leads/<int:pk>/score/history/", history, name="leads-score-history"),
    *router.urls,
]
