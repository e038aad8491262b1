"""What Celery runs for the score; the schedules stand in crm/celery.py."""

from celery import shared_task


@shared_task(name="scoring.round_due_scores")
def round_due_scores() -> None:
    from django.utils import timezone

    from scoring.engine import round_due_scores

    round_due_scores(at=timezone.now())


@shared_task(name="scoring.run_backtest")
def run_backtest(backtest_id: int) -> None:
    from scoring.backtesting import run
    from scoring.models import Backtest

    if backtest := Backtest.objects.filter(pk=backtest_id).first():
        run(backtest)


@shared_task(name="scoring.look_after_backtests")
def look_after_backtests() -> None:
    from django.utils import timezone

    from scoring.backtesting import take_up_interrupted

    take_up_interrupted(at=timezone.now())


@shared_task(name="scoring.run_training")
def run_training(model_id: int) -> None:
    from scoring.models import TrainedModel
    from scoring.training import run_training

    if model := TrainedModel.objects.filter(pk=model_id).first():
        run_training(model)


@shared_task(name="scoring.look_after_trainings")
def look_after_trainings() -> None:
    from django.utils import timezone

    from scoring.training import take_up_interrupted

    take_up_interrupted(at=timezone.now())


@shared_task(name="scoring.train_due")
def train_due() -> None:
    from django.utils import timezone

    from scoring.training import train_due

    train_due(at=timezone.now())


@shared_task(name="scoring.predict_all")
def predict_all() -> None:
    from django.utils import timezone

    from scoring.predicting import predict_all

    predict_all(at=timezone.now())


@shared_task(name="scoring.check_models")
def check_models() -> None:
    from django.utils import timezone

    from scoring.watching import check_models

    check_models(at=timezone.now())
