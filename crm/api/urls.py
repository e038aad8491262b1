"""The API's address tree; each room adds its own part, named by dotted path since imports run downhill."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from crm.api.docs import Documentation
from crm.api.notifications import NotificationViews
from crm.api.views import Root, TeamViews, UnknownAddress, UserViews

router = SimpleRouter(use_regex_path=False)
router.register("users", UserViews, basename="users")
router.register("teams", TeamViews, basename="teams")
router.register("notifications", NotificationViews, basename="notifications")

app_name = "api"
urlpatterns = [
    path("", Root.as_view(), name="root"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", Documentation.as_view(url_name="api:schema"), name="docs"),
    path("", include(router.urls)),
    *[path("", include(f"{room}.api.urls")) for room in ("campaigns", "leads", "feedback", "scoring", "funnel")],
    # With the slash only: without one Django first sends the caller to the address that has it.
    re_path(r"^.*/\Z", UnknownAddress.as_view()),
]
