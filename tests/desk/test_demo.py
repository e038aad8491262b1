"""desk/demo: a believable story that obeys every rule."""

from datetime import date

import pytest
from django.core.management import call_command

from leads.models import Lead

pytestmark = pytest.mark.django_db(transaction=True)


def test_first(capsys):
    call_command("demo", today=date(2026, 11, 22), leads=300)
    assert Lead.objects.count() > 300
