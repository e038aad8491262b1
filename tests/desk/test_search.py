"""Finding records by anything people know of them, in few queries, whatever is typed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from desk.search.results import recent_hits, search
from desk.search.words import rebuild
from leads.merging import merge_leads
from leads.models import Company, Contact, Lead
from tests.factories import MONDAY, make_campaign, make_lead, make_opportunity

pytestmark = pytest.mark.django_db


def found(text: str, limit: int = 6) -> dict[str, list[str]]:
    """Names by kind, in the order shown."""
    return {group.kind.key: [str(hit.record) for hit in group.hits] for group in search(text, limit=limit).groups}


@pytest.fixture
def ada_lovelace(db: None) -> Any:
    return make_lead(
        first_name="Ada", last_name="Lovelace", email="ada@engines.test", company_name="Analytical Engines",
        title="Head of Numbers", phone="+49 (30) 123-4567", phone_e164="+49301234567",
    )  # fmt: skip


@pytest.fixture
def others(ada_lovelace: Any) -> None:
    """Nobody here is to be found by what finds Ada."""
    make_lead(first_name="Grace", last_name="Hopper", email="grace@navy.test", phone="+1 202 555 0100")


@pytest.mark.parametrize(
    "text",
    [
        "Ada", "love", "LOVELACE ada", "lov ad", "ada@engines.test", "ada@eng", "ADA@ENGINES.TEST", "engines.test",
        "engines", "analyt head", "+49 30 1234567", "0049 30 1234567", "030 1234567", "(030) 123-4567", "4930123",
        "1234567", "34567", "  ada   lovelace ", "ada, lovelace",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("others")
def test_lead_is_found_by_name_mail_company_title_and_any_spelling_of_its_number(text):
    assert found(text) == {"leads": ["Ada Lovelace"]}


@pytest.mark.parametrize("text", ["ada hopper", "ace", "ada@navy.test", "+49 30 7654321", "velace"])
@pytest.mark.usefixtures("others")
def test_every_word_must_begin_a_word(text):
    assert found(text) == {}


def test_several_kinds_are_found_at_once():
    make_lead(first_name="Tom", last_name="Orion", email="")
    Contact.objects.create(first_name="Tina", last_name="Orion")
    Company.objects.create(name="Orion Steel", domain="orion.test")
    make_opportunity("Orion, licences")
    make_campaign("Orion launch")

    assert found("orion") == {
        "leads": ["Tom Orion"],
        "contacts": ["Tina Orion"],
        "companies": ["Orion Steel"],
        "opportunities": ["Orion, licences"],
        "campaigns": ["Orion launch"],
    }


def test_what_was_put_away_or_merged_is_not_found(ada_lovelace):
    make_lead(first_name="Ada", last_name="Merged", merged_into=ada_lovelace)
    for record in (
        make_lead(first_name="Ada", last_name="Archived"),
        Contact.objects.create(first_name="Ada", last_name="Contact"),
        Company.objects.create(name="Ada Works"),
        make_opportunity("Ada deal"),
        make_campaign("Ada campaign"),
    ):
        type(record).objects.filter(pk=record.pk).update(archived_at=MONDAY)

    assert found("ada") == {"leads": ["Ada Lovelace"]}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("jan@li.test", {"email": "jan@li.test"}),
        ("+49 30 555777", {"phone": "030 555777", "phone_e164": "+4930555777"}),
        ("jan li", {"first_name": "Jan", "last_name": "Li"}),
    ],
)
def test_what_is_just_the_same_stands_before_what_is_newer(text, same):
    exact = make_lead(first_name="Jan", last_name="Same")
    Lead.objects.filter(pk=exact.pk).update(**same)
    exact.refresh_from_db()
    for number in range(3):
        make_lead(
            first_name="Jan", last_name=f"Lindt {number}", email="jan@li.test.example", phone=f"+49305557770{number}"
        )

    assert found(text, limit=3)["leads"][0] == str(exact)


def test_company_of_just_that_name_stands_before_newer_ones():
    Company.objects.create(name="Acme")
    for number in range(7):
        Company.objects.create(name=f"Acme Branch {number}")

    assert found("acme")["companies"][:2] == ["Acme", "Acme Branch 6"]


def test_lead_without_a_name_is_no_match_for_a_single_word(ada_lovelace):
    make_lead(first_name="", last_name="", email="nameless@nowhere.test")

    assert found("ada") == {"leads": ["Ada Lovelace"]}


def test_older_rows_are_found_once_where_the_newest_are_not_enough(monkeypatch):
    monkeypatch.setattr("desk.search.finding.NEWEST", 2)
    for number in range(5):
        make_lead(first_name="Olga", last_name=f"Number {number}")

    assert found("olga")["leads"] == [f"Olga Number {number}" for number in (4, 3, 2, 1, 0)]


def test_more_than_fit_lead_to_the_list():
    for number in range(7):
        make_lead(first_name="Uma", last_name=f"Number {number}")

    [group] = search("uma", limit=6).groups

    assert len(group.hits) == 6
    assert group.more_url == f"{reverse('desk:leads')}?tab=all&q=uma"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("lovelase", "Lovelace"), ("Lovlace", "Lovelace"), ("ada lovelase", "Ada Lovelace"), ("Muller", "Müller")],
)
def test_slip_of_the_finger_finds_who_was_meant_and_says_so(ada_lovelace, typed, meant):
    make_lead(first_name="Heinz", last_name="Müller")
    rebuild()

    results = search(typed, limit=6)

    assert results.showing == meant
    assert meant in str(results.groups[0].hits[0].record)


def test_word_that_is_like_none_finds_nothing(ada_lovelace):
    rebuild()

    assert search("qqzzyyxx", limit=6) == search("qqzzyyxx ada", limit=6)
    assert search("qqzzyyxx", limit=6).count == 0


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a", "'", "\\", "a & | ! <->:*'", "!(a | b)", "😀", "😀 ada", "أحمد", "שלום עולם", "x" * 5_000,
        "ada " * 500, "%", "_", "<script>alert(1)</script>", "--", "$$", "+", "+49", "9" * 300, "ａｄａ",
    ],
)  # fmt: skip
def test_nothing_that_is_typed_breaks_it(text, client_for, rob, ada_lovelace):
    rebuild()

    for page in ("desk:search", "desk:search-palette"):
        assert client_for(rob).get(reverse(page), {"q": text}).status_code == 200


def test_right_to_left_and_emoji_names_are_found():
    make_lead(first_name="أحمد", last_name="الحسن")
    make_lead(first_name="Zoë 🚀", last_name="Ünal")

    assert found("أحم") == {"leads": ["أحمد الحسن"]}
    assert found("ÜNAL zoë") == {"leads": ["Zoë 🚀 Ünal"]}


def make_fifty(number: int) -> None:
    company = Company.objects.create(name=f"Vesta {number}")
    contact = Contact.objects.create(first_name="Vera", last_name=f"Vesta {number}", company=company)
    lead = make_lead(first_name="Vera", last_name=f"Vesta {number}", company=company, contact=contact)
    make_opportunity(f"Vesta {number}", lead=lead, company=company)
    make_campaign(f"Vesta {number}")


def queries_of(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ask()
    return len(queries)


@pytest.mark.parametrize("page", ["desk:search", "desk:search-palette"])
def test_search_costs_the_same_queries_with_1_and_50_rows_of_each_kind(client_for, rob, page):
    client = client_for(rob)

    def ask() -> None:
        assert b"Vesta 0" in client.get(reverse(page), {"q": "vesta"}).content

    make_fifty(0)
    with_one = queries_of(ask)
    for number in range(1, 50):
        make_fifty(number)
    Company.objects.filter(name="Vesta 0").update(name="Vesta")
    Company.objects.filter(name="Vesta").update(domain="vesta 0")

    assert queries_of(lambda: client.get(reverse(page), {"q": "vesta"})) == with_one


def test_recent_records_keep_their_order_and_leave_out_what_is_gone(ada_lovelace):
    company = Company.objects.create(name="Acme")
    gone = Company.objects.create(name="Gone", archived_at=MONDAY)
    names = [
        f"companies/{company.pk}",
        f"leads/{ada_lovelace.pk}",
        f"companies/{gone.pk}",
        "leads/999999",
        "x/1",
        "",
        "leads/x",
    ]

    assert [str(hit.record) for hit in recent_hits([*names, names[0]])] == ["Acme", "Ada Lovelace"]


def test_what_a_merged_lead_was_called_leads_to_the_one_that_stays(ada_lovelace, mona):
    twin = make_lead(first_name="Augusta", last_name="King", email="king@old.test")
    merge_leads(ada_lovelace, twin, by=mona, at=MONDAY)

    for text in ("king@old.test", "Augusta", "augusta king"):
        assert found(text) == {"leads": ["Ada Lovelace"]}
    hits = search("a", limit=6).groups[0].hits
    assert [hit.url for hit in hits] == [f"/leads/{ada_lovelace.pk}/"]
    assert [hit.record for hit in recent_hits([f"leads/{twin.pk}"])] == [ada_lovelace]

    Lead.objects.filter(pk=ada_lovelace.pk).update(archived_at=MONDAY)
    assert found("king@old.test") == {}


def test_page_shows_what_was_found_without_javascript(client_for, rob, ada_lovelace):
    html = client_for(rob).get("/search/", {"q": "lovelace"}).content.decode()

    assert f'href="/leads/{ada_lovelace.pk}/"' in html
    assert 'value="lovelace"' in html


def test_page_says_when_nothing_is_found(client_for, rob):
    assert "Nothing found" in client_for(rob).get("/search/", {"q": "nobody"}).content.decode()


def test_names_are_shown_as_text(client_for, rob):
    make_lead(first_name="<b>Mallory</b>", last_name="")

    html = client_for(rob).get("/search/palette/", {"q": "mallory"}).content.decode()

    assert "<b>" not in html
    assert "&lt;b&gt;Mallory" in html


@pytest.mark.parametrize("page", ["/search/?q=ada", "/search/palette/?q=ada"])
def test_stranger_is_sent_to_the_login(client, page):
    answer = client.get(page)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
