"""Companies from a file, opportunities that name one, and teams that the rows of people name."""

import pytest

from crm.models import Change, Team, User
from leads.importing.running import run_import
from leads.importing.starting import check_import, receive_file, start_import
from leads.models import Company, CustomField, Opportunity
from tests.factories import make_lead, make_team, make_user, reason

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS = {"name": "name", "domain": "site", "industry": "sector", "employees": "size", "is_target": "target"}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def imported(kind, content, fields, *, by=None, run=True, **spec):
    said = {"kind": kind, "source_system": "old", "fields": fields, **spec}
    found = receive_file([content.encode()], name="file.csv", kind=kind, by=by, spec=said)
    check_import(found, said)
    run_import(found.pk)
    if run:
        found.refresh_from_db()
        start_import(found, strict=False)
        run_import(found.pk)
    found.refresh_from_db()
    return found


def counts(found):
    return found.created, found.updated, found.unchanged, found.refused


def reasons(found):
    return list(found.refusals.values_list("row", "reason"))


def test_a_company_with_all_it_says_and_its_change():
    content = 'id,name,site,sector,size,target,founded\nA1,Acme,https://www.Acme.com/about,retail,"2,822",yes,1996\n'
    found = imported("companies", content, {**FIELDS, "external_id": "id", "custom.founded": "founded"})
    assert counts(found) == (1, 0, 0, 0), (found.error, reasons(found))
    acme = Company.objects.get()
    assert (acme.name, acme.domain, acme.industry, acme.employees, acme.is_target, acme.custom) == (
        "Acme", "acme.com", "retail", 2822, True, {"founded": 1996},
    )  # fmt: skip
    assert (acme.source_system, acme.external_id) == ("old", "A1")
    assert CustomField.objects.get().record == "company"
    assert list(Change.objects.filter(topic="company").values_list("object_id", flat=True)) == [acme.pk]


def test_an_empty_cell_changes_nothing_and_a_repeated_file_neither():
    content = "id,name,sector,size\nA1,Acme,retail,7\n"
    fields = {"external_id": "id", "name": "name", "industry": "sector", "employees": "size"}
    imported("companies", content, fields)
    assert counts(imported("companies", content, fields)) == (0, 0, 1, 0)
    assert counts(imported("companies", "id,name,sector,size\nA1,Acme,,8\n", fields)) == (0, 1, 0, 0)
    assert Company.objects.values_list("industry", "employees").get() == ("retail", 8)


@pytest.mark.parametrize(
    ("there", "row", "counted"),
    [
        ({"name": "Acme", "domain": "acme.com"}, "A1,Acme Inc.,acme.com", (0, 1, 0, 0)),  # the website tells
        ({"name": "ACME"}, "A1,Acme,acme.com", (0, 1, 0, 0)),  # the name does where nothing speaks against it
        ({"name": "Acme", "domain": "acme.de"}, "A1,Acme,acme.com", (1, 0, 0, 0)),  # two websites are two companies
        ({"name": "Another", "domain": "gmail.com"}, "A1,Acme,gmail.com", (1, 0, 0, 0)),  # a provider tells nothing
        ({"name": "Acme", "source_system": "old", "external_id": "B2"}, "A1,Acme,", (1, 0, 0, 0)),
        ({"name": "Acme", "source_system": "hubspot", "external_id": "9"}, ",Acme,", (0, 0, 1, 0)),
    ],
)
def test_a_company_is_found_again(there, row, counted):
    Company.objects.create(
        **{"name": "Acme", **there} if there.get("domain") != "gmail.com" else {"name": "X", **there}
    )
    fields = {"external_id": "id", "name": "name", "domain": "site"}
    found = imported("companies", f"id,name,site\n{row}\n", fields)
    assert counts(found) == counted
    assert counts(imported("companies", f"id,name,site\n{row}\n", fields)) == (0, 0, 1, 0)


def test_the_second_row_about_one_company_is_refused():
    content = "name,site\nAcme,acme.com\nACME Inc.,acme.com\nacme,\nBeta,\n"
    found = imported("companies", content, {"name": "name", "domain": "site"}, source_system="")
    assert counts(found) == (2, 0, 0, 2)
    assert reasons(found) == [
        (3, "The same record as in row 2 of this file."), (4, "The same record as in row 2 of this file."),
    ]  # fmt: skip


def test_two_accounts_of_one_name_stay_two():
    Company.objects.create(name="Acme")
    content = "id,name\nA1,Acme\nA2,Acme\n"
    assert counts(imported("companies", content, {"external_id": "id", "name": "name"})) == (1, 1, 0, 0)
    assert counts(imported("companies", content, {"external_id": "id", "name": "name"})) == (0, 0, 2, 0)
    assert set(Company.objects.values_list("external_id", flat=True)) == {"A1", "A2"}


