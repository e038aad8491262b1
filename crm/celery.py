"""The Celery application and every schedule of the product, each with its time in words."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("tandem")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    # Every two seconds: what was not announced, or was announced while the broker was away, is found here.
    "drain the change outbox": {"task": "crm.drain_outbox", "schedule": 2.0, "options": {"expires": 2}},
    # Every minute: scores whose rounded figure is due to change by decay alone.
    "round scores that decayed": {"task": "scoring.round_due_scores", "schedule": 60.0, "options": {"expires": 60}},
    # Every minute: back-tests whose worker died fail, those that the queue lost begin.
    "look after back-tests": {"task": "scoring.look_after_backtests", "schedule": 60.0, "options": {"expires": 60}},
    # Every minute: trainings whose worker died fail, those that the queue lost begin.
    "look after trainings": {"task": "scoring.look_after_trainings", "schedule": 60.0, "options": {"expires": 60}},
    # Every night at 3:10 UTC: models that are two weeks old, or about which a fifth more is known, are trained again.
    "train what is due": {"task": "scoring.train_due", "schedule": crontab(hour=3, minute=10)},
    # Every night at 3:30 UTC: what is expected of every lead, for a touch is a day older.
    "predict every lead": {"task": "scoring.predict_all", "schedule": crontab(hour=3, minute=30)},
    # Every morning at 4:00 UTC: whether what models tell comes true; one that fails is taken back.
    "check models": {"task": "scoring.check_models", "schedule": crontab(hour=4, minute=0)},
    # Every five seconds: mail that is due goes out; what was written a moment ago is announced by itself.
    "send mail": {"task": "crm.send_mail", "schedule": 5.0, "options": {"expires": 5}},
    # Every half minute: what the bell said and nobody has read goes into mails, at each person's pace.
    "write digests": {"task": "crm.write_digests", "schedule": 30.0, "options": {"expires": 30}},
    # Every thirty seconds: the bell rings for tasks whose reminder is due.
    "remind of tasks": {"task": "leads.remind", "schedule": 30.0, "options": {"expires": 30}},
    # Every minute: hand-offs that nobody answered in time go to the next person.
    "escalate overdue hand-offs": {"task": "feedback.escalate", "schedule": 60.0, "options": {"expires": 60}},
    # Every minute: an agreement that both sides signed comes into force on its day.
    "begin agreements": {"task": "feedback.begin_agreements", "schedule": 60.0, "options": {"expires": 60}},
    # Every minute: the bell rings for answers due soon, for late ones and for first calls that were not made.
    "tell of clocks": {"task": "feedback.remind", "schedule": 60.0, "options": {"expires": 60}},
    # Every five minutes: leads that sales wanted to see again come back on their day.
    "bring leads back": {"task": "feedback.recycle", "schedule": 300.0, "options": {"expires": 300}},
    # Every five minutes: goals, alignment and verdicts, where they take long to count, before somebody asks.
    "count figures ahead": {"task": "desk.count_ahead", "schedule": 300.0, "options": {"expires": 300}},
    # Every five minutes: imports whose worker died are taken up again where they stopped.
    "resume interrupted imports": {"task": "leads.resume_imports", "schedule": 300.0, "options": {"expires": 300}},
    # Every hour: how long won opportunities stood in each stage, to tell which ones stand still.
    "measure stays in stages": {"task": "leads.measure_stays", "schedule": 3600.0, "options": {"expires": 3600}},
    # Every hour: what was forecast when the last day ended is kept, once.
    "keep the forecast": {"task": "funnel.snapshot_forecast", "schedule": 3600.0, "options": {"expires": 3600}},
    # Every minute: answers to forms that were not announced, or whose worker died.
    "process what forms brought": {"task": "leads.process_submissions", "schedule": 60.0, "options": {"expires": 60}},
    # Every night at 2:40 UTC: what strangers sent through forms more than 90 days ago is forgotten.
    "forget what forms brought": {"task": "leads.blank_submissions", "schedule": crontab(hour=2, minute=40)},
    # Every night at 2:50 UTC: telephone numbers that could not be told when they were written.
    "tell telephone numbers": {"task": "leads.tell_numbers", "schedule": crontab(hour=2, minute=50)},
    # Every night at 3:00 UTC: what was done to many records at once, a month ago.
    "forget old deeds": {"task": "desk.forget_deeds", "schedule": crontab(hour=3, minute=0)},
    # Every five minutes: fields of one's own whose index is missing, or whose values are to be taken out.
    "keep up own fields": {"task": "leads.keep_up_fields", "schedule": 300.0, "options": {"expires": 300}},
    # Every hour: changes that every consumer has read, answers kept for repeated requests, old notifications.
    "prune what is done with": {"task": "crm.prune", "schedule": 3600.0, "options": {"expires": 3600}},
}
