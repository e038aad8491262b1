"""This room's part of the API."""

from django.urls import URLPattern, URLResolver, path

from funnel.api.views import ReportView

urlpatterns: list[URLPattern | URLResolver] = [path("reports/<slug:name>/", ReportView.as_view(), name="report")]
