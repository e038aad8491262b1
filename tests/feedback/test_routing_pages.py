from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.errors import NotAllowed
from crm.models import Change, User
from crm.people import set_absence
from feedback.models import Handoff, RoutingPlan, RoutingRule, RoutingTurn
from feedback.routing import route_leads
from feedback.verdicts import accept_handoff
from tests.api import Caller
from tests.factories import make_handoff, make_mql, make_user

pytestmark = pytest.mark.django_db
ROUTING = "/settings/routing/"


def problem(answer):
    return answer.status_code, answer.json()["code"]


def make_rule(name="DACH", **fields):
    return RoutingRule.objects.create(name=name, **{"position": RoutingRule.objects.count(), **fields})


def page(client, address=ROUTING):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def saved_page(client, address, data=None):
    answer = client.post(address, data or {})
    assert answer.status_code == 302, answer.content.decode()
    return answer


def test_rules_stand_in_order_each_in_a_sentence(client_for, max_, north, rob):
    make_rule(
        "Packaging", to_team=north, specialism="packaging", conditions={"country": ["DE", "AT"], "segment": ["Big"]}
    )
    make_rule("Rest", to_user=rob, conditions={"language": ["de"], "channel": ["webinar"]})

    text = page(client_for(max_))

    assert text.index("Leads from DE or AT in Big") < text.index("Leads speaking German by webinar")
    assert "Team North, reps with “packaging”" in text


