"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from scoring.views import backtests, deeds, editor, models, pages

app_name = "scoring"
urlpatterns: list[URLPattern | URLResolver] = [
    path("scoring/", pages.score, name="score"),
    path("scoring/compare/", pages.compare_versions, name="compare"),
    path("scoring/definitions/", deeds.beginning, name="beginning"),
    path("scoring/definitions/<int:pk>/", editor.definition, name="definition"),
    path("scoring/definitions/<int:pk>/rows/", editor.rows, name="rows"),
    path("scoring/definitions/<int:pk>/preview/", editor.preview_of_form, name="preview"),
    path("scoring/definitions/<int:pk>/proposal/", deeds.proposal, name="proposal"),
    path("scoring/definitions/<int:pk>/signature/", deeds.signature, name="signature"),
    path("scoring/definitions/<int:pk>/withdrawal/", deeds.withdrawal, name="withdrawal"),
    path("scoring/definitions/<int:pk>/removal/", deeds.removal, name="removal"),
    path("scoring/definitions/<int:pk>/backtests/", backtests.starting, name="backtests"),
    path("scoring/backtests/<int:pk>/", backtests.backtest, name="backtest"),
    path("scoring/backtests/<int:pk>/leads/", backtests.leads, name="backtest-leads"),
    path("scoring/backtests/<int:pk>/threshold/", backtests.threshold, name="backtest-threshold"),
    path("scoring/model/", models.overview, name="models"),
    path("scoring/model/<slug:target>/", models.model, name="model"),
    path("scoring/model/<slug:target>/training/", models.training, name="training"),
    path("scoring/model/retirements/<int:pk>/", models.retirement, name="retirement"),
]