def test_rows_that_cannot_be_taken():
    content = (
        "name,site,sector,size,target\n,acme.com,,,\nAcme,not a site,,,\nBeta,,,some,\nGamma,,,,maybe\nDelta,,,1.5,\n"
    )
    found = imported("companies", content, FIELDS)
    assert reasons(found) == [
        (2, "“name” is empty, and it is required."),
        (3, "“site”: “not a site” is not a website such as acme.com."),
        (4, "“size”: “some” is not a whole number."),
        (5, "“target”: “maybe” is neither yes nor no."),
        (6, "“size”: “1.5” is not a whole number."),
    ]


def test_reps_import_no_companies():
    rob = make_user("rob")
    with pytest.raises(Exception, match="You may not import companies"):
        receive_file([b"name\nAcme\n"], name="file.csv", kind="companies", by=rob)


def test_opportunities_join_the_company_they_name():
    acme = Company.objects.create(name="Acme", source_system="old", external_id="A1")
    lead = make_lead(source_system="old", external_id="L1", company_name="Ada Ltd")
    content = (
        "id,account,lead,item,stage,closed,why\nO1,A1,,Pump,lost,2026-01-01,Price or budget\n"
        "O2,acme,L1,,discovery,,\nO3,Nobody,,,discovery,,\nO4,,,Pump,discovery,,\n"
    )
    fields = {
        "external_id": "id", "company": "account", "lead": "lead", "product": "item", "outcome": "stage",
        "closed_at": "closed", "reason": "why",
    }  # fmt: skip
    found = imported("opportunities", content, fields)
    assert (counts(found), reasons(found)) == (
        (3, 0, 0, 1),
        [(4, "There is no company “Nobody”; import the companies first.")],
    )
    deals = Opportunity.objects.order_by("external_id")
    assert list(deals.values_list("name", "company", "lead", "reason__code")) == [
        ("Acme, Pump", acme.pk, None, "price"), ("Ada Ltd", acme.pk, lead.pk, None), ("Pump (O4)", None, None, None),
    ]  # fmt: skip
    assert counts(imported("opportunities", content, fields)) == (0, 0, 3, 1)
    reason("timing", "loss")
    changed = content.replace("Price or budget", "timing").replace("O4,,", "O4,Acme,")
    assert counts(imported("opportunities", changed, fields)) == (0, 2, 1, 1)
    assert list(deals.values_list("company", "reason__code")) == [(acme.pk, "timing"), (acme.pk, None), (acme.pk, None)]


PEOPLE = {"external_id": "id", "name": "name", "team.manager": {"column": "boss", "create": "manager"},
          "team.region": "office"}  # fmt: skip


def test_a_manager_named_by_rows_answers_for_their_team():
    content = "id,name,boss,office\n1,Anna Maria Snelling,Max Muster,North\n2,Bo,Max Muster,South\n3,Cy Doe,,West\n"
    assert counts(imported("users", content, PEOPLE)) == (3, 0, 0, 0)
    team = Team.objects.get()
    assert (team.name, team.kind, team.region, str(team.manager)) == (
        "Max Muster’s team",
        "sales",
        "North",
        "Max Muster",
    )
    assert team.manager.role == "manager"
    people = User.objects.filter(role="rep").order_by("external_id")
    assert list(people.values_list("first_name", "last_name", "team")) == [
        ("Anna Maria", "Snelling", team.pk), ("", "Bo", team.pk), ("Cy", "Doe", None),
    ]  # fmt: skip
    assert counts(imported("users", content, PEOPLE)) == (0, 0, 3, 0)


def test_what_a_team_has_already_stays():
    max_ = make_user("max", role="manager", source_system="old", external_id="m")
    north = make_team(manager=max_, region="North")
    south = make_team("Team South")
    content = "id,name,team,boss,office\n1,Ann Lee,,m,South\n2,Bo Lee,Team South,m,South\n"
    assert counts(imported("users", content, {**PEOPLE, "team": "team"})) == (2, 0, 0, 0)
    assert dict(User.objects.filter(role="rep").values_list("external_id", "team")) == {"1": north.pk, "2": south.pk}
    assert list(Team.objects.values_list("name", "region", "manager")) == [
        ("Team North", "North", max_.pk), ("Team South", "South", max_.pk),
    ]  # fmt: skip


def test_somebody_who_changes_managers_changes_teams():
    imported("users", "id,name,boss,office\n1,Ann Lee,Max Muster,North\n", PEOPLE)
    changed = "id,name,boss,office\n1,Ann Lee,Mo Other,South\n"
    assert counts(imported("users", changed, PEOPLE, run=False)) == (0, 1, 0, 0)
    assert Team.objects.count() == 1, "a check writes nothing"
    assert counts(imported("users", changed, PEOPLE)) == (0, 1, 0, 0)
    assert str(User.objects.get(external_id="1").team.manager) == "Mo Other"
