"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from leads.views import capture, capture_forms, duplicates, imports, new, new_people, pick_values, pipeline, reasons

app_name = "leads"
urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/new/", new.lead_new, name="lead-new"),
    path("contacts/new/", new_people.contact_new, name="contact-new"),
    path("companies/new/", new_people.company_new, name="company-new"),
    path("capture/<slug:key>/", capture.capture, name="capture"),
    path("capture-forms/", capture_forms.capture_forms, name="capture-forms"),
    path("capture-forms/new/", capture_forms.capture_form_new, name="capture-form-new"),
    path("capture-forms/<int:pk>/", capture_forms.capture_form, name="capture-form"),
    path("capture-forms/<int:pk>/edit/", capture_forms.capture_form_edit, name="capture-form-edit"),
    path("capture-forms/<int:pk>/retry/", capture_forms.retry_failed, name="capture-form-retry"),
    path("capture-forms/<int:pk>/removal/", capture_forms.removal, name="capture-form-removal"),
    path("submissions/<int:pk>/", capture_forms.submission, name="submission"),
    path("submissions/<int:pk>/retry/", capture_forms.retry, name="submission-retry"),
    path("duplicates/<str:kind>/", duplicates.duplicates, name="duplicates"),
    path("settings/lists/", pick_values.lists, name="lists"),
    path("settings/lists/new/", pick_values.value_new, name="value-new"),
    path("settings/lists/<int:pk>/", pick_values.value, name="value"),
    path("settings/lists/<int:pk>/position/", pick_values.value_position, name="value-position"),
    path("settings/reasons/", reasons.reasons, name="reasons"),
    path("settings/reasons/new/", reasons.reason_new, name="reason-new"),
    path("settings/reasons/<int:pk>/", reasons.reason, name="reason"),
    path("settings/reasons/<int:pk>/position/", reasons.reason_position, name="reason-position"),
    path("settings/pipeline/", pipeline.pipeline, name="pipeline"),
    path("settings/pipeline/<slug:stage>/", pipeline.stage, name="pipeline-stage"),
    path("settings/pipeline/<slug:stage>/retirement/", pipeline.retirement, name="pipeline-retirement"),
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.import_new, name="import-new"),
    path("imports/<int:pk>/", imports.import_page, name="import"),
    path("imports/<int:pk>/columns/", imports.import_columns, name="import-columns"),
    path("imports/<int:pk>/notations/", imports.import_notations, name="import-notations"),
    path("imports/<int:pk>/known/", imports.import_known, name="import-known"),
    path("imports/<int:pk>/start/", imports.import_start, name="import-start"),
    path("imports/<int:pk>/removal/", imports.import_removal, name="import-removal"),
    path("imports/<int:pk>/refused.csv", imports.import_refused, name="import-refused"),
]
