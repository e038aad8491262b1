"""`manage.py import_records` with good and bad input: what is refused, with which words, and what stays as it was."""

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from crm.models import Change, Organisation, User
from leads.importing.running import resume_imports
from leads.lifecycle import Stage
from leads.models import Import, ImportMapping, Lead, Opportunity, Touch, Transition
from leads.transitions import move_lead
from tests.factories import DAY, MONDAY, make_campaign, make_handoff, make_lead, make_team, make_user

pytestmark = pytest.mark.django_db
CHECKOUT = Path(__file__).resolve().parents[2]
MAPPING: dict[str, Any] = {
    "kind": "leads",
    "source_system": "old",
    "fields": {
        "external_id": {"column": "id"},
        "email": "email",
        "last_name": "name",
        "captured_at": {"column": "created", "required": True},
        "source": "origin",
    },
}
HEADER = "id,email,name,created,origin\n"
DEALS: dict[str, Any] = {
    "kind": "opportunities",
    "source_system": "old",
    "fields": {
        "external_id": "deal", "lead": "lead", "outcome": "stage", "closed_at": "closed", "opened_at": "opened",
        "amount": "value", "name": "name",
    },
}  # fmt: skip
DEAL_HEADER = "deal,lead,name,stage,opened,closed,value\n"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., str]:
    """Import a text or bytes with a mapping; gives what the command says."""

    def import_content(
        content: str | bytes,
        *options: str,
        mapping: dict[str, Any] | str = MAPPING,
        kind: str = "",
        name: str = "file.csv",
    ) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if isinstance(mapping, dict):
            kind = kind or mapping["kind"]
            (tmp_path / "mapping.json").write_text(json.dumps(mapping))
        out = StringIO()
        named = str(tmp_path / "mapping.json") if isinstance(mapping, dict) else mapping
        call_command("import_records", kind or "leads", str(path), "--mapping", named, *options, stdout=out)
        return out.getvalue()

    return import_content


def moves(lead: Lead) -> list[tuple[Any, ...]]:
    return list(lead.transitions.values_list("seq", "episode", "kind", "from_stage", "to_stage"))


# Leads


def test_a_lead_its_moves_its_touch_and_its_change(take: Any) -> None:
    spec = {**MAPPING, "stages": ["inquiry", "mql"], "timezone": "Europe/Berlin"}
    said = take(HEADER + "7,Ada@Example.com,Lovelace,2024-07-01 09:30,fair\n", mapping=spec)
    assert said == "file.csv: 1 created, 0 updated, 0 unchanged, 0 refused.\n"
    lead = Lead.objects.get()
    at = datetime(2024, 7, 1, 7, 30, tzinfo=UTC)
    assert (lead.email, lead.last_name, lead.source, lead.source_system, lead.external_id) == (
        "Ada@Example.com",
        "Lovelace",
        "fair",
        "old",
        "7",
    )
    assert (lead.stage, lead.seq, lead.captured_at, lead.stage_since) == ("mql", 2, at, at)
    assert moves(lead) == [(1, 1, "import", "", "inquiry"), (2, 1, "import", "inquiry", "mql")]
    assert set(Transition.objects.values_list("at", "by")) == {(at, None)}
    assert list(Touch.objects.values_list("lead", "kind", "at", "external_id")) == [(lead.pk, "form", at, "7:form")]
    assert list(Change.objects.filter(topic="lead").values_list("object_id", flat=True)) == [lead.pk]


def test_naive_times_are_in_the_organisations_zone(take: Any) -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "America/Sao_Paulo"})
    take(HEADER + "7,,,2024-07-01,\n8,,,2024-07-01T00:00:00Z,\n")
    assert list(Lead.objects.order_by("external_id").values_list("captured_at", flat=True)) == [
        datetime(2024, 7, 1, 3, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC),
    ]  # fmt: skip


