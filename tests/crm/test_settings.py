"""Settings pages: crm/views/ with the forms and actions behind them."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from crm.fiscal import fiscal_quarter
from crm.models import CurrencyRate, Cursor, Organisation, Role, Team, Token, User
from tests.factories import MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db

ADMIN_PAGES = ["", "people/new/", "teams/", "teams/new/", "organisation/", "sample/"]


@pytest.fixture
def ann():
    return make_user("ann", role=Role.ADMIN)


def person(**fields: Any) -> dict[str, Any]:
    return {"first_name": "Rob", "email": "Rob@Demo.test", "role": "rep", "weight": 1} | fields


def link_on(answer: Any) -> str:
    found = re.search(r'id="reset-link" value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("role", [Role.MARKETER, Role.REP, Role.MANAGER])
def test_settings_are_for_admins(client_for, ann, role):
    client, other = client_for(make_user("rob", role=role)), make_user("rosa")
    paths = [*ADMIN_PAGES, f"people/{other.pk}/"]

    assert {client.get(f"/settings/{path}").status_code for path in paths if path} == {403}
    # Their own settings begin with themselves.
    assert client.get("/settings/")["Location"] == "/settings/me/"
    assert client.post(f"/settings/people/{ann.pk}/link/").status_code == 403
    assert client.post("/settings/people/new/", person(role="admin")).status_code == 403
    assert client.get("/settings/me/").status_code == 200


def test_settings_pages_open_for_an_admin(client_for, ann):
    team = make_team()
    paths = [*ADMIN_PAGES, f"people/{ann.pk}/", f"teams/{team.pk}/"]

    assert {client_for(ann).get(f"/settings/{path}").status_code for path in paths} == {200}


def test_an_added_person_logs_in_with_the_link_once(client_for, ann):
    north = make_team()

    link = link_on(client_for(ann).post("/settings/people/new/", person(team=north.pk)))

    rob = User.objects.get(email="rob@demo.test")
    assert (rob.team, rob.has_usable_password()) == (north, False)
    stranger = Client()
    form = stranger.get(link, follow=True)
    stranger.post(form.redirect_chain[-1][0], {"password1": "a-long-new-word", "password2": "a-long-new-word"})
    assert stranger.login(request=form.wsgi_request, email="rob@demo.test", password="a-long-new-word")
    assert "id_password1" not in Client().get(link, follow=True).content.decode()


def test_a_password_link_is_not_shown_again(client_for, ann):
    rob, client = make_user("rob"), client_for(ann)

    answer = client.post(f"/settings/people/{rob.pk}/link/")

    assert "no-store" in answer["Cache-Control"]
    assert link_on(answer).startswith("http://testserver/accounts/password/reset/key/")
    assert "reset-link" not in client.get(f"/settings/people/{rob.pk}/").content.decode()


def test_no_password_link_for_who_cannot_log_in(client_for, ann):
    without, left = make_user("olist", email=None), make_user("rob", is_active=False)

    answers = [client_for(ann).post(f"/settings/people/{each.pk}/link/").status_code for each in (without, left)]

    assert answers == [422, 422]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"email": "ANN@demo.test"}, "Somebody else has this e-mail address"),
        ({"email": "nonsense"}, "valid email address"),
        ({"email": ""}, "This field is required"),
        ({"first_name": ""}, "This field is required"),
        ({"role": "boss"}, "Select a valid choice"),
    ],
)
def test_wrong_person_is_asked_again(client_for, ann, wrong, says):
    answer = client_for(ann).post("/settings/people/new/", person(**wrong))

    assert (answer.status_code, User.objects.count()) == (422, 1)
    assert says in answer.content.decode()


def test_a_rep_belongs_to_a_sales_team(client_for, ann):
    marketing = make_team("Marketing", kind="marketing")

    answer = client_for(ann).post("/settings/people/new/", person(team=marketing.pk))

    assert "Marketing is a marketing team." in answer.content.decode()


def test_a_person_is_edited(client_for, ann):
    rob, north = make_user("rob"), make_team()
    sent = person(
        first_name="Robert", team=north.pk, specialisms="logistics,  public sector, logistics", weight=2, capacity=5,
        started_on="2026-03-02", working_hours_mon_from="09:00", working_hours_mon_to="17:30",
    )  # fmt: skip

    answer = client_for(ann).post(f"/settings/people/{rob.pk}/", sent)

    rob.refresh_from_db()
    assert (answer.status_code, rob.first_name, rob.team, rob.is_active) == (302, "Robert", north, True)
    assert (rob.specialisms, rob.weight, rob.capacity) == (["logistics", "public sector"], 2, 5)
    assert (str(rob.started_on), rob.working_hours) == ("2026-03-02", {"mon": ["09:00", "17:30"]})


@pytest.mark.parametrize(
    ("start", "end"), [("17:00", "09:00"), ("09:00", ""), ("nonsense", "17:00"), ("09:00", "09:00")]
)
def test_hours_that_make_no_sense_name_their_day(client_for, ann, start, end):
    sent = person(weight=1, working_hours_tue_from=start, working_hours_tue_to=end)

    answer = client_for(ann).post("/settings/people/new/", sent)

    assert answer.status_code == 422
    assert "Tuesday: give a beginning and a later end" in answer.content.decode()


def test_team_hours_are_kept_and_shown(client_for, ann):
    team = make_team(working_hours={"fri": ["08:00", "12:00"]})

    shown = client_for(ann).get(f"/settings/teams/{team.pk}/").content.decode()

    assert 'name="working_hours_fri_from" value="08:00"' in shown


def test_who_was_invited_and_is_not_here_yet_stands_in_the_list(client_for, ann):
    client = client_for(ann)
    client.post("/settings/people/new/", person(weight=1))

    assert "Invited, not here yet" in client.get("/settings/").content.decode()
    rob = User.objects.get(email="rob@demo.test")
    assert "Invite again" in client.get(f"/settings/people/{rob.pk}/").content.decode()


def test_who_left_stands_apart(client_for, ann):
    make_user("rob", is_active=False)
    client = client_for(ann)

    assert "rob@demo.test" not in client.get("/settings/").content.decode()
    assert "rob@demo.test" in client.get("/settings/?tab=left").content.decode()


def test_the_country_of_telephone_numbers_is_chosen(client_for, ann):
    sent = {
        "name": "Acme",
        "time_zone": "UTC",
        "currency": "EUR",
        "fiscal_year_starts": 4,
        "fiscal_calendar": "445",
        "phone_region": "DE",
    }
    client = client_for(ann)

    assert "Germany (+49)" in client.get("/settings/organisation/").content.decode()
    client.post("/settings/organisation/", sent)

    assert (Organisation.get().phone_region, Organisation.get().fiscal_year_starts) == ("DE", 4)
    assert client.post("/settings/organisation/", sent | {"phone_region": "XX"}).status_code == 422


EVERYBODYS = ["Templates", "Notifications", "You"]
FIGURES = ["Figures", "Currencies", "Quotas"]


@pytest.mark.parametrize(
    ("role", "kind", "seen"),
    [
        (Role.MANAGER, "sales", ["Reasons", "Routing", "Pipeline", *FIGURES, *EVERYBODYS]),
        (Role.MANAGER, "marketing", ["Lists", "Routing", *FIGURES, "Capture forms", *EVERYBODYS]),
        (Role.REP, "sales", EVERYBODYS),
    ],
)
def test_everybody_sees_the_tabs_they_may_use(client_for, role, kind, seen):
    page = client_for(make_user("sue", role=role, team=make_team(kind=kind))).get("/settings/me/").content.decode()

    tabs = page[page.index('aria-label="Settings"') :]
    assert re.findall(r">([^<>]+)</a>", tabs[: tabs.index("</nav>")]) == seen


def test_the_last_admin_stays(client_for, ann):
    sent = {"first_name": "Ann", "email": "ann@demo.test", "role": "rep", "weight": 1}

    answer = client_for(ann).post(f"/settings/people/{ann.pk}/", sent)

    ann.refresh_from_db()
    assert (answer.status_code, ann.role) == (422, "admin")
    assert "the last admin" in answer.content.decode()


def test_teams_are_made_and_changed(client_for, ann):
    max_, client = make_user("max", role=Role.MANAGER), client_for(ann)

    client.post("/settings/teams/new/", {"name": "Team North", "kind": "sales", "manager": max_.pk})
    team = Team.objects.get()
    twice = client.post("/settings/teams/new/", {"name": "Team North", "kind": "sales"})
    client.post(f"/settings/teams/{team.pk}/", {"name": "Team South", "kind": "sales", "region": "South"})

    team.refresh_from_db()
    assert (twice.status_code, team.name, team.region, team.manager) == (422, "Team South", "South", None)


def test_another_time_zone_counts_all_figures_anew(client_for, ann):
    Cursor.objects.create(consumer="funnel", system_identifier="1", rebuilds_done=1)
    client = client_for(ann)
    sent = {"name": "Acme", "time_zone": "UTC", "currency": "eur", "fiscal_year_starts": 1, "fiscal_calendar": "months"}

    client.post("/settings/organisation/", sent)
    assert not Cursor.objects.get().wants_rebuild
    client.post("/settings/organisation/", sent | {"time_zone": "Europe/Berlin"})

    assert Cursor.objects.get().wants_rebuild
    organisation = Organisation.get()
    assert (organisation.name, organisation.time_zone, organisation.currency) == ("Acme", "Europe/Berlin", "EUR")


def test_quarters_by_weeks_count_all_figures_anew(client_for, ann):
    Cursor.objects.create(consumer="funnel", system_identifier="1", rebuilds_done=1)
    client = client_for(ann)
    sent = {"name": "Acme", "time_zone": "UTC", "currency": "EUR", "fiscal_year_starts": 1, "fiscal_calendar": "445"}

    said = client.post("/settings/organisation/", sent, follow=True).content.decode()

    assert "Every figure is being counted anew." in said
    assert (Cursor.objects.get().wants_rebuild, Organisation.get().fiscal_calendar) == (True, "445")
    assert fiscal_quarter(MONDAY.date()).start == date(2025, 12, 29)


def test_another_currency_waits_until_rates_into_the_old_one_are_removed(client_for, ann):
    CurrencyRate.objects.create(currency="USD", on=MONDAY.date(), rate=1)
    client = client_for(ann)
    sent = {"name": "Acme", "time_zone": "UTC", "currency": "CHF", "fiscal_year_starts": 1, "fiscal_calendar": "months"}

    refused = client.post("/settings/organisation/", sent)
    assert (refused.status_code, Organisation.get().currency) == (422, "EUR")
    assert "There are rates into EUR" in refused.content.decode()

    CurrencyRate.objects.all().delete()
    client.post("/settings/organisation/", sent)
    assert Organisation.get().currency == "CHF"


@pytest.mark.parametrize(
    "wrong",
    [{"time_zone": "Mars/Base"}, {"currency": "E1"}, {"fiscal_year_starts": 13}, {"fiscal_calendar": "444"}],
)
def test_wrong_organisation_is_asked_again(client_for, ann, wrong):
    sent = {"name": "Acme", "time_zone": "UTC", "currency": "EUR", "fiscal_year_starts": 1, "fiscal_calendar": "months"}

    assert client_for(ann).post("/settings/organisation/", sent | wrong).status_code == 422


def test_own_profile_changes_name_and_zone_but_never_the_role(client_for):
    rob = make_user("rob")

    client_for(rob).post(
        "/settings/me/",
        {"first_name": "Robert", "time_zone": "Europe/Paris", "role": "admin", "email": "x@demo.test"},
    )

    rob.refresh_from_db()
    assert (rob.first_name, rob.time_zone, rob.role, rob.email) == ("Robert", "Europe/Paris", "rep", "rob@demo.test")


def test_a_token_is_shown_once_and_taken_back(client_for):
    client = client_for(make_user("rob"))

    shown = client.post("/settings/me/tokens/")

    found = re.search(r'id="new-token" value="([^"]+)"', shown.content.decode())
    assert found
    assert "no-store" in shown["Cache-Control"]
    assert found[1] not in client.get("/settings/me/").content.decode()
    assert Client().get("/api/v1/leads/", headers={"Authorization": f"Token {found[1]}"}).status_code == 200
    client.post(f"/settings/me/tokens/{Token.objects.get().pk}/removal/")
    assert not Token.objects.exists()


def test_nobody_takes_back_anothers_token(client_for):
    from crm.tokens import issue_token

    rob, rosa = make_user("rob"), make_user("rosa")
    issue_token(rosa)

    assert client_for(rob).post(f"/settings/me/tokens/{Token.objects.get().pk}/removal/").status_code == 404


def test_sample_data_goes_after_the_word_was_typed(client_for, ann):
    make_user("demo", is_sample=True)
    client = client_for(ann)

    assert client.post("/settings/sample/", {"word": "yes"}).status_code == 422
    assert User.objects.filter(is_sample=True).exists()
    assert client.post("/settings/sample/", {"word": "remove"}).status_code == 302
    assert list(User.objects.all()) == [ann]


def test_people_are_listed_at_the_same_cost(client_for, django_assert_max_num_queries, ann):
    client, north = client_for(ann), make_team()
    make_user("rob", team=north)
    client.get("/settings/")
    with django_assert_max_num_queries(30) as few:
        client.get("/settings/")
    for number in range(20):
        User.objects.create(first_name=f"Rep {number}", team=north)
    with django_assert_max_num_queries(30) as many:
        client.get("/settings/")

    assert len(many) == len(few)
