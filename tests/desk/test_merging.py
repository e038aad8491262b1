"""desk/views/merging.py and the pages of merged leads: found, compared, merged, read as one, taken apart."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.queries.inbox import card_of, last_touches, origin_of
from desk.queries.lead import story_of
from desk.queries.merging import along, compare, same_perhaps
from desk.queries.timeline import timeline
from desk.queries.work import work_context
from feedback.verdicts import accept_handoff, reject_handoff
from leads.activities import log_activity
from leads.lifecycle import Stage
from leads.list_queries import present_leads, with_last_touch
from leads.merging import merge_leads
from leads.models import Lead, Merge
from leads.next_steps import add_task
from leads.subjects import Subject
from leads.touches import record_touch
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql, reason

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TUESDAY = MONDAY + DAY


@pytest.fixture
def ada():
    """Captured on Monday, an MQL."""
    return make_mql(first_name="Ada", last_name="Byrne", email="ada@acme.test", phone="1", title="Buyer")


@pytest.fixture
def bea():
    """The same person a day later, an inquiry of another form."""
    return make_lead(
        at=TUESDAY, first_name="Ada", last_name="Byrne-Lee", email="Ada@acme.test", phone="2", country="Italy"
    )


def page_of(client, lead, query=""):
    return client.get(f"/leads/{lead.pk}/{query}").content.decode()


def test_the_same_e_mail_is_suggested_first_and_anybody_is_found_by_search(client_for, mia, ada, bea):
    make_lead(first_name="Zoe", last_name="Quill", merged_into=None)
    client = client_for(mia)

    first = client.get(f"/leads/{ada.pk}/merge/", headers=HTMX).content.decode()
    found = client.get(f"/leads/{ada.pk}/merge/?q=quill", headers=HTMX).content.decode()

    assert "Ada Byrne-Lee" in first
    assert "has the same e-mail" in first
    assert "Zoe Quill" in found
    assert "Ada Byrne-Lee" not in found
    assert [match.record for match in same_perhaps(ada)] == [bea]


def test_compared_the_one_further_on_stays_and_the_older_tells_where_from(ada, bea):
    fair, webinar = make_campaign("Fair"), make_campaign()
    Lead.objects.filter(pk=ada.pk).update(campaign=webinar)
    Lead.objects.filter(pk=bea.pk).update(campaign=fair, captured_at=MONDAY - DAY)
    for lead in (ada, bea):
        lead.refresh_from_db()

    compared = compare(bea, ada)

    assert (compared.stays, compared.goes, compared.is_fixed) == (ada, bea, False)
    proposed = {choice.name: choice.proposed for choice in compared.choices}
    assert proposed == {"last_name": ada.pk, "email": ada.pk, "phone": ada.pk, "campaign": bea.pk}
    assert compared.filled == ["Job title", "Country"]


def test_merge_from_the_panel_and_undo(client_for, mia, ada, bea):
    client = client_for(mia)
    asked = client.get(f"/leads/{ada.pk}/merge/?other={bea.pk}", headers=HTMX).content.decode()
    assert "will be read as one" in asked
    chosen = {
        "seen": f"{ada.version},{bea.version}", "stays": ada.pk, "of_phone": bea.pk, "of_last_name": ada.pk,
        "of_email": ada.pk,
    }  # fmt: skip

    answer = client.post(f"/leads/{ada.pk}/merge/?other={bea.pk}", chosen, headers=HTMX)

    merge = Merge.objects.get()
    assert (answer.headers["HX-Redirect"], merge.replaced) == (f"/leads/{ada.pk}/", {"phone": "1", "country": ""})
    page = page_of(client, ada)
    assert f"/merges/{merge.pk}/undo/" in page
    assert "Includes" in page
    assert "Ada Byrne-Lee" in page
    undone = client.post(f"/merges/{merge.pk}/undo/", follow=True)
    assert "two leads again" in undone.content.decode()
    assert Lead.objects.get(pk=ada.pk).phone == "1"
    assert "Includes" not in page_of(client, ada)


def test_the_other_one_may_stay(client_for, mia, ada, bea):
    chosen = {"seen": f"{ada.version},{bea.version}", "stays": bea.pk, "of_phone": ada.pk}
    answer = client_for(mia).post(f"/leads/{ada.pk}/merge/?other={bea.pk}", chosen)
    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{bea.pk}/")
    ada.refresh_from_db()
    bea.refresh_from_db()
    assert (ada.merged_into, bea.phone) == (bea, "1")


def test_what_was_changed_meanwhile_is_shown_and_nothing_is_merged(client_for, mia, ada, bea):
    chosen = {"seen": f"{ada.version},{bea.version}", "stays": ada.pk, "of_phone": bea.pk}
    Lead.objects.filter(pk=bea.pk).update(phone="3", version=9)
    answer = client_for(mia).post(f"/leads/{ada.pk}/merge/?other={bea.pk}", chosen, headers=HTMX)
    assert answer.status_code == 409
    assert "changed one of these leads meanwhile" in answer.content.decode()
    assert f"{ada.version},9" in answer.content.decode()
    assert not Merge.objects.exists()


def test_a_lead_that_waits_for_sales_is_the_one_that_stays(client_for, mia, rob, ada):
    waiting = make_handoff(to=rob).lead
    page = client_for(mia).get(f"/leads/{ada.pk}/merge/?other={waiting.pk}").content.decode()
    assert "waits for sales" in page
    refused = client_for(mia).post(
        f"/leads/{ada.pk}/merge/?other={waiting.pk}", {"seen": f"{ada.version},{waiting.version}", "stays": ada.pk}
    )
    assert refused.status_code == 409
    assert not Merge.objects.exists()


def test_who_may_not_merge_is_not_offered_it(client_for, sam, mia, ada, bea):
    assert f"/leads/{ada.pk}/merge/" not in page_of(client_for(sam), ada)
    assert client_for(sam).get(f"/leads/{ada.pk}/merge/").status_code == 403
    assert client_for(sam).get(f"/leads/{ada.pk}/same/").content.strip() == b""
    assert f"/leads/{ada.pk}/merge/" in page_of(client_for(mia), ada)
    assert "The same as" in client_for(mia).get(f"/leads/{ada.pk}/same/").content.decode()


def test_a_rep_reads_who_merges_a_lead_of_somebody_else(client_for, rob, mia, ada, bea):
    Lead.objects.filter(pk=ada.pk).update(owner=rob)
    Lead.objects.filter(pk=bea.pk).update(owner=mia)
    client = client_for(rob)

    foreign = client.get(f"/leads/{ada.pk}/merge/?other={bea.pk}", headers=HTMX).content.decode()
    Lead.objects.filter(pk=bea.pk).update(owner=rob)
    own = client.get(f"/leads/{ada.pk}/merge/?other={bea.pk}", headers=HTMX).content.decode()

    assert "Ada Byrne-Lee belongs to Mia." in foreign
    assert (">Merge</button>" in foreign, ">Merge</button>" in own) == (False, True)


def test_a_merged_lead_stays_readable_and_names_the_one_it_is_now(client_for, mia, ada, bea):
    merge_leads(ada, bea, by=mia, at=TUESDAY)
    page = page_of(client_for(mia), bea)
    assert f'<a href="/leads/{ada.pk}/">Ada Byrne</a> now' in page
    assert "Mark as MQL" not in page
    assert f"/tasks/new/?lead={bea.pk}" not in page
    assert f"/tasks/new/?lead={ada.pk}" in page_of(client_for(mia), ada)
    assert f"/leads/{bea.pk}/edit/" not in page
    assert "Captured" in page


def test_undo_is_not_offered_once_the_survivor_moved(client_for, mia, ada, bea):
    merge = merge_leads(bea, ada, by=mia, at=TUESDAY)
    bea.refresh_from_db()
    move_lead(bea, Stage.MQL, by=mia, at=TUESDAY)
    assert f"/merges/{merge.pk}/undo/" not in page_of(client_for(mia), bea)
    refused = client_for(mia).post(f"/merges/{merge.pk}/undo/", follow=True)
    assert "moved on since" in refused.content.decode()


def test_pages_read_the_history_of_both(mia, rob, ada, bea):
    handoff = make_handoff(to=rob, lead=make_mql(at=MONDAY - 3 * DAY, email="old@acme.test"), at=MONDAY - 2 * DAY)
    reject_handoff(handoff, by=rob, at=MONDAY - DAY, reason=reason("no_project"))
    old = Lead.objects.get(pk=handoff.lead_id)
    record_touch(old, kind="attend", at=MONDAY - 3 * DAY)
    record_touch(ada, kind="form", at=MONDAY)
    log_activity(Subject(old), by=mia, at=MONDAY - DAY, kind="call", outcome="reached")
    task = add_task(Subject(old), by=rob, at=MONDAY, title="Ask again", due_at=TUESDAY)
    assert along(ada, old) == "2 touches, 1 call, 1 hand-off and 1 open task"

    merge_leads(ada, old, by=mia, at=TUESDAY)
    ada.refresh_from_db()

    origin = origin_of(ada)
    assert (origin.count, origin.first.kind, origin.last.kind) == (2, "attend", "form")
    assert last_touches([ada.pk])[ada.pk].kind == "form"
    story = story_of(ada, now=TUESDAY)
    assert story.verdict == handoff
    # Before Monday the time is that of the older one: a day an MQL, a day with sales, a day in nurture.
    assert story.clocks == {"marketing": timedelta(days=3), "waiting": timedelta(days=1), "sales": timedelta()}
    assert [step.pk for step in work_context(ada, rob, TUESDAY)["steps"]] == [task.pk]
    whose = {entry.title: entry.whose for entry in reversed(timeline(ada).entries)}
    assert (whose["Handed to Rob"], whose["Marked as MQL"]) == (str(old), "")
    asked_again = make_handoff(to=rob, lead=ada, at=TUESDAY)
    assert card_of(asked_again, now=TUESDAY).earlier == [handoff]
    assert with_last_touch(present_leads()).get(pk=ada.pk).last_touch_at == MONDAY


def test_lists_show_one_lead_and_the_page_costs_the_same_however_many_were_merged(client_for, mia, ada):
    client = client_for(mia)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(f"/leads/{ada.pk}/").status_code == 200
        return len(asked)

    def merge_one():
        other = make_lead(at=MONDAY + HOUR)
        record_touch(other, kind="form", at=MONDAY)
        merge_leads(Lead.objects.get(pk=ada.pk), other, by=mia, at=TUESDAY)

    merge_one()
    one = queries()
    for _ in range(5):
        merge_one()
    assert queries() == one
    assert [lead.pk for lead in present_leads()] == [ada.pk]


def test_an_accepted_survivor_keeps_its_verdict_undoable(client_for, mia, rob):
    lead = accept_handoff(make_handoff(to=rob), by=rob, at=MONDAY + HOUR).lead
    merge_leads(lead, make_lead(), by=mia, at=TUESDAY)
    assert story_of(lead, now=TUESDAY).situation.latest is not None
