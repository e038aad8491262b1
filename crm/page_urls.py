"""Pages of the kernel: settings and the own profile."""

from django.urls import URLPattern, URLResolver

app_name = "crm"
urlpatterns: list[URLPattern | URLResolver] = []
