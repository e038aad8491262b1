"""What Celery runs for figures; the schedules stand in crm/celery.py."""

from celery import shared_task


@shared_task(name="funnel.count_again")
def count_again(key: str) -> None:
    from funnel.keeping import count_asked

    count_asked(key)


@shared_task(name="funnel.snapshot_forecast")
def snapshot_forecast() -> None:
    from django.utils import timezone

    from funnel.deals.forecasting import snapshot_yesterday

    snapshot_yesterday(at=timezone.now())
