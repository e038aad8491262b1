"""What Celery runs for leads; the schedules stand in crm/celery.py."""

from datetime import timedelta

from celery import shared_task

# A file that was uploaded and neither imported nor forgotten holds personal data for nothing.
ABANDONED_AFTER = timedelta(days=7)
# What strangers sent is needed until somebody has looked into what became of it.
SUBMISSIONS_KEPT = timedelta(days=90)


@shared_task(name="leads.run_import")
def run_import(import_id: int) -> None:
    from leads.importing.running import run_import

    run_import(import_id)


@shared_task(name="leads.measure_stays")
def measure_stays() -> None:
    from leads.stalled import measure_stays

    measure_stays()


@shared_task(name="leads.resume_imports")
def resume_imports() -> None:
    from django.utils import timezone

    from leads.importing.running import resume_imports
    from leads.importing.starting import forget_abandoned

    resume_imports()
    forget_abandoned(before=timezone.now() - ABANDONED_AFTER)


@shared_task(name="leads.remind")
def remind() -> None:
    from django.utils import timezone

    from leads.reminders import remind

    remind(at=timezone.now())


@shared_task(name="leads.process_submissions")
def process_submissions() -> None:
    from django.utils import timezone

    from leads.capture.processing import process_submissions

    process_submissions(at=timezone.now())


@shared_task(name="leads.blank_submissions")
def blank_submissions() -> None:
    from django.utils import timezone

    from leads.capture.processing import blank_submissions

    blank_submissions(before=timezone.now() - SUBMISSIONS_KEPT)


@shared_task(name="leads.tell_numbers")
def tell_numbers() -> None:
    from leads.telephones import tell_numbers

    tell_numbers()


@shared_task(name="leads.keep_up_fields")
def keep_up_fields() -> None:
    from leads.custom_upkeep import keep_up_fields

    keep_up_fields()
