"""Contacts, touches, spends and activities from files."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from campaigns.models import Spend
from crm.errors import NotAllowed
from crm.models import Change
from leads.importing.starting import receive_file
from leads.models import Activity, Company, Contact, Opportunity, Touch
from tests.factories import make_campaign, make_lead, make_opportunity, make_team, make_user
from tests.leads.test_import_companies import counts, imported, media, reasons  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def changes(topic):
    return sorted(set(Change.objects.filter(topic=topic).values_list("object_id", flat=True)))


# Contacts

CONTACT = {
    "external_id": "id", "first_name": "first", "last_name": "last", "email": "mail", "phone": "phone",
    "company": "account", "do_not_call": "dnc",
}  # fmt: skip


def test_contacts_with_their_company():
    acme = Company.objects.create(name="Acme")
    content = (
        "id,first,last,mail,phone,account,dnc\n1,Ada,Lovelace,ada@acme.com,+49 30 123456,Acme,yes\n"
        "2,Bo,Byron,bo@x.com,,Nobody,\n,,,,,,\n,Cy,Doe,,,,\n"
    )
    found = imported("contacts", content, CONTACT)
    assert (counts(found), reasons(found)) == (
        (1, 0, 0, 2),
        [
            (3, "There is no company “Nobody”; import the companies first."),
            (5, "The row has neither an external id nor an e-mail, so it could not be found again."),
        ],
    )
    ada = Contact.objects.get()
    assert (ada.first_name, ada.phone_e164, ada.company, ada.do_not_call, ada.do_not_mail) == (
        "Ada", "+4930123456", acme, True, False,
    )  # fmt: skip
    assert changes("contact") == [ada.pk]
    assert counts(imported("contacts", content, CONTACT)) == (0, 0, 1, 2)


def test_a_contact_is_found_by_mail_and_changed():
    ada = Contact.objects.create(email="ADA@acme.com", first_name="A.", last_name="Lovelace")
    content = "first,mail\nAda,ada@acme.com\n"
    fields = {"first_name": "first", "email": "mail"}
    assert counts(imported("contacts", content, fields)) == (0, 1, 0, 0)
    ada.refresh_from_db()
    assert (ada.first_name, ada.last_name) == ("Ada", "Lovelace")


# Spends

SPEND = {"campaign": "campaign", "on": "day", "amount": "cost", "note": "what"}


def test_spends_in_the_currency_of_their_campaign():
    fair = make_campaign("Fair", currency="CHF")
    content = "campaign,day,cost,what\nFair,2026-03-01,1200.50,booth\nfair,2026-03-01,80,\nNone,2026-03-01,1,\n"
    found = imported("spends", content, SPEND)
    assert (counts(found), reasons(found)) == ((2, 0, 0, 1), [(4, "“campaign”: there is no campaign “None”.")])
    assert list(Spend.objects.order_by("id").values_list("campaign", "on", "amount", "currency", "note")) == [
        (fair.pk, date(2026, 3, 1), Decimal("1200.50"), "CHF", "booth"),
        (fair.pk, date(2026, 3, 1), Decimal("80.00"), "CHF", ""),
    ]
    assert changes("spend") == sorted(Spend.objects.values_list("id", flat=True))


def test_a_spend_is_corrected_and_not_doubled():
    make_campaign("Fair")
    content = "campaign,day,cost,what\nFair,2026-03-01,1200,booth\n"
    imported("spends", content, SPEND)
    assert counts(imported("spends", content, SPEND)) == (0, 0, 1, 0)
    assert counts(imported("spends", content.replace("1200", "1300"), SPEND)) == (0, 1, 0, 0)
    assert counts(imported("spends", content + "Fair,2026-03-01,1,booth\n", SPEND)) == (0, 1, 0, 1)
    assert Spend.objects.get().amount == 1200


def test_marketers_import_what_their_own_campaigns_cost():
    mia, rob = make_user("mia", role="marketer"), make_user("rob")
    make_campaign("Mine", owner=mia)
    make_campaign("Theirs")
    content = "campaign,day,cost,what\nMine,2026-03-01,5,\nTheirs,2026-03-01,7,\n"
    found = imported("spends", content, SPEND, by=mia)
    assert (counts(found), reasons(found)) == ((1, 0, 0, 1), [(3, "This campaign is not yours.")])
    assert Spend.objects.get().by == mia
    seller = make_user("max", role="manager", team=make_team())
    for by in (rob, seller):
        with pytest.raises(NotAllowed):
            receive_file([b""], name="x.csv", kind="spends", by=by)


# Touches

TOUCH = {"lead_email": "mail", "at": "when", "kind": "what", "campaign": "campaign", "asset": "page"}


def test_touches_join_their_lead_once():
    fair = make_campaign("Fair", channel="event")
    lead = make_lead(email="ada@acme.com")
    before = Touch.objects.count()
    content = (
        "mail,when,what,campaign,page\nAda@acme.com,2026-03-02T09:30:00Z,attend,Fair,\n"
        "ada@acme.com,2026-03-02T09:30:00Z,download,,prices\nada@acme.com,2026-03-02T09:30:00Z,download,,prices\n"
        "x@y.com,2026-03-02T09:30:00Z,visit,,\n,2026-03-02T09:30:00Z,visit,,\n"
    )
    found = imported("touches", content, TOUCH, touch={"by": "buyer"}, asset={"kind": "data_sheet"})
    assert (counts(found), reasons(found)) == (
        (2, 0, 0, 3),
        [
            (4, "The same record as in row 3 of this file."),
            (5, "There is no lead with e-mail “x@y.com”."),
            (6, "The row names no lead."),
        ],
    )
    touches = Touch.objects.order_by("id")[before:]
    assert [(t.lead, t.kind, t.by, t.channel, t.campaign, t.at, t.asset and t.asset.external_id) for t in touches] == [
        (lead, "attend", "buyer", "event", fair, AT, None), (lead, "download", "buyer", "", None, AT, "prices"),
    ]  # fmt: skip
    assert changes("lead") == [lead.pk]
    assert counts(imported("touches", content, TOUCH)) == (0, 0, 2, 3)


def test_a_touch_of_a_merged_lead_is_of_the_one_that_stays():
    stays = make_lead()
    make_lead(email="old@acme.com", source_system="old", external_id="L2", merged_into=stays)
    imported("touches", "lead,when\nL2,2026-03-02\n", {"lead": "lead", "at": "when"})
    assert Touch.objects.latest("id").lead == stays


# Activities

ACTIVITY = {
    "external_id": "id", "lead": "lead", "opportunity": "deal", "kind": "type", "at": "when", "outcome": "result",
    "minutes": "min", "by": {"column": "rep", "create": "rep"}, "note": "text",
}  # fmt: skip
HEADER = "id,lead,deal,type,when,result,min,rep,text\n"


def test_activities_and_what_follows_from_them():
    lead = make_lead(source_system="old", external_id="L1")
    deal = make_opportunity(source_system="old", external_id="O1", lead=lead)
    content = HEADER + (
        "1,L1,,Call,2026-03-02T09:30:00Z,No answer,5,r7,\n2,,O1,meeting,2026-03-03T09:30:00Z,held,60,r7,Showed it\n"
        "3,,,call,2026-03-02,reached,,,\n4,L1,,call,2026-03-02,,,,\n5,L1,,note,2026-03-02,,,,\n"
        "6,L9,,note,2026-03-02,,,,Hello\n7,,O9,note,2026-03-02,,,,Hello\n"
    )
    found = imported("activities", content, ACTIVITY)
    assert (counts(found), reasons(found)) == (
        (2, 0, 0, 5),
        [
            (4, "The row names no lead, opportunity or contact."),
            (5, "Say how the call ended."),
            (6, "A note says something."),
            (7, "There is no lead with external id “L9”."),
            (8, "There is no opportunity “O9”."),
        ],
    )
    rows = Activity.objects.order_by("external_id")
    assert list(rows.values_list("lead", "opportunity", "kind", "direction", "outcome", "by__external_id")) == [
        (lead.pk, None, "call", "outbound", "no_answer", "r7"), (lead.pk, deal.pk, "meeting", "", "held", "r7"),
    ]  # fmt: skip
    assert [row.duration for row in rows] == [timedelta(minutes=5), timedelta(hours=1)]
    assert changes("activity") == sorted(rows.values_list("id", flat=True))
    lead.refresh_from_db()
    assert lead.last_activity_at == AT + timedelta(days=1)
    assert Opportunity.objects.get().last_activity_at == AT + timedelta(days=1)
    assert counts(imported("activities", content, ACTIVITY)) == (0, 0, 2, 5)
    assert counts(imported("activities", content.replace("No answer", "Voicemail"), ACTIVITY)) == (0, 1, 1, 5)
    assert rows.get(external_id="1").outcome == "voicemail"


def test_without_an_id_kind_and_moment_tell_an_activity():
    make_lead(source_system="old", external_id="L1")
    fields = {name: column for name, column in ACTIVITY.items() if name != "external_id"}
    content = HEADER + "1,L1,,email,2026-03-02T09:30:00Z,,,,Hi\n2,L1,,email,2026-03-02T09:30:00Z,,,,Again\n"
    assert counts(imported("activities", content, fields)) == (1, 0, 0, 1)
    assert counts(imported("activities", content, fields)) == (0, 0, 1, 1)
