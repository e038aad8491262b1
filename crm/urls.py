"""Every address of the product; rooms are named by dotted path only, since imports run downhill."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.urls import include, path
from django.views.defaults import page_not_found

from crm.health import health
from crm.views import notifications

urlpatterns = [
    path("healthz", login_not_required(health)),
    path("healthz/", login_not_required(health), name="health"),
    path("settings/", include("crm.page_urls")),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/bell/", notifications.bell, name="bell"),
    path("notifications/reading/", notifications.all_read, name="notifications-read"),
    path("notifications/<int:pk>/", notifications.notification, name="notification"),
    # An address is who somebody is here: only admins change it (crm/people.py).
    path("accounts/email/", page_not_found, {"exception": Http404()}),
    path("accounts/", include("allauth.account.urls")),
    path("api/v1/", include("crm.api.urls")),
    # `desk` first: its pages bring several rooms together and stand at the shortest addresses.
    *[path("", include(f"{room}.urls")) for room in ("desk", "funnel", "scoring", "feedback", "leads", "campaigns")],
]
