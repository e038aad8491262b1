"""Memberships follow the team of a person, day by day."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from crm.memberships import ALWAYS, follow_teams
from crm.models import Role, TeamMembership, User
from crm.people import create_user, edit_user
from crm.periods import own_day
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
MAY = date(2026, 5, 1)


@pytest.fixture
def ann():
    return make_user("ann", role=Role.ADMIN)


def memberships(user):
    return list(user.memberships.values_list("team__name", "starts_on", "ends_on"))


def test_somebody_new_is_a_member_since_they_started(ann):
    north = make_team("North")

    rob = create_user(by=ann, email="rob@demo.test", role=Role.REP, team=north, started_on=MAY)
    ida = create_user(by=ann, first_name="Ida", email=None, role=Role.REP, team=north)
    create_user(by=ann, email="sue@demo.test", role=Role.REP)

    assert (memberships(rob), memberships(ida)) == ([("North", MAY, None)], [("North", ALWAYS, None)])
    assert TeamMembership.objects.count() == 2


def test_who_changes_team_keeps_both_memberships(ann):
    north, south = make_team("North"), make_team("South")
    today = own_day(timezone.now())
    rob = create_user(by=ann, email="rob@demo.test", role=Role.REP, team=north, started_on=MAY)

    edit_user(rob, by=ann, team=south)
    edit_user(rob, by=ann, first_name="Bob")

    assert memberships(rob) == [("North", MAY, today - timedelta(days=1)), ("South", today, None)]


def test_who_leaves_a_team_is_a_member_no_more(ann):
    rob = create_user(by=ann, email="rob@demo.test", role=Role.REP, team=make_team("North"), started_on=MAY)

    edit_user(rob, by=ann, team=None)

    assert [ends_on is None for _name, _since, ends_on in memberships(rob)] == [False]


def test_a_mistake_of_the_same_day_leaves_no_trace(ann):
    north, south = make_team("North"), make_team("South")
    rob = make_user("rob", team=north, started_on=MAY)
    follow_teams(on=MAY, are_new=True)
    for team in (south, north, south):
        User.objects.filter(pk=rob.pk).update(team=team)
        follow_teams(on=date(2026, 6, 1), users=[rob.pk])

    assert memberships(rob) == [("North", MAY, date(2026, 5, 31)), ("South", date(2026, 6, 1), None)]


def test_following_twice_is_the_same_as_once():
    make_user("rob", team=make_team("North"))
    follow_teams(on=MAY, are_new=True)
    before = list(TeamMembership.objects.values())

    follow_teams(on=date(2026, 6, 1), are_new=True)

    assert list(TeamMembership.objects.values()) == before
