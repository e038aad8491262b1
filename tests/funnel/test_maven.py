"""The reports give the figures of Maven Analytics' CRM sample exactly (shared/data/REFERENCE.md)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.test import TestCase, override_settings

from funnel.deals.chosen import opportunities_behind, read_chosen
from funnel.reports.question import Question
from funnel.reports.win_loss import tell
from tests.funnel.maven import AFTERWARDS, import_maven, needs_maven

ALL = Question(date(2016, 10, 1), date(2018, 1, 1), basis="period")
# Closed, won, value won, mean days to win.
MANAGERS = {
    "Melvin Marxen": (1418, 882, 2_251_930, 50.8299), "Summer Sewald": (1287, 828, 1_964_750, 51.4469),
    "Rocco Neubert": (1113, 691, 1_960_545, 49.3994), "Celia Rouche": (962, 610, 1_603_897, 52.3607),
    "Cara Losch": (745, 480, 1_130_049, 52.4146), "Dustin Brinkmann": (1186, 747, 1_094_363, 54.6024),
}  # fmt: skip
REGIONS = {
    "West": (2249, 1438, 3_568_647, 51.8345), "Central": (2604, 1629, 3_346_293, 52.5599),
    "East": (1858, 1171, 3_090_594, 50.6354),
}  # fmt: skip
PRODUCTS = {
    "GTX Pro": (1147, 729, 3_510_578, 48.3265), "GTX Plus Pro": (745, 479, 2_629_651, 51.7265),
    "MG Advanced": (1084, 654, 2_216_387, 51.7798), "GTX Plus Basic": (1051, 653, 705_275, 51.7565),
    "GTX Basic": (1436, 915, 499_263, 54.7650), "GTK 500": (25, 15, 400_612, 64.0667),
    "MG Special": (1223, 793, 43_768, 51.3405),
}  # fmt: skip
SECTORS = {
    "retail": (1267, 799, 1_867_528, 51.5532), "technology": (1058, 671, 1_515_487, 51.6736),
    "medical": (950, 592, 1_359_595, 51.7247), "software": (704, 450, 1_077_934, 53.0400),
    "finance": (613, 375, 950_908, 52.1093), "marketing": (623, 404, 922_321, 49.1287),
    "entertainment": (402, 260, 689_007, 50.8808), "telecommunications": (456, 285, 653_574, 53.9123),
    "services": (352, 223, 533_006, 52.2466), "employment": (286, 179, 436_174, 52.8771),
}  # fmt: skip
# Closed, won, value won, open at the end (those with a day of opening).
QUARTERS = {
    "Q1 2017": (647, 531, 1_134_672, 1330), "Q2 2017": (2032, 1254, 3_086_111, 1686),
    "Q3 2017": (2047, 1257, 2_982_255, 2409), "Q4 2017": (1985, 1196, 2_802_496, 1589),
}  # fmt: skip
# Closed, won.
MONTHS = {
    "2017-03": (647, 531), "2017-04": (586, 285), "2017-05": (805, 438), "2017-06": (641, 531), "2017-07": (627, 308),
    "2017-08": (785, 446), "2017-09": (635, 503), "2017-10": (566, 279), "2017-11": (768, 406), "2017-12": (651, 511),
}  # fmt: skip


def told(dimension="", **changes):
    return tell(replace(ALL, dimension=dimension, **changes), AFTERWARDS)


def figures(dimension):
    """By label: closed, won, win rate, value won, mean days to win."""
    return {
        row["label"]: (
            row["closed"], row["won"], round(row["win_rate"], 6), Decimal(row["won_value"]["amount"]),
            round(row["mean_days_to_win"], 4),
        )
        for row in told(dimension).rows
        if row["closed"]
    }  # fmt: skip


def with_rate(table):
    return {
        name: (closed, won, round(won / closed, 6), value, days) for name, (closed, won, value, days) in table.items()
    }


@needs_maven
class TestMaven(TestCase):
    """All three files are imported once for all tests."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(override_settings(MEDIA_ROOT=Path(cls.enterClassContext(TemporaryDirectory()))))
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        import_maven()

    def test_all_together(self) -> None:
        [row] = told().rows
        assert (row["won"], row["lost"], row["closed"], row["open"]) == (4238, 2473, 6711, 1589)
        assert round(row["win_rate"], 6) == 0.631501
        assert row["won_value"]["amount"] == "10005534.00"
        assert (row["mean_won_value"]["amount"], row["median_won_value"]["amount"]) == ("2360.91", "1117.00")

    def test_what_is_open_now(self) -> None:
        found = {row["key"]: row["open"] for row in told("forecast_category", end=date(2030, 1, 2)).rows}
        assert sum(found.values()) == 1589 + 500
        [row] = told(end=date(2030, 1, 2)).rows
        asked = read_chosen(dict(pair.split("=") for pair in row["open_url"].split("?")[1].split("&")), today=ALL.end)
        for stage, count in (("discovery", 500), ("solution", 1589)):
            assert opportunities_behind(replace(asked, stage=stage), at=AFTERWARDS).total == count

    def test_days_from_engaging_to_the_close(self) -> None:
        [row] = told().rows
        lasted = {
            goal: [row[f"{how}_days_to_{goal}"] for how in ("median", "mean", "p90")]
            for goal in ("close", "win", "lose")
        }
        assert lasted == {
            "close": [45, pytest.approx(47.9854, abs=5e-5), 104],
            "win": [57, pytest.approx(51.7820, abs=5e-5), 106],
            "lose": [14, pytest.approx(41.4792, abs=5e-5), 100],
        }

    def test_by_manager(self) -> None:
        assert figures("manager") == with_rate(MANAGERS)

    def test_by_regional_office(self) -> None:
        assert figures("region") == with_rate(REGIONS)

    def test_by_product(self) -> None:
        assert figures("product") == with_rate(PRODUCTS)

    def test_by_sector(self) -> None:
        assert figures("industry") == with_rate(SECTORS)

    def test_by_quarter_of_the_close(self) -> None:
        found = {
            row["label"]: (row["closed"], row["won"], Decimal(row["won_value"]["amount"]), row["open"])
            for row in told("quarter").rows
        }
        assert found == QUARTERS

    def test_by_month_of_the_close(self) -> None:
        assert {row["key"]: (row["closed"], row["won"]) for row in told("month").rows} == MONTHS
        assert {row["key"]: (row["closed"], row["won"]) for row in told().page.over_time} == MONTHS

    def test_a_quarter_by_itself(self) -> None:
        [row] = told(start=date(2017, 4, 1), end=date(2017, 7, 1)).rows
        assert (row["closed"], row["won"], row["open"]) == (2032, 1254, 1686)

    def test_losses_have_neither_reasons_nor_amounts(self) -> None:
        answer = told()
        [row] = answer.page.reasons
        assert (row["label"], row["lost"], answer.rows[0]["value_win_rate"]) == ("No reason given", 2473, None)

    def test_a_figure_leads_to_the_opportunities_behind_it(self) -> None:
        for dimension, label, state, count in (
            ("manager", "Cara Losch", "won", 480), ("region", "East", "lost", 1858 - 1171),
            ("quarter", "Q2 2017", "won", 1254), ("industry", "retail", "won", 799),
        ):  # fmt: skip
            [row] = [row for row in told(dimension).rows if row["label"] == label]
            address = row[f"{state}_url"].split("?")[1]
            asked = read_chosen(dict(pair.split("=") for pair in address.split("&")), today=ALL.end)
            assert opportunities_behind(asked, at=AFTERWARDS).total == count, dimension
