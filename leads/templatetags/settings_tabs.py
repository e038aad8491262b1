"""The pages of the settings, each for those who may change what is on it."""

from typing import Any, NamedTuple

from django import template
from django.urls import reverse

from crm.access import manages
from crm.models import User
from leads.access import (
    may_make_capture_forms,
    may_set_up_pipeline,
    may_write_fields,
    may_write_lists,
    may_write_reasons,
)

register = template.Library()


class SettingsPage(NamedTuple):
    key: str
    label: str
    address: str


@register.simple_tag(takes_context=True)
def settings_pages(context: dict[str, Any]) -> list[SettingsPage]:
    """What the present person may change, their own profile last."""
    user: User = context["user"]
    pages = (
        ("people", "People", "crm:settings", user.is_admin),
        ("teams", "Teams", "crm:teams", user.is_admin),
        ("organisation", "Organisation", "crm:organisation", user.is_admin),
        ("holidays", "Holidays", "crm:holidays", user.is_admin),
        ("lists", "Lists", "leads:lists", may_write_lists(user)),
        ("fields", "Fields", "leads:fields", may_write_fields(user)),
        ("reasons", "Reasons", "leads:reasons", may_write_reasons(user)),
        ("routing", "Routing", "feedback:routing", manages(user)),
        ("pipeline", "Pipeline", "leads:pipeline", may_set_up_pipeline(user)),
        ("figures", "Figures", "funnel:figure-settings", manages(user)),
        ("currencies", "Currencies", "funnel:currencies", manages(user)),
        ("quotas", "Quotas", "funnel:quotas", manages(user)),
        ("capture", "Capture forms", "leads:capture-forms", may_make_capture_forms(user)),
        ("mail", "E-mail", "crm:mail", user.is_admin),
        ("sample", "Sample data", "crm:sample", user.is_admin),
        ("templates", "Templates", "leads:templates", True),
        ("notifications", "Notifications", "crm:mail-choices", True),
        ("me", "You", "crm:me", True),
    )
    return [SettingsPage(key, label, reverse(name)) for key, label, name, allowed in pages if allowed]
