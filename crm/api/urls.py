"""The API's address tree; each room adds its own part, named by dotted path since imports run downhill."""

from django.urls import include, path

app_name = "api"
urlpatterns = [
    path("", include(f"{room}.api.urls")) for room in ("campaigns", "leads", "feedback", "scoring", "funnel")
]
