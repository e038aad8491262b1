"""Imports over the API: the same ones that the pages show."""

import pytest

from leads.models import Import
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/imports/"


def test_an_import_is_shown_to_who_began_it_and_to_managers(rob, rosa, max_, client_for):
    own = Import.objects.create(kind="leads", by=rob, file_name="fair.csv")
    others = Import.objects.create(kind="users", by=make_user("ida", role="admin"), file_name="people.csv")

    def ids(user):
        return {row["id"] for row in client_for(user).get(ADDRESS).json()["results"]}

    assert [ids(user) for user in (rob, rosa, max_)] == [{own.pk}, set(), {own.pk, others.pk}]
    assert client_for(rob).get(f"{ADDRESS}{others.pk}/").status_code == 404
