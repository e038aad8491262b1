"""Every dimension of the figures: cells, facts and the leads behind them tell the same, alone and two at once."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from crm.models import Organisation, Role, Team
from funnel.facts.checking import check_metrics
from funnel.models import LeadFact
from funnel.reports import counts
from funnel.reports.funnel import rows
from funnel.reports.question import DIMENSIONS, Question
from funnel.selection import Selection
from funnel.times.lengths import velocities
from leads.editing import edit_company
from leads.models import Company
from tests.factories import MONDAY, make_campaign, make_team, make_user
from tests.funnel.histories import count_figures, day, drain_all, keep_up, make_history

YEAR = Question(date(2026, 1, 1), date(2027, 1, 1))
ENDS = [("mql", 2), ("offered", 3), ("accepted", 9), ("customer", 40)]


@pytest.fixture
def many():
    """Leads that differ in every dimension, each at another pace, so that no two dimensions cut alike."""
    north, south = make_team(region="Europe"), make_team("Team South", region="Asia")
    owners = [make_user("rob", team=north), make_user("rosa", team=south), make_user("pia", team=make_team("Nowhere"))]
    campaigns = [None, make_campaign("Fair"), make_campaign("Mail")]
    companies = [
        None,
        Company.objects.create(name="Lathe", industry="Machinery"),
        Company.objects.create(name="Shop", industry="Retail"),
    ]
    for n in range(24):
        Organisation.objects.update_or_create(pk=1, defaults={"definition_version": [0, 1, 2][n // 6 % 3]})
        make_history(
            ("inquiry", day(n)),
            *((stage, day(n + after)) for stage, after in ENDS[: n % 5]),
            campaign=campaigns[n % 7 % 3],
            channel=["event", ""][n % 2],
            source=["", "google", "fair"][n % 11 % 3],
            segment=["small", "large"][n // 3 % 2],
            owner=owners[n % 3],
            team=owners[n % 3].team if n % 4 else None,
            country=["Germany", "", "Peru"][n % 5 % 3],
            product_interest=["", "Tandem"][n // 5 % 2],
            company=companies[n // 2 % 3],
            sourced_by=["marketing", "sales", "partner"][n // 4 % 3],
        )
    count_figures()


@pytest.mark.django_db
@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("basis", ["cohort", "period"])
def test_a_dimension_is_counted_alike_by_cells_by_facts_and_by_who_is_behind(many, dimension, basis):
    question = replace(YEAR, dimension=dimension, basis=basis)
    counted = counts.from_cells(question)
    assert len(counted) > 1
    assert counted == counts.from_facts(question)
    for key, steps in counted.items():
        behind = [Selection(question.at_key(key), stage).facts(at=MONDAY).count() for stage in ("mql", "customer")]
        assert behind == [steps[1].entered, steps[-1].entered]
        held = replace(YEAR, basis=basis, filters=((dimension, key),))
        assert counts.from_cells(held) == counts.from_facts(held) == {None: steps}


@pytest.mark.django_db
def test_two_dimensions_at_once_add_up_to_each_of_them(many):
    alone = {dimension: counts.steps(replace(YEAR, dimension=dimension)) for dimension in DIMENSIONS}
    for cut, other in permutations(DIMENSIONS, 2):
        sums = dict.fromkeys(alone[cut], 0)
        for key in alone[other]:
            for found, steps in counts.steps(replace(YEAR, dimension=cut, filters=((other, key),))).items():
                sums[found] += steps[1].entered
        assert sums == {key: steps[1].entered for key, steps in alone[cut].items()}, (cut, other)


@pytest.mark.django_db
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_times_are_cut_by_every_dimension(many, dimension):
    found = velocities(replace(YEAR, dimension=dimension), ["captured_to_won"], at=day(300))
    won = {key: steps[-1].entered for key, steps in counts.steps(replace(YEAR, dimension=dimension)).items()}
    assert {row.key: row.n for row in found} == won


@pytest.mark.django_db
def test_keys_have_names(many):
    def named(dimension):
        return {row["label"] for row in rows(replace(YEAR, dimension=dimension))}

    assert named("origin") == {"Marketing", "Sales", "Partner"}
    assert named("definition_version") == {"(missing)", "Version 1", "Version 2"}
    assert named("region") == {"(missing)", "Asia", "Europe"}
    assert named("industry") == {"(missing)", "Machinery", "Retail"}


@pytest.mark.django_db
def test_a_team_that_gets_another_region_takes_its_figures_along(many):
    before = counts.steps(replace(YEAR, dimension="region"))
    Team.objects.filter(region="Asia").update(region="Africa")
    after = counts.steps(replace(YEAR, dimension="region"))
    assert after == {{"Asia": "Africa"}.get(key, key): steps for key, steps in before.items()}
    Team.objects.update(region="")
    assert list(counts.steps(replace(YEAR, dimension="region"))) == [""]


@pytest.mark.django_db(transaction=True)
def test_an_industry_that_is_put_right_reaches_the_leads_of_the_company(many):
    keep_up()
    before = leads_in("Retail")
    edit_company(Company.objects.get(industry="Retail"), by=make_user("ada", role=Role.ADMIN), industry="Trade")
    drain_all()
    assert (leads_in("Retail"), leads_in("Trade")) == (set(), before)
    assert check_metrics().differences == []


def leads_in(industry):
    return set(LeadFact.objects.filter(industry=industry).values_list("lead_id", flat=True))
