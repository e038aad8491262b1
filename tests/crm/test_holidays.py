from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from crm.errors import NotAllowed
from crm.holidays import add_day, import_days
from crm.ics import MOST_BYTES
from crm.models import Holiday, HolidayCalendar, Organisation, Team
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
XMAS = date(YEAR + 1, 12, 25)


def ics(*days: date, name: str = "Christmas") -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\nUID:{day}\nSUMMARY:{name}\nDTSTART;VALUE=DATE:{day:%Y%m%d}\nEND:VEVENT\n" for day in days
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:t\n{events}END:VCALENDAR\n".encode()


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("bavaria.ics", content, content_type="text/calendar")


@pytest.fixture
def bavaria(db):
    return HolidayCalendar.objects.create(name="Bavaria")


def test_a_calendar_is_made_of_a_file(client_for, ada):
    sent = {"name": " Bavaria ", "file": upload(ics(XMAS))}

    answer = client_for(ada).post("/settings/holidays/", sent)

    calendar = HolidayCalendar.objects.get(name="Bavaria")
    assert (answer.status_code, answer["Location"]) == (302, f"/settings/holidays/{calendar.pk}/")
    assert list(calendar.holidays.values_list("day", "name")) == [(XMAS, "Christmas")]


def test_a_bad_file_makes_no_calendar_and_says_why(client_for, ada):
    answer = client_for(ada).post("/settings/holidays/", {"name": "Bavaria", "file": upload(b"name,day")})

    assert (answer.status_code, HolidayCalendar.objects.count()) == (422, 0)
    assert "It is no calendar file (.ics)" in answer.content.decode()


def test_a_file_adds_what_is_missing_and_says_so(client_for, ada, bavaria):
    bavaria.holidays.create(day=XMAS, name="Weihnachten")
    sent = {"file": upload(ics(XMAS, date(YEAR + 2, 1, 1)))}

    page = client_for(ada).post(f"/settings/holidays/{bavaria.pk}/import/", sent, follow=True).content.decode()

    assert "1 day added, 1 was there already." in page
    assert dict(bavaria.holidays.values_list("day", "name"))[XMAS] == "Weihnachten"


def test_nothing_of_a_file_with_one_bad_entry_is_imported(client_for, ada, bavaria):
    half = ics(XMAS, date(YEAR + 2, 1, 1)).replace(f"{YEAR + 2}0101".encode(), b"20271399")

    answer = client_for(ada).post(f"/settings/holidays/{bavaria.pk}/import/", {"file": upload(half)})

    assert (answer.status_code, Holiday.objects.count()) == (422, 0)


def test_a_file_that_is_too_large_is_refused(client_for, ada, bavaria):
    answer = client_for(ada).post(
        f"/settings/holidays/{bavaria.pk}/import/", {"file": upload(b"B" * (MOST_BYTES + 70_000))}
    )
    assert answer.status_code == 422
    assert "larger than 1 MB" in answer.content.decode()


def test_days_come_and_go(client_for, ada, bavaria):
    client, address = client_for(ada), f"/settings/holidays/{bavaria.pk}/"
    client.post(address, {"day": XMAS.isoformat(), "name": "Christmas"})
    twice = client.post(address, {"day": XMAS.isoformat()})
    slip = client.post(address, {"day": "0202-12-25"})

    assert [answer.status_code for answer in (twice, slip)] == [422, 422]
    assert "is a free day already" in twice.content.decode()
    holiday = bavaria.holidays.get()
    page = client.post(f"/settings/holidays/days/{holiday.pk}/removal/", follow=True).content.decode()
    assert "is a day of work again" in page
    assert not bavaria.holidays.exists()


def test_a_calendar_is_renamed_and_removed(client_for, ada, bavaria):
    Organisation.objects.update_or_create(pk=1, defaults={"holidays": bavaria})
    make_team("North", holidays=bavaria)
    client, address = client_for(ada), f"/settings/holidays/{bavaria.pk}/"
    HolidayCalendar.objects.create(name="Saxony")

    assert client.post(f"{address}name/", {"name": "Saxony"}).status_code == 422
    client.post(f"{address}name/", {"name": "Bayern"})
    bavaria.refresh_from_db()
    assert bavaria.name == "Bayern"

    client.post(f"{address}removal/")
    assert (Organisation.get().holidays, Team.objects.get().holidays) == (None, None)


def test_who_uses_which_is_chosen_with_team_and_organisation(client_for, ada, bavaria):
    north = make_team("Team North")
    client = client_for(ada)
    sent = {"name": "Team North", "kind": "sales", "time_zone": "Europe/Berlin", "holidays": bavaria.pk,
            "working_hours_mon_from": "09:00", "working_hours_mon_to": "17:00"}  # fmt: skip
    assert client.post(f"/settings/teams/{north.pk}/", sent).status_code == 302
    org = {
        "name": "Acme",
        "time_zone": "UTC",
        "currency": "EUR",
        "fiscal_year_starts": 1,
        "fiscal_calendar": "months",
        "holidays": bavaria.pk,
    }
    assert client.post("/settings/organisation/", org).status_code == 302

    north.refresh_from_db()
    assert (north.time_zone, north.holidays, north.working_hours) == (
        "Europe/Berlin",
        bavaria,
        {"mon": ["09:00", "17:00"]},
    )
    page = client.get(f"/settings/holidays/{bavaria.pk}/").content.decode()
    assert "The organisation" in page
    assert "Team North" in page


@pytest.mark.parametrize("who", ["mia", "rob", "max_"])
def test_only_admins_change_holidays(client_for, request, who, bavaria):
    person = request.getfixturevalue(who)
    client = client_for(person)
    day = bavaria.holidays.create(day=XMAS)

    asked = [client.get("/settings/holidays/"), client.get(f"/settings/holidays/{bavaria.pk}/")]
    asked += [
        client.post(f"/settings/holidays/{path}")
        for path in (
            f"{bavaria.pk}/import/",
            f"{bavaria.pk}/name/",
            f"{bavaria.pk}/removal/",
            f"days/{day.pk}/removal/",
        )
    ]

    assert {answer.status_code for answer in asked} == {403}
    with pytest.raises(NotAllowed):
        add_day(bavaria, by=person, day=XMAS)
    with pytest.raises(NotAllowed):
        import_days(bavaria, by=person, content=b"", today=XMAS)


def test_the_page_costs_the_same_for_many(client_for, ada, django_assert_max_num_queries):
    for n in range(30):
        calendar = HolidayCalendar.objects.create(name=f"Land {n}")
        make_team(f"Team {n}", holidays=calendar)
        make_user(f"rep{n}")
        calendar.holidays.create(day=XMAS)
    client = client_for(ada)
    client.get("/settings/holidays/")
    with django_assert_max_num_queries(12):
        assert client.get("/settings/holidays/").status_code == 200
