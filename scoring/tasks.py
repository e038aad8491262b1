"""What Celery runs for the score; the schedules stand in crm/celery.py."""

from celery import shared_task


@shared_task(name="scoring.round_due_scores")
def round_due_scores() -> None:
    from django.utils import timezone

    from scoring.engine import round_due_scores

    round_due_scores(at=timezone.now())
