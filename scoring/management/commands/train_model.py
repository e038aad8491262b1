"""`manage.py train_model`: train on one's own outcomes, here and now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm.errors import BusinessError
from scoring.models import ModelStatus, Target
from scoring.predicting import predict_all
from scoring.training import SEED, train


class Command(BaseCommand):
    help = "Trains the models of prediction on the outcomes of today; one is published only when it beats the rules."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--target", choices=Target.values, help="Only this one.")
        parser.add_argument("--seed", type=int, default=SEED, help=f"The same seed gives the same model ({SEED}).")

    def handle(self, *, target: str | None, seed: int, **_options: Any) -> None:
        models = [self.train(Target(one), seed) for one in ([target] if target else Target.values)]
        if ModelStatus.PUBLISHED in models:
            self.stdout.write(f"Predicted {predict_all(at=timezone.now()):,} leads.")
        if ModelStatus.FAILED in models:
            raise CommandError("A training failed.")

    def train(self, target: Target, seed: int) -> str:
        try:
            model = train(target, by=None, at=timezone.now(), seed=seed)
        except BusinessError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{target.label}: {model.verdict or model.error}")
        return model.status
