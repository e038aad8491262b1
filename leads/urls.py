"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from leads.views import lists, new

app_name = "leads"
urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/", lists.leads, name="leads"),
    path("leads/new/", new.lead_new, name="lead-new"),
    path("contacts/", lists.contacts, name="contacts"),
    path("companies/", lists.companies, name="companies"),
    path("opportunities/", lists.opportunities, name="opportunities"),
]
