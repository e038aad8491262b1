"""What Celery runs for the loop; the schedules stand in crm/celery.py."""

from celery import shared_task


@shared_task(name="feedback.escalate")
def escalate() -> None:
    from django.utils import timezone

    from feedback.escalating import escalate_as_agreed

    escalate_as_agreed(at=timezone.now())


@shared_task(name="feedback.begin_agreements")
def begin_agreements() -> None:
    from django.utils import timezone

    from feedback.agreements import bring_into_force

    bring_into_force(at=timezone.now())


@shared_task(name="feedback.remind")
def remind() -> None:
    from django.utils import timezone

    from feedback.reminding import tell_of_clocks

    tell_of_clocks(at=timezone.now())


@shared_task(name="feedback.recycle")
def recycle() -> None:
    from django.utils import timezone

    from feedback.recycling import AT_ONCE, bring_back_due

    while bring_back_due(at=timezone.now()) == AT_ONCE:
        pass
