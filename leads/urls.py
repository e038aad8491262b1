"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from leads.views import duplicates, imports, new

app_name = "leads"
urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/new/", new.lead_new, name="lead-new"),
    path("duplicates/<str:kind>/", duplicates.duplicates, name="duplicates"),
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.import_new, name="import-new"),
    path("imports/<int:pk>/", imports.import_page, name="import"),
    path("imports/<int:pk>/columns/", imports.import_columns, name="import-columns"),
    path("imports/<int:pk>/notations/", imports.import_notations, name="import-notations"),
    path("imports/<int:pk>/start/", imports.import_start, name="import-start"),
    path("imports/<int:pk>/removal/", imports.import_removal, name="import-removal"),
    path("imports/<int:pk>/refused.csv", imports.import_refused, name="import-refused"),
]