def test_a_changed_row_changes_plain_fields_and_never_moves_the_lead_back(take: Any) -> None:
    take(HEADER + "7,a@example.com,Lovelace,2024-07-01,fair\n8,b@example.com,Byron,2024-07-01,fair\n")
    lead = Lead.objects.get(external_id="7")
    move_lead(lead, Stage.MQL, by=None, at=MONDAY)
    Change.objects.all().delete()

    said = take(HEADER + "7,a@example.com,King,2020-01-01,\n8,b@example.com,Byron,2024-07-01,fair\n")
    assert said == "file.csv: 0 created, 1 updated, 1 unchanged, 0 refused.\n"
    lead.refresh_from_db()
    assert (lead.last_name, lead.source, lead.stage, lead.captured_at.year) == ("King", "fair", "mql", 2024)
    assert moves(lead) == [(1, 1, "import", "", "inquiry"), (2, 1, "move", "inquiry", "mql")]
    assert list(Change.objects.values_list("topic", "object_id")) == [("lead", lead.pk)]
    assert Touch.objects.count() == 2


def test_without_external_id_the_email_finds_the_lead(take: Any) -> None:
    spec = {"kind": "leads", "fields": {"email": "email", "last_name": "name"}}
    assert take("email,name\n  ADA@example.com ,Lovelace\n", mapping=spec).startswith("file.csv: 1 created")
    assert take("email,name\nada@Example.com,Lovelace\n", mapping=spec).startswith("file.csv: 0 created, 1 updated")
    assert take("email,name\nada@Example.com,Lovelace\n", mapping=spec).startswith(
        "file.csv: 0 created, 0 updated, 1 unchanged"
    )
    assert Lead.objects.count() == 1


def test_references_values_and_own_fields(take: Any) -> None:
    campaign, north = make_campaign("Spring fair"), make_team()
    rob = make_user("rob", team=north)
    spec = {
        "kind": "leads", "source_system": "old",
        "fields": {
            "external_id": "id", "campaign": "campaign", "owner": "owner", "team": "team", "custom.size": "size",
            "channel": {"column": "how", "values": {"Messe": "event", "*": "other"}}, "country": {"constant": "DE"},
        },
    }  # fmt: skip
    header = "id,campaign,owner,team,size,how\n"
    take(header + "1,spring fair,ROB@demo.test,Team North,XL,messe\n2,,,,,Brieftaube\n", mapping=spec)
    first, second = Lead.objects.order_by("external_id")
    assert (first.campaign, first.owner, first.team, first.custom, first.channel) == (
        campaign,
        rob,
        north,
        {"size": "XL"},
        "event",
    )
    assert (second.campaign, second.custom, second.channel, second.country) == (None, {}, "other", "DE")
    said = take(header + "3,Autumn fair,,,,\n4,,nobody@demo.test,,,\n", "--dry-run", mapping=spec)
    assert said.splitlines()[:2] == [
        "row 2: “campaign”: there is no campaign “Autumn fair”.",
        "row 3: “owner”: there is no person “nobody@demo.test”.",
    ]  # fmt: skip


# Bad rows


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("7,,,2024-02-31,", "“created”: “2024-02-31” is not a date (read year first, 2024-03-12)."),
        ("7,,,yesterday,", "“created”: “yesterday” is not a date (read year first, 2024-03-12)."),
        ("7,,,0001-01-01,", "“created”: “0001-01-01” is not a date (read year first, 2024-03-12)."),
        ("7,,,2124-01-01,", "“created”: “2124-01-01” lies in the future."),
        ("7,,,,", "“created” is empty, and it is required."),
        ("7,ada at example.com,,2024-01-01,", "“email”: “ada at example.com” is not an e-mail address."),
        (f"7,,{'x' * 121},2024-01-01,", "“name”: has 121 characters; at most 120 fit."),
        (f"{'7' * 201},,,2024-01-01,", "“id”: has 201 characters; at most 200 fit."),
        (",,Lovelace,2024-01-01,", "The row has neither an external id nor an e-mail, so it could not be found again."),
        ("7,,,2024-01-01", "The row has 4 cells where the header has 5."),
        ("7,,,2024-01-01,a,b", "The row has 6 cells where the header has 5."),
        ("good,,,2024-01-01,", "The same record as in row 2 of this file."),
        (",GOOD@example.com,,2024-01-01,", "The same record as in row 2 of this file."),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_rest_is_taken(take: Any, row: str, reason: str) -> None:
    said = take(HEADER + f"good,good@example.com,Good,2024-01-01,fair\n{row}\n")
    assert said.splitlines()[0] == f"row 3: {reason}"
    assert said.splitlines()[-1] == "file.csv: 1 created, 0 updated, 0 unchanged, 1 refused."
    assert Lead.objects.get().external_id == "good"


