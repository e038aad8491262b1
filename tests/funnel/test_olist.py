"""The reports give the figures of the real Olist files exactly (shared/data/REFERENCE.md), kept true by drains."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from crm import outbox
from funnel.facts.checking import check_metrics
from funnel.reports.cohorts import COHORTS
from funnel.reports.cohorts import tell as tell_cohorts
from funnel.reports.funnel import notes as funnel_notes
from funnel.reports.funnel import rows as funnel_rows
from funnel.reports.question import Question
from funnel.reports.registry import question_for
from funnel.reports.velocity import tell as tell_velocity
from funnel.times.lengths import velocities
from tests.funnel.histories import drain_all
from tests.leads.test_import_olist import MONTHS, OLIST, ORIGINS, WITHIN, WON, import_both

AT = datetime(2019, 6, 1, tzinfo=UTC)
EVERYTHING = Question(date(2017, 6, 1), date(2019, 1, 1))


def entered(question, stage):
    rows = [row for row in funnel_rows(question) if row["stage"] == stage and row["entered"]]
    return {row["key"]: row["entered"] for row in rows}


def won_by_age(cut):
    """Rows of the report *cohorts* by cohort and age."""
    parameters = {"from": "2017-06-01", "to": "2019-01-01", "cut": cut}
    cohorts = defaultdict(dict)
    for row in tell_cohorts(question_for(COHORTS, parameters, today=AT.date()), AT).rows:
        cohorts[row["cohort"]][row["age_days"]] = row
    return cohorts


def by(dimension, **changes):
    return replace(EVERYTHING, dimension=dimension, **changes)


@pytest.mark.skipif(not OLIST.is_dir(), reason="the Olist files are not here (they are not ours to ship)")
@pytest.mark.django_db(transaction=True)
def test_olist_on_the_dashboard():
    outbox.rebuild("funnel")
    import_both()
    drain_all()

    assert (entered(EVERYTHING, "mql"), entered(EVERYTHING, "customer")) == ({None: 8000}, {None: 842})
    origins = {key or "(missing)": counts for key, counts in ORIGINS.items()}
    assert entered(by("source"), "mql") == {key: mqls for key, (mqls, _won) in origins.items()}
    assert entered(by("source"), "customer") == {key: won for key, (_mqls, won) in origins.items()}
    [paid] = [row for row in funnel_rows(by("source", key="paid_search")) if row["stage"] == "opportunity"]
    assert (paid["entered"], paid["converted"], paid["rate"]) == (195, 195, 1.0)

    assert entered(by("month"), "mql") == {month: counts[0] for month, counts in MONTHS.items()}
    assert entered(by("month"), "customer") == {month: counts[1] for month, counts in MONTHS.items() if counts[1]}
    assert entered(by("month", basis="period"), "customer") == WON

    [won] = velocities(EVERYTHING, ["captured_to_won"], at=AT)
    assert (won.n, won.negative) == (842, 1)
    assert (won.median_days, won.p75_days, won.p90_days) == pytest.approx((14.6507, 54.9910, 162.5888), abs=5e-5)
    assert funnel_notes(EVERYTHING) == ["1 won lead is dated before its first contact."]
    notes = tell_velocity(replace(EVERYTHING, options=(("visits", "all"),)), AT).notes
    assert "Captured to won: 1 dated backwards, included as negative times." in notes

    by_month = won_by_age("month")
    assert {month: (row[30]["size"], row[30]["won_so_far"]) for month, row in by_month.items()} == {
        month: counts[:2] for month, counts in MONTHS.items()
    }
    assert {month: tuple(row[age]["won_by_then"] for age in (30, 90, 150)) for month, row in by_month.items()} == {
        month: counts[2:] for month, counts in MONTHS.items()
    }
    [everything] = won_by_age("all").values()
    assert {age: everything[age]["won_by_then"] for age in WITHIN} == WITHIN
    assert everything[90]["won_within"] == 692 / 8000

    check = check_metrics()
    assert (check.differences, check.facts) == ([], 8000)
