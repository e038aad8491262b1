"""crm/editing.py: what somebody else wrote meanwhile is never overwritten unseen, on any kind of record."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pghistory
import pytest
from django.core.exceptions import ValidationError

from campaigns.editing import edit_campaign
from campaigns.models import Campaign
from campaigns.spending import change_spend, remove_spend
from crm.editing import Gone, StaleEdit, last_write, trace
from leads.editing import edit_company, edit_contact, edit_lead
from leads.models import Company, Contact, Lead
from leads.opportunities import edit_opportunity
from tests.api import in_own_connection
from tests.factories import MONDAY, make_campaign, make_lead, make_opportunity, make_spend

pytestmark = pytest.mark.django_db

# Each kind of record: made, edited, and a field with three values.
KINDS = {
    "lead": (make_lead, lambda row, **rest: edit_lead(row, at=MONDAY, **rest), "title", "CTO", "CEO", "COO"),
    "contact": (lambda: Contact.objects.create(last_name="Lovelace"), edit_contact, "title", "CTO", "CEO", "COO"),
    "company": (lambda: Company.objects.create(name="Acme"), edit_company, "employees", 10, 20, 30),
    "opportunity": (
        make_opportunity, lambda row, **rest: edit_opportunity(row, at=MONDAY, **rest), "amount",
        Decimal("1.50"), Decimal("2.50"), Decimal("3.50"),
    ),
    "campaign": (make_campaign, edit_campaign, "status", "planned", "paused", "ended"),
    "spend": (lambda: make_spend(make_campaign()), change_spend, "note", "Speakers", "Adverts", "Stands"),
}  # fmt: skip


def written(edit, row, name, value, *, by, seen=None):
    with pghistory.context(user=by.pk):
        return edit(row, by=by, seen=seen, **{name: value})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db(transaction=True)
def test_the_same_field_written_meanwhile_is_a_conflict_that_names_who_and_what(kind, ada, mona):
    make, edit, name, first, theirs, mine = KINDS[kind]
    row = written(edit, make(), name, first, by=ada)
    written(edit, row, name, theirs, by=mona if kind in ("lead", "campaign", "spend") else ada)

    with pytest.raises(StaleEdit) as stale:
        written(edit, row, name, mine, by=ada, seen={name: trace(first)})

    who = mona if kind in ("lead", "campaign", "spend") else ada
    assert (stale.value.status, stale.value.extra["by_name"]) == (409, str(who))
    shown = stale.value.extra["fields"][name]
    assert {side: str(value) for side, value in shown.items()} == {"yours": str(mine), "theirs": str(theirs)}
    row.refresh_from_db()
    assert getattr(row, name) == theirs


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_new_value_and_the_value_seen_are_no_conflict(kind, ada):
    make, edit, name, first, theirs, mine = KINDS[kind]
    row = edit(make(), by=ada, **{name: first})
    edit(row, by=ada, **{name: theirs})

    assert getattr(edit(row, by=ada, seen={name: first}, **{name: theirs}), name) == theirs
    assert getattr(edit(row, by=ada, seen={name: trace(theirs)}, **{name: mine}), name) == mine


def test_different_fields_merge_silently(ada, mona):
    lead = make_lead(phone="1", title="CTO")
    edit_lead(lead, by=mona, at=MONDAY, phone="2")

    edit_lead(lead, by=ada, at=MONDAY, title="CEO", seen={"title": "CTO"})

    lead.refresh_from_db()
    assert (lead.phone, lead.title) == ("2", "CEO")


def test_records_texts_and_lists_are_compared_as_they_are(ada):
    whole, other, long = make_campaign("Whole"), make_campaign("Other"), "An äccount\nof needs. " * 500
    lead = make_lead(campaign=whole, need=long, tags=["a", "b"])
    seen = {"campaign": whole, "need": trace(long.replace("\n", "\r\n")), "tags": trace(["a", "b"])}

    edit_lead(lead, by=ada, at=MONDAY, seen=seen, campaign=other, need="Bikes", tags=["c"])

    with pytest.raises(StaleEdit) as stale:
        edit_lead(lead, by=ada, at=MONDAY, seen=seen, campaign=None, need="Cars", tags=["d"])
    assert stale.value.extra["fields"] == {
        "campaign": {"yours": "None", "theirs": other.pk},
        "need": {"yours": "Cars", "theirs": "Bikes"},
        "tags": {"yours": ["d"], "theirs": ["c"]},
    }
    assert len(trace(long)) < 100


@pytest.mark.django_db(transaction=True)
def test_who_gave_a_field_its_value_is_not_who_wrote_last(ada, mona):
    company = Company.objects.create(name="Acme")
    assert last_write(company) is None
    written(edit_company, company, "domain", "acme.com", by=mona)
    company = written(edit_company, company, "industry", "Steel", by=ada)

    assert (last_write(company, "domain").by, last_write(company).by) == (mona, ada)


def test_what_was_removed_meanwhile_is_told_so(ada):
    spend = make_spend(make_campaign())
    as_seen = type(spend).objects.get(pk=spend.pk)
    remove_spend(spend, by=ada)

    with pytest.raises(Gone, match="Somebody removed this spend meanwhile"):
        change_spend(as_seen, by=ada, note="Adverts")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_at_once_one_is_told(ada):
    campaign, start = make_campaign(status="running"), Barrier(2)

    @in_own_connection
    def write(status):
        start.wait()
        try:
            edit_campaign(campaign, by=ada, seen={"status": "running"}, status=status)
        except StaleEdit:
            return "stale"
        return status

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(write, ["paused", "ended"]))

    won = Campaign.objects.get().status
    assert answers == sorted(["stale", won])


def test_the_version_of_a_lead_works_as_before(ada):
    lead = make_lead()
    edit_lead(lead, by=ada, at=MONDAY, version=1, title="CTO")
    with pytest.raises(StaleEdit) as stale:
        edit_lead(lead, by=ada, at=MONDAY, version=1, title="CEO")
    assert (stale.value.extra["version"], Lead.objects.get().title) == (2, "CTO")


def test_a_value_that_is_none_of_the_known_ones_is_refused_before_the_database_is_asked(django_assert_num_queries, db):
    lead = Lead(last_name="Lee", channel="pigeon")

    with django_assert_num_queries(0), pytest.raises(ValidationError) as refused:
        next(rule for rule in Lead._meta.constraints if rule.name == "lead_channel_known").validate(Lead, lead)

    assert list(refused.value.message_dict) == ["channel"]
