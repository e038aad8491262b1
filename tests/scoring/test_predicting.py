"""scoring/predicting.py: what the published models expect, kept for every lead and explained for one."""

import math

import pytest
from django.test.utils import CaptureQueriesContext

from feedback.verdicts import accept_handoff
from leads.merging import merge_leads
from leads.models import Company, CustomField, Lead, LeadPrediction
from leads.touches import record_touch
from scoring import predicting
from scoring.models import Target, TrainedModel
from scoring.predicting import explain_prediction, predict_all, predict_leads, read_model
from scoring.promising import acceptance_model
from scoring.training import retire_model, train
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql
from tests.scoring.histories import told_histories

pytestmark = pytest.mark.django_db
LATER = MONDAY + 420 * DAY
ACCEPTANCE, WIN = Target.ACCEPTANCE, Target.WIN


@pytest.fixture
def model(rob):
    leads = told_histories(rob)
    for lead in leads:
        lead.custom = {"noise": lead.custom["noise"]}
    Lead.objects.bulk_update(leads, ["custom"])
    model = train(ACCEPTANCE, by=None, at=LATER)
    assert model.status == "published"
    return model


def likely(**fields):
    company = Company.objects.create(name="Large", employees=900)
    return make_lead(at=LATER - DAY, country="Germany", company=company, **fields)


def expected(lead):
    return LeadPrediction.objects.values_list("acceptance", "win").filter(lead=lead).first()


def test_who_resembles_the_accepted_is_expected_to_be_accepted(model):
    good, poor = likely(), make_lead(at=LATER - DAY, country="Spain")
    predict_leads([good.pk, poor.pk], at=LATER)

    shares = [expected(lead)[0] for lead in (good, poor)]
    assert shares[0] > 0.7
    assert shares[1] < 0.5
    assert expected(good)[1] is None  # no model for winning
    assert LeadPrediction.objects.get(lead=good).predicted_at == LATER


def test_all_leads_get_the_same_as_one_by_one(model):
    good = likely()
    assert predict_all(at=LATER) == Lead.objects.count() == 801
    everybody = dict(LeadPrediction.objects.values_list("lead", "acceptance"))
    LeadPrediction.objects.all().delete()

    some = [good.pk, *Lead.objects.order_by("?").values_list("pk", flat=True)[:20]]
    for lead in some:
        predict_leads([lead], at=LATER)
    assert dict(LeadPrediction.objects.values_list("lead", "acceptance")) == {lead: everybody[lead] for lead in some}


def test_in_chunks_and_at_once_are_the_same(model, monkeypatch):
    predict_all(at=LATER)
    at_once = dict(LeadPrediction.objects.values_list("lead", "acceptance"))
    monkeypatch.setattr("scoring.engine.CHUNK", 70)
    monkeypatch.setattr("scoring.features.CHUNK", 30)
    LeadPrediction.objects.all().delete()
    predict_all(at=LATER)

    assert dict(LeadPrediction.objects.values_list("lead", "acceptance")) == at_once


def test_a_row_that_stays_the_same_is_not_written(model):
    lead = likely()
    predict_leads([lead.pk], at=LATER)
    predict_leads([lead.pk], at=LATER)
    with CaptureQueriesContext(predicting.connection) as asked:
        predict_leads([lead.pk], at=LATER + HOUR / 3600)

    assert LeadPrediction.objects.get(lead=lead).predicted_at == LATER
    assert len(asked) <= 9


def test_without_a_model_it_costs_one_query_and_nothing_stays(model, max_, django_assert_num_queries):
    lead = likely()
    predict_leads([lead.pk], at=LATER)
    retire_model(model, by=max_, at=LATER)
    with django_assert_num_queries(1):
        predict_leads([lead.pk], at=LATER)
    predict_all(at=LATER)

    assert not LeadPrediction.objects.exists()
    assert explain_prediction(lead, ACCEPTANCE, at=LATER) is None


def test_a_merged_lead_has_no_chance_of_its_own(model, mona):
    lead, duplicate = likely(), likely()
    predict_leads([lead.pk, duplicate.pk], at=LATER)
    merge_leads(lead, duplicate, by=mona, at=LATER)
    predict_leads([lead.pk, duplicate.pk], at=LATER)

    assert expected(lead)[0] > 0.5
    assert expected(duplicate) is None
    duplicate.refresh_from_db()
    assert explain_prediction(duplicate, ACCEPTANCE, at=LATER) is None


def test_what_sales_writes_after_the_hand_over_moves_no_chance(model, rob):
    lead = make_mql(at=LATER - DAY, country="Spain")
    handoff = make_handoff(to=rob, lead=lead, at=LATER)
    predict_leads([lead.pk], at=LATER)
    before = expected(lead)

    accept_handoff(handoff, by=rob, at=LATER + HOUR)
    record_touch(lead, kind="meeting", at=LATER + HOUR)
    predict_leads([lead.pk], at=LATER + DAY)
    assert expected(lead) == before


