"""Pages of this room."""

from django.urls import path

from funnel import deal_views, handoff_views, quota_views, settings_views, views

app_name = "funnel"
urlpatterns = [
    path("dashboards/", views.dashboards, name="dashboards"),
    path("dashboards/tiles/<slug:key>/", views.tile, name="tile"),
    path("dashboards/funnel/", views.funnel, name="funnel"),
    path("dashboards/alignment/", views.alignment, name="alignment"),
    path("dashboards/funnel/waiting/", views.waiting, name="waiting"),
    path("dashboards/funnel/leads/", views.drilldown, name="drilldown"),
    path("dashboards/opportunities/", deal_views.opportunities, name="opportunities"),
    path("dashboards/sla/leads/", handoff_views.sla_leads, name="sla-leads"),
    path("dashboards/feedback/leads/", handoff_views.feedback_leads, name="feedback-leads"),
    path("dashboards/<slug:name>/", views.report, name="report"),
    path("settings/figures/", settings_views.figures, name="figure-settings"),
    path("settings/currencies/", settings_views.currencies, name="currencies"),
    path("settings/currencies/<int:pk>/removal/", settings_views.rate_removal, name="rate-removal"),
    path("settings/quotas/", quota_views.quotas, name="quotas"),
    path("settings/quotas/copying/", quota_views.copying, name="quota-copying"),
]
