from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads.mail_templates import seed_templates
        from leads.pick_values import seed_themes
        from leads.pipeline import seed_pipeline
        from leads.reasons import seed_reasons

        post_migrate.connect(seed_reasons, sender=self)
        post_migrate.connect(seed_pipeline, sender=self)
        post_migrate.connect(seed_themes, sender=self)
        post_migrate.connect(seed_templates, sender=self)
