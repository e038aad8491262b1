"""What the Olist files say of won deals stands in reports and lists (shared/data/REFERENCE.md)."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.test import Client, TestCase, override_settings

from crm.models import Organisation
from funnel.reports.question import Question
from funnel.reports.win_loss import tell
from tests.factories import make_user
from tests.funnel.maven import AFTERWARDS
from tests.leads.test_import_olist import LEAD_TYPES, OLIST, ORIGINS, WON, import_both

ALL = Question(date(2017, 6, 1), date(2019, 1, 1), basis="period")


@pytest.mark.skipif(not OLIST.is_dir(), reason="the Olist files are not here (they are not ours to ship)")
class TestWon(TestCase):
    """Both files are imported once for all tests."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(override_settings(MEDIA_ROOT=Path(cls.enterClassContext(TemporaryDirectory()))))
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        Organisation.objects.update_or_create(pk=1, defaults={"currency": "BRL"})
        import_both()

    def test_by_month_of_the_close(self) -> None:
        found = tell(replace(ALL, dimension="month"), AFTERWARDS)
        assert {row["key"]: row["won"] for row in found.rows} == WON

    def test_by_origin(self) -> None:
        found = tell(replace(ALL, dimension="source"), AFTERWARDS)
        won = {"" if row["key"] == "(missing)" else row["key"]: row["won"] for row in found.rows}
        assert won == {origin: won for origin, (_leads, won) in ORIGINS.items()}

    def test_what_sellers_declare_to_earn_is_the_value(self) -> None:
        found = tell(ALL, AFTERWARDS)
        assert found.rows[0]["won_value"] == {"amount": "61784006.00", "currency": "BRL"}
        assert found.notes == [
            "797 opportunities have no amount: they are counted, with value 0.",
            "842 won without a day of opening: left out of the days to win.",
        ]

    def test_without_a_rate_the_value_is_left_out_and_said_so(self) -> None:
        Organisation.objects.update(currency="EUR")
        found = tell(ALL, AFTERWARDS)
        assert (found.rows[0]["won"], found.rows[0]["won_value"]["amount"]) == (842, "0.00")
        assert "45 amounts in BRL have no rate on their day and are left out." in found.notes

    def test_by_lead_type_in_the_list_of_leads(self) -> None:
        client = Client()
        client.force_login(make_user("max", role="manager"))
        asked = {"stage": "customer", "page_size": 200}
        for name in ("online_big", "industry", "offline", "online_small", "online_top", "other"):
            found = client.get("/api/v1/leads/", {**asked, "custom.lead_type": name}).json()
            assert len(found["results"]) == LEAD_TYPES[name], name
