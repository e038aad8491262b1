"""The project and its kernel: settings, people and rights, change outbox, embedded services, health, API root."""

from crm.celery import app as celery_app

__version__ = "0.1.0"
__all__ = ["__version__", "celery_app"]
