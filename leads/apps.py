from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads.reasons import seed_reasons

        post_migrate.connect(seed_reasons, sender=self)
