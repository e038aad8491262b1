"""What Celery runs for the desk; the schedules stand in crm/celery.py."""

from celery import shared_task


@shared_task(name="desk.forget_deeds")
def forget_deeds() -> None:
    from django.utils import timezone

    from desk.bulk.deeds import forget_old_deeds

    forget_old_deeds(now=timezone.now())


@shared_task(name="desk.count_ahead")
def count_ahead() -> None:
    """What pages of many figures open with is at hand before somebody asks."""
    from django.utils import timezone

    from crm.periods import own_day
    from desk.queries import feedback
    from funnel.pages import ahead, alignment

    now = timezone.now()
    alignment.count_ahead(at=now)
    today = own_day(now)
    feedback.count_ahead(today=today, at=now)
    ahead.count_ahead(today=today, at=now)
