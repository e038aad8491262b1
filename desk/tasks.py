"""What Celery runs for the desk; the schedules stand in crm/celery.py."""

from celery import shared_task


@shared_task(name="desk.forget_deeds")
def forget_deeds() -> None:
    from django.utils import timezone

    from desk.bulk.deeds import forget_old_deeds

    forget_old_deeds(now=timezone.now())
