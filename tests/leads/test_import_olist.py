"""The real files of the Olist marketplace give exactly the figures of their reference (shared/data/REFERENCE.md)."""

from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, override_settings

from campaigns.models import Asset
from crm.models import Change, User
from leads.models import Import, Lead, Opportunity, Touch, Transition

OLIST = Path(__file__).resolve().parents[3] / "shared/data/olist"
LEADS, DEALS = OLIST / "olist_marketing_qualified_leads_dataset.csv", OLIST / "olist_closed_deals_dataset.csv"


ORIGINS = {
    "organic_search": (2296, 271), "paid_search": (1586, 195), "social": (1350, 75), "unknown": (1099, 179),
    "direct_traffic": (499, 56), "email": (493, 15), "referral": (284, 24), "other": (150, 4), "display": (118, 6),
    "other_publicities": (65, 3), "": (60, 14),
}  # fmt: skip
# Month of first contact: leads, won ever, won within 30, 90, 150 calendar days.
MONTHS = {
    "2017-06": (4, 0, 0, 0, 0), "2017-07": (239, 2, 0, 0, 0), "2017-08": (386, 9, 0, 0, 1),
    "2017-09": (312, 7, 0, 0, 1), "2017-10": (416, 14, 0, 0, 1), "2017-11": (445, 18, 2, 8, 8),
    "2017-12": (200, 11, 1, 6, 7),
    "2018-01": (1141, 152, 96, 129, 141), "2018-02": (1028, 149, 101, 128, 136), "2018-03": (1174, 167, 115, 141, 154),
    "2018-04": (1352, 183, 148, 171, 177), "2018-05": (1303, 130, 92, 109, 124),
}  # fmt: skip
WON = {
    "2017-12": 3, "2018-01": 73, "2018-02": 113, "2018-03": 147, "2018-04": 207, "2018-05": 122, "2018-06": 57,
    "2018-07": 37, "2018-08": 33, "2018-09": 23, "2018-10": 21, "2018-11": 6,
}  # fmt: skip
WITHIN = {0: 34, 7: 284, 14: 428, 30: 555, 60: 647, 90: 692, 120: 727, 150: 750, 180: 775, 365: 838}
LEAD_TYPES = {
    "online_medium": 332, "online_big": 126, "industry": 123, "offline": 104, "online_small": 77, "online_beginner": 57,
    "online_top": 14, None: 6, "other": 3,
}  # fmt: skip
BUSINESS_TYPES = {"reseller": 587, "manufacturer": 242, None: 10, "other": 3}
PAGES = {
    "b76ef374": (912, 171), "22c29808": (883, 174), "58326e62": (495, 27), "88740e65": (445, 31), "ce1a65ab": (394, 59),
    "40dec9f3": (330, 67),
}  # fmt: skip
CUSTOMERS = "SELECT lead_id, at FROM leads_transition WHERE to_stage = 'customer'"
WITH_CUSTOMERS = f"LEFT JOIN ({CUSTOMERS}) c ON c.lead_id = l.id"
BY_FIELD = """
    SELECT l.custom ->> '{}', count(*) FROM leads_opportunity o JOIN leads_lead l ON l.id = o.lead_id GROUP BY 1
"""


def import_both() -> str:
    out = StringIO()
    call_command("import_records", "leads", str(LEADS), "--mapping", "olist-leads", stdout=out)
    call_command("import_records", "opportunities", str(DEALS), "--mapping", "olist-opportunities", stdout=out)
    return out.getvalue()


def rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as sql:
        sql.execute(statement)
        return sql.fetchall()