def test_strict_takes_all_or_nothing(take: Any) -> None:
    content = HEADER + "1,,,2024-01-01,\n2,,,2024-02-31,\n"
    with pytest.raises(CommandError, match=r"1 row was refused, so nothing was imported"):
        take(content, "--strict")
    assert not Lead.objects.exists()
    assert take(HEADER + "1,,,2024-01-01,\n", "--strict").startswith("file.csv: 1 created")


def test_a_dry_run_writes_nothing(take: Any, media: Path) -> None:
    said = take(HEADER + "1,,,2024-01-01,\n2,,,2024-02-31,\n", "--dry-run")
    assert said.splitlines()[-1] == "file.csv: 1 would be created, 0 would be updated, 0 unchanged, 1 refused."
    assert [model.objects.count() for model in (Lead, Transition, Touch, Change, Import)] == [0] * 5
    assert list(media.rglob("*.csv")) == []


def test_only_bad_rows_end_with_an_error(take: Any) -> None:
    with pytest.raises(CommandError, match=r"Nothing was imported: every row was refused"):
        take(HEADER + "2,,,2024-02-31,\n")


def test_formulas_are_data_and_harmless_in_the_file_of_refused_rows(take: Any) -> None:
    said = take(HEADER + '"=1+1",,"=HYPERLINK(""http://x"")",2024-01-01,\n"=2+5",,"@SUM(A1)",-,"+cmd|x"\n')
    assert Lead.objects.get().last_name == '=HYPERLINK("http://x")'
    path = next(line.removeprefix("Refused rows: ") for line in said.splitlines() if line.startswith("Refused rows"))
    assert Path(path).read_text(encoding="utf-8-sig").splitlines()[1].startswith("'=2+5,,'@SUM(A1),'-,'+cmd|x,3,")


