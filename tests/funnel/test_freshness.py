"""How fresh the figures are."""

from datetime import timedelta

import pytest

from crm import outbox
from crm.models import Cursor
from crm.outbox import record_change
from funnel.facts.freshness import Freshness, freshness
from tests.factories import MONDAY, make_lead
from tests.funnel.histories import drain_all, keep_up

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_figures_are_fresh_until_nobody_looked_for_half_a_minute():
    assert freshness(at=MONDAY) == Freshness(None, True)
    keep_up()
    computed_at = Cursor.objects.get(pk="funnel").current_at
    assert freshness(at=computed_at + timedelta(seconds=20)) == Freshness(computed_at, False)
    assert freshness(at=computed_at + timedelta(seconds=40)).is_stale


@pytest.mark.django_db(transaction=True)
def test_figures_are_current_up_to_the_oldest_change_not_read():
    lead = make_lead()
    keep_up()
    record_change("lead", [lead.pk])
    record_change("lead", [lead.pk])
    outbox.drain("funnel", limit=1)
    behind = Cursor.objects.get(pk="funnel").current_at
    drain_all()
    assert Cursor.objects.get(pk="funnel").current_at > behind
