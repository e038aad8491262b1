from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier
from time import monotonic

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.models import Organisation, User
from feedback.errors import NoSuchRecipient
from feedback.handing_over import hand_over_leads
from feedback.models import Handoff, RoutingPlan, RoutingRule, RoutingTurn
from feedback.routing import explanation, headline, preview, preview_again, route_lead, route_leads
from feedback.routing.cases import Question, cases_of
from feedback.routing.choosing import decide_all
from feedback.routing.floor import floor_at
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, withdraw_handoff
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_mql, make_opportunity, make_team, make_user, reason

pytestmark = pytest.mark.django_db


def make_rule(name="DACH", to=None, conditions=None, **fields):
    target = {"to_user": to} if isinstance(to, User) else {"to_team": to}
    return RoutingRule.objects.create(name=name, conditions=conditions or {}, **target, **fields)


def users(found):
    return [recipient.user for recipient in found.values()]


def who_gets(lead, at=MONDAY, **options):
    found = route_lead(lead, at=at, **options)
    return found.user or found.team


def test_route_leads_shares_by_weight_and_remembers_the_turn(north, rob, rosa):
    User.objects.filter(pk=rob.pk).update(weight=3)
    make_rule(to=north)

    first = [who_gets(make_mql()) for _ in range(4)]
    second = [route_leads([lead], at=MONDAY)[lead.pk].user for lead in [make_mql() for _ in range(4)]]

    assert Counter(first) == Counter(second) == {rob: 3, rosa: 1}
    assert dict(RoutingTurn.objects.values_list("user", "current")) == {rob.pk: 0, rosa.pk: 0}


def test_one_by_one_and_all_at_once_are_placed_alike(north, rob, rosa):
    User.objects.filter(pk=rob.pk).update(weight=2, capacity=3)
    make_rule(to=north)
    leads = [make_mql() for _ in range(6)]

    with transaction.atomic():
        at_once = users(route_leads(leads, at=MONDAY))
        transaction.set_rollback(True)
    singly = []
    for lead in leads:
        singly.append(who_gets(lead))
        offer_lead(lead, by=None, at=MONDAY, to_user=singly[-1])

    assert at_once == singly
    assert Counter(singly) == {rob: 3, rosa: 3}


def test_capacity_counts_what_waits_however_it_came(north, rob, rosa):
    User.objects.filter(pk=rob.pk).update(capacity=1)
    make_handoff(to=rob)

    assert {who_gets(make_mql()) for _ in range(3)} == {rosa}


def test_days_away_are_the_persons_own(north, rob):
    """Monday 09:00 in UTC is Sunday evening in Honolulu."""
    User.objects.filter(pk=rob.pk).update(away_until=date(2026, 3, 1))
    assert who_gets(make_mql()) == rob

    User.objects.filter(pk=rob.pk).update(time_zone="Pacific/Honolulu")
    assert who_gets(make_mql(), at=MONDAY) == north

    User.objects.filter(pk=rob.pk).update(time_zone="")
    Organisation.get()
    Organisation.objects.update(time_zone="Pacific/Honolulu")
    assert who_gets(make_mql(), at=MONDAY) == north


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"is_active": False}, "no longer works here"),
        ({"started_on": date(2026, 3, 3)}, "starts on 3 Mar 2026"),
        ({"away_until": date(2026, 3, 2)}, "is away until 2 Mar 2026"),
        ({"languages": ["en", "fr"]}, "does not speak de"),
        ({"capacity": 0}, "has 0 of 0 open"),
        ({"weight": 0}, "takes no turns"),
    ],
)
def test_who_cannot_take_it_is_left_out_with_the_reason(north, rob, rosa, fields, why):
    User.objects.filter(pk=rob.pk).update(**fields)

    found = route_lead(make_mql(language="de"), at=MONDAY)

    assert found.user == rosa
    assert found.why["steps"][0]["dropped"] == {"Rob": why}


