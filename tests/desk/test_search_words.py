"""The words that search knows: kept by changes, made anew by a rebuild, the same both ways."""

import pytest

from campaigns.editing import create_campaign, edit_campaign
from crm.erasure import remove_sample_data
from crm.outbox import drain_all
from desk.models import SearchWord
from desk.search.words import apply_changes, rebuild
from leads.editing import create_company, create_contact, create_lead, edit_company, edit_contact, edit_lead
from leads.models import Company, Contact
from tests.factories import MONDAY, make_lead

pytestmark = pytest.mark.django_db(transaction=True)


def words() -> set[str]:
    return set(SearchWord.objects.values_list("word", flat=True))


def test_each_word_of_a_name_is_known_once_and_short_ones_and_numbers_are_not():
    lead = make_lead(first_name="Jo", last_name="O'Brien-Müller", company_name="Müller 2024 GmbH")

    apply_changes({"lead": {lead.pk}})
    apply_changes({"lead": {lead.pk}})

    assert words() == {"brien", "müller", "gmbh"}


def test_word_of_more_than_60_letters_is_left_out():
    company = Company.objects.create(name=f"{'x' * 61} {'y' * 60}")

    apply_changes({"company": {company.pk}})

    assert words() == {"y" * 60}


def test_rebuild_knows_what_changes_have_taught_and_nothing_that_is_gone(monkeypatch):
    monkeypatch.setattr("desk.search.words.ROWS_AT_A_TIME", 1)
    SearchWord.objects.create(word="forgotten")
    for name in ("Acme Steel", "Acme Paper"):
        Company.objects.create(name=name)
    Contact.objects.create(first_name="Ada", last_name="Lovelace")

    rebuild()
    rebuild()

    assert words() == {"acme", "steel", "paper", "ada", "lovelace"}


def test_topics_without_names_are_passed_over():
    apply_changes({"spend": {1}, "handoff": {2}})

    assert words() == set()


def test_every_new_name_and_every_new_spelling_is_announced(mia, rob):
    lead = create_lead(by=rob, at=MONDAY, first_name="Alfa", last_name="Bravo", company_name="Charlie")
    company = create_company(by=mia, name="Delta")
    contact = create_contact(by=mia, first_name="Echo", last_name="Foxtrot")
    campaign = create_campaign(by=mia, name="Golf")
    drain_all()
    assert words() == {"alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf"}

    edit_lead(lead, by=rob, at=MONDAY, last_name="Hotel")
    edit_company(company, by=mia, name="India")
    edit_contact(contact, by=mia, last_name="Juliett")
    edit_campaign(campaign, by=mia, name="Kilo")
    drain_all()
    assert words() >= {"hotel", "india", "juliett", "kilo"}


def test_removed_person_s_name_is_forgotten(ada):
    make_lead(first_name="Sample", last_name="Person", is_sample=True)
    make_lead(first_name="Real", last_name="Somebody")
    drain_all()
    assert "person" in words()

    remove_sample_data(by=ada, at=MONDAY)
    drain_all()

    assert words() == {"real", "somebody"}
