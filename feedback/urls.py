"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from feedback.views import rerouting, routing

app_name = "feedback"
urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/routing/", routing.routing, name="routing"),
    path("settings/routing/plan/", routing.plan, name="routing-plan"),
    path("settings/routing/preview/", routing.routing_preview, name="routing-preview"),
    path("settings/routing/rules/new/", routing.rule_new, name="routing-rule-new"),
    path("settings/routing/rules/<int:pk>/", routing.rule, name="routing-rule"),
    path("settings/routing/rules/<int:pk>/position/", routing.rule_position, name="routing-rule-position"),
    path("settings/routing/rules/<int:pk>/switch/", routing.rule_switch, name="routing-rule-switch"),
    path("settings/routing/rules/<int:pk>/removal/", routing.rule_removal, name="routing-rule-removal"),
    path("settings/routing/reps/<int:pk>/", routing.rep, name="routing-rep"),
    path("inbox/waiting/<int:pk>/rerouting/", rerouting.rerouting, name="rerouting"),
    path("inbox/waiting/<int:pk>/rerouting/<int:moment>/undo/", rerouting.undo, name="rerouting-undo"),
]
