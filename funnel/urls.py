"""Pages of this room."""

from django.urls import path

from funnel.views import deals, handoffs, people, quotas, reports, settings

app_name = "funnel"
urlpatterns = [
    path("dashboards/", reports.dashboards, name="dashboards"),
    path("dashboards/tiles/<slug:key>/", reports.tile, name="tile"),
    path("dashboards/funnel/", reports.funnel, name="funnel"),
    path("dashboards/alignment/", reports.alignment, name="alignment"),
    path("dashboards/funnel/waiting/", reports.waiting, name="waiting"),
    path("dashboards/funnel/leads/", reports.drilldown, name="drilldown"),
    path("dashboards/opportunities/", deals.opportunities, name="opportunities"),
    path("dashboards/sla/leads/", handoffs.sla_leads, name="sla-leads"),
    path("dashboards/feedback/leads/", handoffs.feedback_leads, name="feedback-leads"),
    path("dashboards/me/", people.me, name="me"),
    path("dashboards/people/<int:pk>/", people.person, name="person"),
    path("dashboards/<slug:name>/", reports.report, name="report"),
    path("settings/figures/", settings.figures, name="figure-settings"),
    path("settings/currencies/", settings.currencies, name="currencies"),
    path("settings/currencies/<int:pk>/removal/", settings.rate_removal, name="rate-removal"),
    path("settings/quotas/", quotas.quotas, name="quotas"),
    path("settings/quotas/copying/", quotas.copying, name="quota-copying"),
]
