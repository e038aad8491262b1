"""What two people do at one moment with the same lead, opportunity or task: neither undoes nor blocks the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from crm.editing import present
from crm.errors import StaleState
from feedback.models import Handoff
from feedback.verdicts import offer_lead
from leads.activities import edit_activity, log_activity
from leads.archiving import archive
from leads.converting import convert_lead
from leads.errors import MergedLead
from leads.merging import CannotMerge, merge_leads
from leads.models import Company, Lead
from leads.next_steps import add_task, complete_task, postpone_overdue
from leads.opportunities import close_opportunity, create_opportunity
from leads.subjects import Subject
from tests.api import in_own_connection
from tests.factories import DAY, HOUR, MONDAY, make_lead, make_mql, reason
from tests.leads.test_converting import accepted_lead
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
TUESDAY = MONDAY + DAY


def somebody_waits() -> bool:
    with connection.cursor() as sql:
        sql.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return sql.fetchone()[0]


def overlap(first: Callable[[], Any], deed: Callable[[], Any], then: Callable[[], Any] = lambda: None) -> Any:
    """``first`` and ``then`` in one transaction, ``deed`` in another that begins in between; gives what it raised."""
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            first()
            answer = other.submit(in_own_connection(deed))
            wait_for(lambda: answer.done() or somebody_waits(), seconds=20)
            then()
        return answer.exception(timeout=20)


@pytest.fixture
def deal(rob):
    return convert_lead(accepted_lead(rob, company_name="Acme"), by=rob, at=MONDAY + HOUR)[0]


@pytest.fixture
def task(deal, rob):
    return add_task(Subject(deal.lead, deal), by=rob, at=MONDAY + HOUR, title="Call", due_at=TUESDAY)


@pytest.fixture
def call(deal, rob):
    return log_activity(Subject(deal.lead, deal), by=rob, at=MONDAY + HOUR, kind="call", outcome="reached")


def lose(deal, rob):
    close_opportunity(deal, outcome="lost", by=rob, at=TUESDAY, reason=reason("price", "loss"))


def test_a_task_is_done_while_its_opportunity_is_lost(deal, task, rob):
    refused = overlap(
        lambda: present(deal), lambda: complete_task(task, by=rob, at=TUESDAY), then=lambda: lose(deal, rob)
    )
    task.refresh_from_db()
    deal.refresh_from_db()
    assert refused is None
    assert (deal.outcome, task.done_at, deal.next_step_at) == ("lost", TUESDAY, None)


def test_what_is_overdue_is_put_off_while_an_opportunity_is_lost(deal, task, rob):
    put_off = {"due_at": MONDAY + 5 * DAY, "at": TUESDAY + HOUR}
    refused = overlap(lambda: present(deal), lambda: postpone_overdue(rob, **put_off), then=lambda: lose(deal, rob))
    task.refresh_from_db()
    assert refused is None
    assert (task.done_at, task.due_at) == (TUESDAY, TUESDAY)


def test_an_entry_is_corrected_while_its_opportunity_is_worked(deal, call, rob):
    def correct():
        edit_activity(call, by=rob, at=TUESDAY, outcome="voicemail")

    assert overlap(lambda: present(deal), correct, then=lambda: call.save(update_fields=["updated_at"])) is None


def test_a_lead_that_is_converted_meanwhile_is_not_archived(rob):
    lead = accepted_lead(rob, company_name="Acme")

    refused = overlap(lambda: convert_lead(lead, by=rob, at=TUESDAY), lambda: archive(lead, by=rob, at=TUESDAY))
    lead.refresh_from_db()
    assert refused.code == "open_work"
    assert not lead.is_archived


def test_a_company_that_gets_an_opportunity_meanwhile_is_not_archived(rob):
    acme = Company.objects.create(name="Acme")

    refused = overlap(
        lambda: create_opportunity(by=rob, at=MONDAY, name="Deal", company=acme),
        lambda: archive(acme, by=rob, at=TUESDAY),
    )
    acme.refresh_from_db()
    assert refused.code == "open_work"
    assert not acme.is_archived


def test_a_company_that_is_archived_meanwhile_gets_no_opportunity(rob):
    acme = Company.objects.create(name="Acme")

    refused = overlap(
        lambda: archive(acme, by=rob, at=TUESDAY),
        lambda: create_opportunity(by=rob, at=MONDAY, name="Deal", company=acme),
    )
    assert refused.code == "archived"
    assert not acme.opportunities.exists()


def test_a_lead_that_is_archived_meanwhile_is_not_handed_over(rob, mona):
    lead = make_mql()

    refused = overlap(
        lambda: archive(lead, by=mona, at=TUESDAY), lambda: offer_lead(lead, by=mona, at=TUESDAY, to_user=rob)
    )
    assert refused.code == "archived"
    assert not lead.handoffs.exists()


def test_two_merges_that_cross_each_other_do_not_go_round(rob, mia):
    one, other = make_lead(), make_lead()
    refused = overlap(
        lambda: merge_leads(one, other, by=mia, at=TUESDAY), lambda: merge_leads(other, one, by=mia, at=TUESDAY)
    )
    assert isinstance(refused, MergedLead | StaleState)
    assert set(Lead.objects.values_list("merged_into", flat=True)) == {None, one.pk}


def test_a_lead_that_is_handed_over_meanwhile_is_not_merged(rob, mia):
    survivor, duplicate = make_lead(), make_mql()
    refused = overlap(
        lambda: offer_lead(duplicate, by=mia, at=TUESDAY, to_user=rob),
        lambda: merge_leads(survivor, duplicate, by=mia, at=TUESDAY),
    )
    assert isinstance(refused, CannotMerge)


def test_a_lead_that_is_merged_meanwhile_is_not_handed_over(rob, mia):
    survivor, duplicate = make_lead(), make_mql()
    refused = overlap(
        lambda: merge_leads(survivor, duplicate, by=mia, at=TUESDAY),
        lambda: offer_lead(duplicate, by=mia, at=TUESDAY, to_user=rob),
    )
    assert isinstance(refused, MergedLead)
    assert not Handoff.objects.exists()
