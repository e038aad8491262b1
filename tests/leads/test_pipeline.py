"""The stages as the organisation has set them up: leads/pipeline.py and its page."""

import pytest

from crm.errors import BusinessError, NotAllowed
from crm.models import Change
from leads.models import Opportunity, PipelineStage
from leads.opportunities import change_stage, close_opportunity, create_opportunity, reopen_opportunity
from leads.pipeline import edit_stage, open_stages, pipeline
from tests.factories import DAY, MONDAY, make_opportunity

pytestmark = pytest.mark.django_db


def stage(code):
    return PipelineStage.objects.get(stage=code)


def worth(deal):
    deal.refresh_from_db()
    return deal.probability, deal.forecast_category


def test_a_stage_is_what_the_organisation_makes_of_it(max_, rob):
    edit_stage(stage("proof"), by=max_, at=MONDAY, label="Trial", probability=45, forecast_category="commit")

    deal = change_stage(make_opportunity(owner=rob), "proof", by=rob, at=MONDAY)

    assert pipeline()["proof"].label == "Trial"
    assert worth(deal) == (45, "commit")


def test_what_follows_the_stage_is_brought_along_and_what_a_person_set_stays(max_, rob):
    follows = make_opportunity(stage="proof", probability=40, forecast_category="best_case")
    own = make_opportunity(stage="proof", probability=75, forecast_category="commit")
    elsewhere = make_opportunity(stage="solution", probability=40)
    closed = make_opportunity(stage="won", outcome="won", closed_at=MONDAY, probability=40)
    Change.objects.all().delete()

    edit_stage(stage("proof"), by=max_, at=MONDAY, probability=50)

    assert [worth(deal)[0] for deal in (follows, own, elsewhere, closed)] == [50, 75, 40, 40]
    assert list(Change.objects.values_list("topic", "object_id")) == [("opportunity", follows.pk)]


def test_a_person_s_own_probability_survives_a_move_and_the_category_goes_on_following(rob):
    deal = make_opportunity(owner=rob, probability=55)

    change_stage(deal, "proposal", by=rob, at=MONDAY)

    assert worth(deal) == (55, "most_likely")


def test_moved_and_moved_back_it_follows_again(rob):
    deal = make_opportunity(owner=rob)
    change_stage(deal, "negotiation", by=rob, at=MONDAY)
    change_stage(deal, "discovery", by=rob, at=MONDAY)
    assert worth(deal) == (10, "pipeline")


def test_a_retired_stage_keeps_what_stands_in_it_but_takes_nothing_new(max_, rob):
    deal = make_opportunity(owner=rob, stage="proof", probability=40)
    edit_stage(stage("proof"), by=max_, at=MONDAY, retired=True)

    assert [row.stage for row in open_stages(pipeline())] == ["discovery", "solution", "proposal", "negotiation"]
    with pytest.raises(BusinessError, match="“Proof” is no longer used") as refusal:
        change_stage(make_opportunity(owner=rob), "proof", by=rob, at=MONDAY)
    assert refusal.value.code == "retired_stage"
    close_opportunity(deal, outcome="won", by=rob, at=MONDAY)
    assert reopen_opportunity(deal, by=rob, at=MONDAY).stage == "proof"


def test_a_new_opportunity_begins_in_the_first_stage_in_use(max_, rob):
    edit_stage(stage("discovery"), by=max_, at=MONDAY, retired=True)
    deal = create_opportunity(by=rob, at=MONDAY, name="Press")
    assert (deal.stage, deal.probability, deal.forecast_category) == ("solution", 25, "pipeline")


def test_one_open_stage_stays(max_):
    for code in ("discovery", "solution", "proof", "proposal"):
        edit_stage(stage(code), by=max_, at=MONDAY, retired=True)
    with pytest.raises(BusinessError) as refusal:
        edit_stage(stage("negotiation"), by=max_, at=MONDAY, retired=True)
    assert refusal.value.code == "last_stage"


@pytest.mark.parametrize(
    ("code", "fields", "rule"),
    [
        ("won", {"probability": 90}, "fixed_stage"),
        ("lost", {"retired": True}, "last_stage"),
        ("proof", {"label": "proposal "}, "label_taken"),
    ],
)
def test_what_cannot_be_set(max_, code, fields, rule):
    with pytest.raises(BusinessError) as refusal:
        edit_stage(stage(code), by=max_, at=MONDAY, **fields)
    assert refusal.value.code == rule


def test_won_and_lost_can_be_renamed(max_):
    assert edit_stage(stage("won"), by=max_, at=MONDAY, label="Signed").label == "Signed"


def test_only_sales_managers_and_admins_set_it_up(rob, mia, mona, max_, ada, client_for):
    for stranger in (rob, mia, mona):
        with pytest.raises(NotAllowed):
            edit_stage(stage("proof"), by=stranger, at=MONDAY, probability=1)
        assert client_for(stranger).get("/settings/pipeline/").status_code == 403
    for manager in (max_, ada):
        assert client_for(manager).get("/settings/pipeline/").status_code == 200


def test_the_page_saves_refuses_and_retires(client_for, max_):
    client = client_for(max_)
    sent = {"label": "Trial", "probability": "45", "forecast_category": "commit"}

    saved = client.post("/settings/pipeline/proof/", sent, follow=True)
    refused = client.post("/settings/pipeline/proof/", sent | {"label": "Discovery", "probability": "101"})
    taken = client.post("/settings/pipeline/proof/", sent | {"label": "Discovery"})
    client.post("/settings/pipeline/proof/retirement/")

    assert "“Trial” is saved." in saved.content.decode()
    assert (refused.status_code, taken.status_code) == (422, 422)
    assert "Another stage is called “Discovery” already." in taken.content.decode()
    row = stage("proof")
    assert (row.label, row.probability, row.forecast_category, row.retired) == ("Trial", 45, "commit", True)
    client.post("/settings/pipeline/proof/retirement/", {"back": "1"})
    assert not stage("proof").retired


def test_labels_are_shown_as_they_were_set(client_for, max_):
    edit_stage(stage("discovery"), by=max_, at=MONDAY, label="First talk")
    deal = make_opportunity("Press", owner=max_)
    assert "First talk" in client_for(max_).get(f"/opportunities/{deal.pk}/").content.decode()


def test_the_history_of_what_was_brought_along_is_kept(max_):
    deal = make_opportunity(stage="proof", probability=40)
    edit_stage(stage("proof"), by=max_, at=MONDAY + DAY, probability=50)
    assert list(Opportunity.objects.get(pk=deal.pk).events.values_list("probability", flat=True)) == [40]
