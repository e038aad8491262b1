"""The import pages: upload, columns, check, import, result, and who may."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from crm.models import User
from leads.importing.running import run_import
from leads.importing.starting import forget_abandoned
from leads.models import Company, Import, ImportMapping, Lead
from leads.models.imports import ImportStatus
from tests.factories import DAY, MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db
LEADS = (
    b"Lead ID,First Name,E-Mail,Lead Source,Created Date,Shoe size\n"
    b"1,Ada,ada@example.com,fair,13/03/2024,38\n"
    b"2,Bob,bob(at)example.com,fair,14/03/2024,\n"
)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def mia(client_for: Callable[[User], Client]) -> Client:
    return client_for(make_user("mia", role="marketer", team=make_team("Growth", kind="marketing")))


def upload(client: Client, content: bytes = LEADS, name: str = "fair.csv", kind: str = "leads", **fields: str) -> Any:
    return client.post(reverse("leads:import-new"), {"file": SimpleUploadedFile(name, content), "kind": kind, **fields})


def test_once_round(mia: Client) -> None:
    answer = upload(mia)
    found = Import.objects.get()
    assert answer["Location"] == reverse("leads:import-columns", args=[found.pk])

    page = mia.get(answer["Location"])
    form = page.context["form"]
    assert [form[f"column_{n}"].initial for n in range(6)] == [
        "external_id",
        "first_name",
        "email",
        "source",
        "captured_at",
        "",
    ]
    columns = {f"column_{n}": form[f"column_{n}"].initial for n in range(5)} | {"column_5": "own"}
    answer = mia.post(answer["Location"], {**columns, "source_system": "fair", "stages": "mql", "save_as": "Fair 2024"})
    assert answer["Location"] == reverse("leads:import", args=[found.pk])
    assert ImportMapping.objects.get().name == "fair-2024"

    assert b"Reading the file" in mia.get(answer["Location"]).content
    run_import(found.pk)
    page = mia.get(answer["Location"], HTTP_HX_REQUEST="true")
    assert page.context["import"].status == ImportStatus.CHECKED
    assert [(notation["column"], notation["chosen"]) for notation in page.context["import"].notations] == [
        ("Created Date", "day-first")
    ]
    assert [refusal.row for refusal in page.context["refusals"]] == [3]
    assert Lead.objects.count() == 0

    mia.post(reverse("leads:import-start", args=[found.pk]), {"rows": "good"})
    run_import(found.pk)
    found.refresh_from_db()
    assert (found.status, found.created, found.refused) == ("done", 1, 1)
    lead = Lead.objects.get()
    assert (lead.external_id, lead.source_system, lead.stage, lead.custom) == ("1", "fair", "mql", {"shoe_size": 38})
    assert b"1" in mia.get(reverse("leads:import", args=[found.pk])).content
    refused = b"".join(mia.get(reverse("leads:import-refused", args=[found.pk])))  # type: ignore[arg-type]
    assert refused.decode("utf-8-sig").splitlines() == [
        "Lead ID,First Name,E-Mail,Lead Source,Created Date,Shoe size,row number,reason",
        "2,Bob,bob(at)example.com,fair,14/03/2024,,3,“E-Mail”: “bob(at)example.com” is not an e-mail address.",
    ]


def test_all_or_none(mia: Client) -> None:
    upload(mia)
    found = Import.objects.get()
    columns = {"column_0": "external_id", "column_2": "email", "column_4": "captured_at"}
    mia.post(
        reverse("leads:import-columns", args=[found.pk]), {**columns, "source_system": "fair", "stages": "inquiry"}
    )
    run_import(found.pk)
    mia.post(reverse("leads:import-start", args=[found.pk]), {"rows": "all"})
    run_import(found.pk)
    found.refresh_from_db()
    assert (found.status, found.error) == ("failed", "1 row was refused, so nothing was imported.")
    assert Lead.objects.count() == 0
    assert b"nothing was imported" in mia.get(reverse("leads:import", args=[found.pk])).content


def test_asks_how_dates_are_written(mia: Client) -> None:
    upload(mia, b"id,created\n1,03/04/2024\n2,05/06/2024\n")
    found = Import.objects.get()
    columns = {"column_0": "external_id", "column_1": "captured_at", "source_system": "fair", "stages": "inquiry"}
    mia.post(reverse("leads:import-columns", args=[found.pk]), columns)
    run_import(found.pk)
    page = mia.get(reverse("leads:import", args=[found.pk]))
    assert "can be read in two ways" in page.content.decode()
    assert page.context["is_asked"]

    mia.post(reverse("leads:import-notations", args=[found.pk]), {"captured_at": "month-first"})
    run_import(found.pk)
    mia.post(reverse("leads:import-start", args=[found.pk]))
    run_import(found.pk)
    assert [lead.captured_at.isoformat()[:10] for lead in Lead.objects.order_by("external_id")] == [
        "2024-03-04",
        "2024-05-06",
    ]


def test_a_file_beyond_the_limit_is_named(mia: Client, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    answer = upload(mia, b"id\n" + b"1234567\n" * 200_000)
    assert answer.status_code == 422
    assert b"larger than" in answer.content
    assert not Import.objects.exists()
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.csv"))


def test_an_upload_cut_off_on_its_way_is_refused(mia: Client) -> None:
    """The server sees the end of the body as the end of the file; the field after the file is missing then."""
    page = mia.get(reverse("leads:import-new")).content.decode()
    assert page.index('name="file"') < page.index('name="kind"')
    body = (
        '--cut\r\nContent-Disposition: form-data; name="file"; filename="fair.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{LEADS.decode()[:90]}"
    )
    answer = mia.generic("POST", reverse("leads:import-new"), body, "multipart/form-data; boundary=cut")
    assert answer.status_code == 422
    assert not Import.objects.exists()


def test_owners_nobody_knows_are_made_when_a_manager_says_so(client_for: Callable[[User], Client]) -> None:
    max_ = client_for(make_user("max", role="manager", team=make_team()))
    upload(max_, b"id,owner\n1,r7\n")
    found = Import.objects.get()
    columns = {"column_0": "external_id", "column_1": "owner", "source_system": "fair", "stages": "inquiry"}
    for make, outcome in ({}, (0, 1)), ({"make_people": "on"}, (1, 0)):
        max_.post(reverse("leads:import-columns", args=[found.pk]), columns | make)
        run_import(found.pk)
        found.refresh_from_db()
        assert (found.created, found.refused) == outcome
    assert max_.get(reverse("leads:import-columns", args=[found.pk])).context["form"]["make_people"].initial
    max_.post(reverse("leads:import-start", args=[found.pk]))
    run_import(found.pk)
    assert (Lead.objects.get().owner.external_id, Lead.objects.get().owner.role) == ("r7", "rep")


def test_who_may(client_for: Callable[[User], Client], mia: Client) -> None:
    rob = client_for(make_user("rob", team=make_team("Team North")))
    assert [kind for kind, _label in rob.get(reverse("leads:import-new")).context["form"].fields["kind"].choices] == [
        "leads"
    ]
    upload(mia)
    found = Import.objects.get()
    assert rob.get(reverse("leads:import", args=[found.pk])).status_code == 404
    assert upload(rob, kind="users").status_code == 422
    ada = client_for(make_user("ada", role="admin"))
    assert ada.get(reverse("leads:import-columns", args=[found.pk])).status_code == 200
    assert Client().get(reverse("leads:imports")).status_code == 302


def test_the_csrf_check_stays(mia: Client) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = mia.cookies
    answer = careful.post(reverse("leads:import-new"), {"file": SimpleUploadedFile("a.csv", LEADS), "kind": "leads"})
    assert answer.status_code == 403


def test_the_list_says_what_good_looks_like_and_stays_cheap(mia: Client, django_assert_num_queries: Any) -> None:
    assert b"No file imported yet" in mia.get(reverse("leads:imports")).content
    upload(mia)
    with django_assert_num_queries(queries := count_queries(mia)):
        mia.get(reverse("leads:imports"))
    upload(mia)
    upload(mia)
    assert count_queries(mia) == queries


def count_queries(client: Client) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        client.get(reverse("leads:imports"))
    return len(seen)


def test_two_clicks_start_once(mia: Client) -> None:
    upload(mia)
    found = Import.objects.get()
    columns = {"column_0": "external_id", "source_system": "fair", "stages": "inquiry"}
    mia.post(reverse("leads:import-columns", args=[found.pk]), columns)
    run_import(found.pk)
    start = reverse("leads:import-start", args=[found.pk])
    assert mia.post(start).status_code == 302
    assert mia.post(start).status_code in {403, 409}


def test_files_nobody_went_on_with_are_forgotten(mia: Client, settings: Any) -> None:
    upload(mia)
    upload(mia)
    old, _new = Import.objects.order_by("id")
    Import.objects.filter(pk=old.pk).update(updated_at=MONDAY)
    assert forget_abandoned(before=MONDAY + DAY) == 1
    assert not Import.objects.filter(pk=old.pk).exists()
    mia.post(reverse("leads:import-removal", args=[Import.objects.get().pk]))
    assert not Import.objects.exists()


@pytest.mark.parametrize(("verb", "page"), [("post", "import-notations"), ("get", "import-refused")])
def test_a_file_whose_columns_nobody_matched_says_so(mia: Client, verb: str, page: str) -> None:
    upload(mia)
    address = reverse(f"leads:{page}", args=[Import.objects.get().pk])

    answer = getattr(mia, verb)(address)

    assert answer.status_code == 409
    assert b"Match the columns" in answer.content


@pytest.mark.parametrize("name", ["olist leads", "max's columns"])
def test_a_name_that_is_taken_is_refused_where_it_was_typed(mia: Client, name: str) -> None:
    owner = make_user("max", "manager")
    ImportMapping.objects.create(name="maxs-columns", kind="leads", spec={"fields": {}}, by=owner)
    upload(mia)
    columns = {"column_0": "external_id", "source_system": "fair", "stages": "inquiry", "save_as": name}

    answer = mia.post(reverse("leads:import-columns", args=[Import.objects.get().pk]), columns)

    assert answer.status_code == 422
    assert "is taken" in answer.content.decode()
    assert list(ImportMapping.objects.values_list("by", flat=True)) == [owner.pk]


def test_a_file_with_more_columns_than_anybody_can_match_is_refused(mia: Client) -> None:
    upload(mia, content=b",".join(b"c%d" % number for number in range(501)) + b"\n" + b"," * 500 + b"\n")
    answer = mia.get(reverse("leads:import-columns", args=[Import.objects.get().pk]), follow=True)
    assert "501 columns" in answer.content.decode()


def test_companies_in_the_browser(client_for: Callable[[User], Client]) -> None:
    max_ = client_for(make_user("max", role="manager", team=make_team()))
    answer = upload(
        max_, b"Account Name,Website,Sector,Employees,Founded\nAcme,acme.com,retail,12,1996\n", kind="companies"
    )
    form = max_.get(answer["Location"]).context["form"]
    assert [form[f"column_{n}"].initial for n in range(5)] == ["name", "domain", "industry", "employees", ""]
    assert "make_people" not in form.fields
    columns = {f"column_{n}": form[f"column_{n}"].initial for n in range(4)} | {"column_4": "own"}
    answer = max_.post(answer["Location"], columns)
    found = Import.objects.get()
    run_import(found.pk)
    assert "Founded (number)" in max_.get(answer["Location"]).content.decode()
    max_.post(reverse("leads:import-start", args=[found.pk]), {"rows": "good"})
    run_import(found.pk)
    acme = Company.objects.get()
    assert (acme.domain, acme.industry, acme.employees, acme.custom) == ("acme.com", "retail", 12, {"founded": 1996})
    assert reverse("desk:companies") in max_.get(answer["Location"]).content.decode()


def test_people_in_the_browser_get_their_managers_made(client_for: Callable[[User], Client]) -> None:
    ida = client_for(make_user("ida", role="admin"))
    answer = upload(ida, b"id,sales_agent,manager,regional_office\n7,Anna Snelling,Max Muster,North\n", kind="users")
    form = ida.get(answer["Location"]).context["form"]
    assert [form[f"column_{n}"].initial for n in range(4)] == ["external_id", "name", "team.manager", "team.region"]
    columns = {f"column_{n}": form[f"column_{n}"].initial for n in range(4)}
    answer = ida.post(answer["Location"], {**columns, "source_system": "old", "make_people": "on"})
    found = Import.objects.get()
    assert found.spec["fields"]["team.manager"]["create"] == "manager"
    run_import(found.pk)
    ida.post(reverse("leads:import-start", args=[found.pk]), {"rows": "good"})
    run_import(found.pk)
    anna = User.objects.get(external_id="7")
    assert (str(anna), str(anna.team.manager), anna.team.region) == ("Anna Snelling", "Max Muster", "North")


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("rep", ["leads"]),
        ("marketer", ["leads", "touches", "spends"]),
        ("manager", ["leads", "opportunities", "companies", "contacts", "touches", "activities"]),
    ],
)
def test_kinds_offered_by_role(client_for: Callable[[User], Client], role: str, kinds: list[str]) -> None:
    form = client_for(make_user("rob", role=role)).get(reverse("leads:import-new")).context["form"]
    assert [value for value, _label in form.fields["kind"].choices] == kinds
