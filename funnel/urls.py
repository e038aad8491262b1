"""Pages of this room."""

from django.urls import URLPattern, URLResolver

app_name = "funnel"
urlpatterns: list[URLPattern | URLResolver] = []