@pytest.mark.skipif(not OLIST.is_dir(), reason="the Olist files are not here (they are not ours to ship)")
class TestOlist(TestCase):
    """Both files are imported once for all tests."""

    said: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(override_settings(MEDIA_ROOT=Path(cls.enterClassContext(TemporaryDirectory()))))
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        cls.said = import_both()

    def test_says_what_it_did(self) -> None:
        assert self.said.splitlines() == [
            "olist_marketing_qualified_leads_dataset.csv: 8,000 created, 0 updated, 0 unchanged, 0 refused.",
            "olist_closed_deals_dataset.csv: 842 created, 0 updated, 0 unchanged, 0 refused.",
            "1 dated before the move they follow: taken as they are, and marked.",
        ]

    def test_leads_and_customers(self) -> None:
        assert Lead.objects.count() == 8000
        assert dict(rows("SELECT stage, count(*) FROM leads_lead GROUP BY 1")) == {"mql": 7158, "customer": 842}
        assert Opportunity.objects.filter(outcome="won", lead__stage="customer").count() == 842
        assert rows("SELECT min(captured_at)::date::text, max(captured_at)::date::text FROM leads_lead") == [
            ("2017-06-14", "2018-05-31")
        ]

    def test_moves_prove_it(self) -> None:
        found = rows(
            "SELECT kind, from_stage, to_stage, count(*) FROM leads_transition GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3"
        )
        assert found == [
            ("import", "", "inquiry", 8000), ("import", "inquiry", "mql", 8000), ("import", "mql", "customer", 842),
        ]  # fmt: skip

    def test_by_origin(self) -> None:
        found = rows(f"SELECT source, count(*), count(c.lead_id) FROM leads_lead l {WITH_CUSTOMERS} GROUP BY 1")
        assert {source: (leads, won) for source, leads, won in found} == ORIGINS

    def test_by_month_of_first_contact(self) -> None:
        def within(days: int) -> str:
            return f"count(c.at) FILTER (WHERE c.at::date - l.captured_at::date <= {days})"

        found = rows(f"""
            SELECT to_char(captured_at, 'YYYY-MM'), count(*), count(c.at), {within(30)}, {within(90)}, {within(150)}
            FROM leads_lead l LEFT JOIN ({CUSTOMERS}) c ON c.lead_id = l.id GROUP BY 1
        """)
        assert {month: tuple(counts) for month, *counts in found} == MONTHS

    def test_by_month_won(self) -> None:
        assert dict(rows(f"SELECT to_char(at, 'YYYY-MM'), count(*) FROM ({CUSTOMERS}) c GROUP BY 1")) == WON
        assert dict(rows("SELECT to_char(closed_at, 'YYYY-MM'), count(*) FROM leads_opportunity GROUP BY 1")) == WON

    def test_days_to_won(self) -> None:
        length = "extract(epoch FROM c.at - l.captured_at)::float8 / 86400"
        days = f"SELECT {length} AS d FROM leads_lead l JOIN ({CUSTOMERS}) c ON c.lead_id = l.id"
        [(least, *percentiles, mean, most)] = rows(f"""
            SELECT min(d),
                percentile_cont(0.1) WITHIN GROUP (ORDER BY d), percentile_cont(0.25) WITHIN GROUP (ORDER BY d),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY d), percentile_cont(0.75) WITHIN GROUP (ORDER BY d),
                percentile_cont(0.9) WITHIN GROUP (ORDER BY d), avg(d), max(d) FROM ({days}) days
        """)
        assert [round(value, 4) for value in (least, *percentiles, mean, most)] == [
            -1.1813, 2.6199, 5.8568, 14.6507, 54.9910, 162.5888, 49.1008, 427.5518,
        ]  # fmt: skip
        counts = {n: rows(f"SELECT count(*) FROM ({days}) days WHERE floor(d) <= {n}")[0][0] for n in WITHIN}
        assert counts == WITHIN

    def test_the_deal_before_its_first_contact_is_marked_not_clamped(self) -> None:
        [early] = Transition.objects.filter(out_of_order=True).select_related("lead")
        assert (early.to_stage, round((early.at - early.lead.captured_at).total_seconds() / 86400, 4)) == (
            "customer",
            -1.1813,
        )
        assert Import.objects.get(kind="opportunities").findings == {"out_of_order": 1}

    def test_landing_pages_are_the_content_of_the_touches(self) -> None:
        assert Asset.objects.filter(source_system="olist", kind="landing_page").count() == 495
        assert Touch.objects.filter(kind="visit", asset__isnull=False).count() == Touch.objects.count() == 8000
        found = rows(f"""
            SELECT left(a.external_id, 8), count(*), count(c.lead_id)
            FROM leads_touch t JOIN campaigns_asset a ON a.id = t.asset_id
            LEFT JOIN ({CUSTOMERS}) c ON c.lead_id = t.lead_id GROUP BY a.external_id ORDER BY 2 DESC LIMIT 6
        """)
        assert {page: (leads, won) for page, leads, won in found} == PAGES

    def test_deals_keep_what_they_say(self) -> None:
        assert dict(rows(BY_FIELD.format("lead_type"))) == LEAD_TYPES
        assert dict(rows(BY_FIELD.format("business_type"))) == BUSINESS_TYPES
        [(total, known, most)] = rows("SELECT sum(amount), count(amount), max(amount) FROM leads_opportunity")
        assert (total, known, most) == (Decimal(61_784_006), 45, Decimal(50_000_000))

    def test_people_are_made_of_the_file(self) -> None:
        assert Opportunity.objects.values("owner").distinct().count() == 22
        assert Lead.objects.filter(stage="customer").values("owner").distinct().count() == 32
        people = User.objects.filter(source_system="olist")
        assert set(people.values_list("email", "role")) == {(None, "rep")}
        assert not any(person.has_usable_password() for person in people)

    def test_the_same_files_again_change_nothing(self) -> None:
        tables = (
            "leads_lead",
            "leads_transition",
            "leads_touch",
            "leads_opportunity",
            "campaigns_asset",
            "crm_user",
            "crm_change",
        )

        def everything() -> dict[str, Any]:
            return {
                table: rows(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t")
                for table in tables
            }

        before, changes = everything(), Change.objects.count()
        said = import_both()
        assert said.splitlines() == [
            "olist_marketing_qualified_leads_dataset.csv: 0 created, 0 updated, 8,000 unchanged, 0 refused.",
            "olist_closed_deals_dataset.csv: 0 created, 0 updated, 842 unchanged, 0 refused.",
        ]
        assert everything() == before
        assert Change.objects.count() == changes
