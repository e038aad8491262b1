"""What is to be done: when in words, for whom, and where its page is."""

from datetime import datetime

from django import template
from django.utils import timezone

from leads.addresses import address_of
from leads.models import Contact, Lead, Task

register = template.Library()
WEEK = 7
SOON = 1


@register.filter
def due_words(due_at: datetime, now: datetime) -> str:
    """ "today, 14:00", "tomorrow", "Thursday", "12 March"; "4 d overdue", "since 09:00" when it is late."""
    due, today = timezone.localtime(due_at), timezone.localtime(now).date()
    days = (due.date() - today).days
    if days < 0:
        return "1 d overdue" if days == -1 else f"{-days} d overdue"
    if days == 0:
        return f"since {due:%H:%M}" if due_at < now else f"today, {due:%H:%M}"
    if days <= SOON:
        return f"tomorrow, {due:%H:%M}"
    if days < WEEK:
        return f"{due:%A}"
    return f"{due.day} {due:%B}" if due.year == today.year else f"{due.day} {due:%B %Y}"


@register.filter
def is_late(due_at: datetime, now: datetime) -> bool:
    return due_at < now


@register.filter
def log_query(person: Lead | Contact) -> str:
    """On whom a call to this person is logged: "lead=7"."""
    return f"{person._meta.model_name}={person.pk}"


@register.filter
def task_address(task: Task) -> str:
    """The page of what a task is about."""
    return address_of(task)
