"""Where the page of what a task or an activity is about stands; the pages themselves are the desk's."""

from django.urls import reverse

from leads.models import Activity, Task


def address_of(row: Task | Activity) -> str:
    """Its record's page; of a plain to-do the list of tasks."""
    return record_address(row) or reverse("desk:tasks")


def record_address(row: Task | Activity) -> str:
    """The page of the opportunity, else the lead, else the contact; "" of a plain to-do."""
    if row.opportunity_id:
        return reverse("desk:opportunity", args=[row.opportunity_id])
    if row.lead_id:
        return reverse("desk:lead", args=[row.lead_id])
    if row.contact_id:
        return reverse("desk:contact", args=[row.contact_id])
    return ""
