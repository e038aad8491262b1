"""Pages of this room."""

from django.urls import path

from funnel import deal_views, views

app_name = "funnel"
urlpatterns = [
    path("dashboards/", views.dashboards, name="dashboards"),
    path("dashboards/funnel/", views.funnel, name="funnel"),
    path("dashboards/alignment/", views.alignment, name="alignment"),
    path("dashboards/funnel/waiting/", views.waiting, name="waiting"),
    path("dashboards/funnel/leads/", views.drilldown, name="drilldown"),
    path("dashboards/opportunities/", deal_views.opportunities, name="opportunities"),
    path("dashboards/<slug:name>/", views.report, name="report"),
]