def test_a_rule_is_made_edited_moved_switched_and_removed(client_for, max_, north, rob):
    client, first = client_for(max_), make_rule("First", to_user=rob)

    saved_page(client, f"{ROUTING}rules/new/", {
        "name": " DACH ", "to": f"team:{north.pk}", "country_more": "Germany, AT, germany", "channel": ["webinar"],
        "specialism": "packaging",
    })  # fmt: skip
    rule = RoutingRule.objects.get(name="DACH")
    assert rule.conditions == {"country": ["Germany", "AT"], "channel": ["webinar"]}
    assert (rule.to_team, rule.specialism, rule.position) == (north, "packaging", 1)

    saved_page(client, f"{ROUTING}rules/{rule.pk}/position/", {"step": "-1"})
    assert list(RoutingRule.objects.values_list("name", flat=True)) == ["DACH", "First"]

    saved_page(client, f"{ROUTING}rules/{rule.pk}/switch/", {"on": "0"})
    saved_page(client, f"{ROUTING}rules/{rule.pk}/", {"name": "South", "to": f"user:{rob.pk}"})
    rule.refresh_from_db()
    assert (rule.name, rule.conditions, rule.to_user, rule.to_team, rule.is_active) == ("South", {}, rob, None, False)

    saved_page(client, f"{ROUTING}rules/{rule.pk}/removal/")
    assert list(RoutingRule.objects.all()) == [first]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "", "to": "team"}, "This field is required."),
        ({"to": ""}, "This field is required."),
        ({"name": "First"}, "already exists"),
        ({"language_more": "German"}, "is not a language code of two letters"),
        ({"country_more": "x" * 121}, "is too long"),
        ({"to": "user", "specialism": "packaging"}, "choose a team or leave it empty"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(client_for, max_, north, rob, data, said):
    make_rule("First", to_user=rob)
    targets = {"team": f"team:{north.pk}", "user": f"user:{rob.pk}", "": ""}
    fields = {"name": "New", "to": "team", **data}
    fields["to"] = targets[fields["to"]]

    answer = client_for(max_).post(f"{ROUTING}rules/new/", fields)

    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert RoutingRule.objects.count() == 1


def test_two_rules_cannot_have_one_name_by_editing_either(client_for, max_, rob):
    make_rule("First", to_user=rob)
    other = make_rule("Other", to_user=rob)

    answer = client_for(max_).post(f"{ROUTING}rules/{other.pk}/", {"name": "First", "to": f"user:{rob.pk}"})

    assert answer.status_code == 422


def test_a_rule_whose_person_has_left_can_be_switched_off_and_not_on(client_for, max_, rob):
    rule = make_rule(to_user=rob)
    User.objects.filter(pk=rob.pk).update(is_active=False)
    client = client_for(max_)

    saved_page(client, f"{ROUTING}rules/{rule.pk}/switch/", {"on": "0"})

    assert client.post(f"{ROUTING}rules/{rule.pk}/switch/", {"on": "1"}).status_code == 422


def test_the_plan_is_changed_and_automatic_offers_begin_then(client_for, max_, rob):
    client, before = client_for(max_), timezone.now()

    saved_page(client, f"{ROUTING}plan/", {"offers_automatically": "on", "fallback": f"user:{rob.pk}"})
    plan = RoutingPlan.get()
    assert (plan.account_owner_first, plan.earlier_owner_first, plan.fallback_user) == (False, False, rob)
    since = plan.offers_since
    assert since >= before

    saved_page(client, f"{ROUTING}plan/", {"offers_automatically": "on", "account_owner_first": "on"})
    assert RoutingPlan.get().offers_since == since
    saved_page(client, f"{ROUTING}plan/", {})
    assert RoutingPlan.get().offers_since is None


def test_the_team_table_says_who_takes_what(client_for, max_, rob, rosa):
    User.objects.filter(pk=rob.pk).update(weight=3, capacity=1, away_until=timezone.now().date() + timedelta(days=3))
    make_handoff(to=rob, at=timezone.now())

    text = page(client_for(max_))

    assert "is away until" in text
    assert "75 %" in text
    assert "100 %" in text


def test_the_manager_sets_what_a_rep_takes_and_turns_begin_anew(client_for, max_, rob, rosa, sam, north):
    RoutingTurn.objects.create(team=north, user=rob, current=3)
    client = client_for(max_)

    saved_page(client, f"{ROUTING}reps/{rob.pk}/", {
        "weight": "2", "capacity": "5", "specialisms": "packaging, retail", "languages": "DE, en", "away_until": "",
    })  # fmt: skip

    rob.refresh_from_db()
    assert (rob.weight, rob.capacity, rob.specialisms, rob.languages) == (2, 5, ["packaging", "retail"], ["de", "en"])
    assert not RoutingTurn.objects.exists()
    assert client.post(f"{ROUTING}reps/{rob.pk}/", {"weight": "1", "languages": "German"}).status_code == 422
    assert client.post(f"{ROUTING}reps/{sam.pk}/", {"weight": "1"}).status_code == 403


def rows_of_everything():
    tables = (Handoff, RoutingTurn, RoutingPlan, RoutingRule, Change)
    return [list(model.objects.order_by("pk").values()) for model in tables]


def test_preview_of_a_lead_and_of_the_month_changes_no_row(client_for, max_, north, rob, rosa):
    make_rule(to_team=north, conditions={"country": ["DE"]})
    handoff = make_handoff(to=rosa, lead=make_mql(country="DE"), at=timezone.now())
    accept_handoff(handoff, by=rosa, at=timezone.now())
    lead = make_mql(country="DE", first_name="Ada", last_name="Lovelace")
    before = rows_of_everything()

    client = client_for(max_)
    one = page(client, f"{ROUTING}preview/?lead_text={lead.pk}")
    named = page(client, f"{ROUTING}preview/?lead=&lead_text=Ada+Lovelace")
    month = page(client, f"{ROUTING}preview/")

    for text in (one, named):
        assert "Would go to Rob." in text
        assert "Rule “DACH”: Rob, by turn (weight 1 of 2 among 2)." in text
    assert "1 lead handed over" in month
    assert "Rule “DACH”" in month
    assert rows_of_everything() == before


def test_preview_says_that_there_is_no_such_lead(client_for, max_):
    answer = client_for(max_).get(f"{ROUTING}preview/?lead=&lead_text=Nobody")

    assert (answer.status_code, "Nothing here has this name" in answer.content.decode()) == (422, True)


def test_marketing_managers_see_and_try_it_and_change_nothing(client_for, mona, rob):
    rule, client = make_rule(to_user=rob), client_for(mona)

    assert "New rule" not in page(client)
    page(client, f"{ROUTING}preview/")
    for address in ("plan/", "rules/new/", f"rules/{rule.pk}/", f"rules/{rule.pk}/switch/", f"rules/{rule.pk}/removal/",
                    f"rules/{rule.pk}/position/", f"reps/{rob.pk}/"):  # fmt: skip
        assert client.post(f"{ROUTING}{address}", {"name": "x", "to": f"user:{rob.pk}"}).status_code == 403, address


def test_reps_and_marketers_see_nothing_of_it(client_for, mia, rob):
    for person in (mia, rob):
        for address in (ROUTING, f"{ROUTING}preview/"):
            assert client_for(person).get(address).status_code == 403


@pytest.mark.parametrize("address", [ROUTING, f"{ROUTING}preview/"])
def test_the_pages_cost_the_same_for_one_and_for_many(client_for, max_, north, rob, address):
    client = client_for(max_)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            page(client, address)
        return len(captured)

    def add(count):
        for _ in range(count):
            number = RoutingRule.objects.count()
            rep = make_user(f"rep{number}", team=north)
            make_rule(f"Rule {number}", to_team=north, conditions={"country": [f"C{number}"]})
            make_handoff(to=rep, at=timezone.now())

    add(1)
    queries()
    few = queries()
    add(30)
    assert queries() == few


def test_all_that_waits_for_a_rep_is_passed_on_and_taken_back(client_for, max_, rob, rosa):
    first, second = (make_handoff(to=rob, at=timezone.now()) for _ in range(2))
    client, address = client_for(max_), f"/inbox/waiting/{rob.pk}/rerouting/"
    shown = page(client, address)
    assert "2 leads wait for Rob." in shown
    assert f'value="{first.pk},{second.pk}"' in shown
    accept_handoff(second, by=rob, at=timezone.now())

    answer = client.post(address, {"recipient": "rules", "seen": f"{first.pk},{second.pk}"}, follow=True)

    told = [str(message) for message in answer.context["messages"]]
    assert told[0] == "1 hand-off of Rob passed on: Rosa 1."
    assert told[1].startswith(f"1 hand-off had an answer meanwhile. {second.lead}: Rob accepted this")
    [undo] = [message.extra_tags.removeprefix("undo:") for message in answer.context["messages"] if message.extra_tags]
    client.post(undo)
    assert Handoff.objects.open().get().to_user == rob


def test_managers_say_that_their_reps_are_away_and_others_do_not(max_, mona, rob, rosa, sam):
    today, day = date(2026, 3, 2), date(2026, 3, 9)
    assert set_absence(rob, by=max_, until=day, on=today).away_until == day
    for person, stranger in ((rob, mona), (rob, rosa), (sam, max_)):
        with pytest.raises(NotAllowed):
            set_absence(person, by=stranger, until=day, on=today)


def test_rerouting_is_for_the_manager_of_the_team(client_for, max_, mona, rob, sam):
    assert client_for(rob).get(f"/inbox/waiting/{rob.pk}/rerouting/").status_code == 403
    assert client_for(mona).post(f"/inbox/waiting/{rob.pk}/rerouting/", {"recipient": "rules"}).status_code == 403
    assert client_for(max_).get(f"/inbox/waiting/{sam.pk}/rerouting/").status_code == 403


def test_who_is_away_gets_nothing_until_they_are_back(client_for, rob, rosa):
    client, today = client_for(rob), timezone.now().date()

    saved_page(client, "/settings/me/absence/", {"until": (today + timedelta(days=2)).isoformat()})
    lead = make_mql()
    assert route_leads([lead], at=timezone.now())[lead.pk].user == rosa
    assert "I am back" in page(client, "/settings/me/")

    saved_page(client, "/settings/me/absence/", {"back": "1"})
    assert User.objects.get(pk=rob.pk).away_until is None
    for nonsense in ("", date(2020, 1, 1).isoformat()):
        assert client.post("/settings/me/absence/", {"until": nonsense}).status_code == 422


@pytest.mark.parametrize(
    ("referer", "to"),
    [
        ("http://testserver/inbox/?for=me", "/inbox/"),
        ("http://elsewhere.test/inbox/", "/settings/me/"),
        ("http://testserver//elsewhere.test/", "/settings/me/"),
        ("", "/settings/me/"),
    ],
)
def test_being_back_leads_to_where_one_was_and_never_elsewhere(client_for, rob, referer, to):
    answer = client_for(rob).post("/settings/me/absence/", {"back": "1"}, headers={"Referer": referer})

    assert answer.headers["Location"] == to


def test_api_rules_are_read_by_managers_and_written_by_sales(max_, mona, mia, rob, north):
    calls = Caller(max_)
    made = calls.post(
        "routing-rules/", {"name": "DACH", "to_team": north.pk, "conditions": {"country": ["DE", " de "]}}
    )
    assert made.status_code == 201
    rule = made.json()
    assert (rule["conditions"], rule["to_team"], rule["position"]) == ({"country": ["DE"]}, north.pk, 0)

    changed = calls.patch(f"routing-rules/{rule['id']}/", {"is_active": False, "to_team": None, "to_user": rob.pk})
    assert (changed.status_code, changed.json()["to_user"]) == (200, rob.pk)
    assert [row["name"] for row in Caller(mona).get("routing-rules/").json()["results"]] == ["DACH"]
    assert problem(Caller(mia).get("routing-rules/"))[0] == 403
    assert problem(Caller(mona).patch(f"routing-rules/{rule['id']}/", {"name": "Mine"}))[0] == 403
    assert problem(Caller(rob).post("routing-rules/", {"name": "Mine", "to_user": rob.pk}))[0] == 403
    assert calls.delete(f"routing-rules/{rule['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"conditions": {"colour": ["red"]}}, (422, "bad_conditions")),
        ({"conditions": {"country": "DE"}}, (422, "bad_conditions")),
        ({"conditions": {"country": [1]}}, (422, "bad_conditions")),
        ({"to_team": None}, (422, "no_recipient")),
        ({"specialism": "x", "to_team": None, "to_user": "rob"}, (422, "no_recipient")),
        ({"to_user": "mia", "to_team": None}, (422, "no_recipient")),
    ],
)
def test_api_rules_that_make_no_sense_are_refused(max_, mia, rob, north, body, code):
    people = {"rob": rob.pk, "mia": mia.pk}
    fields = {"name": "New", "to_team": north.pk, **body}
    if "to_user" in fields:
        fields["to_user"] = people[fields["to_user"]]

    assert problem(Caller(max_).post("routing-rules/", fields)) == code
