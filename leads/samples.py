"""What of this room is sample data (crm/erasure.py)."""

from django.db.models import Q

from crm.erasure import Counts, delete_samples, delete_where
from crm.models import Mail
from leads.models import (
    Activity,
    CaptureForm,
    Company,
    Contact,
    CustomField,
    Lead,
    Merge,
    Opportunity,
    OpportunityPerson,
    Submission,
    Task,
    Touch,
    Transition,
)


def remove() -> Counts:
    """Everything that hangs on a sample lead goes with it; a real opportunity made of one stays without it."""
    leads = list(Lead.objects.filter(is_sample=True).values_list("id", flat=True))
    Submission.objects.filter(lead__in=leads, form__is_sample=False).update(lead=None)
    forms = list(CaptureForm.objects.filter(is_sample=True).values_list("id", flat=True))
    part_from(leads)
    undo_merges_with(leads)
    written = list(Activity.objects.filter(is_sample=True, mail__isnull=False).values_list("mail_id", flat=True))
    return {
        "activities": delete_samples(Activity),
        "e-mails": Mail.objects.filter(pk__in=written, activity__isnull=True).delete()[0],
        "tasks": delete_samples(Task),
        "submissions": delete_where(Submission, "form_id", forms),
        "capture forms": delete_samples(CaptureForm),
        "opportunities": delete_samples(Opportunity),
        "touches": delete_where(Touch, "lead_id", leads),
        "transitions": delete_where(Transition, "lead_id", leads),
        "leads": delete_samples(Lead),
        "contacts": delete_samples(Contact),
        "companies": delete_samples(Company),
        "fields": delete_samples(CustomField),
    }


def undo_merges_with(leads: list[int]) -> None:
    """Real leads stay, each as its own, when a sample lead they were merged with goes."""
    Merge.objects.filter(Q(survivor__in=leads) | Q(duplicate__in=leads)).delete()
    Lead.objects.filter(merged_into__in=leads).update(merged_into=None)


def part_from(leads: list[int]) -> None:
    """Real opportunities stay without these leads, and so does what was done for them; other work goes along."""
    Opportunity.objects.filter(lead__in=leads, is_sample=False).update(lead=None)
    OpportunityPerson.objects.filter(lead__in=leads).update(lead=None)
    for work in (Activity, Task):
        of_them = work._default_manager.filter(lead__in=leads)
        of_them.filter(opportunity__is_sample=False).update(lead=None)
        of_them.update(is_sample=True)
