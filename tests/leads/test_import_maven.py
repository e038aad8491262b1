"""The real files of Maven Analytics' CRM sample, taken in with the mappings that ship (shared/data/REFERENCE.md)."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from django.db import connection
from django.db.models import Count
from django.test import TestCase, override_settings

from crm.models import Change, Organisation, Role, Side, Team, TeamMembership, User
from leads.models import Company, CustomField, Lead, Opportunity
from tests.funnel.maven import import_maven, needs_maven

MANAGERS = {
    "Celia Rouche": ("West", 6), "Summer Sewald": ("West", 6), "Cara Losch": ("East", 6), "Rocco Neubert": ("East", 6),
    "Dustin Brinkmann": ("Central", 5), "Melvin Marxen": ("Central", 6),
}  # fmt: skip
TABLES = ("crm_user", "crm_team", "leads_company", "leads_opportunity", "leads_customfield")


def contents() -> dict[str, Any]:
    with connection.cursor() as sql:
        found = {}
        for table in TABLES:
            sql.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t")
            found[table] = sql.fetchone()
        return found


@needs_maven
class TestMaven(TestCase):
    """All three files are imported once for all tests."""

    said: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(override_settings(MEDIA_ROOT=Path(cls.enterClassContext(TemporaryDirectory()))))
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        cls.said = import_maven()

    def test_says_what_it_did(self) -> None:
        assert self.said.splitlines() == [
            "sales_teams.csv: 35 created, 0 updated, 0 unchanged, 0 refused.",
            "accounts.csv: 85 created, 0 updated, 0 unchanged, 0 refused.",
            "sales_pipeline.csv: 8,800 created, 0 updated, 0 unchanged, 0 refused.",
        ]

    def test_every_manager_answers_for_a_team_in_a_region(self) -> None:
        teams = Team.objects.annotate(size=Count("members")).select_related("manager")
        assert {str(team.manager): (team.region, team.size) for team in teams} == MANAGERS
        assert TeamMembership.objects.filter(ends_on=None).count() == 35
        assert {(team.name, team.kind) for team in teams} == {(f"{name}’s team", Side.SALES) for name in MANAGERS}

    def test_people_have_names_and_cannot_log_in(self) -> None:
        people = User.objects.filter(source_system="maven")
        assert (people.filter(role=Role.REP).count(), people.filter(role=Role.MANAGER).count()) == (35, 6)
        mei_mei = people.get(external_id="Mei-Mei Johns")
        assert (mei_mei.first_name, mei_mei.last_name, str(mei_mei.team.manager)) == (
            "Mei-Mei", "Johns", "Melvin Marxen",
        )  # fmt: skip
        assert not people.filter(email__isnull=False).exists()
        assert people.filter(role=Role.REP, opportunities__isnull=True).count() == 5

    def test_misspellings_are_put_right(self) -> None:
        assert not Company.objects.filter(industry="technolgy").exists()
        assert Company.objects.filter(industry="technology").count() == 12
        assert not Opportunity.objects.filter(product="GTXPro").exists()
        assert Opportunity.objects.filter(product="GTX Pro").count() == 1480

    def test_what_the_model_has_no_column_for_stands_in_own_fields(self) -> None:
        fields = CustomField.objects.filter(record="company").values_list("label", "kind")
        assert list(fields) == [
            ("Revenue (million USD)", "number"), ("Year established", "number"), ("Subsidiary of", "text"),
        ]  # fmt: skip
        bluth = Company.objects.get(name="Bluth Company")
        assert (bluth.employees, bluth.country) == (3027, "United States")
        assert bluth.custom == {
            "year_established": 1993, "revenue_million_usd": 1242.32, "subsidiary_of": "Acme Corporation",
        }  # fmt: skip

    def test_opportunities_stand_by_themselves(self) -> None:
        deals = Opportunity.objects.all()
        stages = dict(deals.values_list("stage").annotate(n=Count("id")))
        assert stages == {"won": 4238, "lost": 2473, "solution": 1589, "discovery": 500}
        assert (deals.filter(lead=None).count(), Lead.objects.count()) == (8800, 0)
        assert (deals.filter(company=None).count(), deals.filter(opened_at=None).count()) == (1425, 500)
        assert set(deals.values_list("currency", flat=True)) == {Organisation.get().currency}
        assert not deals.filter(owner=None).exists()
        assert not deals.filter(team=None).exists()
        assert not deals.filter(outcome="lost", amount__isnull=False).exists()

    def test_each_has_a_name_one_can_tell_it_by(self) -> None:
        names = Opportunity.objects.filter(external_id__in=("1C1I7A6R", "UP409DSB"))
        assert set(names.values_list("name", flat=True)) == {"Cancity, GTX Plus Basic", "Ganjaflex, MG Advanced"}
        assert not Opportunity.objects.filter(company=None).exclude(name__regex=r"^.+ \(\w{8}\)$").exists()

    def test_the_same_files_again_change_nothing(self) -> None:
        before, changes = contents(), Change.objects.count()
        assert import_maven().splitlines() == [
            "sales_teams.csv: 0 created, 0 updated, 35 unchanged, 0 refused.",
            "accounts.csv: 0 created, 0 updated, 85 unchanged, 0 refused.",
            "sales_pipeline.csv: 0 created, 0 updated, 8,800 unchanged, 0 refused.",
        ]
        assert (contents(), Change.objects.count()) == (before, changes)
