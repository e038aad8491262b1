"""This room's part of the API."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from funnel.api.quotas import QuotaViews
from funnel.api.views import ReportView

router = SimpleRouter(use_regex_path=False)
router.register("quotas", QuotaViews, basename="quotas")

urlpatterns: list[URLPattern | URLResolver] = [
    path("reports/<slug:name>/", ReportView.as_view(), name="report"),
    *router.urls,
]
