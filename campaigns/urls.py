"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from campaigns import views

app_name = "campaigns"
urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/new/", views.campaign_new, name="campaign-new"),
    path("content/new/", views.content_new, name="content-new"),
]
