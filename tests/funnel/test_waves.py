"""The report of waves: by fiscal quarter, with its verdict and what a wave costs."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import FiscalCalendar, Organisation
from funnel.reports.question import Question
from funnel.reports.waves import Page, tell
from leads.models import Opportunity
from tests.factories import make_team, make_user
from tests.funnel.histories import count_figures, make_history
from tests.funnel.maven import AFTERWARDS, import_maven, needs_maven

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 10, 12, tzinfo=UTC)
YEAR = Question(date(2025, 1, 1), date(2026, 1, 1), basis="period")
QUARTERS = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1))
LAST_DAYS = {QUARTERS[0]: 90, QUARTERS[1]: 91, QUARTERS[2]: 92, QUARTERS[3]: 92}
KA = (2, 2, 3, 3, 4, 4, 5, 5, 6, 8, 10, 18, 30)


def closed(day: date, many: int, outcome: str = "won", **fields: Any) -> list[Opportunity]:
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
    made = [
        Opportunity(
            name=f"Deal {number}", opened_at=at - timedelta(days=40), closed_at=at, outcome=outcome, stage=outcome,
            **{"amount": 100, **fields},
        )
        for number in range(many)
    ]  # fmt: skip
    return Opportunity.objects.bulk_create(made)


def fill(weeks: Sequence[int], outcome: str = "won", quarters: Sequence[date] = QUARTERS, **fields: Any) -> None:
    """So many closes in the middle of each of the last thirteen weeks of these quarters."""
    for start in quarters:
        end = start + timedelta(days=LAST_DAYS[start])
        for number, many in enumerate(weeks):
            closed(end - timedelta(days=7 * (13 - number) - 3), many, outcome, **fields)


def test_w2_w3_w4_w5_stand_in_the_rows() -> None:
    fill(KA, quarters=QUARTERS[3:])

    [fourth] = [row for row in tell(YEAR, AT).rows if row["period"] == "Q4 2025"]

    assert (fourth["total"], fourth["last_two_weeks_share"]) == (100, 0.48)
    assert fourth["variation"] == pytest.approx(0.995791, abs=5e-7)
    assert fourth["gini"] == pytest.approx(0.455385, abs=5e-7)
    assert fourth["phase_r"] == pytest.approx(0.435615, abs=5e-7)
    assert fourth["phase_week"] == pytest.approx(11.3664, abs=5e-5)
    assert fourth["p_value"] < 1e-4


def test_four_such_quarters_are_a_wave() -> None:
    fill(KA)

    rows = tell(YEAR, AT).rows

    assert [(row["period"], row["verdict"]) for row in rows] == [
        ("Q1 2025", "not enough data"),
        ("Q2 2025", "not enough data"),
        ("Q3 2025", "wave"),
        ("Q4 2025", "wave"),
        ("Q1 2025 to Q4 2025", "wave"),
    ]
    assert (rows[-1]["total"], rows[-1]["last_two_weeks_share"]) == (400, 0.48)


def test_wins_alike_every_week_are_no_wave() -> None:
    fill([8] * 13)

    assert tell(YEAR, AT).rows[-1]["verdict"] == "no wave"


def test_few_wins_are_not_enough_data_and_have_no_concentration() -> None:
    fill([1] * 13)

    rows = tell(YEAR, AT).rows

    assert [row["verdict"] for row in rows] == ["not enough data"] * 5
    assert {rows[0][name] for name in ("gini", "phase_r", "p_value")} == {None}
    assert (rows[-1]["total"], rows[-1]["period"], rows[-1]["month3_share"]) == (0, "none with 30 wins", None)


def test_a_verdict_looks_back_before_the_days_asked_for() -> None:
    fill(KA)
    last = Question(QUARTERS[3], date(2026, 1, 1), basis="period")

    rows = tell(last, AT).rows

    assert [(row["period"], row["verdict"]) for row in rows] == [("Q4 2025", "wave"), ("Q1 2025 to Q4 2025", "wave")]


def test_a_quarter_that_runs_or_is_asked_for_in_part_is_not_told() -> None:
    fill([8] * 13)
    told = tell(Question(date(2025, 2, 1), date(2026, 4, 1), basis="period"), AT)

    assert [row["period"] for row in told.rows[:-1]] == ["Q2 2025", "Q3 2025", "Q4 2025"]
    assert told.notes == ["Q1 2026 is not told yet: only quarters that are over, and whole in these days."]


def test_nothing_asked_tells_nothing() -> None:
    told = tell(Question(date(2026, 1, 1), date(2026, 1, 5), basis="period"), AT)

    assert (told.rows, told.page) == ([], None)


def test_quarters_follow_the_fiscal_calendar() -> None:
    Organisation.objects.update_or_create(
        pk=1, defaults={"fiscal_year_starts": 2, "fiscal_calendar": FiscalCalendar.WEEKS_445}
    )
    closed(date(2025, 11, 2), 40)
    closed(date(2025, 11, 3), 30)

    rows = tell(Question(date(2025, 8, 1), date(2026, 1, 1), basis="period"), AT).rows

    # FY26 Q3 has the days 4 Aug to 2 Nov 2025.
    assert [(row["period"], row["total"], row["last_two_weeks_share"]) for row in rows[:1]] == [("FY26 Q3", 40, 1)]


def test_win_rates_of_the_months_stand_beside_it() -> None:
    closed(date(2025, 10, 5), 3)
    closed(date(2025, 10, 6), 1, "lost")
    closed(date(2025, 12, 30), 5, "lost")

    fourth = tell(YEAR, AT).rows[3]

    assert [fourth[f"month{number}_win_rate"] for number in (1, 2, 3)] == [0.75, None, 0]


def test_it_is_told_of_one_team_or_of_each() -> None:
    north, south = make_team("North"), make_team("South")
    fill(KA, team=north)
    fill([8] * 13, team=south, quarters=QUARTERS[2:])

    one = tell(Question(YEAR.start, YEAR.end, filters=(("team", str(south.pk)),)), AT).rows[-1]
    each = tell(Question(YEAR.start, YEAR.end, dimension="team"), AT).rows

    assert (one["total"], one["verdict"]) == (208, "not enough data")
    assert [(row["label"], row["total"], row["verdict"]) for row in each] == [
        ("North", 400, "wave"),
        ("South", 208, "not enough data"),
    ]


def test_what_the_last_days_cost_is_told_with_intervals() -> None:
    fill([10] * 11 + [0, 0], amount=200)
    fill([10] * 11 + [0, 0], "lost")
    fill([0] * 11 + [30, 30], amount=100)
    fill([0] * 11 + [90, 90], "lost")

    told: Page = tell(YEAR, AT).page

    assert (told.cost.last.won, told.cost.last.closed, told.cost.rest.closed) == (240, 960, 880)
    assert told.cost.win_rate is not None
    assert told.cost.win_rate.rise == pytest.approx(-0.25)
    assert told.cost.win_rate.is_proven
    assert told.cost.amount is not None
    assert told.cost.amount.rise == pytest.approx(-0.5)


def test_w6_creation_is_told_beside_closing() -> None:
    fill([0] * 12 + [40])

    told: Page = tell(YEAR, AT).page

    # Opened forty days before they were won.
    assert told.gap == pytest.approx(6)
    assert (told.opened.argmax(), told.wins.argmax()) == (6, 12)


def test_new_mqls_stand_beside_it_of_whom_it_is_told() -> None:
    north = make_team("North")
    fill([8] * 13, team=north, quarters=QUARTERS[3:])
    for team, source in ((north, "ads"), (north, "fair"), (None, "ads")):
        make_history(
            ("inquiry", datetime(2025, 10, 2, tzinfo=UTC)), ("mql", AT - timedelta(days=30)), team=team, source=source
        )
    count_figures()

    def mqls(**held: str) -> int:
        return int(tell(Question(YEAR.start, YEAR.end, filters=tuple(held.items())), AT).page.mqls.sum())

    assert [mqls(), mqls(team=str(north.pk)), mqls(team=str(north.pk), source="ads")] == [3, 2, 1]
    assert mqls(forecast_category="closed") == 0


def test_it_asks_the_database_as_often_whatever_there_is() -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            tell(YEAR, AT)
        return len(queries)

    fill([1, *[0] * 12])
    before = asked()
    fill(KA, owner=make_user("rob"))

    assert asked() <= before


def test_the_page_says_it_in_a_sentence_and_tells_what_goes_along(client_for: Any) -> None:
    fill(KA)

    page = client_for(make_user("max", role="manager")).get("/dashboards/waves/?from=2025-01-01&until=2025-12-31")

    text = unescape(page.content.decode())
    assert "There is a wave: of 400 wins 66 % came in the third month of a quarter, 48 % in its last two weeks" in text
    assert "What it costs" in text
    assert "Not told: what was asked at first is not written down" in text
    assert "0.4554" in text or "0.455" in text


def test_the_page_says_what_is_missing(client_for: Any) -> None:
    fill(KA, quarters=QUARTERS[3:])

    page = client_for(make_user("max", role="manager")).get("/dashboards/waves/?from=2025-01-01&until=2025-12-31")

    assert "1 of 3 quarters with 30 wins each" in page.content.decode()


@needs_maven
class TestMaven:
    @pytest.fixture(autouse=True)
    def imported(self) -> None:
        import_maven()

    def test_the_quarterly_wave_is_found_and_mild_while_closes_as_such_are_flat(self) -> None:
        told = tell(Question(date(2017, 1, 1), date(2018, 1, 1), basis="period"), AFTERWARDS)
        quarters = {row["period"]: row for row in told.rows}

        assert [round(quarters[f"Q{n} 2017"]["month3_share"], 3) for n in (2, 3, 4)] == [0.423, 0.400, 0.427]
        assert [round(quarters[f"Q{n} 2017"]["last_two_weeks_share"], 3) for n in (2, 3, 4)] == [0.194, 0.185, 0.209]
        assert [round(quarters[f"Q{n} 2017"]["month3_win_rate"], 2) for n in (2, 3, 4)] == [0.83, 0.79, 0.78]
        assert max(row["p_value"] for row in told.rows) < 1e-5
        assert told.rows[-1]["verdict"] == quarters["Q4 2017"]["verdict"] == "mild wave"
        # The first quarter of the file has its last month alone.
        closes = [[month.closed for month in one.by_month] for one in told.page.quarters[1:]]
        assert [round(third / sum([*others, third]), 2) for *others, third in closes] == [0.32, 0.31, 0.33]

    def test_a_flat_prediction_is_called_flat(self) -> None:
        """Every opportunity closed as likely on any day as on any other."""
        days = np.random.default_rng(4).permutation(np.resize(np.arange(92), 4238)).tolist()
        won = list(Opportunity.objects.filter(outcome="won").order_by("pk"))
        for deal, day in zip(won, days, strict=True):
            deal.closed_at = datetime(2017, 10, 1, 12, tzinfo=UTC) - timedelta(days=92 * (deal.pk % 4)) + timedelta(day)
        Opportunity.objects.bulk_update(won, ["closed_at"], batch_size=2_000)

        assert (
            tell(Question(date(2016, 10, 1), date(2018, 1, 1), basis="period"), AFTERWARDS).rows[-1]["verdict"]
            == "no wave"
        )