# Bad files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (HEADER.encode(), "The file has a header and no rows."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 9, "This is not a CSV file: it holds bytes"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel file of the old kind"),
        (b"once upon a time\nthere was no table\n", "The file has no columns “created”, “email”, “id”, “name”"),
        (b"id,email,name,origin\n1,,,\n", "The file has no column “created”. It has: id, email, name, origin."),
        (b"id,id,email,name,created,origin\n1,1,,,2024-01-01,\n", "The file has the column “id” more than once"),
        ((HEADER + '1,,"Lovel').encode(), "The file ends inside a quoted cell that begins in row 2"),
        ((HEADER + '1,,"' + "x" * 200_000).encode(), "Row 2 cannot be read"),
        ((HEADER + "1,," + "x" * 1_000_001).encode(), "over a million characters"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_as_a_whole(take: Any, content: bytes, reason: str) -> None:
    with pytest.raises(CommandError) as error:
        take(content)
    assert reason in str(error.value)
    assert not Lead.objects.exists()


def test_a_file_beyond_the_limit(take: Any, settings: Any, media: Path) -> None:
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    with pytest.raises(CommandError, match=r"The file is larger than 1 MB. Split it"):
        take(HEADER + "1,,,2024-01-01,\n" * 80_000)
    assert list(media.rglob("*.csv")) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(take: Any, encoding: str, delimiter: str) -> None:
    name = "Jürgen Groß" + ("€" if encoding != "latin-1" else "")
    rows = [["id", "email", "name", "created", "origin"], *[[str(n), "", name, "2024-01-01", "Köln"] for n in range(9)]]
    content = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    assert take(content.encode(encoding)).startswith("file.csv: 9 created")
    assert set(Lead.objects.values_list("last_name", "source")) == {(name, "Köln")}


def test_dates_are_read_one_way_in_a_whole_column(take: Any) -> None:
    take(HEADER + "1,,,02/03/2024,\n2,,,13/03/2024 17:05,\n")
    assert [str(at)[:16] for at in Lead.objects.order_by("external_id").values_list("captured_at", flat=True)] == [
        "2024-03-02 00:00", "2024-03-13 17:05",
    ]  # fmt: skip
    take(HEADER + "3,,,02/03/2024,\n4,,,3/13/2024 5:05 PM,\n")
    later = Lead.objects.filter(external_id__gt="2").order_by("external_id")
    assert [str(at)[:16] for at in later.values_list("captured_at", flat=True)] == [
        "2024-02-03 00:00", "2024-03-13 17:05",
    ]  # fmt: skip


@pytest.mark.parametrize("rows", ["1,,,02/03/2024,\n", "1,,,13/03/2024,\n2,,,03/13/2024,\n"])
def test_dates_that_can_be_read_in_two_ways_are_asked_about(take: Any, rows: str) -> None:
    with pytest.raises(CommandError, match=r'in two ways .* Say which: "format": “day-first”'):
        take(HEADER + rows)
    assert not Lead.objects.exists()
    told = {**MAPPING, "fields": {**MAPPING["fields"], "captured_at": {"column": "created", "format": "day-first"}}}
    assert "1 created" in take(HEADER + rows, mapping=told)


# Mappings


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "cars"}, "kind is “cars”"),
        ({"colour": "red"}, "a mapping has no “colour”"),
        ({"fields": {}}, "needs “fields”"),
        ({"fields": {"shoe": "id"}}, "leads have no field “shoe”"),
        ({"fields": {"last_name": "name"}}, "Map a column to “external_id” or “email”"),
        ({"source_system": ""}, "must name their “source_system”"),
        ({"timezone": "Mars/Base"}, "“Mars/Base” is not a time zone"),
        ({"stages": ["mql"]}, "must begin with inquiry"),
        ({"stages": ["inquiry", "customer"]}, "“stages” must be a list of"),
        ({"fields": {"external_id": {"column": "id", "format": "iso"}}}, "has no format to choose"),
        ({"fields": {"external_id": {"column": "id", "constant": "x"}}}, "either a column or a constant"),
    ],
)
def test_a_mapping_that_contradicts_itself(take: Any, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(CommandError) as error:
        take(HEADER + "1,,,2024-01-01,\n", mapping={**MAPPING, **change}, kind="leads")
    assert reason in str(error.value) or "is for cars" in str(error.value)


def test_saved_mappings_go_by_name(take: Any) -> None:
    ImportMapping.objects.create(name="old-leads", kind="leads", spec=MAPPING)
    assert take(HEADER + "1,,,2024-01-01,\n", mapping="old-leads").startswith("file.csv: 1 created")
    with pytest.raises(CommandError, match=r"There is no mapping “new-leads”. Known are: .*old-leads, olist-leads, "):
        take(HEADER, mapping="new-leads")


# Opportunities


def test_deals_move_their_leads_forward_once(take: Any) -> None:
    won, lost, running = (make_lead(external_id=key, source_system="old") for key in "wlr")
    move_lead(won, Stage.MQL, by=None, at=MONDAY)
    content = DEAL_HEADER + (
        "1,w,Pumps,won,2026-03-01,2026-03-09,1000\n2,l,Valves,lost,2026-03-03,2026-03-10,\n"
        "3,r,Pipes,proposal,2026-03-04,,12.50\n4,,Bolts,won,,2026-03-05,7\n"
    )
    assert take(content, mapping=DEALS).startswith("file.csv: 4 created")
    for lead in (won, lost, running):
        lead.refresh_from_db()
    assert moves(won)[2:] == [(3, 1, "import", "mql", "customer")]
    assert moves(lost)[1:] == [(2, 1, "import", "inquiry", "opportunity"), (3, 1, "import", "opportunity", "lost")]
    assert moves(running)[1:] == [(2, 1, "import", "inquiry", "opportunity")]
    assert (won.stage, won.stage_since) == ("customer", datetime(2026, 3, 9, tzinfo=UTC))
    deals = Opportunity.objects.order_by("external_id")
    assert list(deals.values_list("stage", "outcome", "probability", "forecast_category")) == [
        ("won", "won", 100, "closed"), ("lost", "lost", 0, "omitted"), ("proposal", "", 60, "most_likely"),
        ("won", "won", 100, "closed"),
    ]  # fmt: skip
    assert take(content, mapping=DEALS).startswith("file.csv: 0 created, 0 updated, 4 unchanged")
    closed = content.replace(
        "3,r,Pipes,proposal,2026-03-04,,12.50", "3,r,Pipes,won,2026-03-04,2026-03-20,12.50"
    ).replace("won,2026-03-01", "proof,2026-03-01")
    assert take(closed, mapping=DEALS).startswith("file.csv: 0 created, 1 updated, 3 unchanged")
    running.refresh_from_db()
    assert (running.stage, moves(running)[2:]) == ("customer", [(3, 1, "import", "opportunity", "customer")])
    assert Opportunity.objects.get(external_id="3").stage_before_close == "proposal"


def test_a_lead_that_came_back_begins_a_new_time_round(take: Any) -> None:
    lead = make_lead(external_id="w", source_system="old")
    move_lead(lead, Stage.MQL, by=None, at=MONDAY)
    move_lead(lead, Stage.NURTURE, by=None, at=MONDAY + DAY)
    take(DEAL_HEADER + "1,w,Pumps,won,,2026-03-09,1000\n", mapping=DEALS)
    lead.refresh_from_db()
    assert (lead.episode, lead.revisit_on, moves(lead)[-1]) == (2, None, (4, 2, "import", "nurture", "customer"))
    assert lead.transitions.get(seq=4).opens_episode


def test_bad_deals_are_refused(take: Any) -> None:
    waiting = make_handoff(to=make_user("rob")).lead
    Lead.objects.filter(pk=waiting.pk).update(source_system="old", external_id="h")
    rows = [
        "1,nobody,,won,,2026-03-09,1",
        "2,,,won,,,1",
        "3,,,won,,2026-03-09,-1",
        "4,,,sold,,2026-03-09,1",
        "5,,,won,,2026-03-09,lots",
        ",,,won,,2026-03-09,1",
        "6,h,,won,,2026-03-09,1",
        "7,,,won,,2026-03-09,1.00",
    ]
    said = take(DEAL_HEADER + "\n".join(rows) + "\n", mapping=DEALS)
    assert [line.partition(": ")[2] for line in said.splitlines()[:7]] == [
        "There is no lead with external id “nobody”.",
        "An opportunity that is won needs the date it was closed.",
        "“value”: “-1” is below zero.",
        "“stage”: “sold” is none of: discovery, solution, proof, proposal, negotiation, won, lost.",
        "“value”: “lots” is not an amount (written like 1,234.56).",
        "“deal” is empty, and it is required.",
        "The lead is waiting for the answer of sales; answer the hand-off first, then import this row.",
    ]
    assert said.splitlines()[-1] == "file.csv: 1 created, 0 updated, 0 unchanged, 7 refused."


def test_a_deal_dated_before_its_lead_is_taken_and_marked(take: Any) -> None:
    lead = make_lead(external_id="w", source_system="old")
    content = DEAL_HEADER + "1,w,Pumps,won,,2026-02-01,1\n"
    assert "1 dated before the move they follow" in take(content, "--dry-run", mapping=DEALS)
    assert "1 dated before the move they follow" in take(content, mapping=DEALS)
    row = lead.transitions.get(to_stage="customer")
    assert (row.out_of_order, row.at) == (True, datetime(2026, 2, 1, tzinfo=UTC))


# People


def test_people(take: Any) -> None:
    north = make_team()
    make_user("rob")
    spec = {
        "kind": "users", "source_system": "old",
        "fields": {"external_id": "id", "email": "email", "first_name": "name", "role": "role", "team": "team"},
    }  # fmt: skip
    content = (
        "id,email,name,role,team\n1,,Rosa,rep,Team North\n2,MIA@example.com,Mia,Marketer,\n"
        "3,rob@demo.test,Robert,rep,\n4,,X,boss,\n"
    )
    said = take(content, mapping=spec)
    assert said.splitlines()[-1] == "file.csv: 2 created, 1 updated, 0 unchanged, 1 refused."
    people = User.objects.order_by("external_id")
    assert list(people.values_list("external_id", "email", "first_name", "role", "team")) == [
        ("1", None, "Rosa", "rep", north.pk), ("2", "mia@example.com", "Mia", "marketer", None),
        ("3", "rob@demo.test", "Robert", "rep", None),
    ]  # fmt: skip
    assert User.objects.get(first_name="Robert").check_password("tandem-demo")
    assert not User.objects.get(first_name="Rosa").has_usable_password()
    assert take(content, mapping=spec).splitlines()[-1] == "file.csv: 0 created, 0 updated, 3 unchanged, 1 refused."
    said = take(
        "id,email,name,role,team\n9,rob@demo.test,Bob,rep,\n1,mia@example.com,Rosa,rep,\n1x,,Ann,rep,\n", mapping=spec
    )
    assert said.splitlines()[0] == "row 2: The e-mail belongs to another person."
    assert said.splitlines()[1] == "row 3: The e-mail belongs to another person."


# Killed, and large


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_is_taken_up_without_doubles(
    tmp_path: Path, media: Path, database_url: str, services: Any
) -> None:
    count = 60_000
    path, mapping = tmp_path / "many.csv", tmp_path / "mapping.json"
    rows = (
        f"{n},p{n}@example.com,Person {n},{'2024-02-31' if n % 1000 == 0 else '2024-01-01'},fair\n"
        for n in range(1, count + 1)
    )
    path.write_text(HEADER + "".join(rows))
    mapping.write_text(json.dumps(MAPPING))
    program = [sys.executable, "manage.py", "import_records", "leads", str(path), "--mapping", str(mapping)]
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": services.valkey.url,
        "MEDIA_ROOT": str(media),
    }
    worker = subprocess.Popen(program, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + 120
    while not Import.objects.filter(rows_done__gt=0).exists():
        assert worker.poll() is None, "the import was over before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    found = Import.objects.get()
    assert (found.status, 0 < found.rows_done < count) == ("running", True)
    wait_until_released(found)
    # A chunk of the killed worker may have been committed in its last moment.
    found.refresh_from_db()
    assert Lead.objects.count() == found.created

    assert resume_imports() == [found.pk]
    found.refresh_from_db()
    assert (found.status, found.created, found.refused, found.rows_done) == ("done", 59_940, 60, count)
    with connection.cursor() as sql:
        sql.execute("SELECT count(*), count(DISTINCT external_id) FROM leads_lead")
        assert sql.fetchone() == (59_940, 59_940)
    assert [model.objects.count() for model in (Transition, Touch)] == [59_940, 59_940]
    assert Change.objects.filter(topic="lead").count() == 59_940
    assert resume_imports() == []

    call_command("import_records", "leads", str(path), "--mapping", str(mapping), stdout=(out := StringIO()))
    assert out.getvalue().splitlines()[-1] == "many.csv: 0 created, 0 updated, 59,940 unchanged, 60 refused."


def wait_until_released(found: Import) -> None:
    """The database notices that its client is gone when it next writes to it; then the lock is free."""
    from leads.importing.running import run_lock

    for _attempt in range(200):
        with run_lock(found.pk) as is_ours:
            if is_ours:
                return
        time.sleep(0.05)
    pytest.fail("the killed worker's lock was not released")


def test_memory_is_flat_in_the_number_of_rows(take: Any) -> None:
    def peak(count: int) -> int:
        rows = (f"{count}-{n},,Person {n},2024-01-01,fair\n" for n in range(count))
        content = (HEADER + "".join(rows)).encode()
        tracemalloc.start()
        take(content, "--dry-run")
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most - len(content)

    peak(100)
    few, many = peak(10_000), peak(50_000)
    assert many < few * 1.5 + 1_000_000