def test_the_lines_of_an_explanation_add_up_to_the_chance(model):
    lead = likely()
    predict_leads([lead.pk], at=LATER)
    explained = explain_prediction(lead, ACCEPTANCE, at=LATER)

    assert explained.base + sum(line.log_odds for line in explained.why) == pytest.approx(
        math.log(explained.share / (1 - explained.share)), abs=1e-9
    )
    assert round(explained.share, 5) == expected(lead)[0]
    labels = [line.label for line in explained.up]
    assert "Country: Germany" in labels
    assert "Employees: 900" in labels
    assert [abs(line.log_odds) for line in explained.why] == sorted(
        (abs(line.log_odds) for line in explained.why), reverse=True
    )
    assert (explained.model, explained.at) == (model, LATER)


def test_records_are_explained_by_their_names():
    from scoring.learning.explaining import Part

    webinar = make_campaign("Spring webinar")
    parts = [
        Part("first_campaign", str(webinar.pk), 1), Part("last_campaign", "987654", 1), Part("last_channel", "email", 1)
    ]  # fmt: skip
    names = predicting.record_names(parts)

    assert [predicting.value_words(part, names) for part in parts] == ["Spring webinar", "987654", "E-mail"]


@pytest.mark.parametrize(
    ("age", "words"),
    [(-100.6, "in about 14 weeks"), (-5.2, "in about 5 days"), (0.8, "about 1 day ago"), (366.0, "about 52 weeks ago")],
)
def test_a_date_is_explained_by_how_far_it_is(age, words):
    from scoring.features import own_feature
    from scoring.learning.explaining import Part

    decides = own_feature("custom.decision_by", holds="date", label="Wants to decide by")
    part = Part(decides.name, age, -0.2)
    assert predicting.said(part, {decides.name: decides}, {}) == f"Wants to decide by: {words}"


def test_a_field_that_was_deleted_is_missing_and_stops_nothing(rob):
    CustomField.objects.create(record="lead", name="plan", label="Plan", kind="text")
    leads = told_histories(rob)
    for lead in leads:
        lead.custom = {"plan": "Pro" if lead.pk % 3 else "Basic"}
    Lead.objects.bulk_update(leads, ["custom"])
    model = train(ACCEPTANCE, by=None, at=LATER)
    CustomField.objects.all().delete()
    Lead.objects.update(custom={})
    lead = likely()

    predict_leads([lead.pk], at=LATER)
    assert model.status == "published"
    assert 0 < expected(lead)[0] < 1


def test_both_chances_stand_side_by_side(rob):
    leads = told_histories(rob, many=1_000)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(custom={})
    models = [train(target, by=None, at=LATER) for target in Target]
    assert [model.status for model in models] == ["published", "published"]
    lead = likely()
    predict_leads([lead.pk], at=LATER)
    acceptance, win = expected(lead)
    assert 0 < win < acceptance < 1

    retire_model(models[1], by=None, at=LATER)
    predict_leads([lead.pk], at=LATER)
    assert expected(lead) == (acceptance, None)


def test_a_run_leaves_off_when_another_model_is_published_meanwhile(model, monkeypatch):
    told = predicting.told

    def published_meanwhile(*asked, **options):
        TrainedModel.objects.update(status="retired")
        return told(*asked, **options)

    monkeypatch.setattr(predicting, "told", published_meanwhile)
    assert predict_all(at=LATER) == 0
    assert not LeadPrediction.objects.exists()


@pytest.mark.parametrize("damage", ["", "{}", "half", "other", "another"])
def test_a_damaged_model_tells_nothing_and_stops_nothing(model, damage):
    whole = model.document
    text = {"half": whole[:-40], "other": whole.replace("1", "2"), "another": f"{whole} "}.get(damage, damage)
    TrainedModel.objects.update(document=text)
    read_model.cache_clear()
    good = likely()
    predict_leads([good.pk], at=LATER)

    assert expected(good) == (None, None)
    assert predict_all(at=LATER) == Lead.objects.count()
    assert explain_prediction(good, ACCEPTANCE, at=LATER) is None
    assert acceptance_model() is None


def test_beside_a_damaged_model_the_other_one_is_used(model):
    made = {field: getattr(model, field) for field in ("status", "method", "document", "manifest", "asked_at")}
    TrainedModel.objects.create(target=WIN, **made | {"document": "{"})
    predict_leads([(good := likely()).pk], at=LATER)

    assert expected(good)[0] > 0.7
    assert expected(good)[1] is None
