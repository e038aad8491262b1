"""What the models promise, the database keeps: a migration that takes an index away may take a constraint along."""

import pytest
from django.apps import apps
from django.db import connection

ROOMS = ("crm", "campaigns", "leads", "feedback", "scoring", "funnel", "desk")
THERE = "SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class WHERE relkind = 'i'"


@pytest.mark.django_db
def test_every_constraint_and_index_of_the_models_is_there():
    with connection.cursor() as sql:
        sql.execute(THERE)
        there = {name for (name,) in sql.fetchall()}
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models() if model._meta.managed]
    promised = {one.name for model in models for one in (*model._meta.constraints, *model._meta.indexes)}

    assert promised - there == set()