def test_account_owner_gets_what_comes_from_the_company(north, rob, rosa):
    acme = Company.objects.create(name="Acme", domain="acme.test")
    make_opportunity(company=acme, owner=rosa, stage="won", outcome="won", closed_at=MONDAY)
    make_opportunity(company=acme, owner=rob)
    contact = Contact.objects.create(last_name="Lovelace", company=acme)

    by_link = make_mql(company=acme, at=MONDAY + DAY)
    by_contact = make_mql(contact=contact, at=MONDAY + DAY)
    by_name = make_mql(company_name=" ACME ", at=MONDAY + DAY)
    by_mail = make_mql(email="ada@acme.test", at=MONDAY + DAY)
    found = route_leads([by_link, by_contact, by_name, by_mail], at=MONDAY + DAY)

    assert {recipient.user for recipient in found.values()} == {rob}
    assert found[by_mail.pk].why["rule"] == "account_owner"
    User.objects.filter(pk=rob.pk).update(away_until=date(2026, 3, 9))
    assert who_gets(by_link, at=MONDAY + DAY) == rosa


def test_account_owner_may_be_switched_off(north, rob, rosa):
    acme = Company.objects.create(name="Acme")
    make_opportunity(company=acme, owner=rosa)
    RoutingPlan.objects.create(pk=1, account_owner_first=False)

    assert who_gets(make_mql(company=acme), at=MONDAY + DAY) == rob


def back_again(handoff, at):
    """The lead of an accepted hand-off returns and becomes MQL a second time."""
    lead = Lead.objects.get(pk=handoff.lead_id)
    move_lead(lead, Stage.NURTURE, by=None, at=at)
    move_lead(lead, Stage.MQL, by=None, at=at)
    return lead


def test_earlier_owner_gets_it_back(north, rob, rosa):
    handoff = make_handoff(to=rosa)
    accept_handoff(handoff, by=rosa, at=MONDAY)
    lead = back_again(handoff, MONDAY + HOUR)

    found = route_lead(lead, at=MONDAY + DAY)

    assert (lead.episode, found.user, found.why["rule"]) == (2, rosa, "earlier_owner")


def test_earlier_owner_of_the_same_person_gets_the_next_lead(north, rob, rosa):
    contact = Contact.objects.create(last_name="Lovelace")
    accept_handoff(make_handoff(to=rosa, lead=make_mql(contact=contact)), by=rosa, at=MONDAY)

    assert who_gets(make_mql(contact=contact), at=MONDAY + DAY) == rosa


def test_whose_last_word_was_no_does_not_get_it_back(north, rob, rosa):
    contact = Contact.objects.create(last_name="Lovelace")
    accept_handoff(make_handoff(to=rosa, lead=make_mql(contact=contact)), by=rosa, at=MONDAY)
    again = make_handoff(to=rosa, lead=make_mql(contact=contact), at=MONDAY + HOUR)
    reject_handoff(again, by=rosa, at=MONDAY + HOUR, reason=reason("no_project"))

    assert who_gets(make_mql(contact=contact), at=MONDAY + DAY) == rob


def test_who_had_it_this_time_round_does_not_get_it_again(north, rob, rosa):
    handoff = make_handoff(to=rob)
    reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("wrong_rep"))
    follower = Handoff.objects.get(follows=handoff)

    assert follower.to_user == rosa
    assert follower.routing["steps"][0]["dropped"] == {"Rob": "had it already this time round"}


def test_repair_and_a_withdrawal_bar_nobody(north, rob, mia):
    repaired = make_handoff(to=rob)
    reject_handoff(repaired, by=rob, at=MONDAY, reason=reason("wrong_data"))
    withdrawn = make_handoff(to=rob, by=mia)
    withdraw_handoff(withdrawn, by=mia, at=MONDAY)

    assert who_gets(Lead.objects.get(pk=repaired.lead_id)) == rob
    assert who_gets(Lead.objects.get(pk=withdrawn.lead_id)) == rob


def test_exclude_leaves_out_others_too(north, rob, rosa):
    assert who_gets(make_mql(), exclude=[rob.pk]) == rosa


