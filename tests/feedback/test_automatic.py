from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.errors import BusinessError
from crm.outbox import drain_all, rebuild
from feedback import automatic
from feedback.models import Handoff, RoutingPlan
from feedback.verdicts import reject_handoff, withdraw_handoff
from leads.archiving import archive
from leads.lifecycle import Stage
from leads.models import Contact, Lead
from leads.transitions import last_effective, move_lead, undo_move
from tests.factories import make_lead, make_mql, make_team, make_user, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def switched_on(rob):
    return RoutingPlan.objects.create(pk=1, offers_since=timezone.now())


def apply(*leads):
    automatic.apply_changes({"lead": {lead.pk for lead in leads}})


def stage(lead):
    return Lead.objects.get(pk=lead.pk).stage


def test_what_becomes_mql_is_offered_by_the_system_once(switched_on, rob):
    lead = make_mql()

    apply(lead)
    apply(lead)

    handoff = Handoff.objects.get(lead=lead)
    assert (handoff.to_user, handoff.offered_by, handoff.routing["rule"]) == (rob, None, "first_team")
    assert (stage(lead), lead.transitions.latest("seq").by) == (Stage.OFFERED, None)


def test_switched_off_nothing_is_offered(rob):
    lead = make_mql()
    apply(lead)
    RoutingPlan.objects.create(pk=1)
    apply(lead)

    assert stage(lead) == Stage.MQL


def test_what_was_mql_before_it_was_switched_on_stays(rob):
    lead = make_mql()
    RoutingPlan.objects.create(pk=1, offers_since=timezone.now() + timedelta(seconds=1))

    apply(lead)

    assert stage(lead) == Stage.MQL


def test_what_came_back_from_sales_stays_with_marketing(switched_on, rob, mia):
    repaired, withdrawn = make_mql(), make_mql()
    apply(repaired, withdrawn)
    reject_handoff(Handoff.objects.get(lead=repaired), by=rob, at=timezone.now(), reason=reason("wrong_data"))
    taken_back = Handoff.objects.get(lead=withdrawn)
    taken_back.offered_by = mia
    taken_back.save(update_fields=["offered_by"])
    withdraw_handoff(taken_back, by=mia, at=timezone.now())

    apply(repaired, withdrawn)

    assert (stage(repaired), stage(withdrawn)) == (Stage.MQL, Stage.MQL)


def test_what_was_undone_imported_or_put_away_stays(switched_on, ada):
    undone = make_mql()
    lead = Lead.objects.get(pk=undone.pk)
    move_lead(lead, Stage.NURTURE, by=ada, at=lead.stage_since)
    undo_move(lead, last_effective(lead), by=ada, at=lead.stage_since)
    archived = make_mql()
    archive(archived, by=ada, at=timezone.now())
    inquiry = make_lead()

    apply(undone, archived, inquiry)

    assert not Handoff.objects.exists()


def test_who_wants_no_contact_is_left_alone(switched_on):
    contact = Contact.objects.create(last_name="Quiet", do_not_call=True, do_not_mail=True)
    quiet = [make_mql(do_not_call=True, do_not_mail=True), make_mql(contact=contact)]
    only_mail = make_mql(do_not_call=True)

    apply(*quiet, only_mail)

    assert [stage(lead) for lead in (*quiet, only_mail)] == [Stage.MQL, Stage.MQL, Stage.OFFERED]


def test_a_second_time_round_is_offered_too(switched_on, rob):
    lead = make_mql()
    apply(lead)
    reject_handoff(Handoff.objects.get(lead=lead), by=rob, at=timezone.now(), reason=reason("no_project"))
    again = Lead.objects.get(pk=lead.pk)
    move_lead(again, Stage.MQL, by=None, at=timezone.now())

    apply(again)

    assert list(Handoff.objects.filter(lead=lead).order_by("id").values_list("episode", "status")) == [
        (1, "rejected"), (2, "open"),
    ]  # fmt: skip


def test_one_that_cannot_be_offered_holds_up_no_other(switched_on, rob, monkeypatch):
    broken, fine = make_mql(), make_mql()
    honest = automatic.open_handoffs

    def fails_for_one(leads, *args, **options):
        if broken in leads:
            raise BusinessError("Something is wrong with it.")
        return honest(leads, *args, **options)

    monkeypatch.setattr(automatic, "open_handoffs", fails_for_one)
    apply(broken, fine)

    assert (stage(broken), stage(fine)) == (Stage.MQL, Stage.OFFERED)


def test_without_a_sales_team_leads_stay_and_the_outbox_goes_on(db):
    RoutingPlan.objects.create(pk=1, offers_since=timezone.now())
    lead = make_mql()

    apply(lead)

    assert stage(lead) == Stage.MQL


def test_many_cost_what_one_costs(switched_on, rob):
    def queries(count):
        leads = [make_mql() for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            apply(*leads)
        return len(captured)

    queries(1)
    assert queries(1) == queries(30)


@pytest.mark.django_db(transaction=True)
def test_the_outbox_brings_it_and_a_rebuild_hands_over_no_history():
    north = make_team()
    rob = make_user("rob", team=north)
    old = make_mql()
    drain_all()
    RoutingPlan.objects.create(pk=1, offers_since=timezone.now())
    rebuild("automatic")
    fresh = make_mql()

    drain_all()
    drain_all()

    assert list(Handoff.objects.values_list("lead", "to_user")) == [(fresh.pk, rob.pk)]
    assert stage(old) == Stage.MQL
