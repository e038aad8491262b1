"""What Celery runs for leads; the schedules stand in crm/celery.py."""

from celery import shared_task


@shared_task(name="leads.run_import")
def run_import(import_id: int) -> None:
    from leads.importing.running import run_import

    run_import(import_id)


@shared_task(name="leads.resume_imports")
def resume_imports() -> None:
    from leads.importing.running import resume_imports

    resume_imports()