def test_fallback_team(north, south, rob, sam):
    make_rule(to=north, conditions={"country": ["DE"]})
    RoutingPlan.objects.create(pk=1, fallback_team=south)

    assert who_gets(make_mql(country="France")) == sam
    assert who_gets(make_mql(country="Germany")) == rob


def test_the_country_of_the_company_stands_in(north, south, rob, sam):
    make_rule(to=south, conditions={"country": ["de"]})
    company = Company.objects.create(name="Acme", country="Germany")

    assert who_gets(make_mql(company=company)) == sam


def test_nobody_can_take_it_then_it_waits_for_the_manager(north, max_):
    found = route_lead(make_mql(), at=MONDAY)

    assert (found.user, found.team, found.why["rule"]) == (max_, None, "queue")


def test_without_a_sales_team_there_is_nobody():
    with pytest.raises(NoSuchRecipient):
        route_lead(make_mql(), at=MONDAY)
    assert route_leads([make_mql()], at=MONDAY) == {}


def test_preview_has_no_effect(north, rob, rosa):
    make_rule(to=north)
    leads = [make_mql() for _ in range(4)]
    handoff = make_handoff(to=rob)

    with CaptureQueriesContext(connection) as queries:
        found = preview(leads, at=MONDAY)
        again = preview_again([handoff], at=MONDAY)

    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    assert [query["sql"] for query in queries if "FOR " in query["sql"].rpartition("WHERE")[2]] == []
    assert [found[lead.pk].user for lead in leads] == [rob, rosa, rob, rosa]
    assert again[handoff.lead_id].user == rob
    assert not RoutingTurn.objects.exists()
    assert not RoutingPlan.objects.exists()


def test_preview_of_what_was_takes_what_was_known_then(north, rob, rosa):
    """Rosa accepted and owns the account since; then nobody knew it, and Rob had the turn."""
    acme = Company.objects.create(name="Acme")
    handoff = make_handoff(to=rosa, lead=make_mql(company=acme))
    accept_handoff(handoff, by=rosa, at=MONDAY + HOUR)
    make_opportunity(company=acme, owner=rosa, opened_at=MONDAY + DAY, lead=handoff.lead)
    User.objects.filter(pk=rob.pk).update(capacity=0)

    assert preview_again([handoff], at=MONDAY + 2 * DAY)[handoff.lead_id].user == rob


def test_route_leads_costs_the_same_for_one_and_for_many(north, rob, rosa):
    make_rule(to=north)
    acme = Company.objects.create(name="Acme")
    leads = [make_mql(company=acme if number % 2 else None, company_name="Other") for number in range(42)]

    def queries(leads):
        with CaptureQueriesContext(connection) as captured:
            route_leads(leads, at=MONDAY)
        return len(captured)

    queries(leads[:2])
    assert queries(leads[:2]) == queries(leads[2:])


def test_explanation_reads_the_decision_in_sentences(north, rob, rosa):
    User.objects.filter(pk=rob.pk).update(away_until=date(2026, 3, 9))
    make_rule("DACH", to=north)
    make_user("rita", team=north, weight=3)

    why = route_lead(make_mql(), at=MONDAY).why

    assert explanation(why) == [
        "Rule “DACH”: Rita, by turn (weight 3 of 4 among 2). Left out: Rob (is away until 9 Mar 2026)."
    ]
    assert headline(why) == "Rule “DACH”"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ({}, []),
        ({"rule": "by_hand"}, ["Whoever handed it over chose the recipient."]),
        (
            {"rule": "fewest_open", "team": "Team North", "open": 2},
            ["Of Team North this person had the fewest waiting: 2."],
        ),
        ({"rule": "nobody_eligible", "team": "Team North"}, ["Nobody of Team North could take it."]),
        ({"rule": "left", "from": "Rob"}, ["It waited for Rob, who left."]),
        ({"rule": "something_new", "from": "Rob"}, ["It waited for Rob before."]),
    ],
)  # fmt: skip
def test_explanation_reads_what_was_stored_before(why, said):
    assert explanation(why) == said


