"""A database that was scored before who qualifies was kept beside the score."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from crm.models import Cursor
from crm.outbox import needs_rebuild, rebuild_as_asked

pytestmark = pytest.mark.django_db

LAST_BEFORE, KEPT = ("scoring", "0002_learning_and_backtests"), ("scoring", "0003_scores_are_read_anew")


def test_the_step_to_what_is_kept_beside_the_score_has_every_lead_scored_anew():
    rebuild_as_asked("scoring")
    assert not needs_rebuild("scoring")
    executor = MigrationExecutor(connection)
    step = executor.loader.get_migration(*KEPT)
    state = executor.loader.project_state(LAST_BEFORE)

    with connection.schema_editor() as editor:
        step.apply(state, editor)

    assert needs_rebuild("scoring")
    assert Cursor.objects.get(pk="scoring").rebuilds_done < Cursor.objects.get(pk="scoring").rebuilds_asked
