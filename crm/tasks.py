"""What Celery runs for the kernel; the schedules stand in crm/celery.py."""

from datetime import timedelta

from celery import shared_task


@shared_task(name="crm.drain_outbox")
def drain_outbox() -> None:
    from crm.outbox import drain_all

    drain_all()


@shared_task(name="crm.send_mail")
def send_mail() -> None:
    from django.utils import timezone

    from crm.mailing import send_due

    send_due(at=timezone.now())


@shared_task(name="crm.write_digests")
def write_digests() -> None:
    from django.utils import timezone

    from crm.digests import queue_digests

    queue_digests(at=timezone.now())


@shared_task(name="crm.prune")
def prune() -> None:
    from django.utils import timezone

    from crm.api.idempotency import forget_answers
    from crm.mailing import forget_notices
    from crm.notifications import forget_old
    from crm.outbox import prune

    prune()
    forget_answers(before=timezone.now() - timedelta(days=1))
    forget_old(now=timezone.now())
    forget_notices(now=timezone.now())
