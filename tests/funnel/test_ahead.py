"""What is counted before somebody asks is what the page opens with."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from crm.periods import own_day
from funnel import keeping
from funnel.pages.ahead import AHEAD, count_ahead

pytestmark = pytest.mark.django_db


def test_pages_open_with_what_was_counted_ahead(client_for, max_, monkeypatch):
    monkeypatch.setattr(keeping, "SLOW_SECONDS", 0)
    cache.clear()
    now = timezone.now()
    count_ahead(today=own_day(now), at=now)

    client = client_for(max_)
    for name in AHEAD:
        assert client.get(f"/dashboards/{name}/").context["answer"].counted_at == now, name
    cache.clear()