@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_exceed_a_capacity_and_keep_the_shares():
    north = make_team()
    rob, rosa = make_user("rob", team=north, weight=2, capacity=10), make_user("rosa", team=north)
    rita = make_user("rita", team=north, capacity=3)
    make_rule(to=north)
    batches = [[make_mql() for _ in range(6)] for _ in range(4)]
    together = Barrier(4)

    def hand_over(leads):
        try:
            together.wait(timeout=10)
            for lead in leads:
                with transaction.atomic():
                    offer_lead(lead, by=None, at=MONDAY, to_user=route_lead(lead, at=MONDAY).user)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(hand_over, batches))

    given = Counter(Handoff.objects.values_list("to_user", flat=True))
    assert given == {rob.pk: 10, rosa.pk: 11, rita.pk: 3}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_turns():
    north = make_team()
    rob, rosa, rita = (
        make_user(name, team=north, weight=weight) for name, weight in (("rob", 5), ("rosa", 1), ("rita", 1))
    )
    make_rule(to=north)
    batches = [[make_mql() for _ in range(14)] for _ in range(2)]

    def place(leads):
        try:
            return [route_leads([lead], at=MONDAY)[lead.pk].user for lead in leads]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        given = Counter(user for users in threads.map(place, batches) for user in users)

    assert given == {rob: 20, rosa: 4, rita: 4}
    assert set(RoutingTurn.objects.values_list("current", flat=True)) == {0}


@pytest.mark.django_db(transaction=True)
def test_who_is_being_switched_off_this_moment_gets_nothing():
    north = make_team()
    rob, rosa = make_user("rob", team=north), make_user("rosa", team=north)

    def place():
        try:
            return route_lead(make_mql(), at=MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=rob.pk)
        found = threads.submit(place).result(timeout=20)

    assert found.user == rosa
    assert found.why["steps"][0]["dropped"] == {"Rob": "is being changed this moment"}


def test_handed_over_without_a_recipient_the_rules_choose(mia, north, rob, rosa):
    handoff = offer_lead(make_mql(), by=mia, at=MONDAY, promised="A call")

    assert (handoff.to_user, handoff.team, handoff.promised) == (rob, north, "A call")
    assert headline(handoff.routing) == "No rule fits: Team North"


def test_a_selection_is_handed_over_by_the_rules(mia, north, south, rob, rosa, sam):
    make_rule(to=south, conditions={"country": ["FR"]})
    make_rule("Rest", to=north, position=1)
    leads = [make_mql(country=country) for country in ("France", "DE", "DE")]

    handed = hand_over_leads([lead.pk for lead in leads], by=mia, at=MONDAY).handoffs

    assert [handoff.to_user for handoff in handed] == [sam, rob, rosa]
    assert [headline(handoff.routing) for handoff in handed] == ["Rule “DACH”", "Rule “Rest”", "Rule “Rest”"]


def test_without_a_sales_team_a_selection_stays_where_it_is(mia):
    lead = make_mql()

    with pytest.raises(NoSuchRecipient):
        hand_over_leads([lead.pk], by=mia, at=MONDAY)

    assert Lead.objects.get(pk=lead.pk).stage == Stage.MQL


def test_five_thousand_are_placed_in_a_moment(north, rob, rosa):
    """The pure part alone; reading and writing cost the same few queries."""
    make_rule(to=north)
    for number in range(20):
        make_user(f"rep{number}", team=north, weight=1 + number % 3)
    [lead] = [make_mql()]
    plan = RoutingPlan.get()
    [case] = cases_of([Question(lead.pk, 1, MONDAY)], plan)
    floor = floor_at(MONDAY, plan=plan)

    started = monotonic()
    decisions, _after = decide_all([replace(case, lead=number) for number in range(5_000)], floor)

    assert len(decisions) == 5_000
    assert monotonic() - started < 5
