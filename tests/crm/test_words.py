from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crm import words

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (None, "–"),
        (timedelta(0), "0 min"),
        (timedelta(seconds=20), "under 1 min"),
        (38 * MINUTE, "38 min"),
        (59 * MINUTE + timedelta(seconds=40), "1 h"),
        (200 * MINUTE, "3 h 20 min"),
        (26 * HOUR, "26 h"),
        (47.8 * HOUR, "2 d"),
        (12 * DAY + 13 * HOUR, "13 d"),
        (7200, "2 h"),
        (-28 * HOUR, "−28 h"),
    ],
)
def test_duration_says_the_nearest_unit_that_matters(length, said):
    assert words.duration(length) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [(None, "–"), (6 * HOUR, "6 h"), (14 * DAY + 15.62 * HOUR, "14.7 d"), (-3 * DAY, "−3.0 d")],
)
def test_a_measured_time_has_tenths_of_days(length, said):
    assert words.measured(length) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (None, "–"),
        (NOON - timedelta(seconds=30), "just now"),
        (NOON - 12 * MINUTE, "12 min ago"),
        (NOON - 47 * HOUR, "47 h ago"),
        (NOON - 9 * DAY - 23 * HOUR, "9 d ago"),
        (NOON + 3 * DAY, "in 3 d"),
        (NOON + timedelta(seconds=5), "in 1 min"),
    ],
)
def test_ago_counts_only_what_has_fully_passed(at, said):
    assert words.ago(at, NOON) == said


@pytest.mark.parametrize(
    ("due", "said", "state"),
    [
        (NOON + 3 * HOUR, "3 h left", "calm"),
        (NOON + 1 * HOUR, "1 h left", "soon"),
        (NOON, "due now", "late"),
        (NOON - 2 * HOUR, "2 h late", "late"),
    ],
)
def test_clock_turns_soon_in_the_last_quarter(due, said, state):
    started = NOON - 3 * HOUR

    assert (words.until(due, NOON), words.clock_state(started, due, NOON)) == (said, state)


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (None, "–"),
        (0, "0 %"),
        (0.123, "12 %"),
        (0.125, "13 %"),
        (0.003, "0.3 %"),
        (0.9961, "99.6 %"),
        (0.0004, "under 0.1 %"),
        (0.99951, "over 99.9 %"),
        (1, "100 %"),
        (12.5, "1,250 %"),
    ],
)
def test_percent_never_rounds_to_none_or_all(ratio, said):
    assert words.percent(ratio) == said


def test_interval_says_where_a_rate_probably_lies():
    assert words.interval(0.118, 0.194) == "likely 12–19 %"
    assert words.interval(0.5, 0.5) == "likely 50 %"
    assert words.interval(None, None) == ""


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (None, "EUR", "–"),
        (Decimal(12340), "EUR", "€12,340"),
        (Decimal("12.5"), "USD", "$12.50"),
        (Decimal(80), "CHF", "CHF 80"),
        (Decimal("-7.256"), "GBP", "−£7.26"),
    ],
)
def test_money_shows_cents_only_where_there_are_some(amount, currency, said):
    assert words.money(amount, currency) == said


def test_a_count_in_a_small_place_ends_somewhere():
    assert [words.capped(count) for count in (0, 99, 100)] == ["0", "99", "99+"]
    assert words.capped(1_001, 1_000) == "1,000+"


def test_number_groups_thousands():
    assert [words.number(value) for value in (None, 1284, Decimal(1000000), 2.5)] == [
        "–",
        "1,284",
        "1,000,000",
        "2.5",
    ]


FRIDAY = datetime(2026, 3, 6, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "now", "said", "state"),
    [
        (datetime(2026, 3, 9, 10, tzinfo=UTC), FRIDAY, "due Mon 10:00", "calm"),
        (datetime(2026, 3, 9, 10, tzinfo=UTC), FRIDAY + 54 * HOUR, "10 h left", "soon"),
        (datetime(2026, 3, 7, 1, tzinfo=UTC), FRIDAY + 2 * HOUR, "due Sat 01:00", "calm"),
        (datetime(2026, 3, 7, 1, tzinfo=UTC), FRIDAY + 4 * HOUR, "3 h left", "soon"),
        (datetime(2026, 3, 20, 10, tzinfo=UTC), FRIDAY, "due 20 Mar", "calm"),
        (datetime(2026, 3, 6, 16, tzinfo=UTC), FRIDAY, "2 h late", "late"),
        (datetime(2026, 3, 6, 17, tzinfo=UTC), FRIDAY + 64 * HOUR, "late since Fri 17:00", "late"),
        (datetime(2026, 2, 20, 17, tzinfo=UTC), FRIDAY, "late since 20 Feb", "late"),
    ],
)
def test_clock_counts_hours_on_the_day_itself_only(due, now, said, state):
    started = min(due, FRIDAY) - 8 * HOUR

    assert (words.clock_words(due, now), words.clock_state(started, due, now)) == (said, state)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (None, "–"),
        (0, "€0"),
        (12.4, "€12"),
        (999.6, "€1k"),
        (412_345, "€412k"),
        (1_240_000, "€1.24m"),
        (-4_100, "−€4.1k"),
    ],
)
def test_about_money_has_three_figures(amount, said):
    assert words.about_money(amount, "EUR") == said
