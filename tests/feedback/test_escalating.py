from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.models import Change, Notification
from feedback.errors import AlreadyDecided
from feedback.escalating import STUCK_FOR, escalate_as_agreed, escalate_overdue, expire_and_pass_on
from feedback.models import Agreement, Handoff
from feedback.verdicts import accept_handoff
from leads.models import Lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_team, make_user

pytestmark = pytest.mark.django_db
LATE = MONDAY + 2 * DAY
OFFICE = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture(autouse=True)
def agreement(db):
    return Agreement.objects.create(version=1, status="active", hours_to_verdict=4)


def told():
    """All but what was told when the leads were handed over."""
    rows = Notification.objects.exclude(title__endswith="handed to you")
    return set(rows.values_list("user__first_name", "kind", "title", "text"))


def named(handoff, name):
    Lead.objects.filter(pk=handoff.lead_id).update(first_name=name, last_name="")
    return handoff


def test_what_is_late_goes_to_the_next_and_everybody_concerned_is_told_once(mia, rob, rosa, max_):
    handoff = named(make_handoff(to=rob, by=mia), "Ada")
    north = rob.team
    north.manager = max_
    north.save()
    punctual = make_handoff(to=rob, by=mia, at=LATE - HOUR)

    assert (escalate_overdue(at=LATE), escalate_overdue(at=LATE)) == (1, 0)

    handoff.refresh_from_db()
    fresh = handoff.followed_by
    assert (handoff.status, handoff.decided_at, handoff.decided_by) == ("expired", LATE, None)
    assert (fresh.to_user, fresh.offered_by, fresh.offered_at, fresh.waiting_since, fresh.due_at) == (
        rosa, mia, LATE, MONDAY, LATE + 4 * HOUR,
    )  # fmt: skip
    assert told() == {
        ("Rosa", "handoff", "Ada waits for your answer", "Rob did not answer in time."),
        ("Rob", "passed_on", "Ada went to Rosa", "No answer came in time."),
        ("Max", "passed_on", "Ada went from Rob to Rosa", "No answer came in time."),
    }
    assert set(Change.objects.filter(topic="handoff").values_list("object_id", flat=True)) >= {handoff.pk, fresh.pk}
    punctual.refresh_from_db()
    assert punctual.status == "open"


def test_before_anybody_signed_clocks_only_advise(agreement, mia, rob, rosa):
    Agreement.objects.update(status="draft")
    make_handoff(to=rob, by=mia)
    assert escalate_overdue(at=LATE) == 0


def test_by_itself_only_so_late_as_agreed_in_working_hours(agreement, mia, rob, rosa):
    rob.team.working_hours = OFFICE
    rob.team.save()
    friday = datetime(2026, 3, 6, 10, tzinfo=UTC)
    handoff = make_handoff(to=rob, by=mia, at=friday)
    assert handoff.due_at == friday + 4 * HOUR
    assert escalate_as_agreed(at=MONDAY + 30 * DAY) == 0, "the agreement says never"

    Agreement.objects.update(hours_late_to_escalate=4)

    assert escalate_as_agreed(at=datetime(2026, 3, 9, 9, 59, 59, tzinfo=UTC)) == 0, "the weekend does not count"
    assert escalate_as_agreed(at=datetime(2026, 3, 9, 10, tzinfo=UTC)) == 1


def test_what_waits_for_a_team_goes_to_one_of_it_by_turn(mia, rob, rosa, north):
    handoff = make_handoff(to=north, by=mia)
    assert escalate_overdue(at=LATE) == 1
    handoff.refresh_from_db()
    assert (handoff.status, handoff.followed_by.to_user in {rob, rosa}) == ("expired", True)


def test_what_a_manager_was_asked_stays_with_them(mia, rob, max_, north):
    north.manager = max_
    north.save()
    handoff = make_handoff(to=rob, by=mia)

    assert escalate_overdue(at=LATE) == 1
    assert Handoff.objects.open().get(lead=handoff.lead).to_user == max_, "nobody else is in the team"
    assert escalate_overdue(at=LATE + 30 * DAY) == 0


