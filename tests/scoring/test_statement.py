"""scoring/statement.py: what counts, what does not, and what was known when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import Company, Contact, Lead, LeadScore, Touch
from leads.touches import record_touch
from scoring.engine import score_leads, scores_at, standings_at
from tests.factories import DAY, MONDAY, make_lead
from tests.scoring.cards import card_with, did, fit, when

pytestmark = pytest.mark.django_db
HAND = when("raised_hand", True)
HOUR = timedelta(hours=1)


def score(lead, card, *, at=MONDAY):
    score_leads([lead.pk], card=card, at=at)
    return LeadScore.objects.get(pk=lead.pk)


def standing(lead, card, *, at):
    [found] = standings_at([(lead.pk, at)], card=card)
    return found


def opened(lead, *, times, at):
    for minute in range(times):
        record_touch(lead, kind="open", at=at + timedelta(minutes=minute))


def test_so_many_touches_of_a_kind_count_a_day_the_first_ones():
    lead = make_lead()
    opened(lead, times=5, at=MONDAY)
    opened(lead, times=1, at=MONDAY + DAY)
    record_touch(lead, kind="click", at=MONDAY)
    rules = [did("open", 1), did("click", 10)]

    assert score(lead, card_with(*rules, daily_cap=3, half_life_days=3650), at=MONDAY + DAY).shown == 3 + 1 + 10
    assert score(lead, card_with(*rules, half_life_days=3650), at=MONDAY + DAY).shown == 6 + 10


def test_a_day_of_the_daily_cap_is_one_of_utc():
    lead = make_lead()
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    opened(lead, times=2, at=midnight - timedelta(minutes=2))
    opened(lead, times=2, at=midnight)
    card = card_with(did("open", 1), daily_cap=1, half_life_days=3650)
    assert score(lead, card, at=midnight + HOUR).shown == 2


def test_a_touch_over_the_daily_cap_is_as_if_it_never_was():
    """Nor does it move the moment at which caps hold."""
    quiet, busy = make_lead(), make_lead()
    for lead, times in ((quiet, 2), (busy, 9)):
        opened(lead, times=times, at=MONDAY)
    card = card_with(did("open", 20, cap=30), daily_cap=2)
    at = MONDAY + 3 * DAY
    columns = ("engagement", "engagement_at", "shown", "rounds_at")
    one, other = ([getattr(score(lead, card, at=at), column) for column in columns] for lead in (quiet, busy))
    assert one == other


def test_touches_of_merged_leads_share_one_daily_cap(mia):
    survivor, duplicate = make_lead(), make_lead()
    for lead in (survivor, duplicate):
        opened(lead, times=2, at=MONDAY)
    Lead.objects.filter(pk=duplicate.pk).update(merged_into=survivor)
    assert score(survivor, card_with(did("open", 5), daily_cap=3), at=MONDAY + HOUR).shown == 15


def test_a_corrected_touch_leaves_room_under_the_daily_cap():
    lead = make_lead()
    wrong = record_touch(lead, kind="open", at=MONDAY)
    record_touch(lead, kind="visit", by="marketing", at=MONDAY, corrects=wrong)
    opened(lead, times=2, at=MONDAY + HOUR)
    assert score(lead, card_with(did("open", 5), daily_cap=2), at=MONDAY + 2 * HOUR).shown == 10


def test_whom_an_exclusion_holds_for_shows_nothing_and_never_qualifies():
    lead = make_lead(country="Sweden", tags=["Competitor"])
    record_touch(lead, kind="form", at=MONDAY, raised_hand=True)
    thresholds = {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 9, "2": 6, "3": 3}, "mql": 10}
    card = card_with(
        fit("country", "Sweden", 40), did("form", 20), thresholds=thresholds, hand_raises=[HAND],
        exclusions=[when("tags", "competitor", "contains"), when("own_staff", True)],
    )  # fmt: skip

    row = score(lead, card)

    assert (row.shown, row.grade, row.excluded, row.qualifies, row.rounds_at) == (0, "", True, False, None)
    assert (row.fit, row.engagement, row.raised_at) == (40, 20, MONDAY)

    Lead.objects.filter(pk=lead.pk).update(tags=[])
    row = score(lead, card)
    assert (row.shown, row.grade, row.excluded, row.qualifies) == (60, "A1", False, True)


@pytest.mark.parametrize(
    ("thresholds", "qualifies"),
    [
        ({}, False),
        ({"mql": 31}, False),
        ({"mql": 30}, True),
        ({"grades": ["B2"]}, True),
        ({"grades": ["A1", "B1"]}, False),
        ({"mql": 30, "grades": ["B2"]}, True),
        ({"mql": 31, "grades": ["B2"]}, False),
    ],
)
def test_who_has_the_score_and_the_grade_that_are_asked_for_qualifies(thresholds, qualifies):
    lead = make_lead(country="Sweden")
    record_touch(lead, kind="form", at=MONDAY)
    steps = {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 15, "2": 10, "3": 3}}
    rules = [fit("country", "Sweden", 20), fit("has_phone", True, 20), did("form", 10, cap=30)]
    assert score(lead, card_with(*rules, thresholds={**steps, **thresholds})).qualifies is qualifies


def test_a_raised_hand_qualifies_whatever_the_score_for_thirty_days():
    lead = make_lead()
    record_touch(lead, kind="form", at=MONDAY, raised_hand=True)
    record_touch(lead, kind="form", at=MONDAY + DAY)
    card = card_with(hand_raises=[HAND, when("kind", "attend")])

    row = score(lead, card, at=MONDAY + DAY)
    assert (row.shown, row.raised_at, row.qualifies, row.rounds_at) == (0, MONDAY, True, MONDAY + 30 * DAY)

    row = score(lead, card, at=row.rounds_at)
    assert (row.raised_at, row.qualifies, row.rounds_at) == (MONDAY, False, None)

    record_touch(lead, kind="attend", at=MONDAY + 40 * DAY)
    assert score(lead, card, at=MONDAY + 40 * DAY).raised_at == MONDAY + 40 * DAY


def test_the_daily_cap_hides_no_raised_hand():
    lead = make_lead()
    opened(lead, times=3, at=MONDAY)
    record_touch(lead, kind="open", at=MONDAY + HOUR, raised_hand=True)
    row = score(lead, card_with(did("open", 5), daily_cap=2, hand_raises=[HAND]), at=MONDAY + HOUR)
    assert (row.shown, row.raised_at) == (10, MONDAY + HOUR)


def test_what_our_people_did_raises_no_hand():
    lead = make_lead()
    record_touch(lead, kind="form", by="sales", at=MONDAY, raised_hand=True)
    assert score(lead, card_with(hand_raises=[HAND])).raised_at is None


@pytest.fixture
def long_ago():
    """A lead that was written a week ago, with its company and contact."""
    company = Company.objects.create(name="Kaiser Guss", employees=500, custom={"erp": "SAP"})
    contact = Contact.objects.create(first_name="Karl", last_name="Kaiser")
    lead = make_lead(company=company, contact=contact, country="Sweden", at=timezone.now() - 7 * DAY)
    Lead.objects.filter(pk=lead.pk).update(created_at=timezone.now() - 7 * DAY)
    return lead


AS_OF = [fit("country", "Sweden", 1), fit("company_employees", 100, 2, "at_least"), fit("do_not_mail", False, 4)]


def test_records_are_read_as_they_were_then(long_ago):
    """As a lead was edited, and its company and contact, since."""
    card = card_with(*AS_OF)
    Lead.objects.filter(pk=long_ago.pk).update(country="Norway")
    Company.objects.update(employees=50)
    Contact.objects.update(do_not_mail=True)

    now = timezone.now()
    assert [standing(long_ago, card, at=at).shown for at in (now - DAY, now + HOUR)] == [7, 0]
    assert score(long_ago, card, at=now).shown == 0


def test_an_exclusion_that_came_later_did_not_hold_then(long_ago):
    card = card_with(did("form", 9), exclusions=[when("tags", "student", "contains")])
    Lead.objects.filter(pk=long_ago.pk).update(tags=["student"])
    now = timezone.now()
    assert [standing(long_ago, card, at=at).excluded for at in (now - DAY, now + HOUR)] == [False, True]


def test_a_touch_counts_from_when_it_was_known(long_ago):
    """A webinar of three days ago, whose guests were typed in today; and a visit that was corrected today."""
    now = timezone.now()
    record_touch(long_ago, kind="attend", at=now - 3 * DAY)
    wrong = record_touch(long_ago, kind="visit", at=now - 3 * DAY)
    Touch.objects.bulk_create([Touch(lead=long_ago, kind="other", by="marketing", at=now, corrects=wrong)])
    with connection.cursor() as sql:
        sql.execute("SET LOCAL tandem.rewrite = 'erase'")
        sql.execute("UPDATE leads_touch SET created_at = at WHERE id = %s", [wrong.pk])
    card = card_with(did("attend", 20), did("visit", 5), half_life_days=3650)

    assert [standing(long_ago, card, at=at).shown for at in (now - 2 * DAY, now + HOUR)] == [5, 20]


def test_an_imported_lead_brings_its_past_along():
    lead = make_lead(country="Sweden", at=MONDAY - DAY)
    record_touch(lead, kind="attend", at=MONDAY - HOUR)
    assert standing(lead, card_with(fit("country", "Sweden", 1), did("attend", 20)), at=MONDAY).shown == 21


def test_many_moments_of_many_leads_are_asked_in_one_statement():
    card = card_with(did("form", 20))
    leads = [make_lead() for _ in range(3)]
    for lead in leads:
        record_touch(lead, kind="form", at=MONDAY)
    pairs = [(lead.pk, MONDAY + days * DAY) for lead in leads for days in (0, 30, 60)]

    with CaptureQueriesContext(connection) as asked:
        found = scores_at([*pairs, *pairs], card=card)

    assert [found[pair] for pair in pairs] == [20, 10, 5] * 3
    assert len(asked) == 1


def test_a_text_with_percent_signs_and_quotes_is_only_a_text():
    lead = make_lead(title="100% O'Brien {0}")
    assert score(lead, card_with(fit("title", "100% o'brien {0}", 5))).shown == 5