def test_one_that_cannot_go_on_holds_up_no_other_and_is_left_alone_for_a_while(mia, rob, rosa):
    lonely = make_team("Team Lonely")
    stuck, late = make_handoff(to=lonely, by=mia), make_handoff(to=rob, by=mia, at=MONDAY + HOUR)

    assert escalate_overdue(at=LATE) == 1

    stuck.refresh_from_db()
    late.refresh_from_db()
    assert (stuck.status, stuck.stuck_at, late.status) == ("open", LATE, "expired")
    with CaptureQueriesContext(connection) as captured:
        assert escalate_overdue(at=LATE + STUCK_FOR / 2) == 0
    assert not any("UPDATE" in query["sql"] for query in captured), "not asked again every minute"
    assert expire_and_pass_on([stuck.pk], at=LATE) == []

    helper = make_user("lou", team=lonely)
    assert escalate_overdue(at=LATE + STUCK_FOR) == 1
    stuck.refresh_from_db()
    assert stuck.followed_by.to_user == helper


def test_the_command_asks_again_at_once(mia, rosa, capsys):
    lonely = make_team("Team Lonely")
    stuck = make_handoff(to=lonely, by=mia)
    escalate_overdue(at=datetime.now(UTC))
    make_user("lou", team=lonely)

    call_command("escalate")

    assert "1 lead passed on" in capsys.readouterr().out
    stuck.refresh_from_db()
    assert stuck.status == "expired"


def test_thousands_cost_what_a_few_cost(mia, rob, rosa):
    def queries(count):
        handoffs = [make_handoff(to=rob, by=mia) for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            assert len(expire_and_pass_on([handoff.pk for handoff in handoffs], at=LATE)) == count
        return len(captured)

    queries(1)
    assert queries(2) == queries(30)


def test_many_at_once_ring_once(mia, rob, rosa):
    for _ in range(8):
        make_handoff(to=rob, by=mia)
    escalate_overdue(at=LATE)
    assert {(name, title) for name, _, title, _ in told()} == {
        ("Rosa", "8 leads wait for you that others did not answer in time"),
        ("Rob", "8 leads were passed on, no answer in time"),
    }


def test_who_left_gets_nothing_more(mia, rob, rosa, north):
    third = make_user("tess", team=north, is_active=False)
    handoff = make_handoff(to=rob, by=mia)
    escalate_overdue(at=LATE)
    handoff.refresh_from_db()
    assert handoff.followed_by.to_user == rosa != third


def test_accepting_after_expiry_names_who_has_it_now(mia, rob, rosa):
    handoff = make_handoff(to=rob, by=mia)
    escalate_overdue(at=LATE)
    with pytest.raises(AlreadyDecided, match="went to Rosa") as refused:
        accept_handoff(handoff, by=rob, at=LATE)
    assert refused.value.extra["recipient"] == "Rosa"


@pytest.mark.django_db(transaction=True)
def test_a_verdict_that_is_being_given_wins(mia, rob, rosa):
    being_answered, late = make_handoff(to=rob, by=mia), make_handoff(to=rob, by=mia)
    with transaction.atomic():
        accept_handoff(being_answered, by=rob, at=LATE)
        assert elsewhere(lambda: escalate_overdue(at=LATE)) == 1

    assert set(Handoff.objects.values_list("pk", "status")) >= {(being_answered.pk, "accepted"), (late.pk, "expired")}
    assert Handoff.objects.filter(follows=being_answered).count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_runs_side_by_side_do_nothing_twice(mia, rob, rosa):
    handoffs = [make_handoff(to=rob, by=mia) for _ in range(40)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: closing(lambda: escalate_overdue(at=LATE)), range(4)))

    assert sum(done) == Handoff.objects.filter(status="expired").count() == 40
    assert Handoff.objects.open().count() == 40
    assert Handoff.objects.open().filter(lead__in=[handoff.lead_id for handoff in handoffs]).count() == 40


def elsewhere(deed):
    """What ``deed`` gives in another connection."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing, deed).result(timeout=20)


def closing(deed):
    try:
        return deed()
    finally:
        connection.close()


def test_a_minute_is_no_reason_to_escalate(mia, rob, rosa):
    handoff = make_handoff(to=rob, by=mia)
    assert escalate_overdue(at=handoff.due_at) == 0
    assert escalate_overdue(at=handoff.due_at + timedelta(seconds=1)) == 1
